"""Compile the kernel of the solver for two stations."""

import numpy as np


def warm_up() -> None:
    """Climb a little on a small problem; compiled code then lies on disk."""
    from twin.solvers.rsma.fast import Effort, solve_fast
    from twin.solvers.rsma.problem import HisacProblem

    channels = np.exp(1j * np.arange(8).reshape(4, 2))
    problem = HisacProblem(
        channels_1=channels,
        channels_2=channels[1:],
        errors_1=np.zeros(2),
        errors_2=np.zeros(2),
        power_1_w=1.0,
        power_2_w=1.0,
        circuit_w=1.0,
        echo_gain=1.0,
        threshold=1.0,
        least_secrecy=0.0,
        least_common=1.0,
        least_private=1.0,
    )
    solve_fast(problem, effort=Effort(starts=1, more_starts=0, outer=1, inner=1))
