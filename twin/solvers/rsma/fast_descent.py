"""Limited-memory BFGS with a weak Wolfe line search on the augmented Lagrangian, compiled."""

import math
from typing import NamedTuple

import numpy as np

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_lagrangian import value_at
from twin.solvers.rsma.fast_model import Model, Work
from twin.solvers.rsma.fast_shape import Shape, apply, reshape

_PAIRS = 12
_RENEWED = 15
_DECREASE = 1e-4
_FLATTER = 0.9
_LONGEST = 0.3
"""Of the norm of x: longest step."""
_TRIALS = 25
_CURVED = 1e-12
_STALLED = 1e-14


class Memory(NamedTuple):
    """What the descent remembers of its way, and scratch of the size of x."""

    steps: RealArray
    """(m, n): last differences of x."""
    turns: RealArray
    """(m, n): last differences of the gradient."""
    inverses: RealArray
    """(m,): 1 / (turn . step)."""
    shares: RealArray
    """(m,)."""
    gradient: RealArray
    next_gradient: RealArray
    direction: RealArray
    next_x: RealArray


@compiled
def memory_for(size: int) -> Memory:
    """Memory for vectors of a size."""
    return Memory(
        np.zeros((_PAIRS, size)),
        np.zeros((_PAIRS, size)),
        np.zeros(_PAIRS),
        np.zeros(_PAIRS),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
    )


@compiled
def dot(a: RealArray, b: RealArray) -> float:
    """Inner product, in four sums that can be formed side by side."""
    s, t, u, v = 0.0, 0.0, 0.0, 0.0
    whole = a.shape[0] // 4 * 4
    for i in range(0, whole, 4):
        s += a[i] * b[i]
        t += a[i + 1] * b[i + 1]
        u += a[i + 2] * b[i + 2]
        v += a[i + 3] * b[i + 3]
    for i in range(whole, a.shape[0]):
        s += a[i] * b[i]
    return (s + t) + (u + v)


@compiled
def add(weight: float, a: RealArray, out: RealArray) -> None:
    """Out += weight a."""
    for i in range(a.shape[0]):
        out[i] += weight * a[i]


@compiled
def aim(memory: Memory, kept: int, newest: int, shape: Shape, pressing: int) -> None:
    """The quasi-Newton direction from the last `kept` pairs, the newest of them at row `newest`."""
    d = memory.direction
    for i in range(d.shape[0]):
        d[i] = -memory.gradient[i]
    for back in range(kept):
        row = (newest - back) % _PAIRS
        share = memory.inverses[row] * dot(memory.steps[row], d)
        memory.shares[row] = share
        add(-share, memory.turns[row], d)
    apply(shape, pressing, d, memory.next_x)
    for back in range(kept - 1, -1, -1):
        row = (newest - back) % _PAIRS
        add(memory.shares[row] - memory.inverses[row] * dot(memory.turns[row], d), memory.steps[row], d)


@compiled
def search(
    model: Model,
    x: RealArray,
    value: float,
    slope: float,
    length: float,
    delta: float,
    margin: float,
    goal: float,
    penalty: float,
    work: Work,
    memory: Memory,
) -> tuple[float, float, int]:
    """A step along the direction that falls enough and is flatter: (value there, step, evaluations); step 0 for none."""
    short, long, evaluations = 0.0, math.inf, 0
    best, best_length = value, 0.0
    for _ in range(_TRIALS):
        for i in range(x.shape[0]):
            memory.next_x[i] = x[i] + length * memory.direction[i]
        found, _ = value_at(
            model, memory.next_x, delta, margin, goal, penalty, work, memory.next_gradient
        )
        evaluations += 1
        if not found <= value + _DECREASE * length * slope:
            long = length
        elif dot(memory.next_gradient, memory.direction) < _FLATTER * slope:
            short, best, best_length = length, found, length
        else:
            return found, length, evaluations
        if long < math.inf:
            length = 0.5 * (short + long)
        else:
            length = 2.0 * short
    if best_length > 0.0:
        for i in range(x.shape[0]):
            memory.next_x[i] = x[i] + best_length * memory.direction[i]
        best, _ = value_at(
            model, memory.next_x, delta, margin, goal, penalty, work, memory.next_gradient
        )
        evaluations += 1
    return best, best_length, evaluations


@compiled
def descend(
    model: Model,
    x: RealArray,
    delta: float,
    margin: float,
    goal: float,
    penalty: float,
    most: int,
    tolerance: float,
    work: Work,
    memory: Memory,
    shape: Shape,
) -> int:
    """Move x to a minimum of the augmented Lagrangian; returns how often that was evaluated.

    It ends when ||x|| ||gradient|| <= tolerance, which is free of units, or after `most` steps.
    """
    value, rate = value_at(model, x, delta, margin, goal, penalty, work, memory.gradient)
    evaluations, kept, newest, pressing = 1, 0, _PAIRS - 1, 0
    for step in range(most):
        if step % _RENEWED == 0:
            if step > 0:
                value, rate = value_at(model, x, delta, margin, goal, penalty, work, memory.gradient)
            pressing = reshape(model, x, rate, margin, goal, penalty, work, shape)
        steepness, size = math.sqrt(dot(memory.gradient, memory.gradient)), math.sqrt(dot(x, x))
        if steepness * size <= tolerance:
            break
        aim(memory, kept, newest, shape, pressing)
        slope = dot(memory.gradient, memory.direction)
        reach = math.sqrt(dot(memory.direction, memory.direction))
        if not slope < 0.0:
            if kept == 0:
                break
            kept = 0
            continue
        longest = _LONGEST * size / reach
        length = min(1.0, longest)
        found, length, tried = search(
            model, x, value, slope, length, delta, margin, goal, penalty, work, memory
        )
        evaluations += tried
        if length == 0.0:
            if kept == 0:
                break
            kept = 0
            continue
        newest = (newest + 1) % _PAIRS
        for i in range(x.shape[0]):
            memory.steps[newest, i] = memory.next_x[i] - x[i]
            memory.turns[newest, i] = memory.next_gradient[i] - memory.gradient[i]
            x[i] = memory.next_x[i]
            memory.gradient[i] = memory.next_gradient[i]
        curvature = dot(memory.steps[newest], memory.turns[newest])
        fallen, value = value - found, found
        if curvature > _CURVED * dot(memory.turns[newest], memory.turns[newest]):
            memory.inverses[newest] = 1.0 / curvature
            kept = min(kept + 1, _PAIRS)
        else:
            newest = (newest - 1) % _PAIRS
        if fallen <= _STALLED * max(1.0, abs(value)):
            break
    return evaluations
