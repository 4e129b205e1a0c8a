"""Compiled model of the secrecy rates in reduced form: what is heard, the rates and their slopes.

For y_j in R^7 (padded to 8; see ip_frame) and k a user, e the eavesdropper:

    p_jk  = |r_jk^H z_j|^2 + s2_jk ||y_j||^2                                    expected power (staleness.md's form)
    p_je+ = p + 2 eps_j s + (eps_j^2 + s2_je) ||y_j||^2                         most and
    p_je- = p - 2 eps_j s + (eps_j^2 + s2_je) ||y_j||^2                         least over the ball of radius eps_j,
            or s2_je ||y_j||^2 where |r_je^H z_j| < eps_j ||y_j||
    s     = sqrt((p + d_j) (||y_j||^2 + 1e-12)),  p = |r_je^H z_j|^2            d_j > 0: smooth where p = 0
    T_k = 1 + sum_j p_jk,   I_k = T_k - p_kk,   E_k = 1 + sum_{j != k} p_je-,   F_k = E_k + p_ke+
    R_k = ln T_k - ln I_k + ln E_k - ln F_k                                     secrecy rate of user k in nat

With s2 = 0 and eps = 0 these are Yin et al., eqs (8)-(16). The corner of p+ at p = 0 is where optima like to be, so it
is rounded off: generously by `soften` at first, with d_j falling as the ascent goes on. The arrays, for all kernels:

    forms (3, 4, 2, 8)   real rows of the channels             errors (3, 6)     s2_jk, eps_j, d_j in columns 0-3, 4, 5
    parts (3, 4, 2)      Re and Im of r_jk^H z_j               heard (3, 6)      p_jk, p_je-, p_je+, ||y_j||^2
    levels (5, 3)        T, I, E, F, R                         grads (3, 6, 8)   gradients of heard[:, :5] by y_j; v_j
    slopes (3, 3, 8)     dR_k / dy_j at [k, j]                 inverses (4, 3)   1/T, 1/I, 1/E, 1/F
"""

import math

from twin.signal.arrays import RealArray
from twin.solvers.compiled import inlined

_LEAST_SOFT, _LEAST_POWER, _LEAST_SIZE = 1e-8, 1e-30, 1e-12


@inlined
def soften(relative_tau: float, errors: RealArray) -> None:
    """Set d_j = (1e-8 + tau^1.5) eps_j^2, and a hair more so that nothing is divided by 0."""
    for j in range(3):
        errors[j, 5] = (_LEAST_SOFT + relative_tau**1.5) * errors[j, 4] ** 2 + _LEAST_POWER


@inlined
def evaluate(
    forms: RealArray, errors: RealArray, y: RealArray, parts: RealArray, heard: RealArray, levels: RealArray
) -> None:
    """Fill `parts`, `heard` and `levels` for y (3, 8)."""
    for j in range(3):
        size = 0.0
        for a in range(7):
            size += y[j, a] * y[j, a]
        heard[j, 5] = size
        for k in range(4):
            real, imag = 0.0, 0.0
            for a in range(7):
                real += forms[j, k, 0, a] * y[j, a]
                imag += forms[j, k, 1, a] * y[j, a]
            parts[j, k, 0] = real
            parts[j, k, 1] = imag
            heard[j, k] = real * real + imag * imag + errors[j, k] * size
        radius = errors[j, 4]
        heard[j, 4] = heard[j, 3]
        if radius > 0.0:
            power = heard[j, 3] - errors[j, 3] * size
            cross = 2.0 * radius * math.sqrt((power + errors[j, 5]) * (size + _LEAST_SIZE))
            ball = radius * radius * size
            heard[j, 4] += cross + ball
            heard[j, 3] += ball - cross if _outside(power, ball, cross) else -power
    for k in range(3):
        least, noise = 1.0, 1.0
        for j in range(3):
            if j != k:
                noise += heard[j, k]
                least += heard[j, 3]
        levels[0, k] = noise + heard[k, k]
        levels[1, k] = noise
        levels[2, k] = least
        levels[3, k] = least + heard[k, 4]
        levels[4, k] = math.log(levels[0, k] / noise * (least / levels[3, k]))


@inlined
def _outside(power: float, ball: float, cross: float) -> bool:
    """Whether zero amplitude lies outside the ball: the least power is then above 0."""
    return power > ball and power + ball > cross


@inlined
def ball_weights(power: float, size: float, errors: RealArray) -> tuple[float, float, float, float, float]:
    """Derivatives of p+ and p- by p and n = ||y||^2 for one transmitter's errors (6,), and the bend b of p+.

    Returns:
        dp+/dp, dp+/dn, dp-/dp, dp-/dn and b = eps / (2 s): the Hessian of s by y is that of its linear part
        less v v' / (4 s), v = sqrt(n/p) grad p - sqrt(p/n) grad n. The bend of p- is b where dp-/dp > 0, else 0.
    """
    spread, radius = errors[3], errors[4]
    p = power + errors[5]
    n = size + _LEAST_SIZE
    s = math.sqrt(p * n)
    ball = radius * radius
    by_p, by_n = radius * n / s, radius * p / s
    if _outside(power, ball * size, 2.0 * radius * s):
        return 1.0 + by_p, spread + ball + by_n, 1.0 - by_p, spread + ball - by_n, radius / (2.0 * s)
    return 1.0 + by_p, spread + ball + by_n, 0.0, spread, radius / (2.0 * s)


@inlined
def gradients(
    forms: RealArray,
    errors: RealArray,
    y: RealArray,
    parts: RealArray,
    heard: RealArray,
    robust: bool,
    grads: RealArray,
) -> None:
    """Gradients of `heard` by y_j, rows 0-4 of grads[j]; row 5 is v_j of `ball_weights`."""
    for j in range(3):
        for k in range(4):
            real, imag = 2.0 * parts[j, k, 0], 2.0 * parts[j, k, 1]
            for a in range(7):
                grads[j, k, a] = real * forms[j, k, 0, a] + imag * forms[j, k, 1, a]
        if not robust:
            for a in range(7):
                grads[j, 4, a] = grads[j, 3, a]
            continue
        for k in range(3):
            for a in range(7):
                grads[j, k, a] += 2.0 * errors[j, k] * y[j, a]
        power = parts[j, 3, 0] ** 2 + parts[j, 3, 1] ** 2
        size = heard[j, 5]
        plus_p, plus_n, minus_p, minus_n, _ = ball_weights(power, size, errors[j])
        ratio = math.sqrt((size + _LEAST_SIZE) / (power + errors[j, 5]))
        for a in range(7):
            plain, twice = grads[j, 3, a], 2.0 * y[j, a]
            grads[j, 5, a] = ratio * plain - twice / ratio
            grads[j, 4, a] = plus_p * plain + plus_n * twice
            grads[j, 3, a] = minus_p * plain + minus_n * twice


@inlined
def rate_slopes(levels: RealArray, grads: RealArray, inverses: RealArray, slopes: RealArray) -> None:
    """Slopes of R_k by y_j, from the gradients of what is heard; 1/T, 1/I, 1/E, 1/F go to `inverses` (4, 3)."""
    for k in range(3):
        for row in range(4):
            inverses[row, k] = 1.0 / levels[row, k]
        own, most = inverses[0, k], -inverses[3, k]
        other, least = own - inverses[1, k], inverses[2, k] + most
        for j in range(3):
            if j == k:
                for a in range(7):
                    slopes[k, j, a] = own * grads[j, k, a] + most * grads[j, 4, a]
            else:
                for a in range(7):
                    slopes[k, j, a] = other * grads[j, k, a] + least * grads[j, 3, a]
