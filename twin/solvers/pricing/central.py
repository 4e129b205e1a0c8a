"""A central node that knows every channel: quasi-Newton ascents on the sum of all rates from many starts. The bound.

Kong et al., problem P1, eq. (22), without prices or turns. It is a bound in the sense of the best that is known, not a
proof: one of its starts is the answer of the fast solver.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from twin.solvers.pricing.evaluate import EVALUATION, EVALUATION_DRAWS, evaluated, sum_rate, without_losers
from twin.solvers.pricing.fast import solve_fast
from twin.solvers.pricing.gradient import SumRate, ascend
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.pricing.starts import make_starts
from twin.solvers.result import Solution

_SEED: Final = 3
_STARTS: Final = 16
_KEPT: Final = 3
_SHORT_STEPS: Final = 60
_STEPS: Final = 1000
_DRAWS: Final = (8, 32)
_LONG_DRAWS: Final = (32, 192)


def central(problem: InterferenceProblem) -> Solution:
    """The best of the ascents: short ones from all starts, the best of these and the fast answer to the end."""
    quick, thorough = SumRate(problem, _DRAWS), SumRate(problem, _LONG_DRAWS)
    short = [ascend(problem, quick, start, _SHORT_STEPS) for start in make_starts(problem, _STARTS, _SEED)]
    order = np.argsort([-value for _, value, _ in short], kind="stable")[:_KEPT]
    fast = solve_fast(problem)
    begins = [short[index][0] for index in order.tolist()] + [(fast.precoders[0], fast.precoders[1])]
    long = [ascend(problem, thorough, begin, _STEPS) for begin in begins]
    candidates = [without_losers(problem, end, EVALUATION, EVALUATION_DRAWS) for end, _, _ in long] + [begins[-1]]
    values = [sum_rate(problem, candidate, EVALUATION, EVALUATION_DRAWS) for candidate in candidates]
    steps = sum(taken for _, _, taken in (*short, *long))
    best = evaluated(problem, "central", candidates[int(np.argmax(values))], steps, {"starts": float(_STARTS)})
    return replace(best, evidence={**best.evidence, "fast": fast.objective})
