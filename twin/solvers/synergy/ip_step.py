"""Compiled steps of the interior point: factorisation, search direction, dual step, primal line search."""

import math

from twin.signal.arrays import RealArray
from twin.solvers.compiled import inlined
from twin.solvers.synergy.ip_model import evaluate

_ARMIJO = 1e-4
_TO_BOUNDARY = 0.005
"""A primal step leaves at least this share of every constraint's slack."""
_DUAL_SHARE = 0.995
_DUAL_RANGE = 1e3
_HALVINGS = 40


@inlined
def factorise(S: RealArray, shift: float, least_pivot: float, U: RealArray, inverse: RealArray) -> bool:
    """Factorise S + shift I = U' D^-1 U and carry column 21 along; False if it is not positive definite.

    D = diag U; its inverses go to `inverse` (21,). Seven columns at a time: the rest of the matrix is then touched
    twice instead of 21 times, and that is where the time goes.
    """
    for i in range(21):
        for k in range(i, 22):
            U[i, k] = S[i, k]
        U[i, i] += shift
    for block in range(0, 21, 7):
        for j in range(block, block + 7):
            if not U[j, j] > least_pivot:
                return False
            inverse[j] = 1.0 / U[j, j]
            for i in range(j + 1, block + 7):
                m = U[j, i] * inverse[j]
                for k in range(i, 22):
                    U[i, k] -= m * U[j, k]
        for i in range(block + 7, 21):
            m0, m1 = U[block, i] * inverse[block], U[block + 1, i] * inverse[block + 1]
            m2, m3 = U[block + 2, i] * inverse[block + 2], U[block + 3, i] * inverse[block + 3]
            m4, m5 = U[block + 4, i] * inverse[block + 4], U[block + 5, i] * inverse[block + 5]
            m6 = U[block + 6, i] * inverse[block + 6]
            for k in range(i, 22):
                first = (m0 * U[block, k] + m1 * U[block + 1, k]) + m2 * U[block + 2, k]
                last = (m3 * U[block + 3, k] + m4 * U[block + 4, k]) + m5 * U[block + 5, k]
                U[i, k] -= (first + last) + m6 * U[block + 6, k]
    return True


@inlined
def back_substitute(U: RealArray, inverse: RealArray, step: RealArray) -> None:
    """Solve U step = (column 21 of U); `step` is (3, 8), seven entries a row."""
    for i in range(20, -1, -1):
        value = U[i, 21] * inverse[i]
        step[i // 7, i % 7] = value
        for r in range(i):
            U[r, 21] -= U[r, i] * value


@inlined
def multipliers(
    y: RealArray,
    tau: float,
    mu: RealArray,
    slack: RealArray,
    slopes: RealArray,
    step: RealArray,
    step_phi: float,
    new_mu: RealArray,
) -> None:
    """The multipliers after a dual step of at most 0.995 of the way to the boundary, into `new_mu` (6,)."""
    for k in range(3):
        rate, size = -step_phi, 0.0
        for j in range(3):
            for a in range(7):
                rate += slopes[k, j, a] * step[j, a]
        for a in range(7):
            size -= 2.0 * y[k, a] * step[k, a]
        new_mu[k] = (tau - mu[k] * rate) / slack[k]
        new_mu[3 + k] = (tau - mu[3 + k] * size) / slack[3 + k]
    share = 1.0
    for i in range(6):
        new_mu[i] -= mu[i]
        if new_mu[i] * share < -_DUAL_SHARE * mu[i]:
            share = -_DUAL_SHARE * mu[i] / new_mu[i]
    for i in range(6):
        new_mu[i] = mu[i] + share * new_mu[i]


@inlined
def clip_multipliers(tau: float, slack: RealArray, new_mu: RealArray, mu: RealArray) -> None:
    """Take over the multipliers, within a factor 1000 of tau / slack."""
    for i in range(6):
        centre = tau / slack[i]
        mu[i] = min(max(new_mu[i], centre / _DUAL_RANGE), centre * _DUAL_RANGE)


@inlined
def slacks(heard: RealArray, levels: RealArray, phi: float, slack: RealArray) -> None:
    """Slack (6,) of the constraints: R_k - phi and 1 - ||y_j||^2."""
    for k in range(3):
        slack[k] = levels[4, k] - phi
        slack[3 + k] = 1.0 - heard[k, 5]


@inlined
def barrier(tau: float, phi: float, slack: RealArray) -> float:
    """-phi - tau sum ln c."""
    product = slack[0] * slack[1] * slack[2] * slack[3] * slack[4] * slack[5]
    return -phi - tau * math.log(product)


@inlined
def line_search(
    forms: RealArray,
    errors: RealArray,
    y: RealArray,
    phi: float,
    tau: float,
    descent: float,
    step: RealArray,
    step_phi: float,
    slack: RealArray,
    trial: RealArray,
    new_slack: RealArray,
    parts: RealArray,
    heard: RealArray,
    levels: RealArray,
) -> float:
    """Largest 2^-n along the step that keeps 0.005 of every slack and meets Armijo's rule on the barrier; 0 if none.

    `descent` < 0 is the barrier's slope along the step. The accepted point stays in `trial` and the model's arrays.
    """
    start = barrier(tau, phi, slack)
    length = 1.0
    for _ in range(_HALVINGS):
        for j in range(3):
            for a in range(7):
                trial[j, a] = y[j, a] + length * step[j, a]
        evaluate(forms, errors, trial, parts, heard, levels)
        new_phi = phi + length * step_phi
        slacks(heard, levels, new_phi, new_slack)
        inside = True
        for i in range(6):
            inside = inside and new_slack[i] > _TO_BOUNDARY * slack[i]
        if inside and barrier(tau, new_phi, new_slack) <= start + _ARMIJO * length * descent + 1e-14 * abs(start):
            return length
        length *= 0.5
    return 0.0
