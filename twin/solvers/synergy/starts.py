"""Where the ascent begins. P1 has local optima, so the best of several starts is kept.

A direction maximises the signal-to-leakage-and-noise ratio with a loading: (loading I + sum of the other receivers'
c c^H)^-1 c_own, in units of the budgets. Loading 0 is zero forcing, which misses at high SNR; an infinite one is MRT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray
from twin.signal.sinr import received_powers
from twin.solvers.synergy.baselines import coarse_shares, matched, mrt_powered
from twin.solvers.synergy.problem import Reduced


@dataclass(frozen=True, slots=True)
class Start:
    """A rule for precoders: `loading` of the leakage (inf: MRT); powers full, or `balanced` on a grid."""

    loading: float
    balanced: bool


STARTS: Final[dict[str, Start]] = {
    "slnr30": Start(30.0, balanced=False),
    "slnr300": Start(300.0, balanced=False),
    "mrt": Start(np.inf, balanced=False),
    "slnr30-balanced": Start(30.0, balanced=True),
    "slnr300-balanced": Start(300.0, balanced=True),
    "mrt-balanced": Start(np.inf, balanced=True),
}
ALL_STARTS: Final = tuple(STARTS)


def start(reduced: Reduced, name: str) -> tuple[ComplexArray, ...]:
    """Reduced precoders (d_j,) in units of the budgets of the start called `name`."""
    if name not in STARTS:
        raise SolverError(f"starts={name!r}: must be one of {', '.join(STARTS)}")
    rule = STARTS[name]
    if rule.balanced and np.isinf(rule.loading):
        return mrt_powered(reduced)
    directions = leakage_directions(reduced.channels, rule.loading)
    if not rule.balanced:
        return directions
    shares = coarse_shares(received_powers(reduced.channels, directions))
    return tuple(np.sqrt(share) * x for share, x in zip(shares, directions, strict=True))


def leakage_directions(channels: Sequence[ComplexArray], loading: float) -> tuple[ComplexArray, ...]:
    """Unit directions (loading I + sum_{i != k} c_i c_i^H)^-1 c_k, k the served user; MRT for an infinite loading.

    `channels` are three matrices (4, d) in units of the budgets; `loading` > 0, in units of the noise power.
    """
    if np.isinf(loading):
        return matched(channels)
    steered = []
    for k, matrix in enumerate(channels):
        leaked = np.delete(matrix, k, axis=0)
        covariance = loading * np.eye(matrix.shape[1]) + leaked.T @ leaked.conj()
        own = np.array(matrix)
        own[k] = np.linalg.solve(covariance, matrix[k])
        steered.append(own)
    return matched(steered)
