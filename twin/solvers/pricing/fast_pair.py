"""One pair's price and its own update: all that an edge twin computes, compiled.

N = I + Y + H L L^H H^H is the noise at the receiver, with Y the interference covariance, H the own channel, Q and L the
precoders of signal and artificial noise. In nat, with G = [L Q] and R = H_E^H H_E,

    C_R = ln det(I + Q^H H^H N^-1 H Q),    C_E = ln det(I + G^H R G) - ln det(I + L^H R L)

Kong et al., eqs (16)-(21); all of Eve enters at N_T x N_T, whatever N_E. Minorants that are tight at the present point
(the price Pi = F F^H = N^-1 - (N + Z)^-1 and the MMSE receivers of eqs (33)-(36), corrected):

    C_R                      >=  c + 2 Re tr(B_Q^H Q) - tr(Q^H H^H Pi H Q) - tr(L^H H^H Pi H L),   B_Q = H^H N^-1 H Q
    -ln det(I + G^H R G)     >=  c - tr(G^H T G),   T = R - W W^H,  W = R G C^-H,  C C^H = I + G^H R G
    +ln det(I + L^H R L)     >=  c + 2 Re tr(B_L^H L) - tr(L^H W_L W_L^H L),   B_L = R L,  W_L = the columns of L in W

To maximise their sum less tr(X D), X = G G^H, D = sum_j H_ji^H Pi_j H_ji, over ||G||^2 <= P is two linear systems with
one multiplier. (With L before Q in G, the factor of I + L^H R L is the leading block of C: one factorisation serves
both.) Averages over draws of the channels, the first axis of the arrays, stay minorants of the average.

`error` is the error variance of the own channel's entries; the signal that comes through it is noise for "stat", gain
that the receiver knows for "gram":

    stat   N + error ||G||^2 I;   error tr(Pi) I joins both systems
    gram   N + error ||L||^2 I;   H^H N^-1 H becomes K = H^H N^-1 H + error tr(N^-1) I. With V = Q (I + Q^H K Q)^-1 Q^H
           Pi = N^-1 H V H^H N^-1 + error tr(V) N^-2, the own term of Q is K V K, and B_Q = K Q
"""

import math
from typing import Final

from twin.signal.arrays import ComplexArray
from twin.solvers.compiled import compiled, inlined
from twin.solvers.pricing.fast_linear import (
    add,
    add_diagonal,
    add_gram,
    backward,
    backward_right,
    clear,
    copy,
    copy_lower,
    factorise,
    factorise_semidefinite,
    forward,
    log_det,
    multiply,
    multiply_adjoint,
    power,
    scale,
)
from twin.solvers.pricing.fast_scratch import EXACT, GRAM, STAT, Pair

_PROXIMAL = 1e-11
"""Weight of staying where one is, over the mean of a system's diagonal: it makes singular systems regular, and takes
nothing from the ascent."""
_SETTLED = 1e-12
FULL: Final = 1.0 - 1e-14
"""How much of a budget is used at most: rounding must not take an answer over it."""
_MULTIPLIER_STEPS = 50


@compiled
def join(q: ComplexArray, an: ComplexArray, both: ComplexArray) -> None:
    """G = [L Q]."""
    da = an.shape[1]
    for r in range(q.shape[0]):
        for c in range(da):
            both[r, c] = an[r, c]
        for c in range(q.shape[1]):
            both[r, da + c] = q[r, c]


@compiled
def quote(
    h: ComplexArray, interference: ComplexArray, q: ComplexArray, an: ComplexArray, error: float, kind: int, pair: Pair
) -> float:
    """C_R in nat, and F in `pair.price`; what the update needs besides stays in `pair`. `pair.both` is G already."""
    da = an.shape[1]
    multiply(h, pair.both, pair.received)
    copy_lower(interference, pair.noise)
    noise = 1.0
    if kind != EXACT:
        noise += error * power(an)
        if kind == STAT:
            noise += error * power(q)
    add_diagonal(noise, pair.noise)
    add_gram(pair.received[:, :da], 1.0, pair.noise)
    factorise(pair.noise)
    if kind == GRAM:
        return _quote_gram(h, q, error, pair)
    signal = pair.received[:, da:]
    copy(signal, pair.filtered)
    forward(pair.noise, pair.filtered)
    backward(pair.noise, pair.filtered)
    multiply_adjoint(signal, pair.filtered, pair.mse)
    add_diagonal(1.0, pair.mse)
    factorise(pair.mse)
    copy(pair.filtered, pair.price)
    backward_right(pair.mse, pair.price)
    return log_det(pair.mse, 0)


@compiled
def _quote_gram(h: ComplexArray, q: ComplexArray, error: float, pair: Pair) -> float:
    """The rest of `quote` for "gram"; `pair.term_q` becomes K Q."""
    clear(pair.square)
    add_diagonal(1.0, pair.square)
    forward(pair.noise, pair.square)
    backward(pair.noise, pair.square)
    trace = 0.0
    for r in range(pair.square.shape[0]):
        trace += pair.square[r, r].real
    multiply(pair.square, h, pair.whitened)
    multiply_adjoint(h, pair.whitened, pair.gain)
    add_diagonal(error * trace, pair.gain)
    multiply(pair.gain, q, pair.term_q)
    multiply_adjoint(q, pair.term_q, pair.mse)
    add_diagonal(1.0, pair.mse)
    factorise(pair.mse)
    copy(q, pair.trial_q)
    backward_right(pair.mse, pair.trial_q)
    multiply(pair.whitened, pair.trial_q, pair.filtered)
    clear(pair.price)
    add_gram(pair.filtered, 1.0, pair.price)
    add_gram(pair.square, error * power(pair.trial_q), pair.price)
    factorise_semidefinite(pair.price)
    for r in range(pair.price.shape[0]):
        for c in range(r + 1, pair.price.shape[1]):
            pair.price[r, c] = 0.0
    return log_det(pair.mse, 0)


@compiled
def listen(r: ComplexArray, da: int, pair: Pair) -> float:
    """C_E in nat from R and `pair.both`; W goes to `pair.leaked`, C to `pair.heard`."""
    multiply(r, pair.both, pair.leaked)
    multiply_adjoint(pair.both, pair.leaked, pair.heard)
    add_diagonal(1.0, pair.heard)
    factorise(pair.heard)
    return log_det(pair.heard, da)


@inlined
def gather(h: ComplexArray, weight: float, error: float, kind: int, pair: Pair) -> None:
    """Add what the receiver's rate in one draw has in the two systems, times `weight`; after `quote`."""
    multiply_adjoint(h, pair.price, pair.echo)
    cost = error * power(pair.price) if kind != EXACT else 0.0
    if kind == GRAM:
        add(weight, pair.term_q, pair.goal_q)
        backward_right(pair.mse, pair.term_q)
        add_gram(pair.term_q, weight, pair.system_q)
        add_gram(pair.term_q, -weight, pair.extra)
        add_gram(pair.echo, weight, pair.extra)
        add_diagonal(weight * cost, pair.extra)
    else:
        multiply_adjoint(h, pair.filtered, pair.term_q)
        add(weight, pair.term_q, pair.goal_q)
        add_gram(pair.echo, weight, pair.system_q)
        add_diagonal(weight * cost, pair.system_q)


@inlined
def gather_eve(r: ComplexArray, weight: float, da: int, pair: Pair) -> None:
    """Add what the eavesdropper's rate in one draw has in the two systems, times `weight`; after `listen`."""
    noise = pair.leaked[:, :da]
    add(weight, noise, pair.goal_an)
    backward_right(pair.heard, pair.leaked)
    add_gram(pair.leaked, -weight, pair.system_q)
    add_gram(noise, weight, pair.extra)
    add(weight, r, pair.system_q)


@inlined
def improve(
    h: ComplexArray,
    r: ComplexArray,
    interference: ComplexArray,
    charge: ComplexArray,
    q: ComplexArray,
    an: ComplexArray,
    budget: float,
    error: float,
    kind: int,
    pair: Pair,
) -> float:
    """One inner iteration: Q and L become the maximiser of the minorant; returns C_R - C_E in nat before it.

    h (S, N_R, N_T), r (S_E, N_T, N_T), interference (S or 1, N_R, N_R), charge = D (N_T, N_T): draws of the receiver's
    and of the eavesdropper's channel need not be equally many.
    """
    da = an.shape[1]
    last = interference.shape[0] - 1
    weight = 1.0 / h.shape[0]
    copy_lower(charge, pair.system_q)
    clear(pair.extra)
    clear(pair.goal_q)
    clear(pair.goal_an)
    join(q, an, pair.both)
    rate = 0.0
    for s in range(h.shape[0]):
        rate += weight * quote(h[s], interference[min(s, last)], q, an, error, kind, pair)
        gather(h[s], weight, error, kind, pair)
    weight = 1.0 / r.shape[0]
    for s in range(r.shape[0]):
        rate -= weight * listen(r[s], da, pair)
        gather_eve(r[s], weight, da, pair)
    settle(budget, q, an, pair)
    return rate


@inlined
def settle(budget: float, q: ComplexArray, an: ComplexArray, pair: Pair) -> None:
    """Q = (A_Q + mu I)^-1 B_Q, L = (A_L + mu I)^-1 B_L at the least mu >= 0 with p = ||Q||^2 + ||L||^2 <= budget.

    mu is found by Newton's method on p(mu)^(-1/2), concave: from mu = 0 it rises to the root and never past it.
    """
    nt = q.shape[0]
    trace = 0.0
    for n in range(nt):
        trace += pair.system_q[n, n].real
    near = _PROXIMAL * trace / nt + 1e-30
    add(near, q, pair.goal_q)
    add(near, an, pair.goal_an)
    mu, used = near, 0.0
    for _ in range(_MULTIPLIER_STEPS):
        _shifted(pair.system_q, pair.extra, 0.0, mu, pair.factor_q)
        _shifted(pair.system_q, pair.extra, 1.0, mu, pair.factor_an)
        copy(pair.goal_q, pair.trial_q)
        copy(pair.goal_an, pair.trial_an)
        forward(pair.factor_q, pair.trial_q)
        forward(pair.factor_an, pair.trial_an)
        backward(pair.factor_q, pair.trial_q)
        backward(pair.factor_an, pair.trial_an)
        used = power(pair.trial_q) + power(pair.trial_an)
        copy(pair.trial_q, q)
        copy(pair.trial_an, an)
        if used <= budget * (1.0 + _SETTLED):
            break
        forward(pair.factor_q, pair.trial_q)
        forward(pair.factor_an, pair.trial_an)
        slope = power(pair.trial_q) + power(pair.trial_an)
        mu += (math.sqrt(used / budget) - 1.0) * used / slope
    if used > budget * FULL:
        scale(math.sqrt(budget * FULL / used), q)
        scale(math.sqrt(budget * FULL / used), an)


@inlined
def _shifted(system: ComplexArray, extra: ComplexArray, share: float, shift: float, factor: ComplexArray) -> None:
    """Cholesky factor of system + share extra + shift I."""
    for r in range(system.shape[0]):
        for c in range(r + 1):
            factor[r, c] = system[r, c] + share * extra[r, c]
        factor[r, r] += shift
    factorise(factor)
