"""Twins of 20 pairs in two other processes against twins in the kernel's: wall time of the same run, in turn.

    python benchmarks/pairs_on_hosts.py [SECONDS [REPETITIONS]]

One process is `inproc`, as `run` has it by default: its messages travel over ZeroMQ, too. `memory` leaves that out. Two
hosts are one for the edge twins, which decide, and one for the core twins; "edge on two" divides the former. The run is
measured three times: the scenario `interference` as it is, whose turns follow one another, with simultaneous turns on
sixteen draws of the errors, the most exact and most expensive variant, and with as many iterations in these as may be.
All rows of a run have one digest, or it ends.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from scenarios.build import build, reach
from scenarios.load import load
from twin.emulation.garbage import long_lived
from twin.journal.journal import Journal
from twin.journal.reader import read_journal
from twin.runtime.hosting import Hosting
from twin.solvers.pricing.warm_up import warm_up

PAIRS = ["pairs.count=20"]
SIMULTANEOUS = [*PAIRS, "twin.schedule=simultaneous", "twin.variant=scenario"]
SETTINGS = {
    "as it is": PAIRS,
    "simultaneous, 16 draws": SIMULTANEOUS,
    "simultaneous, 16 draws, 100 iterations": [*SIMULTANEOUS, "twin.inner=100"],
}
ROWS = {
    "memory": ("memory", 1),
    "inproc": ("inproc", 1),
    "ipc": ("ipc", 1),
    "tcp": ("tcp", 1),
    "ipc, edge on two": ("ipc", 2),
}


def wall_s(sets, transport, hosts, seconds):
    """Wall time of the emulation in s, and its digest; hosts are up, their kernels loaded, when the clock starts."""
    spec = load("interference", [*sets, f"hosts.edge={hosts}", "metrics.warmup_ms=10"], duration=seconds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.wal"
        with Journal(path, {}) as journal, build(spec, 1, reach(spec, Hosting(transport)), journal) as emulation:
            emulation.start()
            emulation.kernel.run(spec.twin.period_ns)
            with long_lived():
                started = time.perf_counter()
                emulation.kernel.run(spec.scenario.duration_ns)
                emulation.plane.finish(spec.scenario.duration_ns)
                taken = time.perf_counter() - started
            emulation.stop()
        return taken, read_journal(path).digests.digest()


def main(seconds=0.5, repetitions=3):
    """Print best wall times, and how much faster than one process each way is."""
    warm_up()
    for name, sets in SETTINGS.items():
        best = dict.fromkeys(ROWS, float("inf"))
        digests = set()
        for _ in range(repetitions):
            for row, (transport, hosts) in ROWS.items():
                taken, digest = wall_s(sets, transport, hosts, seconds)
                best[row] = min(best[row], taken)
                digests.add(digest)
        if len(digests) != 1:
            sys.exit(f"{name}: {len(digests)} digests")
        sys.stdout.write(f"{name}: one process (inproc) {best['inproc']:.2f} s of wall time for {seconds:g} s\n")
        for row, taken in best.items():
            gains = f"{best['inproc'] / taken:5.2f} x inproc {best['memory'] / taken:5.2f} x memory"
            sys.stdout.write(f"  {row:17}{taken:6.2f} s {gains}\n")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))
