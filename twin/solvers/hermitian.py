"""Hermitian matrices as real vectors, so that a convex program sees real numbers only.

A Hermitian X (d, d) is the vector u in R^(d^2): its diagonal, then sqrt(2) Re X_ij and sqrt(2) Im X_ij for i < j.
The map is an isometry: u'v = tr(X Y).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.signal.arrays import ComplexArray, RealArray

_SQRT2: Final = float(np.sqrt(2.0))


@lru_cache(maxsize=8)
def _upper(dim: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, columns = np.triu_indices(dim, 1)
    return rows, columns


def from_vector(vector: RealArray, dim: int) -> ComplexArray:
    """The Hermitian matrix X (d, d) of a vector u (d^2,)."""
    rows, columns = _upper(dim)
    real, imag = np.split(vector[dim:] / _SQRT2, 2)
    matrix = np.diag(vector[:dim]).astype(np.complex128)
    matrix[rows, columns] = real + 1j * imag
    matrix[columns, rows] = real - 1j * imag
    return matrix


def to_vector(matrix: ComplexArray) -> RealArray:
    """The vector u (d^2,) of a Hermitian matrix X (d, d)."""
    upper = _SQRT2 * matrix[_upper(len(matrix))]
    return np.concatenate([matrix.diagonal().real, upper.real, upper.imag])


def power_forms(channels: ComplexArray) -> RealArray:
    """Rows a_k (K, d^2) with a_k'u = c_k^H X c_k = tr(c_k c_k^H X) for the channels c_k (K, d)."""
    rows, columns = _upper(channels.shape[1])
    cross = _SQRT2 * channels[:, rows] * channels[:, columns].conj()
    return np.hstack([channels.real**2 + channels.imag**2, cross.real, cross.imag])


@lru_cache(maxsize=8)
def embedding(dim: int) -> RealArray:
    """Matrix (4 d^2, d^2) from u to the columns of [[Re X, -Im X], [Im X, Re X]], stacked.

    That real symmetric matrix (2d, 2d) is positive semidefinite exactly when X is.
    """
    columns = []
    for unit in np.eye(dim * dim):
        matrix = from_vector(unit, dim)
        real = np.block([[matrix.real, -matrix.imag], [matrix.imag, matrix.real]])
        columns.append(real.ravel(order="F"))
    return np.stack(columns, axis=1)
