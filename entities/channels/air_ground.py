"""The UAV's channels: a line of sight that follows the geometry, and scatter. Yin et al., eq. (3)."""

from collections.abc import Sequence

import numpy as np

from entities.channels.fading import Scatter
from entities.channels.pathloss import power_law_gain
from entities.params import UavParams
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray, ula_response
from twin.signal.units import from_db


def uav_doppler_hz(user_mps: float, uav_mps: float, angular_spread: float, wavelength_m: float) -> float:
    """Doppler spread f_U = (v_user + psi v_uav) / lambda in Hz.

    The user is surrounded by scatterers; seen from the UAV they lie within psi rad, so its own speed counts
    only that much: the shift they share is bulk Doppler, which changes no rate.
    """
    return (user_mps + angular_spread * uav_mps) / wavelength_m


class AirGroundChannel:
    """Channels a_k(t) = G_L^1/2 ((K/(K+1))^1/2 a_LoS + (K+1)^-1/2 z(t)) over the noise, Rician factor K.

    G_L = g_0 / d^2 with the slant distance d at t. a_LoS is the response of an array with elements half a
    wavelength apart along the y axis: direction cosine dy / d.
    """

    def __init__(
        self,
        params: UavParams,
        noise_mw: float,
        streams: Streams,
        receivers: Sequence[str],
        doppler_hz: Sequence[float],
    ) -> None:
        factor = from_db(params.rician_k_db)
        self._antennas = params.antennas
        self._gain_1m = from_db(params.gain_1m_db) / noise_mw
        self._los_amplitude = np.sqrt(factor / (factor + 1.0))
        self._scatter_amplitude = np.sqrt(1.0 / (factor + 1.0))
        self._scatter = Scatter(streams, [("uav", name) for name in receivers], params.antennas, doppler_hz)

    def mean_gains(self, offsets_m: RealArray) -> RealArray:
        """Mean power gain per antenna over the noise (R,), at offsets (R, 3) in m from UAV to receivers."""
        return power_law_gain(self._gain_1m, np.sqrt((offsets_m**2).sum(axis=-1)), 2.0)

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (..., R, N) at virtual times t (...), at offsets (..., R, 3) in m."""
        distance_m = np.sqrt((offsets_m**2).sum(axis=-1))
        amplitude = np.sqrt(power_law_gain(self._gain_1m, distance_m, 2.0))
        cosine = offsets_m[..., 1] / np.maximum(distance_m, np.finfo(np.float64).tiny)
        line_of_sight = ula_response(cosine, self._antennas)
        fading = self._los_amplitude * line_of_sight + self._scatter_amplitude * self._scatter.at(t_ns)
        return np.asarray(amplitude[..., None] * fading)
