"""All pairs at one place: sequential turns with fresh prices, compiled.

The averages over draws of the channels run over the first axis; with one draw it is the game on estimates. The price
of every pair is quoted anew before each turn, because every turn moves the interference of all others: this is what
makes the turns an ascent on the sum of the secrecy rates (C_R is convex in the interference, so linear prices are a
global minorant). The interference matrices follow each turn by the difference that it made, and are summed anew once a
round so that rounding does not gather.
"""

import math
from typing import NamedTuple

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.compiled import compiled, inlined
from twin.solvers.pricing.fast_linear import (
    add_diagonal,
    add_gram,
    clear,
    copy,
    multiply,
    multiply_adjoint,
    power,
    scale,
)
from twin.solvers.pricing.fast_pair import FULL, improve, join, listen, quote
from twin.solvers.pricing.fast_scratch import EXACT, Pair, room, scratch

_WINDOW = 5


class Game(NamedTuple):
    """The problem as the kernels see it."""

    channels: ComplexArray
    """(K, K, S, N_R, N_T): H_ji from transmitter i at receiver j is [j, i], one matrix per draw."""
    leaks: ComplexArray
    """(K, S_E, N_T, N_T): R_i = H_E^H H_E."""
    errors: RealArray
    """(K, K): error variances of the entries of H_ji that "stat" and "gram" allow for."""
    budgets: RealArray
    """(K,): largest ||Q_i||^2 + ||L_i||^2."""
    kind: int
    priced: bool
    """False: every pair for itself, as if all prices were zero."""


class Table(NamedTuple):
    """Where the game stands, and scratch."""

    interference: ComplexArray
    """(K, S, N_R, N_R), lower triangles: what receiver i hears of the other transmitters."""
    charge: ComplexArray
    """(N_T, N_T): D of the pair whose turn it is."""
    passed: ComplexArray
    """(N_T, r): H_ji^H F_j."""
    sent: ComplexArray
    """(N_R, d): H_ji G_i."""
    before: ComplexArray
    """(N_T, d): G_i before the turn."""
    pair: Pair


@inlined
def open_table(game: Game, ds: int, da: int) -> Table:
    """A table for a game with d_s and d_a streams."""
    pairs, _, draws, nr, nt = game.channels.shape
    pair = scratch(nr, nt, ds, da, game.kind, False)
    return Table(
        np.zeros((pairs, draws, nr, nr), np.complex128),
        room(nt, nt),
        room(nt, pair.price.shape[1]),
        room(nr, ds + da),
        room(nt, ds + da),
        pair,
    )


@compiled
def _spread(game: Game, i: int, g: ComplexArray, sign: float, table: Table) -> None:
    """Add what all other receivers hear of transmitter i, times `sign`."""
    total = power(g)
    if total == 0.0:
        return
    for s in range(game.channels.shape[2]):
        for j in range(game.channels.shape[1]):
            if j != i:
                multiply(game.channels[j, i, s], g, table.sent)
                add_gram(table.sent, sign, table.interference[j, s])
                if game.kind != EXACT:
                    add_diagonal(sign * game.errors[j, i] * total, table.interference[j, s])


@compiled
def listen_anew(game: Game, q: ComplexArray, an: ComplexArray, table: Table) -> None:
    """Sum the interference at all receivers from the precoders."""
    for j in range(q.shape[0]):
        for s in range(game.channels.shape[2]):
            clear(table.interference[j, s])
    for i in range(q.shape[0]):
        join(q[i], an[i], table.before)
        _spread(game, i, table.before, 1.0, table)


@compiled
def rates(game: Game, q: ComplexArray, an: ComplexArray, table: Table, out: RealArray) -> float:
    """C_R - C_E of every pair in nat, averaged over the draws, into `out`; returns their sum."""
    listen_anew(game, q, an, table)
    draws = game.channels.shape[2]
    for i in range(q.shape[0]):
        out[i] = 0.0
        if power(q[i]) > 0.0:
            join(q[i], an[i], table.pair.both)
            for s in range(draws):
                heard = table.interference[i, s]
                out[i] += quote(game.channels[i, i, s], heard, q[i], an[i], game.errors[i, i], game.kind, table.pair)
            out[i] /= draws
            leaked = 0.0
            for s in range(game.leaks.shape[1]):
                leaked += listen(game.leaks[i, s], an.shape[2], table.pair)
            out[i] -= leaked / game.leaks.shape[1]
    total: float = out.sum()
    return total


@inlined
def take_turn(game: Game, i: int, inner: int, q: ComplexArray, an: ComplexArray, table: Table) -> None:
    """Pair i asks for the prices of all others, improves its precoders `inner` times, and puts them on air."""
    if power(q[i]) == 0.0 and power(an[i]) == 0.0:
        return
    draws = game.channels.shape[2]
    clear(table.charge)
    if game.priced:
        for j in range(q.shape[0]):
            if j != i and power(q[j]) > 0.0:
                join(q[j], an[j], table.pair.both)
                for s in range(draws):
                    heard = table.interference[j, s]
                    quote(game.channels[j, j, s], heard, q[j], an[j], game.errors[j, j], game.kind, table.pair)
                    multiply_adjoint(game.channels[j, i, s], table.pair.price, table.passed)
                    add_gram(table.passed, 1.0 / draws, table.charge)
                    if game.kind != EXACT:
                        add_diagonal(game.errors[j, i] * power(table.pair.price) / draws, table.charge)
    join(q[i], an[i], table.before)
    for _ in range(inner):
        improve(
            game.channels[i, i],
            game.leaks[i],
            table.interference[i],
            table.charge,
            q[i],
            an[i],
            game.budgets[i],
            game.errors[i, i],
            game.kind,
            table.pair,
        )
    _spread(game, i, table.before, -1.0, table)
    join(q[i], an[i], table.before)
    _spread(game, i, table.before, 1.0, table)


@inlined
def play_round(game: Game, inner: int, q: ComplexArray, an: ComplexArray, table: Table) -> None:
    """One turn of every pair, in order."""
    listen_anew(game, q, an, table)
    for i in range(q.shape[0]):
        take_turn(game, i, inner, q, an, table)


@inlined
def play(
    game: Game,
    rounds: int,
    inner: int,
    tolerance: float,
    stretch: bool,
    q: ComplexArray,
    an: ComplexArray,
    trace: RealArray,
) -> int:
    """Rounds until the sum gains less than `tolerance` of itself in `_WINDOW` of them; returns how many.

    With `stretch` each round is also tried prolonged: what is kept is never worse than the round itself. trace[k] is
    the sum in nat after k rounds.
    """
    table = open_table(game, q.shape[2], an.shape[2])
    each = np.zeros(q.shape[0])
    old_q, old_an = np.zeros_like(q), np.zeros_like(an)
    trial_q, trial_an = np.zeros_like(q), np.zeros_like(an)
    trace[0] = rates(game, q, an, table, each)
    step, done = 1.0, 0
    for k in range(1, rounds + 1):
        for i in range(q.shape[0]):
            copy(q[i], old_q[i])
            copy(an[i], old_an[i])
        play_round(game, inner, q, an, table)
        trace[k] = rates(game, q, an, table, each)
        done = k
        if stretch:
            prolong(game.budgets, step, old_q, q, old_an, an, trial_q, trial_an)
            value = rates(game, trial_q, trial_an, table, each)
            if value > trace[k]:
                trace[k] = value
                for i in range(q.shape[0]):
                    copy(trial_q[i], q[i])
                    copy(trial_an[i], an[i])
                step = min(2.0 * step, 64.0)
            else:
                step = max(0.5 * step, 0.5)
        if k >= _WINDOW and abs(trace[k] - trace[k - _WINDOW]) < tolerance * max(abs(trace[k]), 1e-3):
            break
    return done


@compiled
def prolong(
    budgets: RealArray,
    step: float,
    old_q: ComplexArray,
    q: ComplexArray,
    old_an: ComplexArray,
    an: ComplexArray,
    trial_q: ComplexArray,
    trial_an: ComplexArray,
) -> None:
    """The way from old to new, `step` times its length further on, within the budgets."""
    for i in range(q.shape[0]):
        for n in range(q.shape[1]):
            for c in range(q.shape[2]):
                trial_q[i, n, c] = q[i, n, c] + step * (q[i, n, c] - old_q[i, n, c])
            for c in range(an.shape[2]):
                trial_an[i, n, c] = an[i, n, c] + step * (an[i, n, c] - old_an[i, n, c])
        used = power(trial_q[i]) + power(trial_an[i])
        if used > budgets[i]:
            scale(math.sqrt(budgets[i] * FULL / used), trial_q[i])
            scale(math.sqrt(budgets[i] * FULL / used), trial_an[i])
