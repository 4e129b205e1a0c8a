"""Compile the kernels of the synergy solver."""

import numpy as np

from twin.solvers.synergy.problem import SynergyProblem


def warm_up() -> None:
    """Solve a small problem cold and warm; compiled code then lies on disk."""
    from twin.solvers.synergy.fast import solve_fast

    rows = np.asarray(np.arange(1, 17).reshape(4, 4) + 1j * np.eye(4), dtype=np.complex128)
    problem = SynergyProblem((rows / 10.0, rows[::-1] / 10.0, rows.T / 10.0), (1.0, 1.0, 1.0))
    solve_fast(problem, warm_start=solve_fast(problem).warm)
