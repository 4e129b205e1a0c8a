"""The base station's channels: Nakagami-m amplitudes with uniform phases. Yin et al., g = alpha^1/2 g_0."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from entities.channels.fading import Scatter
from entities.channels.pathloss import power_law_gain
from entities.channels.sinusoids import PATHS
from entities.params import BaseStationParams
from twin.emulation.streams import Streams
from twin.errors import ScenarioError
from twin.signal.arrays import ComplexArray, Instants, RealArray
from twin.signal.nakagami import nakagami_quantile
from twin.signal.units import from_db

_TABLE_POINTS: Final = 16384


def ground_doppler_hz(user_mps: float, wavelength_m: float) -> float:
    """Doppler spread f_B = v_user / lambda in Hz of a walking user among scatterers."""
    return user_mps / wavelength_m


class NakagamiMap:
    """`nakagami_quantile` applied to |z|, tabulated; the phase of z is kept.

    The amplitude is a smooth function of s = r^(1/m), also at 0 where it is proportional to s. So the table
    is evenly spaced in s and linear in between: monotone, and within 1e-6 for m from 1/2 to 50. It reaches
    the largest |z| that a sum of M unit paths can have, M^1/2.
    """

    def __init__(self, m: float) -> None:
        if not m >= 0.5:
            raise ScenarioError(f"nakagami_m={m}: must be >= 0.5")
        self._power = 1.0 / m
        self._roots, self._amplitudes = _table(m)

    def __call__(self, z: ComplexArray) -> ComplexArray:
        """The fading coefficients of unit mean power for scatter z of unit mean power, same shape."""
        rayleigh = np.abs(z)
        amplitude = np.interp(rayleigh**self._power, self._roots, self._amplitudes)
        return np.asarray(amplitude * (z / np.maximum(rayleigh, np.finfo(np.float64).tiny)))


@lru_cache(maxsize=8)
def _table(m: float) -> tuple[RealArray, RealArray]:
    """Roots s = r^(1/m) and the amplitudes there; kept, as one takes 20 ms and every bystander needs it."""
    roots = np.linspace(0.0, np.sqrt(PATHS) ** (1.0 / m), _TABLE_POINTS)
    return roots, nakagami_quantile(roots**m, m)


class TerrestrialChannel:
    """Channels g_k(t) = (C_0 r^-exponent Omega)^1/2 F_Nak^-1(F_Ray(|z|)) exp(j arg z) over the noise."""

    def __init__(
        self,
        params: BaseStationParams,
        noise_mw: float,
        streams: Streams,
        receivers: Sequence[str],
        doppler_hz: Sequence[float],
    ) -> None:
        self._gain_1m = from_db(params.gain_1m_db) * params.omega / noise_mw
        self._exponent = params.exponent
        self._nakagami = NakagamiMap(params.nakagami_m)
        links = [("base_station", name) for name in receivers]
        self._scatter = Scatter(streams, links, params.antennas, doppler_hz)

    def mean_gains(self, offsets_m: RealArray) -> RealArray:
        """Mean power gain per antenna over the noise (R,), at offsets (R, 3) in m from the base station."""
        distance_m = np.sqrt((offsets_m**2).sum(axis=-1))
        return power_law_gain(self._gain_1m, distance_m, self._exponent)

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (..., R, N) at virtual times t (...), at offsets (..., R, 3) in m."""
        amplitude = np.sqrt(self.mean_gains(offsets_m))
        return np.asarray(amplitude[..., None] * self._nakagami(self._scatter.at(t_ns)))
