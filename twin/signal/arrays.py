"""Antenna arrays (steering vectors) and the array types that the mathematics shares."""

import numpy as np
from numpy.typing import NDArray

RealArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Instants = NDArray[np.int64]


def ula_response(cosine: float | RealArray, antennas: int) -> ComplexArray:
    """Response exp(-j pi n cos) of a uniform linear array with half a wavelength between its elements.

    Args:
        cosine: cosine of the angle between the array's axis and the direction, any shape S, in [-1, 1].
        antennas: number of elements N >= 1; n = 0 .. N-1.

    Returns:
        Unit-modulus entries, shape S + (N,). It is the line-of-sight part a_LoS of Yin et al., eq. (3); the
        paper leaves the array open.
    """
    phase = -np.pi * np.asarray(cosine, dtype=np.float64)[..., None] * np.arange(antennas)
    return np.asarray(np.exp(1j * phase), dtype=np.complex128)


def upa_response(cosines: RealArray, columns: int, rows: int) -> ComplexArray:
    """Response u_h (x) u_e of a uniform planar array with half a wavelength between its elements: a Kronecker product.

    u_h = exp(-j pi n cos_h) with n = 0 .. columns - 1 and u_e likewise over the rows; Li et al., below eq. (1).

    Args:
        cosines: of the angles between the direction and the array's horizontal and vertical axis, S + (2,).
        columns: elements along the horizontal axis, >= 1.
        rows: elements along the vertical axis, >= 1.

    Returns:
        Unit-modulus entries, shape S + (columns * rows,); a column of elements after the other.
    """
    across, along = ula_response(cosines[..., 0], columns), ula_response(cosines[..., 1], rows)
    return np.asarray((across[..., :, None] * along[..., None, :]).reshape(*cosines.shape[:-1], columns * rows))


def direction_cosines(offsets_m: RealArray) -> RealArray:
    """Cosines (..., 2) to the y and the z axis, along which a planar array stands, of offsets (..., 3) in m."""
    distance_m = np.sqrt((offsets_m**2).sum(axis=-1, keepdims=True))
    return np.asarray(offsets_m[..., 1:] / np.maximum(distance_m, np.finfo(np.float64).tiny))
