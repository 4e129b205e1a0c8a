"""The satellite's channels: equal amplitudes, phases that wander slowly. Yin et al., eqs (1), (2)."""

import math
from collections.abc import Sequence

import numpy as np

from entities.channels.fading import Scatter
from entities.channels.pathloss import beam_gain, free_space_gain, rain_gain
from entities.params import SatelliteParams
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray
from twin.signal.units import from_db, to_s


class SatelliteChannel:
    """Channels h_k(t) = (C_L b beta_k)^1/2 exp(-j (theta_kn + n w t + spread * x_kn(t))) over the noise.

    C_L is free-space gain, b the beam's, beta_k rain (constant in a run), n the antenna. theta_kn is one
    uniform phase per antenna for all receivers ("similar") or one per receiver and antenna ("iid"). w is
    uniform in [-drift, drift]; x = 2^1/2 Re z has unit variance, with z the scatter at `spread_hz`.
    """

    def __init__(
        self,
        params: SatelliteParams,
        wavelength_m: float,
        noise_mw: float,
        streams: Streams,
        receivers: Sequence[str],
    ) -> None:
        self._wavelength_m = wavelength_m
        beam = beam_gain(math.radians(params.off_axis_deg), math.radians(params.beam_3db_deg))
        clear = from_db(params.gain_max_db) * beam / noise_mw
        self._gain_over_noise: RealArray = np.array([clear * _rain(params, streams, name) for name in receivers])
        self._start_rad: RealArray = np.array([_phases(params, streams, name) for name in receivers])
        drift_rad_s = params.drift_rad_s * (2.0 * streams.uniform("drift", "satellite") - 1.0)
        self._drift_rad_s: RealArray = np.arange(params.antennas, dtype=np.float64) * drift_rad_s
        self._spread_rad = params.phase_spread_rad * math.sqrt(2.0)
        links = [("satellite", name) for name in receivers]
        self._scatter = Scatter(streams, links, params.antennas, [params.spread_hz] * len(links))

    def mean_gains(self, offsets_m: RealArray) -> RealArray:
        """Power gain per antenna over the noise (R,), at offsets (R, 3) in m from satellite to receivers."""
        distance_m = np.sqrt((offsets_m**2).sum(axis=-1))
        return np.asarray(free_space_gain(self._wavelength_m, distance_m) * self._gain_over_noise)

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (..., R, N) at virtual times t (...), at offsets (..., R, 3) in m."""
        drift_rad = np.remainder(np.asarray(to_s(t_ns))[..., None, None] * self._drift_rad_s, 2.0 * np.pi)
        phase = self._start_rad + drift_rad + self._spread_rad * self._scatter.at(t_ns).real
        return np.asarray(np.sqrt(self.mean_gains(offsets_m))[..., None] * np.exp(-1j * phase))


def _phases(params: SatelliteParams, streams: Streams, receiver: str) -> list[float]:
    """theta_kn in rad of one receiver k on every antenna n."""
    whose = "all" if params.phase_model == "similar" else f"only {receiver}"
    return [2.0 * math.pi * streams.uniform("phase", "satellite", whose, n) for n in range(params.antennas)]


def _rain(params: SatelliteParams, streams: Streams, receiver: str) -> float:
    """beta_k of one receiver, drawn once per run."""
    normal = streams.generator("rain", "satellite", receiver).standard_normal()
    return rain_gain(normal, params.rain_mu, params.rain_sigma)
