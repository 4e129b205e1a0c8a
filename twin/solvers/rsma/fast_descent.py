"""Limited-memory BFGS on the augmented Lagrangian, from its approximate Hessian on, compiled."""

import math
from typing import NamedTuple

import numpy as np

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_lagrangian import value_at
from twin.solvers.rsma.fast_model import Model, Work
from twin.solvers.rsma.fast_shape import Shape, apply, dot, reshape

_PAIRS = 12
_RENEWED = 15
"""Steps after which the approximate Hessian is found anew."""
_DECREASE = 1e-4
_FLATTER = 0.9
_LONGEST = 0.3
"""Longest step, over the norm of x."""
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
    pairs, single = np.zeros((2, _PAIRS, size)), np.zeros((4, size))
    numbers = np.zeros((2, _PAIRS))
    return Memory(pairs[0], pairs[1], numbers[0], numbers[1], single[0], single[1], single[2], single[3])


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
    penalty: float,
    work: Work,
    memory: Memory,
) -> tuple[float, float, int]:
    """A step along the direction that falls enough and ends flatter (weak Wolfe conditions), by bisection.

    Returns the value there, the length, 0 for none, and evaluations. Where trials run out, a step that falls will do.
    """
    short, long, best = 0.0, math.inf, value
    if not slope < 0.0:
        return value, 0.0, 0
    for trial in range(_TRIALS):
        for i in range(x.shape[0]):
            memory.next_x[i] = x[i] + length * memory.direction[i]
        found, _ = value_at(model, memory.next_x, delta, margin, 1.0, penalty, work, memory.next_gradient)
        if found <= value + _DECREASE * length * slope:
            if dot(memory.next_gradient, memory.direction) >= _FLATTER * slope:
                return found, length, trial + 1
            short, best = length, found
        else:
            long = length
        length = 0.5 * (short + long) if long < math.inf else 2.0 * short
    if short > 0.0:
        for i in range(x.shape[0]):
            memory.next_x[i] = x[i] + short * memory.direction[i]
        best, _ = value_at(model, memory.next_x, delta, margin, 1.0, penalty, work, memory.next_gradient)
    return best, short, _TRIALS + 1


@compiled
def remember(x: RealArray, memory: Memory, newest: int) -> bool:
    """Take the step, and note it in the row after `newest` if the gradient turned; returns whether it did."""
    row = (newest + 1) % _PAIRS
    step, turn = memory.steps[row], memory.turns[row]
    for i in range(x.shape[0]):
        step[i] = memory.next_x[i] - x[i]
        turn[i] = memory.next_gradient[i] - memory.gradient[i]
        x[i] = memory.next_x[i]
        memory.gradient[i] = memory.next_gradient[i]
    curvature = dot(step, turn)
    if curvature > _CURVED * dot(turn, turn):
        memory.inverses[row] = 1.0 / curvature
        return True
    return False


@compiled
def descend(
    model: Model,
    x: RealArray,
    delta: float,
    margin: float,
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
    evaluations, kept, newest, pressing, value = 0, 0, _PAIRS - 1, 0, 0.0
    for step in range(most):
        if step % _RENEWED == 0:
            value, rate = value_at(model, x, delta, margin, 1.0, penalty, work, memory.gradient)
            evaluations += 1
            pressing = reshape(model, x, rate, margin, penalty, work, shape)
        size = math.sqrt(dot(x, x))
        if math.sqrt(dot(memory.gradient, memory.gradient)) * size <= tolerance:
            break
        aim(memory, kept, newest, shape, pressing)
        slope = dot(memory.gradient, memory.direction)
        longest = min(1.0, _LONGEST * size / math.sqrt(dot(memory.direction, memory.direction)))
        found, length, tried = search(model, x, value, slope, longest, delta, margin, penalty, work, memory)
        evaluations += tried
        if length == 0.0:
            if kept == 0:
                break
            kept = 0
            continue
        fallen, value = value - found, found
        if remember(x, memory, newest):
            newest = (newest + 1) % _PAIRS
            kept = min(kept + 1, _PAIRS)
        if fallen <= _STALLED * max(1.0, abs(value)):
            break
    return evaluations
