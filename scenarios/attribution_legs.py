"""How a loss is divided among legs, given the rate that is left when only some of the delays are there.

Between measurement and use lie five delays. v(S) is the rate when only the delays in S are there: v of none is R(now),
v of all is R(measured). Two ways to share v(none) - v(all) out, each a linear function of v:

    telescoping   hold first, then downlink, solve, queue and uplink: R(now) - R(applied) is hold, and so on; 6 rates
    shapley       the mean over all 120 orders: phi_d = sum over S without d of |S|! (4 - |S|)! / 5! (v(S) - v(S + d));
                  legs that cost alike get alike (Shapley 1953); 32 rates
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Final

import numpy as np

from twin.journal.schemas import LEGS
from twin.signal.arrays import RealArray

DELAYS: Final = LEGS[1:-1]
"""In the order of time: measured, received, solve begun, solve done, applied, now."""

HOLD: Final = DELAYS.index("hold")


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """Subsets of the delays as rows of `present` (M, 5), none first, all last; legs are `weights` (5, M) @ v (M,)."""

    present: RealArray
    weights: RealArray


def telescoping() -> Division:
    """The legs as differences along the way from none to all, the latest delay first."""
    steps = len(DELAYS) + 1
    present = np.array(
        [[1.0 if place >= steps - 1 - row else 0.0 for place in range(len(DELAYS))] for row in range(steps)]
    )
    weights = np.zeros((len(DELAYS), steps))
    for place in range(len(DELAYS)):
        row = len(DELAYS) - 1 - place
        weights[place, row], weights[place, row + 1] = 1.0, -1.0
    return Division(present, weights)


def shapley() -> Division:
    """The legs as Shapley values."""
    count = len(DELAYS)
    present = np.array([[float(subset >> place & 1) for place in range(count)] for subset in range(2**count)])
    weights = np.zeros((count, 2**count))
    for subset, members in enumerate(present):
        size = int(members.sum())
        for place in range(count):
            if not members[place]:
                weight = factorial(size) * factorial(count - 1 - size) / factorial(count)
                weights[place, subset] += weight
                weights[place, subset | 1 << place] -= weight
    return Division(present, weights)


def divided(division: Division, fresh: float, rates: Sequence[float] | RealArray, actual: float) -> dict[str, float]:
    """The seven legs of one sample, which sum to fresh - actual; `rates` (M,) are those of the division's subsets."""
    values = np.asarray(rates, dtype=np.float64)
    legs = division.weights @ values
    return {
        LEGS[0]: float(fresh - values[0]),
        **{name: float(leg) for name, leg in zip(DELAYS, legs, strict=True)},
        LEGS[-1]: float(values[-1] - actual),
    }
