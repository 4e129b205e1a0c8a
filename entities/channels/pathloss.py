"""Large-scale power gains in closed form: linear ratios, distances in m, angles in rad."""

import math
from typing import Final

import numpy as np
from scipy.special import jv

from twin.signal.arrays import RealArray

REFERENCE_M: Final = 1.0
_SERIES_BELOW: Final = 1e-4


def free_space_gain(wavelength_m: float, distance_m: RealArray) -> RealArray:
    """Free-space power gain C_L = (lambda / (4 pi d))^2, any shape of d > 0 in m. Yin et al., eq. (1)."""
    return np.asarray((wavelength_m / (4.0 * np.pi * distance_m)) ** 2)


def power_law_gain(gain_1m: float, distance_m: RealArray, exponent: float) -> RealArray:
    """Power gain g_1m * r^-exponent of a link with gain g_1m (linear) at 1 m; any shape of r in m.

    Exponent 2 with the slant distance is G_L of Yin et al., eq. (3); exponent 4 is their terrestrial alpha.
    The law is only stated beyond its reference distance: nearer than 1 m the gain stays g_1m.
    """
    return np.asarray(gain_1m * np.maximum(distance_m, REFERENCE_M) ** -exponent)


def beam_gain(off_axis_rad: float, beam_3db_rad: float) -> float:
    """Power gain of the satellite's beam relative to its maximum, linear, in [0, 1].

    (J1(u) / (2 u) + 36 J3(u) / u^3)^2 with u = 2.07123 sin(off axis) / sin(3-dB angle): 1 at u = 0 and a half
    at the 3-dB angle. Yin et al., eq. (2), misprints the second term as -36 J3(u) / u^2.
    """
    u = 2.07123 * abs(math.sin(off_axis_rad)) / math.sin(beam_3db_rad)
    if u < _SERIES_BELOW:
        return (1.0 - 5.0 * u**2 / 64.0) ** 2
    return float((jv(1, u) / (2.0 * u) + 36.0 * jv(3, u) / u**3) ** 2)


def rain_gain(normal: float, mu: float, sigma: float) -> float:
    """Power gain 10^(-beta_dB / 10) of rain, ln(beta_dB) = mu + sigma * normal, for a standard normal draw.

    The median attenuation is e^mu dB (0.04 dB at mu = -3.152). Yin et al., below eq. (1), where `delta^2` is
    the variance of ln(beta_dB).
    """
    return float(10.0 ** (-math.exp(mu + sigma * normal) / 10.0))
