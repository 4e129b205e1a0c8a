"""Problem P1 as the kernels see it: few arrays of reals, and what is heard of all streams.

The unknowns are one real vector x: the real, then the imaginary parts of w_bo, of w_ta, then of each stream of station
2, in coordinates of the spans of the channels; then roots of the shares of the common rate, if it is split. The inner
kernels take arrays, not the named tuples that hold them: to take an array out of a tuple costs as much as a logarithm.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled

STATIONS = 9
"""Constraints before those of the users, in the order of twin.solvers.rsma.evaluate."""

(RE, IM, POWER, SLOPE, PULL_RE, PULL_IM) = range(6)
"""Parts of what is heard of a stream: amplitude c^H w, |c^H w|^2, the Lagrangian's derivative by the latter, and twice
the product of that with the amplitude."""

(SB, SBM, TB, IB, SE, SEM, TE, TEM, JE, DATA, SENSING, ALL, JAMMING) = range(13)
"""Scalars: robust amplitudes, the roots of the powers of the same names; squared norms of w_bo, of w_ta, of all that
station 2 sends, and of what of it jams Eve."""
(BARE, VALUE, BY) = range(3)
"""Their parts: amplitude without error, value, and the Lagrangian's derivative by the value."""

(SLACK, FORCE, MULTIPLIER, NOISE) = range(4)
"""Parts of a constraint: c_i, which must be >= 0; the Lagrangian's derivative by it; its multiplier; and the noise and
interference of a decoding."""

(ERROR_H_BOB, ERROR_H_EVE, ERROR_G_BOB, ERROR_G_EVE, MOST_1, MOST_2, CIRCUIT, ECHO_GAIN, THRESHOLD, SECRECY) = range(10)
"""Numbers: four radii, P_1max, P_2max, P_0, SCNR per |h_t^H w|^2, gamma_th, I_S."""
_TINY = 1e-24


class Model(NamedTuple):
    """The problem."""

    h: RealArray
    """(2, 3 + N, d_1): real and imaginary parts of the channels from station 1 to Bob, Eve, the target and users."""
    g: RealArray
    """(2, 2 + N, d_2): of those from station 2 to Bob, Eve and users."""
    numbers: RealArray
    """(10,): ERROR_H_BOB .. SECRECY."""
    jamming: RealArray
    """(K,): ones at the streams that jam Eve."""
    decodings: NDArray[np.int64]
    """(2, R): who decodes, and which stream."""
    heard: RealArray
    """(R, K): ones at the streams that are noise then."""
    owed: RealArray
    """(R,): least SINR; with a split, least rate in bit/s/Hz."""
    shares: RealArray
    """(R, V): how much of each share of the common rate is added to the rate of a decoding."""


class Work(NamedTuple):
    """Scratch."""

    at_1: RealArray
    """(6, 2, 3 + N): RE .. PULL_IM of station 1's streams."""
    at_2: RealArray
    """(6, K, 2 + N): of station 2's."""
    scalars: RealArray
    """(3, 13): BARE, VALUE, BY of SB .. JAMMING."""
    terms: RealArray
    """(4, 9 + R): SLACK .. NOISE of the constraints."""


@compiled
def work_for(model: Model) -> Work:
    """Scratch for a model."""
    one, two, streams = model.h.shape[1], model.g.shape[1], model.jamming.shape[0]
    terms = STATIONS + model.owed.shape[0]
    return Work(np.zeros((6, 2, one)), np.zeros((6, streams, two)), np.zeros((3, 13)), np.zeros((4, terms)))


@compiled
def hear(c: RealArray, x: RealArray, begin: int, at: RealArray) -> None:
    """What all receivers hear of a station's streams, whose entries begin at x[begin]."""
    receivers, antennas = c.shape[1], c.shape[2]
    for stream in range(at.shape[1]):
        real, imaginary = begin + 2 * antennas * stream, begin + 2 * antennas * stream + antennas
        for r in range(receivers):
            a, b = 0.0, 0.0
            for m in range(antennas):
                a += c[RE, r, m] * x[real + m] + c[IM, r, m] * x[imaginary + m]
                b += c[RE, r, m] * x[imaginary + m] - c[IM, r, m] * x[real + m]
            at[RE, stream, r] = a
            at[IM, stream, r] = b
            at[POWER, stream, r] = a * a + b * b


@compiled
def pull(
    c: RealArray, x: RealArray, begin: int, at: RealArray, stream: int, weight: float, gradient: RealArray
) -> None:
    """The gradient by the entries of one stream, from the slopes by its powers and `weight` by its squared norm."""
    receivers, antennas = c.shape[1], c.shape[2]
    real, imaginary = begin + 2 * antennas * stream, begin + 2 * antennas * stream + antennas
    for r in range(receivers):
        at[PULL_RE, stream, r] = 2.0 * at[SLOPE, stream, r] * at[RE, stream, r]
        at[PULL_IM, stream, r] = 2.0 * at[SLOPE, stream, r] * at[IM, stream, r]
    for m in range(antennas):
        a, b = 2.0 * weight * x[real + m], 2.0 * weight * x[imaginary + m]
        for r in range(receivers):
            a += at[PULL_RE, stream, r] * c[RE, r, m] - at[PULL_IM, stream, r] * c[IM, r, m]
            b += at[PULL_RE, stream, r] * c[IM, r, m] + at[PULL_IM, stream, r] * c[RE, r, m]
        gradient[real + m] = a
        gradient[imaginary + m] = b


@compiled
def measure(x: RealArray, first: int, second: int, jamming: RealArray, scalars: RealArray) -> None:
    """Squared norms of streams with `first` and `second` numbers each."""
    for k in range(2):
        total = _TINY
        for i in range(k * first, (k + 1) * first):
            total += x[i] * x[i]
        scalars[VALUE, DATA + k] = total
    everything, harmful = _TINY, _TINY
    for k in range(jamming.shape[0]):
        total = 0.0
        for i in range(2 * first + k * second, 2 * first + (k + 1) * second):
            total += x[i] * x[i]
        everything += total
        harmful += jamming[k] * total
    scalars[VALUE, ALL] = everything
    scalars[VALUE, JAMMING] = harmful


@compiled
def bound(
    at_1: RealArray, at_2: RealArray, jamming: RealArray, numbers: RealArray, delta: float, scalars: RealArray
) -> None:
    """Amplitudes SB .. JE. Moduli are sqrt(q + delta): smooth where a beam has a null."""
    bare, value = scalars[BARE], scalars[VALUE]
    bob, eve = numbers[ERROR_H_BOB], numbers[ERROR_H_EVE]
    at_bob, at_eve = delta, delta
    for k in range(jamming.shape[0]):
        at_bob += at_2[POWER, k, 0]
        at_eve += jamming[k] * at_2[POWER, k, 1]
    data, sensing = math.sqrt(value[DATA]), math.sqrt(value[SENSING])
    bare[SB] = math.sqrt(at_1[POWER, 0, 0] + delta)
    bare[TB] = math.sqrt(at_1[POWER, 1, 0] + delta)
    bare[SE] = math.sqrt(at_1[POWER, 0, 1] + delta)
    bare[TE] = math.sqrt(at_1[POWER, 1, 1] + delta)
    bare[IB] = math.sqrt(at_bob)
    bare[JE] = math.sqrt(at_eve)
    value[SB] = bare[SB] - bob * data
    value[SBM] = bare[SB] + bob * data
    value[TB] = bare[TB] - bob * sensing
    value[IB] = bare[IB] + numbers[ERROR_G_BOB] * math.sqrt(value[ALL])
    value[SE] = bare[SE] + eve * data
    value[SEM] = bare[SE] - eve * data
    value[TE] = bare[TE] - eve * sensing
    value[TEM] = bare[TE] + eve * sensing
    value[JE] = bare[JE] - numbers[ERROR_G_EVE] * math.sqrt(value[JAMMING])


@compiled
def unbound(scalars: RealArray, jamming: RealArray, numbers: RealArray, at_1: RealArray, at_2: RealArray) -> None:
    """Slopes by powers and by squared norms from those by the robust amplitudes."""
    bare, value, by = scalars[BARE], scalars[VALUE], scalars[BY]
    bob, eve = numbers[ERROR_H_BOB], numbers[ERROR_H_EVE]
    at_1[SLOPE, 0, 0] = 0.5 * (by[SB] + by[SBM]) / bare[SB]
    at_1[SLOPE, 1, 0] = 0.5 * by[TB] / bare[TB]
    at_1[SLOPE, 0, 1] = 0.5 * (by[SE] + by[SEM]) / bare[SE]
    at_1[SLOPE, 1, 1] = 0.5 * (by[TE] + by[TEM]) / bare[TE]
    by_bob, by_eve = 0.5 * by[IB] / bare[IB], 0.5 * by[JE] / bare[JE]
    for k in range(jamming.shape[0]):
        at_2[SLOPE, k, 0] = by_bob
        at_2[SLOPE, k, 1] = jamming[k] * by_eve
    by_data = bob * (by[SBM] - by[SB]) + eve * (by[SE] - by[SEM])
    by_sensing = eve * (by[TEM] - by[TE]) - bob * by[TB]
    by[DATA] += 0.5 * by_data / math.sqrt(value[DATA])
    by[SENSING] += 0.5 * by_sensing / math.sqrt(value[SENSING])
    by[ALL] += 0.5 * numbers[ERROR_G_BOB] * by[IB] / math.sqrt(value[ALL])
    by[JAMMING] -= 0.5 * numbers[ERROR_G_EVE] * by[JE] / math.sqrt(value[JAMMING])
