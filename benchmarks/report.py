"""The page of a run with a million messages: size of the file, time until it is ready, time of a frame.

A short real run is repeated, each time with other jitter on every hop that moves all that follows from it, until there
are a million messages. Headless Chromium then opens its page from disk. Medians over several repetitions.

    python benchmarks/report.py [MESSAGES]
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa

from scenarios.engine import run_scenario
from scenarios.load import load
from twin.journal.folder import RunFolder
from twin.journal.tables import RunTables, read_tables
from twin.report.page import write_report

MESSAGES = 1_000_000
SECONDS = 2
REPEATS = 5
FRAMES = 9
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
ANIMATE = """async (count) => {
    const times = [];
    for (let i = 0; i < count; i += 1) {
        await new Promise(requestAnimationFrame);
        times.push(twinReport.frame());
    }
    await new Promise(requestAnimationFrame);
    return times;
}"""
LATENCY = ("t_send_ns", "t_end_ns", "begin_ns", "finish_ns")


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory() as path:
        folder = RunFolder(run_short(Path(path)))
        tables = read_tables(folder)
        copies = -(-wanted // tables.messages.num_rows)
        grown = repeat(tables, copies)
        summary = folder.read_summary()
        summary["virtual_s"] = float(SECONDS * copies)
        for name in ("messages", "control", "solves", "metrics"):
            folder.write_table(folder.path / f"{name}.parquet", getattr(grown, name))
        folder.write_summary(summary)
        begin = time.perf_counter()
        page = write_report(folder.path)
        count = grown.messages.num_rows
        print(f"messages         {count:,}")
        print(f"written in       {time.perf_counter() - begin:.1f} s")
        print(f"file             {page.stat().st_size / 1e6:.2f} MB ({page.stat().st_size / count:.2f} B per message)")
        show(measure(page))


def run_short(parent: Path) -> Path:
    spec = load("sagin", [f"scenario.duration_s={SECONDS}", "network.radio.loss=0.004"])
    return run_scenario(spec, 1, parent / "run", "memory").folder


def repeat(tables: RunTables, copies: int) -> RunTables:
    """The run `copies` times in a row, each time with other jitter."""
    generator = np.random.default_rng(1)
    parts = [_copy(tables, number, generator) for number in range(copies)]
    joined = [pa.concat_tables(getattr(part, name) for part in parts) for name in ("messages", "control", "solves")]
    orders = ("t_send_ns", "msg_id"), ("t_applied_ns", "transmitter"), ("begin_ns", "node")
    joined = [table.sort_by([(key, "ascending") for key in order]) for table, order in zip(joined, orders, strict=True)]
    shift = np.arange(copies) * SECONDS * 10**9
    metrics = pa.concat_tables(_set(tables.metrics, "t_ns", _values(tables.metrics, "t_ns") + by) for by in shift)
    return RunTables(*joined, metrics)


def _copy(tables: RunTables, number: int, generator: np.random.Generator) -> RunTables:
    messages, shift = tables.messages, number * SECONDS * 10**9
    ids = _values(messages, "msg_id")
    rank, count = ids >> 40, ids & (2**40 - 1)
    new_ids = (rank << 40) | (count + number * int(count.max()))
    id_of = dict(zip(ids.tolist(), new_ids.tolist(), strict=True))
    row_of = dict(zip(ids.tolist(), range(len(ids)), strict=True))
    parents = [row_of.get(parent, -1) for parent in _values(messages, "parent_id").tolist()]
    moved, jitter = _moved(messages, np.array(parents), generator)
    result = _set(messages, "msg_id", new_ids)
    result = _set(result, "parent_id", np.array([id_of.get(p, 0) for p in _values(messages, "parent_id").tolist()]))
    for name in LATENCY:
        late = moved[:, 0] if name == "t_send_ns" else moved[:, 1]
        result = _set(result, name, _values(messages, name) + shift + late, valid=messages[name].is_valid())
    result = _set(result, "t_data_ns", _values(messages, "t_data_ns") + shift)
    result = _set_hops(result, jitter)
    return RunTables(result, *_later(tables, moved, row_of, id_of, shift, number), tables.metrics)


def _moved(messages: pa.Table, parents: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How much later each message is sent and ends, and the new jitter of every hop."""
    hops = messages["hops"].combine_chunks()
    starts = hops.offsets.to_numpy()
    old = hops.values.field("jitter_ns").to_numpy()
    jitter = generator.permutation(old)
    sums = np.concatenate([[0], np.cumsum(jitter - old)])
    own = sums[starts[1:]] - sums[starts[:-1]]
    moved = np.zeros((len(parents), 2), dtype=np.int64)
    for row, parent in enumerate(parents):
        moved[row, 0] = moved[parent, 1] if parent >= 0 else 0
        moved[row, 1] = moved[row, 0] + own[row]
    return moved, jitter


def _later(tables, moved, row_of, id_of, shift, number):
    control, solves = tables.control, tables.solves
    rows = [row_of.get(message, -1) for message in control["msg_id"].to_pylist()]
    late = np.array([moved[row, 1] if row >= 0 else 0 for row in rows])
    top = max(_values(solves, "version").max(initial=0), 1)
    control = _set(control, "t_applied_ns", _values(control, "t_applied_ns") + shift + late)
    control = _set(control, "t_data_ns", _values(control, "t_data_ns") + shift)
    version = _values(control, "version")
    control = _set(control, "version", np.where(version > 0, version + number * top, 0))
    known = pa.array([id_of.get(message) for message in control["msg_id"].to_pylist()], pa.int64())
    control = control.set_column(control.column_names.index("msg_id"), control.field("msg_id"), known)
    finish = dict(zip(_values(tables.messages, "finish_ns").tolist(), range(len(moved)), strict=True))
    late = np.array([moved[finish[t], 1] if t in finish else 0 for t in _values(solves, "finish_ns").tolist()])
    for name in ("begin_ns", "finish_ns"):
        solves = _set(solves, name, _values(solves, name) + shift + late)
    solves = _set(solves, "version", _values(solves, "version") + number * top)
    inputs = pa.array([[id_of[i] for i in row] for row in tables.solves["inputs"].to_pylist()], pa.list_(pa.int64()))
    return control, solves.set_column(solves.column_names.index("inputs"), solves.field("inputs"), inputs)


def _values(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(table[name].fill_null(0).to_numpy(), dtype=np.int64)


def _set(table: pa.Table, name: str, values: np.ndarray, valid: pa.ChunkedArray | None = None) -> pa.Table:
    mask = None if valid is None else ~np.asarray(valid)
    column = pa.array(values, pa.int64(), mask=mask)
    return table.set_column(table.column_names.index(name), table.field(name), column)


def _set_hops(table: pa.Table, jitter: np.ndarray) -> pa.Table:
    hops = table["hops"].combine_chunks()
    fields = list(hops.type.value_type)
    columns = [pa.array(jitter) if field.name == "jitter_ns" else hops.values.field(field.name) for field in fields]
    values = pa.StructArray.from_arrays(columns, fields=fields)
    made = pa.ListArray.from_arrays(hops.offsets, values, mask=hops.is_null())
    return table.set_column(table.column_names.index("hops"), table.field("hops"), made)


def measure(page: Path) -> dict[str, list[float]]:
    """Ready times and frame times in ms, of several views."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {"ready": []}
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for _ in range(REPEATS):
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            cpu = Cpu(tab)
            tab.goto(page.as_uri())
            tab.wait_for_function("() => window.twinReport?.ready", timeout=60_000)
            found["ready"].append(tab.evaluate("twinReport.readyAt"))
            found.setdefault("ready, processor", []).append(cpu.ms())
            for share, name in ((1.0, "whole run"), (0.3, "30 %"), (0.01, "1 %"), (0.0005, "0.05 %")):
                tab.evaluate(f"twinReport.setView(0.4 * twinReport.end, (0.4 + {share}) * twinReport.end)")
                cpu = Cpu(tab)
                frames = tab.evaluate(ANIMATE, FRAMES)
                found.setdefault(f"frame, {name}", []).extend(frames)
                found.setdefault(f"frame, {name}, processor", []).append(cpu.ms() / FRAMES)
            tab.close()
        browser.close()
    return found


class Cpu:
    """Processor time of the page's main thread since it was made: what a busy machine does not change."""

    def __init__(self, tab) -> None:
        self.session = tab.context.new_cdp_session(tab)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.begin = self.read()

    def read(self) -> float:
        metrics = {item["name"]: item["value"] for item in self.session.send("Performance.getMetrics")["metrics"]}
        return 1e3 * metrics["TaskDuration"]

    def ms(self) -> float:
        return self.read() - self.begin


def show(found: dict[str, list[float]]) -> None:
    for name, values in found.items():
        print(f"{name:<28} {median(values):.0f} ms ({min(values):.0f} to {max(values):.0f}, {len(values)} values)")


if __name__ == "__main__":
    main()
