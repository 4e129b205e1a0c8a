"""From matrices back to vectors: principal components, and P4 where a matrix has more than one of them.

The relaxation drops rank(W) = 1, and Theorem 1 of Yin et al. does not bring it back: matrices whose rate does not
bind come out with a second eigenvalue. Least power at nearly the same rate (P4, eq. 46, with a slack) usually has
rank one.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sinr import received_powers
from twin.solvers.synergy.problem import Reduced, min_rate_nats
from twin.solvers.synergy.surrogate import Goal, surrogate

NUMERICAL_RANK: Final = 1e-5
"""A matrix counts as rank one while its second eigenvalue is below this times the first."""
SLACK: Final = 0.9999
"""Share of the rate that the least-power problem must keep; with 1 it would be ill-posed."""


def rank_gap(matrices: Sequence[ComplexArray]) -> float:
    """Largest ratio of second to first eigenvalue among Hermitian matrices (d, d) >= 0; 0 if all have rank one."""
    worst = 0.0
    for matrix in matrices:
        values = np.linalg.eigvalsh(matrix)
        if len(values) > 1 and values[-1] > 0.0:
            worst = max(worst, float(values[-2] / values[-1]))
    return worst


def principal(matrices: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
    """The vectors sqrt(lambda_1) v_1 (d,) of Hermitian matrices: Algorithm 1, step 9.

    The phase, which changes no rate, is fixed by a real and non-negative largest entry.
    """
    parts = []
    for matrix in matrices:
        values, vectors = np.linalg.eigh(matrix)
        vector = vectors[:, -1]
        pivot = vector[np.argmax(np.abs(vector))]
        parts.append(vector * (abs(pivot) / pivot) * np.sqrt(max(float(values[-1]), 0.0)))
    return tuple(parts)


def matrix_powers(reduced: Reduced, matrices: Sequence[ComplexArray]) -> RealArray:
    """Received powers p[j, k] = c_jk^H X_j c_jk = tr(c c^H X_j), (3, 4), of matrices X_j in units of the budgets."""
    rows = [
        np.einsum("ki,ij,kj->k", channels.conj(), matrix, channels).real
        for channels, matrix in zip(reduced.channels, matrices, strict=True)
    ]
    return np.asarray(np.maximum(np.array(rows), 0.0))


def extract(
    reduced: Reduced, matrices: tuple[ComplexArray, ...], point: RealArray
) -> tuple[tuple[ComplexArray, ...], bool]:
    """Reduced precoders of an iterate, and whether P4 was solved for them.

    Args:
        reduced: the channels.
        matrices: the iterate W, F, V in units of the budgets.
        point: the levels at which P4's constraints are linearised, the iterate's own.
    """
    vectors = principal(matrices)
    if rank_gap(matrices) <= NUMERICAL_RANK:
        return vectors, False
    rate = float(min_rate_nats(matrix_powers(reduced, matrices)))
    restored = surrogate(reduced.dims, Goal.POWER).solve(reduced, point, rate - (1.0 - SLACK) * abs(rate))
    if restored is None:
        return vectors, True
    candidates = (vectors, principal(restored))
    values = [float(min_rate_nats(received_powers(reduced.channels, candidate))) for candidate in candidates]
    return candidates[int(np.argmax(values))], True
