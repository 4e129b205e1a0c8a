"""How long `story` and `trace` take on a long run: the tables of a short one, repeated.

    python benchmarks/looking.py [--messages 1000000]

A run of 2 s with losses is emulated once; its tables are laid end to end, with ids, versions and times shifted, until
they hold the messages asked for. Times are of the processor and of the wall, for whole commands, imports included.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from scenarios.engine import run_scenario
from scenarios.load import load
from twin.journal.folder import RunFolder
from twin.journal.tables import read_tables

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ("scenario.duration_s=2", "network.radio.loss=0.02", "twin.solver=mrt", "metrics.period_ms=50")
IDS, VERSIONS = 10**6, 10**4
COMMANDS = (
    ("story", "worst"),
    ("story", "median"),
    ("story", "last-lost"),
    ("story", "17"),
    ("trace", "--format", "mermaid", "--version", "17"),
    ("trace", "--format", "csv", "--out", "trace.csv"),
    ("trace", "--format", "perfetto", "--out", "trace.pftrace"),
)


def shifted(table, number, end_ns):
    """The table of the `number`-th repetition: ids, versions and instants moved on; 0 stays 0, null stays null."""
    for name in table.column_names:
        column = table[name]
        if name in {"msg_id", "parent_id", "trace_id", "version"}:
            step = number * (VERSIONS if name == "version" else IDS)
            column = pc.if_else(pc.equal(column, 0), column, pc.add(column, step))
        elif name == "inputs":
            lists = column.combine_chunks()
            ids = pc.add(lists.values, number * IDS)
            column = pa.ListArray.from_arrays(lists.offsets, ids, mask=lists.is_null())
        elif name in {"t_ns", "begin_ns", "finish_ns", "received_ns", "measured_ns", "sent_ns"} or name.startswith(
            ("t_", "solve_")
        ):
            column = pc.add(column, number * end_ns)
        table = table.set_column(table.column_names.index(name), table.schema.field(name), column)
    return table


def long_run(short, out, messages):
    """Write a run folder of about so many messages."""
    tables, summary = read_tables(short), short.read_summary()
    end_ns = round(summary["virtual_s"] * 1e9)
    times = -(-messages // tables.messages.num_rows)
    folder = RunFolder.create(out)
    folder.write_manifest(json.loads(short.manifest_path.read_text()))
    folder.write_summary({**summary, "virtual_s": times * summary["virtual_s"]})
    for name in ("messages", "control", "solves", "metrics"):
        parts = [shifted(getattr(tables, name), number, end_ns) for number in range(times)]
        folder.write_table(getattr(folder, f"{name}_path"), pa.concat_tables(parts))
    return times * tables.messages.num_rows


def measure(folder, command):
    """Wall and processor time of one command line in s."""
    name, *rest = command
    started, before = time.perf_counter(), os.times()
    argv = [sys.executable, str(ROOT / "run_twin.py"), name, str(folder), *rest]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, used


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    messages = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        run_scenario(load("sagin", SETTINGS), 1, base / "short", "memory")
        count = long_run(RunFolder(base / "short"), base / "long", messages)
        print(f"{count} messages        wall, s   processor, s")
        for command in COMMANDS:
            wall, used = measure(base / "long", command)
            print(f"{' '.join(command[:4]):<40}{wall:>8.2f}{used:>10.2f}")


if __name__ == "__main__":
    main()
