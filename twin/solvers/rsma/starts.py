"""Where climbs begin: regularised zero forcing, and a common beam for each way to add up its phases.

Multicasting is what makes problem P1 have several local optima: the common beam must reach all users, and which phases
it reaches them with is a choice. A sum of zero-forcing beams of unit gain, each turned by a phase, reaches all alike;
its norm is the price. Sweeps over the phases find choices of locally least price; the cheapest come first.
"""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.rsma.problem import Beams, HisacProblem

_PATTERNS: Final = 16
_SWEEPS: Final = 6
_NOISE: Final = 0.3
"""Norm of what starts after those of distinct phases are perturbed by, over that of the beam."""
_SHARE: Final = 0.06
"""Of the power budget, what a station begins with."""
_SAME: Final = 0.98
_SEED: Final = 20

_MIXES: Final = ((1.0, 0.5, 0.3), (1.0, 1.0, 0.1), (1.0, 0.2, 0.6))
"""Weights of the directions to Bob, the target and Eve in w_ta."""


def make_starts(problem: HisacProblem, count: int, columns: int) -> list[Beams]:
    """The first `count` starts, each the same for every count; `columns` of O: further ones are noise towards Eve."""
    rng = np.random.default_rng(_SEED)
    private = _regularised(problem.channels_2[2:], problem.channels_2[:1], _SHARE * problem.power_2_w)
    commons = _common_beams(problem.channels_2[2:], private, rng)
    starts = []
    for index in range(count):
        o = _multicast(problem, commons[index % len(commons)], private, columns)
        w = _sensing(problem, _MIXES[(index // len(commons)) % len(_MIXES)])
        if index >= len(commons):
            w, o = _perturbed(w, rng), _perturbed(o, rng)
        starts.append((w, o))
    return starts


def _regularised(wanted: ComplexArray, others: ComplexArray, power_w: float) -> ComplexArray:
    """Unit beams (M, N) to the rows of `wanted` that spare each other and `others`, by regularised zero forcing."""
    rows = np.concatenate([wanted, others])
    gram = rows.T @ rows.conj() + (len(rows) / power_w) * np.eye(rows.shape[1])
    beams = np.linalg.solve(gram, wanted.T)
    return _unit(beams)


def _unit(columns: ComplexArray) -> ComplexArray:
    return np.asarray(columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-150))


def _common_beams(channels: ComplexArray, private: ComplexArray, rng: np.random.Generator) -> list[ComplexArray]:
    """Unit beams sum_n exp(j phi_n) p_n / |g_n^H p_n| of locally least norms, the cheapest first."""
    gains = np.abs((channels.conj() * private.T).sum(axis=1))
    parts = private / np.maximum(gains, 1e-3 * gains.max() + 1e-150)
    gram = parts.conj().T @ parts
    turns = np.exp(2j * np.pi * rng.random((_PATTERNS, len(channels))))
    turns[0] = 1.0
    for _ in range(_SWEEPS):
        for n in range(len(channels)):
            pull = turns @ gram[n] - turns[:, n] * gram[n, n]
            turns[:, n] = np.where(np.abs(pull) > 0.0, -pull / np.maximum(np.abs(pull), 1e-150), turns[:, n])
    prices = np.einsum("pn,nm,pm->p", turns.conj(), gram, turns).real
    return [_unit(parts @ turns[index]) for index in _distinct(turns, prices)]


def _distinct(turns: ComplexArray, prices: RealArray) -> list[int]:
    """Patterns in the order of their prices, those left out that are another one turned as a whole."""
    kept: list[int] = []
    for index in np.argsort(prices, kind="stable").tolist():
        alike = np.abs(turns[kept].conj() @ turns[index]) / turns.shape[1]
        if not (alike > _SAME).any():
            kept.append(index)
    return kept


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


def _sensing(problem: HisacProblem, mix: tuple[float, float, float]) -> ComplexArray:
    """Bob's beam spares Eve and the users; the sensing beam is a mix of the directions to Bob, target and Eve."""
    h, power_w = problem.channels_1, _SHARE * problem.power_1_w
    data = _regularised(h[:1], h[[1, *range(3, len(h))]], power_w)[:, 0]
    bob, eve, target = _unit(h[:3].T).T
    sensing = mix[0] * bob + mix[1] * target + mix[2] * eve
    return np.asarray(np.sqrt(0.5 * power_w) * _unit(np.column_stack([data, sensing])))


def _perturbed(beams: ComplexArray, rng: np.random.Generator) -> ComplexArray:
    draws = rng.normal(size=(2, *beams.shape))
    return np.asarray(beams + _NOISE * np.linalg.norm(beams, axis=0) * _unit(draws[0] + 1j * draws[1]))
