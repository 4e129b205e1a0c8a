"""How well an echo tells where its target is: Cramer-Rao bounds for one target and a planar array.

`scnr` is the power of the echo over that of clutter and noise behind the filter that collects all elements, linear. The
bounds are those of an amplitude that is unknown as well. They hold for an echo that stands out; one that does not says
nothing, so each is cut at the variance of a guess.
"""

from typing import Final

import numpy as np

from twin.signal.units import SPEED_OF_LIGHT_MPS

_GUESS_COSINE: Final = 1.0 / 3.0
"""Variance of a direction cosine that is uniform in [-1, 1]."""


def cosine_variance(scnr: float, elements: int) -> float:
    """Bound on the variance of a direction cosine along an axis of N elements, half a wavelength apart.

    6 / (pi^2 scnr (N^2 - 1)): that of a spatial frequency pi u with N scnr/N per element (Stoica and Nehorai 1989), for
    either axis of a planar array when phases count from its middle. At most 1/3, a guess; a single element guesses.
    """
    if elements == 1 or scnr <= 0.0:
        return _GUESS_COSINE
    return min(6.0 / (np.pi**2 * scnr * (elements**2 - 1.0)), _GUESS_COSINE)


def range_variance_m2(scnr: float, bandwidth_hz: float, guess_m2: float) -> float:
    """Bound on the variance of a range in m^2: c^2 / (32 pi^2 scnr B_rms^2), with B_rms^2 = B^2 / 12 of a flat band.

    At most `guess_m2`, which is known without any echo.
    """
    if scnr <= 0.0:
        return guess_m2
    mean_square_hz2 = bandwidth_hz**2 / 12.0
    return min(SPEED_OF_LIGHT_MPS**2 / (32.0 * np.pi**2 * scnr * mean_square_hz2), guess_m2)
