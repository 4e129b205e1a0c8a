"""Where climbs begin: regularised zero forcing, and a common beam for each way to add up its phases.

Multicasting is what makes problem P1 have several local optima: the common beam must reach all users, and which phases
it reaches them with is a choice. A sum of zero-forcing beams of unit gain, each turned by a phase, reaches all alike;
its norm is the price. Two choices of locally least price come first, then others that are unlike all before.
"""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray
from twin.solvers.rsma.problem import Beams, HisacProblem

_PATTERNS: Final = 16
_SWEEPS: Final = 4
_NOISE: Final = 0.3
"""Norm of what the beams of all starts but the first are perturbed by, over theirs."""
_SHARE: Final = 0.06
"""Of the power budget, what a station begins with."""
_SAME: Final = 0.98
"""Phases are compared by |u^H v| / N, which is 1 where one pattern is the other turned as a whole."""
_SEED: Final = 20
_JAMMING: Final = 4
"""Every so many starts the common beam is aimed at Eve, too, and louder: if it is too faint to jam her for certain, no
slope would make it louder."""
_LOUD: Final = 2.0
_FAINT: Final = 0.03

_MIXES: Final = ((1.0, 0.5, 0.3), (1.0, 1.0, 0.1), (1.0, 0.2, 0.6))
"""Weights of the directions to Bob, the target and Eve in w_ta."""


def make_starts(problem: HisacProblem, count: int, columns: int) -> list[Beams]:
    """The first `count` starts, each the same for every count; `columns` of O: further ones are noise towards Eve."""
    rng = np.random.default_rng(_SEED)
    private = _regularised(problem.channels_2[2:], problem.channels_2[:1], _SHARE * problem.power_2_w)
    jamming = _regularised(problem.channels_2[1:2], problem.channels_2[:1], _SHARE * problem.power_2_w)[:, 0]
    commons = _common_beams(problem.channels_2[2:], private, rng, count)
    data = _regularised(problem.channels_1[:1], np.delete(problem.channels_1, [0, 2], 0), _SHARE * problem.power_1_w)
    starts = []
    for index in range(count):
        common = commons[index % len(commons)]
        if index % _JAMMING == _JAMMING - 1:
            common = _LOUD * _unit(common + np.sqrt(problem.users) * jamming)
        o = _multicast(problem, common, private, columns)
        w = _station_1(problem, data, _MIXES[index % len(_MIXES)])
        if index > 0:
            w, o = _perturbed(w, rng), _perturbed(o, rng)
        starts.append((w, o))
    return starts


def without_common(start: Beams) -> Beams:
    """The same start with next to nothing in the common stream, its power given to the private ones."""
    w, o = start[0], np.sqrt(2.0) * start[1]
    o[:, 0] *= _FAINT
    return w, o


def _regularised(wanted: ComplexArray, others: ComplexArray, power_w: float) -> ComplexArray:
    """Unit beams (M, N) to the rows of `wanted` that spare each other and `others`, by regularised zero forcing."""
    rows = np.concatenate([wanted, others])
    gram = rows.T @ rows.conj() + (len(rows) / power_w) * np.eye(rows.shape[1])
    return _unit(np.asarray(np.linalg.solve(gram, wanted.T), dtype=np.complex128))


def _unit(columns: ComplexArray) -> ComplexArray:
    return np.asarray(columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-150))


def _common_beams(
    channels: ComplexArray, private: ComplexArray, rng: np.random.Generator, count: int
) -> list[ComplexArray]:
    """Unit beams sum_n exp(j phi_n) p_n / |g_n^H p_n|: two of locally least norms, then others far from all before."""
    gains = np.abs((channels.conj() * private.T).sum(axis=1))
    parts = private / np.maximum(gains, 1e-3 * gains.max() + 1e-150)
    gram = parts.conj().T @ parts
    drawn = np.exp(2j * np.pi * rng.random((_PATTERNS, len(channels))))
    settled = drawn.copy()
    others = gram - np.diag(np.diag(gram))
    for _ in range(_SWEEPS):
        for n in range(len(channels)):
            against = 1e-150 * settled[:, n] - settled @ others[n]
            settled[:, n] = against / np.abs(against)
    prices = np.einsum("pn,nm,pm->p", settled.conj(), gram, settled).real
    return [_unit(parts @ turns) for turns in _choices(drawn, settled[np.argsort(prices, kind="stable")], count)]


def _choices(drawn: ComplexArray, settled: ComplexArray, count: int) -> list[ComplexArray]:
    """`count` phase patterns: the first two of `settled` that differ, then of `drawn` what is least like all before."""
    users = drawn.shape[1]
    alike = np.abs(settled.conj() @ settled[0]) / users
    chosen = [settled[0], *settled[alike < _SAME][:1]]
    closest = np.max([np.abs(drawn.conj() @ turns) / users for turns in chosen], axis=0)
    for _ in range(min(count, len(drawn)) - 1):
        index = int(np.argmin(closest))
        chosen.append(drawn[index])
        closest = np.maximum(closest, np.abs(drawn.conj() @ drawn[index]) / users)
        closest[index] = np.inf
    return chosen


def _multicast(problem: HisacProblem, common: ComplexArray, private: ComplexArray, columns: int) -> ComplexArray:
    """Half of the power for the common beam, half for the private ones; noise takes a tenth besides."""
    power_w = _SHARE * problem.power_2_w
    users = problem.users
    o = np.zeros((len(common), columns), np.complex128)
    o[:, 0] = np.sqrt(0.5 * power_w) * common
    o[:, 1 : users + 1] = np.sqrt(0.5 * power_w / users) * private
    if columns > users + 1:
        noise = _regularised(problem.channels_2[1:2], np.delete(problem.channels_2, 1, axis=0), power_w)
        o[:, users + 1 :] = np.sqrt(0.1 * power_w) * noise
    return o


def _station_1(problem: HisacProblem, data: ComplexArray, mix: tuple[float, float, float]) -> ComplexArray:
    """Bob's beam, which spares Eve and the users, and a sensing beam between Bob, target and Eve, equally strong."""
    bob, eve, target = _unit(problem.channels_1[:3].T).T
    sensing = mix[0] * bob + mix[1] * target + mix[2] * eve
    return np.asarray(np.sqrt(0.5 * _SHARE * problem.power_1_w) * _unit(np.column_stack([data[:, 0], sensing])))


def _perturbed(beams: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    draws = rng.normal(size=(2, *beams.shape))
    return np.asarray(beams + _NOISE * np.linalg.norm(beams, axis=0) * _unit(draws[0] + 1j * draws[1]))
