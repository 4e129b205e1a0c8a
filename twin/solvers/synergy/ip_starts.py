"""Compiled starts and baselines in reduced form: fixed directions, full or balanced powers.

Directions as in `starts.leakage_directions`: (loading I + sum of the other receivers' r r^H)^-1 r_own.
"""

import math
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.compiled import compiled
from twin.solvers.synergy.ip_frame import to_real
from twin.solvers.synergy.ip_model import evaluate

COARSE: Final = 6.0 ** -np.arange(4.0)
"""Shares of the budgets for `balance` to try where a direction only wants a start."""
_MOST_SHARES = 46


@compiled
def _unit(j: int, y: RealArray) -> None:
    """y_j at unit norm; the first axis in place of zero."""
    size = 0.0
    for a in range(7):
        size += y[j, a] * y[j, a]
    if size > 0.0:
        for a in range(7):
            y[j, a] /= math.sqrt(size)
    else:
        y[j, 0] = 1.0


@compiled
def leakage(rows: ComplexArray, loading: float, system: ComplexArray, y: RealArray) -> None:
    """Unit directions y (3, 8) of the signal-to-leakage ratio with a loading > 0; `system` (4, 5) is scratch."""
    for j in range(3):
        for a in range(4):
            for b in range(4):
                system[a, b] = loading if a == b else 0.0
                for k in range(4):
                    if k != j:
                        system[a, b] += rows[j, k, a] * rows[j, k, b].conjugate()
            system[a, 4] = 1.0 if a == 0 else 0.0
        for p in range(4):
            inverse = 1.0 / system[p, p].real
            for q in range(p + 1, 4):
                factor = system[q, p] * inverse
                for b in range(p + 1, 5):
                    system[q, b] -= factor * system[p, b]
        for p in range(3, -1, -1):
            for b in range(p + 1, 4):
                system[p, 4] -= system[p, b] * system[b, 4]
            system[p, 4] /= system[p, p].real
        to_real(system[:, 4], y[j])
        _unit(j, y)


@compiled
def matched(y: RealArray) -> None:
    """Unit directions of maximum ratio transmission: the own channel lies along the first axis."""
    y[:] = 0.0
    for j in range(3):
        y[j, 0] = 1.0


@compiled
def deaf_to_eve(rows: ComplexArray, system: ComplexArray, y: RealArray) -> None:
    """Unit directions of the own channels projected off the eavesdropper's; `system` (4, 5) is scratch."""
    for j in range(3):
        power = 0.0
        for a in range(4):
            power += abs(rows[j, 3, a]) ** 2
        for a in range(4):
            system[a, 4] = 1.0 if a == 0 else 0.0
            if power > 0.0:
                system[a, 4] -= rows[j, 3, 0].conjugate() * rows[j, 3, a] / power
        to_real(system[:, 4], y[j])
        _unit(j, y)


@compiled
def leakage_scale(rows: ComplexArray) -> float:
    """A loading so small that `leakage` gives zero forcing to all where there is such a direction."""
    total = 0.0
    for j in range(3):
        for k in range(4):
            for a in range(4):
                total += abs(rows[j, k, a]) ** 2
    return 1e-10 * (total + 1e-280)


@compiled
def balance(
    forms: RealArray,
    errors: RealArray,
    shares: RealArray,
    top: float,
    y: RealArray,
    parts: RealArray,
    heard: RealArray,
    levels: RealArray,
) -> float:
    """Scale unit directions y to the shares top * shares with the best least rate; that rate in nat."""
    evaluate(forms, errors, y, parts, heard, levels)
    best, at0, at1, at2 = 0.0, 0.0, 0.0, 0.0
    for share0 in shares:
        for share1 in shares:
            for share2 in shares:
                s0, s1, s2 = top * share0, top * share1, top * share2
                noise0 = 1.0 + s1 * heard[1, 0] + s2 * heard[2, 0]
                noise1 = 1.0 + s0 * heard[0, 1] + s2 * heard[2, 1]
                noise2 = 1.0 + s0 * heard[0, 2] + s1 * heard[1, 2]
                least0, least1, least2 = s0 * heard[0, 3], s1 * heard[1, 3], s2 * heard[2, 3]
                quiet0, quiet1, quiet2 = 1.0 + least1 + least2, 1.0 + least0 + least2, 1.0 + least0 + least1
                ratio0 = (1.0 + s0 * heard[0, 0] / noise0) / (1.0 + s0 * heard[0, 4] / quiet0)
                ratio1 = (1.0 + s1 * heard[1, 1] / noise1) / (1.0 + s1 * heard[1, 4] / quiet1)
                ratio2 = (1.0 + s2 * heard[2, 2] / noise2) / (1.0 + s2 * heard[2, 4] / quiet2)
                ratio = min(ratio0, ratio1, ratio2)
                if ratio > best:
                    best, at0, at1, at2 = ratio, s0, s1, s2
    for a in range(7):
        y[0, a] *= math.sqrt(at0)
        y[1, a] *= math.sqrt(at1)
        y[2, a] *= math.sqrt(at2)
    return math.log(best)


@compiled
def fine_shares(rows: ComplexArray) -> RealArray:
    """Shares for `balance` where all ascents failed: 2 dB apart, down to what is lost in the noise everywhere."""
    peak = 1.0
    for j in range(3):
        for k in range(4):
            power = 0.0
            for a in range(4):
                power += abs(rows[j, k, a]) ** 2
            peak = max(peak, power)
    exponents = -0.2 * np.arange(min(_MOST_SHARES, int(5.0 * math.log10(peak)) + 4))
    return np.asarray(10.0**exponents)
