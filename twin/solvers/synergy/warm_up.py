"""Compile the fast solver's kernels, once per machine: `python -m twin.solvers.synergy.warm_up`.

Numba keeps what it compiles beside the source (or where NUMBA_CACHE_DIR says), so that no run and no test pays for it.
"""

import sys
import time

import numpy as np

from twin.solvers.synergy.problem import SynergyProblem


def warm_up() -> float:
    """Solve a small problem cold and warm; returns the wall time in s that compiling, or loading, took."""
    from twin.solvers.synergy.fast import solve_fast

    started = time.perf_counter()
    rows = np.asarray(np.arange(1, 17).reshape(4, 4) + 1j * np.eye(4), dtype=np.complex128)
    problem = SynergyProblem((rows / 10.0, rows[::-1] / 10.0, rows.T / 10.0), (1.0, 1.0, 1.0))
    solve_fast(problem, warm_start=solve_fast(problem).warm)
    return time.perf_counter() - started


def main() -> None:
    """Compile, and say so."""
    sys.stderr.write("compiling the fast solver (about a minute, once) ...\n")
    sys.stderr.write(f"the fast solver is ready ({warm_up():.0f} s)\n")


if __name__ == "__main__":
    main()
