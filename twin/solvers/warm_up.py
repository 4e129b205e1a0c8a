"""Compile the fast solvers' kernels, once per machine: `python -m twin.solvers.warm_up`.

Numba keeps what it compiles beside the source (or where NUMBA_CACHE_DIR says), so that no run and no test pays for it.
"""

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Final

SOLVERS: Final = ("synergy", "pricing", "rsma")


def warm_up(solver: str) -> float:
    """Call every kernel of a solver once; returns the wall time in s that compiling, or loading, took."""
    started = time.perf_counter()
    if solver == "synergy":
        from twin.solvers.synergy.warm_up import warm_up as call_all
    elif solver == "pricing":
        from twin.solvers.pricing.warm_up import warm_up as call_all
    else:
        from twin.solvers.rsma.warm_up import warm_up as call_all
    call_all()
    return time.perf_counter() - started


def main() -> None:
    """Compile all of them, each in a process of its own, and say so."""
    sys.stderr.write("compiling the fast solvers (about a minute, once) ...\n")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=len(SOLVERS), mp_context=context) as pool:
        for solver, wall_s in zip(SOLVERS, pool.map(warm_up, SOLVERS), strict=True):
            sys.stderr.write(f"{solver} is ready ({wall_s:.0f} s)\n")


if __name__ == "__main__":
    main()
