"""What it costs to be able to go on with a run, and what going on costs: journal, snapshots, `run --resume`.

    python benchmarks/recovery.py [seconds ...]

For the default scenario over so many seconds of virtual time: the share of the journal that only recovery needs, the
processor time of the emulation and of going on with it after a kill near its end, and how many batches the hosts then
had to do again. The last must not grow with the run. Tables, metrics and page are left out of both.
"""

import argparse
import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from timeit import timeit

os.environ.setdefault("OMP_NUM_THREADS", "1")

from scenarios import engine, resuming
from scenarios.load import load
from twin.journal.facts import Handled, HostState
from twin.journal.reader import records_of
from twin.runtime import hosting
from twin.runtime.host import Host

CUT_BYTES = 3_000
REPEATS = 20


class Counting(Host):
    """Counts the batches of all hosts, and knows who had which last."""

    batches = 0
    last = {}  # noqa: RUF012 - one for all

    def _on_batch(self, batch):
        Counting.batches += 1
        Counting.last[self.name] = self, batch.number
        return super()._on_batch(batch)


def timed(action):
    """Processor time of an action in s, and the batches that it took."""
    before, started = Counting.batches, time.process_time()
    action()
    return time.process_time() - started, Counting.batches - before


def share(journal):
    """Parts of the bytes of a journal that are outcomes and snapshots, and the number of snapshots."""
    sizes, snapshots = {Handled: 0, HostState: 0}, 0
    with journal.open("rb") as file:
        for record in records_of(file):
            if type(record.fact) in sizes:
                sizes[type(record.fact)] += len(record.payload) + 8
                snapshots += isinstance(record.fact, HostState) and record.fact.part == 0
    return [size / journal.stat().st_size for size in sizes.values()], snapshots


def measure(duration_s, base):
    """One line for a run of this length."""
    folder = base / f"{duration_s:g}"
    spec = load("sagin", [f"scenario.duration_s={duration_s}"])
    live_s, batches = timed(lambda: engine.run_scenario(spec, 1, folder, "memory"))
    journal = folder / "journal.wal"
    (outcomes, states), count = share(journal)
    os.truncate(journal, journal.stat().st_size - CUT_BYTES)
    again_s, done_again = timed(lambda: resuming.resume(folder))
    print(
        f"{duration_s:8g} s {live_s:8.2f} s {batches:8d} {again_s:8.2f} s {done_again:8d} {count:9d}"
        f" {outcomes:8.1%} {states:8.1%}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="*", type=float, default=[1.0, 2.0, 4.0])
    engine.finish = lambda folder: folder
    hosting.Host = Counting
    print("  virtual       live  batches    resumed    again snapshots outcomes   states")
    base = Path(tempfile.mkdtemp())
    try:
        for duration_s in parser.parse_args().seconds:
            measure(duration_s, base)
    finally:
        shutil.rmtree(base)
    for name, (host, number) in sorted(Counting.last.items()):
        state = host.snapshot()
        taken_s = timeit(host.snapshot, number=REPEATS) / REPEATS
        given_s = timeit(partial(host.restore, number, state), number=REPEATS) / REPEATS
        print(f"{name}: snapshot of {len(state)} bytes in {1e3 * taken_s:.2f} ms, restored in {1e3 * given_s:.2f} ms")


if __name__ == "__main__":
    main()
