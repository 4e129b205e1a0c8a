"""Selfish play, our baseline: every pair climbs its own secrecy rate, and nobody pays for interference.

The turns are those of the fast solver with all prices zero, from one start. They need not settle: there is no common
objective, and what is reported is where the last round leaves them.
"""

from twin.solvers.pricing.fast import SELFISH, solve_fast
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.result import Solution


def selfish(problem: InterferenceProblem) -> Solution:
    """The end of selfish play."""
    return solve_fast(problem, effort=SELFISH, priced=False, method="selfish")
