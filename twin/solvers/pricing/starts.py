"""Where the ascents begin: precoders (K, N_T, d) of all pairs.

Full power at high SNR is a trap (rates are negative there and the way back leads through switching pairs off), so a
start has about the power that arrives at the noise level, with little artificial noise. The best optima often leave
some pairs off, and a pair that is off stays off: later starts leave pairs off at random.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.pricing.problem import InterferenceProblem, Precoders

_LEVELS: Final = (1.0, 1.0, 10.0, 0.1)
"""Receive SNR of a start, in turn."""
_NOISE_SHARES: Final = (0.1, 0.01, 0.3)
_ON_CHANCE: Final = 0.6
_FULL_HOUSE: Final = 2
"""Every so many of the random starts all pairs are on."""


def make_starts(problem: InterferenceProblem, count: int, seed: int) -> list[Precoders]:
    """`count` starts, always the same for a seed: two with directions, then random ones."""
    found = [_directed(problem, _singular), _directed(problem, _favoured)][:count]
    for index in range(count - len(found)):
        found.append(_random(problem, index, np.random.default_rng([seed, 2, index])))
    return found


def _directed(
    problem: InterferenceProblem, directions: Callable[[InterferenceProblem, int], ComplexArray]
) -> Precoders:
    """Signal along the first d_s columns of a basis (N_T, N_T) of each pair, artificial noise along the last d_a."""
    d_s, d_a, n = problem.streams, problem.noise_streams, problem.antennas
    bases = np.array([directions(problem, i) for i in range(problem.pairs)])
    return _powered(problem, bases[:, :, :d_s], bases[:, :, n - d_a :], _LEVELS[0], _NOISE_SHARES[0])


def _singular(problem: InterferenceProblem, i: int) -> ComplexArray:
    """Right singular vectors of H_ii, the strongest first."""
    return np.asarray(np.linalg.svd(problem.channels[i, i])[2].conj().T)


def _favoured(problem: InterferenceProblem, i: int) -> ComplexArray:
    """Generalised eigenvectors of (I + H_ii^H H_ii, I + R_i), the largest eigenvalue first."""
    from scipy.linalg import eigh

    own, eve = problem.channels[i, i], problem.eve_channels[i]
    noise = problem.eve_error_variances[i] * len(eve) + 1.0
    identity = np.eye(problem.antennas)
    scale = max(problem.gains[i, i], problem.eve_gains[i], 1e-300)
    pencil = (identity + own.conj().T @ own / scale, identity * noise / scale + eve.conj().T @ eve / scale)
    vectors = eigh(pencil[0], pencil[1] + 1e-9 * identity)[1][:, ::-1]
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
