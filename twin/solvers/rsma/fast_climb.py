"""The augmented Lagrangian's outer iterations, compiled."""

import math

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_descent import Memory, descend
from twin.solvers.rsma.fast_lagrangian import value_at
from twin.solvers.rsma.fast_model import MULTIPLIER, SLACK, Model, Work
from twin.solvers.rsma.fast_shape import Shape

_DELTA = 1e-3
_DELTA_LEAST = 1e-9
_PENALTY = 3.0
_PENALTY_MOST = 1e7
_GROWTH = 4.0


@compiled
def exact(model: Model, x: RealArray, work: Work, memory: Memory) -> tuple[float, float]:
    """Least slack, and SEE in bit/s/Hz/W, without margin and smoothing."""
    work.terms[MULTIPLIER] = 0.0
    value, _ = value_at(model, x, 1e-30, 0.0, 1.0, 1e-300, work, memory.next_gradient)
    return work.terms[SLACK].min(), math.exp(-value)


@compiled
def climb(
    model: Model,
    x: RealArray,
    margin: float,
    goal: float,
    outer: int,
    inner: int,
    tolerance: float,
    work: Work,
    memory: Memory,
    shape: Shape,
) -> tuple[int, int, float]:
    """Move x to a local optimum; returns evaluations, outer iterations and the worst violation."""
    slacks, multipliers = work.terms[SLACK], work.terms[MULTIPLIER]
    multipliers[:] = 0.0
    delta, penalty, last, evaluations, rounds = _DELTA, _PENALTY, math.inf, 0, 0
    accuracy = 1e-2
    missed = math.inf
    for _ in range(outer):
        rounds += 1
        evaluations += descend(model, x, delta, margin, goal, penalty, inner, accuracy, work, memory, shape)
        value_at(model, x, delta, margin, goal, penalty, work, memory.gradient)
        missed = 0.0
        for i in range(multipliers.shape[0]):
            missed = max(missed, abs(min(slacks[i], multipliers[i] / penalty)))
            multipliers[i] = max(0.0, multipliers[i] - penalty * slacks[i])
        if missed <= tolerance and delta <= _DELTA_LEAST:
            break
        if missed > 0.25 * last:
            penalty = min(penalty * _GROWTH, _PENALTY_MOST)
        last = missed
        delta = max(0.1 * delta, _DELTA_LEAST)
        accuracy = max(0.1 * accuracy, 1e-6)
    return evaluations, rounds, missed
