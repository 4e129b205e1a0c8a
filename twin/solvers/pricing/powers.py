"""Fixed directions made into precoders: one share of all budgets, and of it one share for artificial noise.

The schemes that the baselines follow send at full power. At high SNR with an eavesdropper who has more antennas than
the users that leaves no secrecy at all, so both shares are chosen on a grid by the sum of the secrecy rates, averaged
over a few draws that the estimates may stand for.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from twin.solvers.pricing.evaluate import EVALUATION, EVALUATION_DRAWS, sum_rate, without_losers
from twin.solvers.pricing.problem import InterferenceProblem, Precoders

_BUDGET_SHARES: Final = tuple(10.0**-k for k in range(7))
_SEED: Final = 20_001
_DRAWS: Final = 24
_NOISE_SHARES: Final = (0.0, 0.1, 0.5)


def best_powers(
    problem: InterferenceProblem, design: Callable[[float, float], Precoders], noise: bool
) -> tuple[Precoders, float, float]:
    """The best of `design(budget share, noise share)` on the grid, pairs that lose off, and its two shares."""
    shares = _NOISE_SHARES if noise and problem.noise_streams else (0.0,)
    best, best_value, chosen = design(1.0, 0.0), -np.inf, (1.0, 0.0)
    for budget_share in _BUDGET_SHARES:
        for noise_share in shares:
            precoders = design(budget_share, noise_share)
            value = sum_rate(problem, precoders, _SEED, _DRAWS)
            if value > best_value:
                best, best_value, chosen = precoders, value, (budget_share, noise_share)
    return without_losers(problem, best, EVALUATION, EVALUATION_DRAWS), *chosen
