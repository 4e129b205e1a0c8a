"""Twins of 20 pairs in two other processes against twins in the kernel's: wall time of the same run, in turn.

    python benchmarks/pairs_on_hosts.py [SECONDS [REPETITIONS]]

Two hosts can only gain where the twins' share of the work is large and falls on one instant. So the run is measured
twice: the scenario `interference` as it is, whose turns follow one another, and with simultaneous turns on sixteen
draws of the errors, the most exact and most expensive variant. All rows of a run have one digest, or it ends.
"""

import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

from scenarios.build import build, reach
from scenarios.load import load
from twin.journal.journal import Journal
from twin.runtime.hosting import Hosting
from twin.solvers.pricing.warm_up import warm_up

PAIRS = ["pairs.count=20", "hosts.edge=2"]
SETTINGS = {
    "as it is": PAIRS,
    "simultaneous, 16 draws": [*PAIRS, "twin.schedule=simultaneous", "twin.variant=scenario"],
}
TRANSPORTS = ("memory", "ipc", "tcp")


def wall_s(spec, transport):
    """Wall time of the emulation in s, and its digest; hosts are up, their kernels loaded, when the clock starts."""
    journal = Journal(None, {"scenario": spec.as_dict()})
    with build(spec, 1, reach(spec, Hosting(transport)), journal) as emulation:
        emulation.start()
        emulation.kernel.run(spec.twin.period_ns)
        started = time.perf_counter()
        emulation.kernel.run(spec.scenario.duration_ns)
        taken = time.perf_counter() - started
        emulation.stop()
    return taken, journal.digest()


def main(seconds=0.2, repetitions=3):
    """Print best wall times, and what the hosts gain."""
    warm_up()
    for name, sets in SETTINGS.items():
        spec = load("interference", [*sets, "metrics.warmup_ms=10"], duration=seconds)
        best = dict.fromkeys(TRANSPORTS, float("inf"))
        digests = set()
        for _ in range(repetitions):
            for transport in TRANSPORTS:
                taken, digest = wall_s(spec, transport)
                best[transport] = min(best[transport], taken)
                digests.add(digest)
        if len(digests) != 1:
            sys.exit(f"{name}: {len(digests)} digests")
        gains = ", ".join(f"{transport} {best['memory'] / best[transport]:.2f} x" for transport in TRANSPORTS[1:])
        sys.stdout.write(f"{name}: memory {best['memory']:.2f} s of wall time for {seconds:g} s; {gains} as fast\n")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)))
