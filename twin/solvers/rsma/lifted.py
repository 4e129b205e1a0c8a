"""The problem with matrices for beams: X = x x^H, without rank(X) = 1 where it is relaxed.

The matrices are W_bo, W_ta, O_c, O_1 .. O_N, in this order, within the span of their station's channels: a beam's part
outside takes power and is heard by nobody, so nothing is lost. They are stacked as one real vector u (n,) of Hermitian
matrices as in twin.solvers.hermitian, in W; what is linear in the matrices is a row (n,).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.hermitian import from_vector, power_forms, to_vector
from twin.solvers.rsma.problem import Beams, HisacProblem

BOB: Final = 0
EVE: Final = 1
TARGET: Final = 2
DATA: Final = (0,)
SENSING: Final = (1,)


@dataclass(frozen=True, slots=True, eq=False)
class Lifted:
    """A problem whose unknowns are matrices.

    Attributes:
        problem: the instance.
        bases: orthonormal columns that span the channels of each station, (M_i, d_i) with d_i = min(M_i, receivers).
        gains: for each station the rows (receivers, d_i^2) of c^H X c for its channels c, in 1/W.
        dims: d_i of every matrix: d_1, d_1, d_2, ..., d_2.
    """

    problem: HisacProblem
    bases: tuple[ComplexArray, ComplexArray]
    gains: tuple[RealArray, RealArray]
    dims: tuple[int, ...]

    @property
    def streams_2(self) -> tuple[int, ...]:
        """Places of O_c, O_1 .. O_N among the matrices."""
        return tuple(range(2, len(self.dims)))

    @property
    def size(self) -> int:
        """n, the length of u."""
        return sum(dim * dim for dim in self.dims)

    def heard(self, receiver: int, streams: Sequence[int]) -> RealArray:
        """Row (n,) of the power that a receiver (a row of its station's channels) hears of these matrices."""
        return self._row(streams, self.gains[0 if streams[0] < 2 else 1][receiver])

    def sent(self, streams: Sequence[int]) -> RealArray:
        """Row (n,) of the traces of these matrices: their power in W."""
        dim = self.dims[streams[0]]
        return self._row(streams, np.r_[np.ones(dim), np.zeros(dim * dim - dim)])

    def _row(self, streams: Sequence[int], part: RealArray) -> RealArray:
        row = np.zeros(self.size)
        for stream in streams:
            row[self.place(stream)] = part
        return row

    def place(self, stream: int) -> slice:
        """Where a matrix lies in u."""
        start = sum(dim * dim for dim in self.dims[:stream])
        return slice(start, start + self.dims[stream] ** 2)

    def matrices(self, u: RealArray) -> list[ComplexArray]:
        """The matrices (d, d) of u (n,)."""
        return [from_vector(u[self.place(stream)], dim) for stream, dim in enumerate(self.dims)]

    def lift(self, beams: Beams) -> RealArray:
        """U (n,) of beams: their parts within the spans, squared."""
        parts = [basis.conj().T @ x for basis, x in zip(self.bases, beams, strict=True)]
        return np.concatenate([to_vector(np.outer(column, column.conj())) for part in parts for column in part.T])

    def along(self, beams: Beams) -> RealArray:
        """Row (n,) of sum_k v_k^H X_k v_k for the directions v_k of beams: what matrices send along them."""
        norms = [np.maximum(np.linalg.norm(x, axis=0), 1e-300) for x in beams]
        return self.lift((beams[0] / norms[0], beams[1] / norms[1]))

    def principal(self, u: RealArray) -> tuple[Beams, float]:
        """Beams sqrt(lambda_1) v_1 of the matrices of u, and the greatest ratio of a second eigenvalue to the first."""
        columns, gap = [], 0.0
        for stream, matrix in enumerate(self.matrices(u)):
            values, vectors = np.linalg.eigh(matrix)
            if len(values) > 1 and values[-1] > 0.0:
                gap = max(gap, float(values[-2] / values[-1]))
            column = vectors[:, -1] * np.sqrt(max(float(values[-1]), 0.0))
            columns.append(self.bases[0 if stream < 2 else 1] @ column)
        return (np.stack(columns[:2], axis=1), np.stack(columns[2:], axis=1)), gap


def lifted(problem: HisacProblem) -> Lifted:
    """The problem in the spans of its channels: d_1 <= N + 3 and d_2 <= N + 2 dimensions, however many antennas."""
    bases, gains = [], []
    for channels in (problem.channels_1, problem.channels_2):
        receivers, antennas = channels.shape
        basis = np.linalg.qr(channels.T)[0] if antennas > receivers else np.eye(antennas, dtype=np.complex128)
        bases.append(np.ascontiguousarray(basis))
        gains.append(power_forms(np.ascontiguousarray(channels @ basis.conj())))
    first, second = (basis.shape[1] for basis in bases)
    dims = (first, first) + (second,) * (problem.users + 1)
    return Lifted(problem, (bases[0], bases[1]), (gains[0], gains[1]), dims)
