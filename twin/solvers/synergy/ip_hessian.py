"""Compiled Newton system of the interior point, with phi eliminated.

The Lagrangian's Hessian by y is, with w_q the derivative of -sum_k mu_k R_k by the heard power q,

    sum_q w_q Hess q - sum_k mu_k sum_l (sign_l / l^2) grad l grad l' + 2 mu_{3+j} I + (4 mu_{3+j} / c_{3+j}) y_j y_j'

over the levels l = T, F (sign -1 in front of ln in -R_k: see below) and I, E. The constraints c_k = R_k - phi add
sum_k (mu_k / c_k) (grad R_k, -1)(grad R_k, -1)'. Eliminating phi from the latter leaves the weighted covariance of the
three slopes, which has rank two: the `pairs` below, formed from differences of slopes because a difference of their
outer products would cancel.

S (21, 24) is row-major, y_j's coordinates at 7 j .. 7 j + 6, upper triangle only; column 21 is the right-hand side.
"""

import math

from twin.signal.arrays import RealArray
from twin.solvers.compiled import inlined
from twin.solvers.synergy.ip_model import ball_weights


@inlined
def gradient(
    y: RealArray, tau: float, mu: RealArray, slack: RealArray, slopes: RealArray, grad: RealArray, border: RealArray
) -> tuple[float, float]:
    """Gradient of -phi - tau sum ln c by y into `grad` (3, 8), mixed column of the Hessian into `border` (3, 8).

    Returns:
        The gradient by phi and the Hessian's entry of phi, sum_k mu_k / c_k.
    """
    by_phi, corner = -1.0, 0.0
    for k in range(3):
        by_phi += tau / slack[k]
        corner += mu[k] / slack[k]
    t0, t1, t2 = tau / slack[0], tau / slack[1], tau / slack[2]
    m0, m1, m2 = mu[0] / slack[0], mu[1] / slack[1], mu[2] / slack[2]
    for j in range(3):
        inside = 2.0 * tau / slack[3 + j]
        for a in range(7):
            s0, s1, s2 = slopes[0, j, a], slopes[1, j, a], slopes[2, j, a]
            grad[j, a] = inside * y[j, a] - (t0 * s0 + t1 * s1 + t2 * s2)
            border[j, a] = -(m0 * s0 + m1 * s1 + m2 * s2)
    return by_phi, corner


@inlined
def covariance(mu: RealArray, slack: RealArray, slopes: RealArray, pairs: RealArray) -> None:
    """Vectors pairs[:, 0], pairs[:, 1] (3, 2, 8) whose outer products sum to the covariance of the slopes."""
    w0, w1, w2 = mu[0] / slack[0], mu[1] / slack[1], mu[2] / slack[2]
    first = math.sqrt(w0 * (w1 / (w0 + w1)))
    second = math.sqrt(w2 * ((w0 + w1) / (w0 + w1 + w2)))
    share = w0 / (w0 + w1)
    for j in range(3):
        for a in range(7):
            mean = share * slopes[0, j, a] + (1.0 - share) * slopes[1, j, a]
            pairs[j, 0, a] = first * (slopes[0, j, a] - slopes[1, j, a])
            pairs[j, 1, a] = second * (mean - slopes[2, j, a])


@inlined
def right_hand_side(grad: RealArray, border: RealArray, by_phi: float, corner: float, S: RealArray) -> None:
    """Column 21 of S: minus the gradient after phi is eliminated."""
    for j in range(3):
        for a in range(7):
            S[7 * j + a, 21] = border[j, a] * (by_phi / corner) - grad[j, a]


@inlined
def block_weights(
    j: int,
    mu: RealArray,
    errors: RealArray,
    parts: RealArray,
    heard: RealArray,
    inverses: RealArray,
    robust: bool,
    w: RealArray,
) -> None:
    """Weights of transmitter j's diagonal block into w (11,).

    w[0:4]: of the Hessians of |r_jk^H z_j|^2; w[4:9]: of grads' outer products; w[9]: of the identity; w[10]: of v v'.
    """
    least, bend_least = 0.0, 0.0
    w[7] = 0.0
    w[9] = 2.0 * mu[3 + j]
    for k in range(3):
        T, I, E, F = inverses[0, k], inverses[1, k], inverses[2, k], inverses[3, k]
        w[k] = -mu[k] * T
        w[4 + k] = mu[k] * T * T
        if k != j:
            w[k] += mu[k] * I
            w[4 + k] -= mu[k] * I * I
            least += mu[k] * (F - E)
            w[7] += mu[k] * (E * E - F * F)
        w[9] += 2.0 * errors[j, k] * w[k]
    most = mu[j] * inverses[3, j]
    w[8] = -most * inverses[3, j]
    w[3] = least + most
    w[10] = 0.0
    if robust:
        power = parts[j, 3, 0] ** 2 + parts[j, 3, 1] ** 2
        plus_p, plus_n, minus_p, minus_n, bend = ball_weights(power, heard[j, 5], errors[j])
        bend_least = bend if minus_p > 0.0 else 0.0
        w[3] = most * plus_p + least * minus_p
        w[9] += 2.0 * (most * plus_n + least * minus_n)
        w[10] = least * bend_least - most * bend


@inlined
def diagonal_blocks(
    quads: RealArray,
    errors: RealArray,
    y: RealArray,
    mu: RealArray,
    slack: RealArray,
    parts: RealArray,
    heard: RealArray,
    inverses: RealArray,
    grads: RealArray,
    pairs: RealArray,
    robust: bool,
    w: RealArray,
    S: RealArray,
) -> None:
    """The three blocks (7, 7) on S's diagonal."""
    for j in range(3):
        block_weights(j, mu, errors, parts, heard, inverses, robust, w)
        rim = 4.0 * mu[3 + j] / slack[3 + j]
        q0, q1, q2, q3 = w[0], w[1], w[2], w[3]
        for a in range(7):
            g0, g1, g2 = w[4] * grads[j, 0, a], w[5] * grads[j, 1, a], w[6] * grads[j, 2, a]
            g3, g4 = w[7] * grads[j, 3, a], w[8] * grads[j, 4, a]
            d0, d1, r = pairs[j, 0, a], pairs[j, 1, a], rim * y[j, a]
            for b in range(a, 7):
                curved = (
                    q0 * quads[j, 0, a, b] + q1 * quads[j, 1, a, b] + q2 * quads[j, 2, a, b] + q3 * quads[j, 3, a, b]
                )
                users = g0 * grads[j, 0, b] + g1 * grads[j, 1, b] + g2 * grads[j, 2, b]
                eve = g3 * grads[j, 3, b] + g4 * grads[j, 4, b]
                S[7 * j + a, 7 * j + b] = curved + users + eve + d0 * pairs[j, 0, b] + d1 * pairs[j, 1, b] + r * y[j, b]
            S[7 * j + a, 7 * j + a] += w[9]
        if robust:
            for a in range(7):
                v = w[10] * grads[j, 5, a]
                for b in range(a, 7):
                    S[7 * j + a, 7 * j + b] += v * grads[j, 5, b]


@inlined
def coupling_blocks(mu: RealArray, inverses: RealArray, grads: RealArray, pairs: RealArray, S: RealArray) -> None:
    """The three blocks (7, 7) above S's diagonal: pairs i < j of transmitters, k the third one."""
    for i in range(2):
        for j in range(i + 1, 3):
            k = 3 - i - j
            least = mu[k] * (inverses[2, k] ** 2 - inverses[3, k] ** 2)
            most_i, most_j = mu[i] * inverses[3, i] ** 2, mu[j] * inverses[3, j] ** 2
            w0, w1, w2 = mu[0] * inverses[0, 0] ** 2, mu[1] * inverses[0, 1] ** 2, mu[2] * inverses[0, 2] ** 2
            third = mu[k] * inverses[1, k] ** 2
            w0 -= third if k == 0 else 0.0
            w1 -= third if k == 1 else 0.0
            w2 -= third if k == 2 else 0.0
            for a in range(7):
                g0, g1, g2 = w0 * grads[i, 0, a], w1 * grads[i, 1, a], w2 * grads[i, 2, a]
                g3 = least * grads[i, 3, a] - most_i * grads[i, 4, a]
                g4 = -most_j * grads[i, 3, a]
                d0, d1 = pairs[i, 0, a], pairs[i, 1, a]
                for b in range(7):
                    users = g0 * grads[j, 0, b] + g1 * grads[j, 1, b] + g2 * grads[j, 2, b]
                    eve = g3 * grads[j, 3, b] + g4 * grads[j, 4, b]
                    S[7 * i + a, 7 * j + b] = users + eve + d0 * pairs[j, 0, b] + d1 * pairs[j, 1, b]
