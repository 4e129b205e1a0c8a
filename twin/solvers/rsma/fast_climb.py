"""The augmented Lagrangian's outer iterations from one start, compiled."""

import math

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_constraints import look_at
from twin.solvers.rsma.fast_descent import Memory, descend
from twin.solvers.rsma.fast_model import ALL, CIRCUIT, DATA, MULTIPLIER, SENSING, SLACK, VALUE, Model, Work
from twin.solvers.rsma.fast_shape import Shape

_PENALTY = 3.0
_PENALTY_MOST = 1e7
_GROWTH = 4.0
_SMOOTHER = 0.1
_ENOUGH = 0.25
_FIRST_ACCURACY = 1e-2
_LAST_ACCURACY = 1e-6


@compiled
def exact(model: Model, x: RealArray, work: Work) -> tuple[float, float]:
    """Least slack, and SEE in bit/s/Hz/W, without margin or smoothing."""
    rate = look_at(model, x, 0.0, 0.0, work)
    value = work.scalars[VALUE]
    least = math.inf
    for i in range(work.terms.shape[1]):
        least = min(least, work.terms[SLACK, i])
    return least, rate / (model.numbers[CIRCUIT] + value[DATA] + value[SENSING] + value[ALL])


@compiled
def climb(
    model: Model,
    x: RealArray,
    margin: float,
    smooth: float,
    smoothest: float,
    outer: int,
    inner: int,
    tolerance: float,
    work: Work,
    memory: Memory,
    shape: Shape,
) -> tuple[int, int, float]:
    """Move x to a local optimum; returns evaluations, outer iterations and the worst violation.

    The moduli are smoothed by delta, from `smooth` down to `smoothest`. It ends when no slack is below -tolerance, and
    none that has a multiplier above tolerance.
    """
    terms = work.terms
    terms[MULTIPLIER, :] = 0.0
    delta, penalty, accuracy, last, missed = smooth, _PENALTY, _FIRST_ACCURACY, math.inf, math.inf
    evaluations, rounds = 0, 0
    for _ in range(outer):
        rounds += 1
        evaluations += descend(model, x, delta, margin, penalty, inner, accuracy, work, memory, shape)
        look_at(model, x, delta, margin, work)
        missed = 0.0
        for i in range(terms.shape[1]):
            multiplier, slack = terms[MULTIPLIER, i], terms[SLACK, i]
            missed = max(missed, abs(min(slack, multiplier / penalty)))
            terms[MULTIPLIER, i] = max(0.0, multiplier - penalty * slack)
        if missed <= tolerance and delta <= smoothest:
            break
        if missed > _ENOUGH * last:
            penalty = min(penalty * _GROWTH, _PENALTY_MOST)
        last = missed
        delta = max(_SMOOTHER * delta, smoothest)
        accuracy = max(0.1 * accuracy, _LAST_ACCURACY)
    return evaluations, rounds, missed
