"""Selfish play, our baseline: every pair climbs its own secrecy rate, and nobody pays for interference.

The turns are those of the fast solver with all prices zero, from one start. They need not settle: there is no common
objective, and what is reported is where the last round leaves them.
"""

from typing import Final

from twin.solvers.pricing.fast import Effort, solve_fast
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.result import Solution

_EFFORT: Final = Effort(starts=1, kept=1, rounds=100, tolerance=1e-5)


def selfish(problem: InterferenceProblem) -> Solution:
    """The end of selfish play."""
    return solve_fast(problem, effort=_EFFORT, priced=False, method="selfish")
