"""Nakagami fading seen through the Gaussian process behind it: the map, its inverse, and moments of what is uncertain.

A coefficient of unit mean power with Nakagami-m amplitude is nak(z) = F_Nak^-1(F_Ray(|z|)) exp(j arg z), z ~ CN(0, 1).
F_Ray(r) = 1 - exp(-r^2) and F_Nak(a) = P(m, m a^2), the regularised incomplete gamma function; m >= 1/2. Predicting is
linear in z and not in nak(z): so invert, predict, and take the moments of the map over what is left open.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray

_TABLE_POINTS: Final = 8192
_LARGEST_RAYLEIGH: Final = 8.0
_RADII: Final = 8
_ANGLES: Final = 8


def nakagami_quantile(rayleigh: RealArray, m: float) -> RealArray:
    """F_Nak^-1(F_Ray(r)): the unit-power Nakagami-m amplitude at the quantile of a Rayleigh amplitude r >= 0.

    F_Ray(r) = 1 - exp(-r^2) and F_Nak(a) = P(m, m a^2), the regularised incomplete gamma function; any shape.
    Each half of the law is inverted from its own side, so that neither tail loses digits.
    """
    from scipy.special import gammainccinv, gammaincinv

    power = np.asarray(rayleigh, dtype=np.float64) ** 2
    lower = gammaincinv(m, -np.expm1(-power))
    upper = gammainccinv(m, np.exp(-power))
    return np.asarray(np.sqrt(np.where(power < np.log(2.0), lower, upper) / m))


def nakagami_amplitude(rayleigh: RealArray, m: float) -> RealArray:
    """`nakagami_quantile` of a Rayleigh amplitude r >= 0.

    Any shape. From a table that is linear in s = r^(1/m), of which the amplitude is a smooth function; within 1e-5 for
    m from 1/2 to 10. It ends at r = 8 (probability e^-64).
    """
    roots, amplitudes = _table(m)
    return np.interp(np.asarray(rayleigh, dtype=np.float64) ** (1.0 / m), roots, amplitudes)


def rayleigh_amplitude(nakagami: RealArray, m: float) -> RealArray:
    """F_Ray^-1(F_Nak(a)): the inverse of `nakagami_amplitude`, from the same table; any shape of a >= 0."""
    roots, amplitudes = _table(m)
    return np.asarray(np.interp(nakagami, amplitudes, roots) ** m)


@lru_cache(maxsize=8)
def _table(m: float) -> tuple[RealArray, RealArray]:
    """Roots s = r^(1/m) and the exact amplitudes there."""
    roots = np.linspace(0.0, _LARGEST_RAYLEIGH ** (1.0 / m), _TABLE_POINTS)
    return roots, nakagami_quantile(roots**m, m)


def to_scatter(fading: ComplexArray, m: float) -> ComplexArray:
    """The scatter z behind fading coefficients nak(z) of unit mean power; any shape, phases are kept."""
    amplitude = np.abs(fading)
    return np.asarray(fading * (rayleigh_amplitude(amplitude, m) / np.maximum(amplitude, np.finfo(np.float64).tiny)))


@lru_cache(maxsize=1)
def _normal_points() -> tuple[ComplexArray, RealArray]:
    """A fixed set of 64 points and weights for means over CN(0, 1): Gauss-Laguerre in |e|^2, equal angles.

    Symmetric about the real axis, and every second ring is turned by half a step.
    """
    power, weights = np.polynomial.laguerre.laggauss(_RADII)
    turn = 0.5 * (np.arange(_RADII) % 2)
    angles = 2.0 * np.pi * (np.arange(_ANGLES)[None, :] + turn[:, None]) / _ANGLES
    points = np.sqrt(power)[:, None] * np.exp(1j * angles)
    return points.ravel(), np.repeat(weights / _ANGLES, _ANGLES)


def nakagami_moments(z: ComplexArray, error_power: RealArray, m: float) -> tuple[ComplexArray, RealArray]:
    """Mean and variance of nak(z + CN(0, e2)) on a fixed set of 64 points.

    Args:
        z: predicted scatter, any shape S.
        error_power: e2 >= 0 of the prediction, broadcasts to S.
        m: shape of the amplitudes.

    Returns:
        The mean (S), which has the phase of z, and the variance E|nak - mean|^2 (S), for unit mean power.
    """
    points, weights = _normal_points()
    size = np.abs(z)
    moved = size[..., None] + np.sqrt(np.broadcast_to(error_power, z.shape))[..., None] * points
    distance = np.maximum(np.abs(moved), np.finfo(np.float64).tiny)
    amplitude = nakagami_amplitude(distance, m)
    mean = (amplitude * moved.real / distance) @ weights
    variance = np.maximum((amplitude**2) @ weights - mean**2, 0.0)
    return np.asarray(mean * z / np.maximum(size, np.finfo(np.float64).tiny)), np.asarray(variance)
