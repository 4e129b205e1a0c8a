"""Problem P1 on vectors, compiled: its augmented Lagrangian and gradient, all variables at once.

    minimise log(P_1 + P_2 + P_0) - log R_S      subject to c_i >= 0      (log R_S linear below 0.1)

A constraint adds (max(0, mu_i - rho c_i)^2 - mu_i^2) / (2 rho).
"""

import math

import numpy as np
from numpy.typing import NDArray

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_constraints import (
    BOB_DATA,
    BOB_ORDER,
    BOB_SENSING,
    ECHO,
    EVE_ORDER,
    EVE_SENSING,
    LEAST_AMPLITUDE,
    LEAST_POWER,
    LN2,
    POWER_1,
    POWER_2,
    RATE,
    logarithm,
    look_at,
)
from twin.solvers.rsma.fast_model import (
    ALL,
    BY,
    CIRCUIT,
    DATA,
    ECHO_GAIN,
    FORCE,
    IB,
    JAMMING,
    JE,
    MOST_1,
    MOST_2,
    MULTIPLIER,
    NOISE,
    POWER,
    SB,
    SBM,
    SE,
    SEM,
    SENSING,
    SLACK,
    SLOPE,
    STATIONS,
    TB,
    TE,
    TEM,
    THRESHOLD,
    VALUE,
    Model,
    Work,
    pull,
    unbound,
)

LEAST_RATE = 0.1


@compiled
def press(terms: RealArray, penalty: float) -> float:
    """What the constraints add to the Lagrangian; its slopes by the slacks as forces."""
    total = 0.0
    for i in range(terms.shape[1]):
        multiplier = terms[MULTIPLIER, i]
        force = max(multiplier - penalty * terms[SLACK, i], 0.0)
        total += force * force - multiplier * multiplier
        terms[FORCE, i] = -force
    return total / (2.0 * penalty)


@compiled
def reach_slopes(amplitude: float, wanted: float, force: float) -> tuple[float, float]:
    """Slopes by the amplitude and by `wanted` of force * 2 log(amplitude / sqrt(wanted))."""
    root = math.sqrt(wanted)
    ratio = amplitude / root
    slope = force / max(ratio, LEAST_AMPLITUDE)
    return 2.0 * slope / root, -slope * ratio / wanted


@compiled
def rate_slopes(u: RealArray, by_rate: float, by: RealArray) -> None:
    """Slopes by the robust amplitudes through R_S; sets them."""
    bob_noise, data = u[IB] ** 2 + 1.0, max(u[SB], 0.0)
    sensing, jamming = max(u[TE], 0.0), max(u[JE], 0.0)
    eve_noise = sensing**2 + jamming**2 + 1.0
    own, leaked, slope = bob_noise + data**2, eve_noise + u[SE] ** 2, 2.0 * by_rate / LN2
    by_noise = slope * (1.0 / eve_noise - 1.0 / leaked)
    by[SB] = slope * data / own
    by[IB] = slope * u[IB] * (1.0 / own - 1.0 / bob_noise)
    by[SE] = -slope * u[SE] / leaked
    by[TE] = by_noise * sensing
    by[JE] = by_noise * jamming


@compiled
def station_slopes(u: RealArray, threshold: float, margin: float, forces: RealArray, by: RealArray) -> None:
    """Slopes by the robust amplitudes through the orderings and what Bob must and Eve must not decode; adds them."""
    bob_noise, data, jamming = u[IB] ** 2 + 1.0, max(u[SEM], 0.0), max(u[JE], 0.0)
    least, most = threshold * (1.0 + margin), threshold * (1.0 - margin)
    heard, unheard = least * (u[SBM] ** 2 + bob_noise), most * (data**2 + jamming**2 + 1.0)
    by_sensing, by_heard = reach_slopes(u[TB], heard, forces[BOB_SENSING])
    by_leak, by_unheard = reach_slopes(u[TEM], unheard, -forces[EVE_SENSING])
    by_data, by_noise = reach_slopes(u[SB], least * bob_noise, forces[BOB_DATA])
    by[TB] = (1.0 - margin) * forces[BOB_ORDER] + by_sensing
    by[SBM] = 2.0 * least * by_heard * u[SBM] - forces[BOB_ORDER]
    by[SB] += by_data
    by[IB] += 2.0 * least * (by_heard + by_noise) * u[IB]
    by[TE] += (1.0 - margin) * forces[EVE_ORDER]
    by[SE] -= forces[EVE_ORDER]
    by[TEM] = by_leak
    by[SEM] = 2.0 * most * by_unheard * data
    by[JE] += 2.0 * most * by_unheard * jamming


@compiled
def user_slopes(
    at_1: RealArray,
    at_2: RealArray,
    decodings: NDArray[np.int64],
    heard: RealArray,
    owed: RealArray,
    shares: RealArray,
    x: RealArray,
    margin: float,
    terms: RealArray,
    gradient: RealArray,
) -> None:
    """Slopes by the powers through what users must decode, and the gradient by the shares of the common rate."""
    split = shares.shape[1]
    at_1[SLOPE, :, 3:] = 0.0
    at_2[SLOPE, :, 2:] = 0.0
    gradient[x.shape[0] - split :] = 0.0
    for r in range(owed.shape[0]):
        user, stream = decodings[0, r], decodings[1, r]
        force, noise = terms[FORCE, STATIONS + r], terms[NOISE, STATIONS + r]
        if force == 0.0:
            continue
        power = at_2[POWER, stream, 2 + user]
        if split == 0:
            by_power = force / max(power, LEAST_POWER * owed[r] * (1.0 + margin) * noise)
        else:
            by_power = force / (LN2 * (noise + power))
            for v in range(x.shape[0] - split, x.shape[0]):
                gradient[v] += 2.0 * force * shares[r, v + split - x.shape[0]] * x[v]
        by_noise = -by_power * power / noise
        at_1[SLOPE, 0, 3 + user] += by_noise
        at_1[SLOPE, 1, 3 + user] += by_noise
        at_2[SLOPE, stream, 2 + user] += by_power
        for k in range(heard.shape[1]):
            at_2[SLOPE, k, 2 + user] += by_noise * heard[r, k]


@compiled
def back(
    numbers: RealArray,
    rate: float,
    margin: float,
    goal: float,
    at_1: RealArray,
    scalars: RealArray,
    forces: RealArray,
) -> float:
    """Slopes by the scalars and by what lights the target; returns the objective."""
    value, by = scalars[VALUE], scalars[BY]
    sent = numbers[CIRCUIT] + value[DATA] + value[SENSING] + value[ALL]
    rate_slopes(value, forces[RATE] - goal / max(rate, LEAST_RATE), by)
    station_slopes(value, numbers[THRESHOLD], margin, forces, by)
    by[DATA] = by[SENSING] = goal / sent - forces[POWER_1] / numbers[MOST_1]
    by[ALL] = goal / sent - forces[POWER_2] / numbers[MOST_2]
    by[JAMMING] = 0.0
    lit, wanted = at_1[POWER, 0, 2] + at_1[POWER, 1, 2], numbers[THRESHOLD] * (1.0 + margin) / numbers[ECHO_GAIN]
    at_1[SLOPE, 0, 2] = at_1[SLOPE, 1, 2] = forces[ECHO] / max(lit, LEAST_POWER * wanted)
    return goal * (math.log(sent) - logarithm(rate, LEAST_RATE))


@compiled
def slopes(
    h: RealArray,
    g: RealArray,
    numbers: RealArray,
    jamming: RealArray,
    decodings: NDArray[np.int64],
    heard: RealArray,
    owed: RealArray,
    shares: RealArray,
    x: RealArray,
    rate: float,
    margin: float,
    goal: float,
    at_1: RealArray,
    at_2: RealArray,
    scalars: RealArray,
    terms: RealArray,
    gradient: RealArray,
) -> float:
    """Gradient of `goal` times the objective plus force times slack of every constraint; returns the former's value."""
    user_slopes(at_1, at_2, decodings, heard, owed, shares, x, margin, terms, gradient)
    total = back(numbers, rate, margin, goal, at_1, scalars, terms[FORCE])
    unbound(scalars, jamming, numbers, at_1, at_2)
    begin = 4 * h.shape[2]
    for k in range(2):
        pull(h, x, 0, at_1, k, scalars[BY, DATA + k], gradient)
    for k in range(jamming.shape[0]):
        pull(g, x, begin, at_2, k, scalars[BY, ALL] + jamming[k] * scalars[BY, JAMMING], gradient)
    return total


@compiled
def slopes_at(
    model: Model, x: RealArray, rate: float, margin: float, goal: float, work: Work, gradient: RealArray
) -> float:
    """`slopes` of a model."""
    return slopes(
        model.h,
        model.g,
        model.numbers,
        model.jamming,
        model.decodings,
        model.heard,
        model.owed,
        model.shares,
        x,
        rate,
        margin,
        goal,
        work.at_1,
        work.at_2,
        work.scalars,
        work.terms,
        gradient,
    )


@compiled
def value_at(
    model: Model,
    x: RealArray,
    delta: float,
    margin: float,
    goal: float,
    penalty: float,
    work: Work,
    gradient: RealArray,
) -> tuple[float, float]:
    """The augmented Lagrangian at x, its objective times `goal`, and R_S in bit/s/Hz; its gradient into `gradient`."""
    rate = look_at(model, x, delta, margin, work)
    total = press(work.terms, penalty)
    return total + slopes_at(model, x, rate, margin, goal, work, gradient), rate
