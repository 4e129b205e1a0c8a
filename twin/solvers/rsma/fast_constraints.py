"""The constraints of problem P1 on vectors, compiled: slacks c_i that must be >= 0.

Powers are 1 - P / P_max; rates differences in bit/s/Hz; orderings differences of amplitudes; SINRs logarithms of what
they are over what they must be (linear below 0.05, so that there is a slope from 0 on); each with a margin.
"""

import math

import numpy as np
from numpy.typing import NDArray

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_model import (
    ALL,
    DATA,
    ECHO_GAIN,
    IB,
    JE,
    MOST_1,
    MOST_2,
    NOISE,
    POWER,
    SB,
    SBM,
    SE,
    SECRECY,
    SEM,
    SENSING,
    SLACK,
    STATIONS,
    TB,
    TE,
    TEM,
    THRESHOLD,
    VALUE,
    Model,
    Work,
    bound,
    hear,
    measure,
)

(POWER_1, POWER_2, RATE, BOB_ORDER, EVE_ORDER, BOB_SENSING, EVE_SENSING, BOB_DATA, ECHO) = range(STATIONS)
"""Constraints of the stations, in the order of twin.solvers.rsma.evaluate; those of the users follow."""
LEAST_POWER = 0.05
LEAST_AMPLITUDE = math.sqrt(LEAST_POWER)
"""Below these the logarithms of power and amplitude ratios are linear."""
LN2 = math.log(2.0)


@compiled
def logarithm(value: float, least: float) -> float:
    """Log of a value, linear below `least`; its derivative is 1 / max(value, least)."""
    return math.log(value) if value >= least else math.log(least) + (value - least) / least


@compiled
def station_slacks(u: RealArray, numbers: RealArray, lit: float, margin: float, slacks: RealArray) -> float:
    """Slacks of what concerns Bob, Eve and the echo; returns R_S in bit/s/Hz. `lit` is |h_t^H w|^2 of both streams."""
    bob_noise, data = u[IB] ** 2 + 1.0, max(u[SB], 0.0)
    jamming = max(u[JE], 0.0) ** 2
    eve_noise, eve_most = max(u[TE], 0.0) ** 2 + jamming + 1.0, max(u[SEM], 0.0) ** 2 + jamming + 1.0
    rate = (math.log(1.0 + data**2 / bob_noise) - math.log(1.0 + u[SE] ** 2 / eve_noise)) / LN2
    least, most = numbers[THRESHOLD] * (1.0 + margin), numbers[THRESHOLD] * (1.0 - margin)
    slacks[POWER_1] = 1.0 - margin - (u[DATA] + u[SENSING]) / numbers[MOST_1]
    slacks[POWER_2] = 1.0 - margin - u[ALL] / numbers[MOST_2]
    slacks[RATE] = rate - numbers[SECRECY] - margin
    slacks[BOB_ORDER] = u[TB] * (1.0 - margin) - u[SBM]
    slacks[EVE_ORDER] = u[TE] * (1.0 - margin) - u[SE]
    slacks[BOB_SENSING] = 2.0 * logarithm(u[TB] / math.sqrt(least * (u[SBM] ** 2 + bob_noise)), LEAST_AMPLITUDE)
    slacks[EVE_SENSING] = -2.0 * logarithm(u[TEM] / math.sqrt(most * eve_most), LEAST_AMPLITUDE)
    slacks[BOB_DATA] = 2.0 * logarithm(u[SB] / math.sqrt(least * bob_noise), LEAST_AMPLITUDE)
    slacks[ECHO] = logarithm(lit * numbers[ECHO_GAIN] / least, LEAST_POWER)
    return rate


@compiled
def user_slacks(
    at_1: RealArray,
    at_2: RealArray,
    decodings: NDArray[np.int64],
    heard: RealArray,
    owed: RealArray,
    shares: RealArray,
    x: RealArray,
    margin: float,
    terms: RealArray,
) -> None:
    """Slacks of what users must decode."""
    split = shares.shape[1]
    for r in range(owed.shape[0]):
        user, stream = decodings[0, r], decodings[1, r]
        noise = 1.0 + at_1[POWER, 0, 3 + user] + at_1[POWER, 1, 3 + user]
        for k in range(heard.shape[1]):
            noise += heard[r, k] * at_2[POWER, k, 2 + user]
        terms[NOISE, STATIONS + r] = noise
        power = at_2[POWER, stream, 2 + user]
        if split == 0:
            slack = logarithm(power / (owed[r] * (1.0 + margin) * noise), LEAST_POWER)
        else:
            slack = math.log(1.0 + power / noise) / LN2 - owed[r] - margin
            for v in range(split):
                slack += shares[r, v] * x[x.shape[0] - split + v] ** 2
        terms[SLACK, STATIONS + r] = slack


@compiled
def look(
    h: RealArray,
    g: RealArray,
    numbers: RealArray,
    jamming: RealArray,
    decodings: NDArray[np.int64],
    heard: RealArray,
    owed: RealArray,
    shares: RealArray,
    x: RealArray,
    delta: float,
    margin: float,
    at_1: RealArray,
    at_2: RealArray,
    scalars: RealArray,
    terms: RealArray,
) -> float:
    """Slacks at x, and all that they come from; returns R_S in bit/s/Hz."""
    first, second = 2 * h.shape[2], 2 * g.shape[2]
    hear(h, x, 0, at_1)
    hear(g, x, 2 * first, at_2)
    measure(x, first, second, jamming, scalars)
    bound(at_1, at_2, jamming, numbers, delta, scalars)
    user_slacks(at_1, at_2, decodings, heard, owed, shares, x, margin, terms)
    lit = at_1[POWER, 0, 2] + at_1[POWER, 1, 2]
    return station_slacks(scalars[VALUE], numbers, lit, margin, terms[SLACK])


@compiled
def look_at(model: Model, x: RealArray, delta: float, margin: float, work: Work) -> float:
    """`look` at a model."""
    return look(
        model.h,
        model.g,
        model.numbers,
        model.jamming,
        model.decodings,
        model.heard,
        model.owed,
        model.shares,
        x,
        delta,
        margin,
        work.at_1,
        work.at_2,
        work.scalars,
        work.terms,
    )
