"""Zero forcing: the other benchmark of Yin et al., section V, with powers optimised as for MRT."""

from collections.abc import Callable
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray
from twin.signal.sagin import RECEIVERS, TRANSMITTERS
from twin.solvers.result import Solution
from twin.solvers.synergy.baselines import fixed_directions
from twin.solvers.synergy.problem import SynergyProblem, reduce

_EVE: Final = len(RECEIVERS) - 1
_DEPENDENT: Final = 1e-9


Avoided = Callable[[int], list[int]]


def zf_eve(problem: SynergyProblem) -> Solution:
    """Each user's channel projected off the eavesdropper's: she hears nothing (for N = 1: nobody does)."""
    return _forced(problem, "zf_eve", lambda own: [_EVE])  # noqa: ARG005 - whoever is served, she is the one avoided


def zf_all(problem: SynergyProblem) -> Solution:
    """Each user's channel projected off those of the three other receivers, which takes at least 4 antennas.

    Raises:
        SolverError: a transmitter has fewer antennas.
    """
    for name, matrix in zip(TRANSMITTERS, problem.channels, strict=True):
        if matrix.shape[1] < len(RECEIVERS):
            raise SolverError(f"{name}.antennas={matrix.shape[1]}: must be >= {len(RECEIVERS)} for zf_all")
    return _forced(problem, "zf_all", lambda own: [k for k in range(len(RECEIVERS)) if k != own])


def _forced(problem: SynergyProblem, method: str, avoided: Avoided) -> Solution:
    reduced = reduce(problem)
    directions = tuple(_direction(matrix, own, avoided(own)) for own, matrix in enumerate(reduced.channels))
    return fixed_directions(problem, reduced, directions, method)


def _direction(channels: ComplexArray, own: int, avoided: list[int]) -> ComplexArray:
    """Unit vector along the part of c_own that is orthogonal to the avoided channels; 0 if there is none.

    `channels` (4, d) holds channel vectors in its rows. Their span is found by a singular value decomposition, so
    channels that depend on each other do no harm.
    """
    span, weights, _ = np.linalg.svd(channels[avoided].T, full_matrices=False)
    span = span[:, weights > _DEPENDENT * max(float(weights.max()), np.finfo(np.float64).tiny)]
    rest = channels[own] - span @ (span.conj().T @ channels[own])
    size, whole = float(np.linalg.norm(rest)), float(np.linalg.norm(channels[own]))
    return np.zeros_like(rest) if size <= _DEPENDENT * whole else np.asarray(rest / size)
