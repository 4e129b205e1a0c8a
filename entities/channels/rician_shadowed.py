"""The stations' channels: Rician-shadowed with a planar array, or Nakagami-m, or Rayleigh. Li et al., eq. (1).

As functions of time: the line of sight follows the geometry; its amplitude, Nakagami-m by a slow process of the link's
own, follows how far the receiver has gone; each of T directions, in which something that stands still scatters, has a
process of its own with the Doppler spread of the receiver's motion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from entities.channels.fading import Scatter
from entities.channels.pathloss import free_space_gain
from entities.channels.terrestrial import NakagamiMap, ground_doppler_hz
from entities.isac_params import FadingParams, StationParams
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray, direction_cosines, upa_response
from twin.signal.units import from_db

_STEEPEST_RAD: Final = np.pi / 6.0
"""Scatterers are seen up to this far above and below the horizon."""


@dataclass(frozen=True, slots=True)
class Links:
    """One station's links: its name, its receivers and their speeds, and what the budgets of all links share."""

    streams: Streams
    station: str
    receivers: Sequence[str]
    speeds_mps: Sequence[float]
    wavelength_m: float
    noise_mw: float

    def keys(self, purpose: str) -> list[tuple[str, ...]]:
        """Names of streams, one per receiver."""
        return [(self.station, name, purpose) for name in self.receivers]

    def mean_gains(self, offsets_m: RealArray) -> RealArray:
        """Mean power gain per antenna over the noise (..., R), at offsets (..., R, 3) in m: that of free space."""
        distance_m = np.sqrt((offsets_m**2).sum(axis=-1))
        return np.asarray(free_space_gain(self.wavelength_m, np.maximum(distance_m, 1.0)) / self.noise_mw)


class StationChannel(Protocol):
    """A station's channels to R receivers."""

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (..., R, M) at virtual times t (...), at offsets (..., R, 3) in m."""


class RicianShadowedChannel:
    """Channels h(t) = G^1/2 ((K/(K+1))^1/2 s(t) u(LoS) + (T (K+1))^-1/2 sum_t z_t(t) u(theta_t)) over the noise.

    G is the gain of free space, K the Rician factor, s >= 0 the shadowing with E s^2 = 1, z_t ~ CN(0, 1) the scatter of
    direction theta_t, u the array's response; E |h_n|^2 = G. The paper's eq. (1) has T^-1/2 before the line of sight,
    too, which would make the share of the scatter grow with T; elements are isotropic (rho = 1).
    """

    def __init__(self, params: FadingParams, station: StationParams, links: Links, rician_k_db: float) -> None:
        factor = from_db(rician_k_db)
        self._shape = (station.columns, station.rows)
        self._links = links
        self._sight_amplitude = np.sqrt(factor / (factor + 1.0))
        doppler_hz = [ground_doppler_hz(speed_mps, links.wavelength_m) for speed_mps in links.speeds_mps]
        slow_hz = [speed_mps / params.shadowing_distance_m for speed_mps in links.speeds_mps]
        self._shadowing = NakagamiMap(params.shadowing_m)
        self._slow = Scatter(links.streams, links.keys("shadowing"), 1, slow_hz)
        self._scatter = Scatter(links.streams, links.keys("path"), params.paths, doppler_hz)
        cosines = np.array([_directions(links.streams, key, params.paths) for key in links.keys("direction")])
        spread = np.sqrt(1.0 / ((factor + 1.0) * params.paths))
        self._responses = spread * upa_response(cosines, *self._shape)

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (..., R, M) at virtual times t (...), at offsets (..., R, 3) in m."""
        shadowing = np.abs(self._shadowing(self._slow.at(t_ns)))
        sight = upa_response(direction_cosines(offsets_m), *self._shape)
        scattered = np.einsum("...rt,rtm->...rm", self._scatter.at(t_ns), self._responses)
        fading = self._sight_amplitude * shadowing * sight + scattered
        return np.asarray(np.sqrt(self._links.mean_gains(offsets_m))[..., None] * fading)


class DirectionlessChannel:
    """Channels h(t) = G^1/2 F_Nak^-1(F_Ray(|z_n|)) exp(j arg z_n): independent at each antenna; m = 1 is Rayleigh."""

    def __init__(self, m: float, station: StationParams, links: Links) -> None:
        self._links = links
        self._nakagami = NakagamiMap(m)
        doppler_hz = [ground_doppler_hz(speed_mps, links.wavelength_m) for speed_mps in links.speeds_mps]
        self._scatter = Scatter(links.streams, links.keys("antenna"), station.antennas, doppler_hz)

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (..., R, M) at virtual times t (...), at offsets (..., R, 3) in m."""
        amplitude = np.sqrt(self._links.mean_gains(offsets_m))
        return np.asarray(amplitude[..., None] * self._nakagami(self._scatter.at(t_ns)))


def make_channel(params: FadingParams, station: StationParams, links: Links) -> StationChannel:
    """The channels that `params.model` names."""
    if params.model == "rician_shadowed":
        return RicianShadowedChannel(params, station, links, params.rician_k_db)
    return DirectionlessChannel(params.nakagami_m if params.model == "nakagami" else 1.0, station, links)


def _directions(streams: Streams, key: tuple[str, ...], paths: int) -> RealArray:
    """Direction cosines (T, 2) of one link's scatterers: azimuth uniform, elevation uniform near the horizon."""
    draws = np.array([streams.generator(*key, path).random(2) for path in range(paths)])
    azimuth, elevation = 2.0 * np.pi * draws[:, 0], _STEEPEST_RAD * (2.0 * draws[:, 1] - 1.0)
    return np.stack((np.sin(azimuth) * np.cos(elevation), np.sin(elevation)), axis=-1)
