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
