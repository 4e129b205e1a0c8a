"""Where the ascents begin: precoders (K, N_T, d) of all pairs.

Full power at high SNR is a trap (rates are negative there and the way back leads through switching pairs off), so a
start has about the power that arrives at the noise level, with little artificial noise. The best optima often leave
some pairs off, and a pair that is off stays off: later starts leave pairs off at random.
"""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.pricing.problem import InterferenceProblem, Precoders

_LEVELS: Final = (1.0, 1.0, 10.0, 0.1)
"""Receive SNR of a start, in turn."""
_NOISE_SHARES: Final = (0.1, 0.01, 0.3)
_ON_CHANCE: Final = 0.6
_FULL: Final = np.inf
_DIRECTED: Final = (
    (0.0, 0.0, 1.0),
    (0.0, 1.0, 1.0),
    (1.0, 1.0, 1.0),
    (1.0, 1.0, _FULL),
    (1.0, 0.0, _FULL),
    (1.0, 0.0, 10.0),
)
"""Weights of the other receivers and of the eavesdropper, and the receive SNR, of the starts with directions."""
_LEAST_LOADING: Final = 1e-9
_FULL_HOUSE: Final = 2
"""Every so many of the random starts all pairs are on."""


def make_starts(problem: InterferenceProblem, count: int, seed: int) -> list[Precoders]:
    """`count` starts, always the same for a seed: those with directions, then random ones."""
    found = [_directed(problem, *options) for options in _DIRECTED[:count]]
    left = range(count - len(found))
    return found + [_random(problem, index, np.random.default_rng([seed, 2, index])) for index in left]


def _directed(problem: InterferenceProblem, others: float, eve: float, level: float) -> Precoders:
    """Signal where the own receiver hears more than those who should not, noise where it hears least of all.

    Columns of Q_i are generalised eigenvectors of (H_ii^H H_ii, I / P_i + others sum_j H_ji^H H_ji + eve R_i), the
    largest eigenvalues first, of L_i the last ones; with both weights zero they are the right singular vectors of H_ii.
    """
    d_s, d_a, n = problem.streams, problem.noise_streams, problem.antennas
    bases = np.array([_basis(problem, i, others, eve) for i in range(problem.pairs)])
    return _powered(problem, bases[:, :, :d_s], bases[:, :, n - d_a :], level, _NOISE_SHARES[0])


def _basis(problem: InterferenceProblem, i: int, others: float, eve: float) -> ComplexArray:
    heard = problem.eve_channels[i]
    identity, spread = np.eye(problem.antennas), len(heard) * problem.eve_error_variances[i]
    grams = np.swapaxes(problem.channels[:, i].conj(), -1, -2) @ problem.channels[:, i]
    cost = eve * (heard.conj().T @ heard + spread * identity) + others * (grams.sum(axis=0) - grams[i])
    loading = max(1.0 / problem.powers_mw[i], _LEAST_LOADING * float(np.abs(cost).max()), 1e-300)
    root = np.linalg.cholesky(cost + loading * identity)
    half = np.linalg.solve(root, np.linalg.solve(root, grams[i]).conj().T)
    scale = float(np.abs(half).max()) or 1.0
    vectors = np.linalg.solve(root.conj().T, np.linalg.eigh(half / scale)[1][:, ::-1])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=0))


def _random(problem: InterferenceProblem, index: int, rng: np.random.Generator) -> Precoders:
    shape = (problem.pairs, problem.antennas)
    q, an = (
        rng.standard_normal((*shape, d)) + 1j * rng.standard_normal((*shape, d))
        for d in (problem.streams, problem.noise_streams)
    )
    level, share = _LEVELS[index % len(_LEVELS)], _NOISE_SHARES[index % len(_NOISE_SHARES)]
    on = rng.random(problem.pairs) < _ON_CHANCE
    on[rng.integers(problem.pairs)] = True
    if index % _FULL_HOUSE == 0:
        on[:] = True
    q, an = _powered(problem, q, an, level, share)
    return q * on[:, None, None], an * on[:, None, None]


def _powered(
    problem: InterferenceProblem, q: ComplexArray, an: ComplexArray, level: float, noise_share: float
) -> Precoders:
    """The directions with the power that arrives at `level` times the noise, or the budget where that is less."""
    gains = np.maximum(problem.gains[np.arange(problem.pairs), np.arange(problem.pairs)], 1e-300)
    power = np.minimum(level / gains, problem.powers_mw)
    share = noise_share if problem.noise_streams else 0.0
    return _scaled(q, (1.0 - share) * power), _scaled(an, share * power)


def _scaled(x: ComplexArray, power: RealArray) -> ComplexArray:
    """Precoders of the given powers (K,)."""
    used = (x.real**2 + x.imag**2).sum(axis=(1, 2))
    return np.ascontiguousarray(x * np.sqrt(power / np.where(used > 0.0, used, 1.0))[:, None, None])
