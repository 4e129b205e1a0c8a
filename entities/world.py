"""Who is where, and which channel joins whom, at any instant: a pure function of (params, seed, time).

Nothing ticks and nothing is stored: ask for any instant in any order. SU, AU, GU and the eavesdropper are
computed together and every bystander alone, with streams keyed by names, so that a further receiver leaves
the channels of the others as they were, to the bit.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from entities.channels.air_ground import AirGroundChannel, uav_doppler_hz
from entities.channels.satellite import SatelliteChannel
from entities.channels.terrestrial import TerrestrialChannel, ground_doppler_hz
from entities.mobility.static import Motion, Static
from entities.mobility.walk import Walk
from entities.mobility.waypoints import Waypoints
from entities.params import (
    DEFAULT_BASE_STATION_M,
    DEFAULT_POSITIONS,
    BaseStationParams,
    ReceiverParams,
    SatelliteParams,
    UavParams,
    Vector,
    WorldParams,
)
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray
from twin.signal.sagin import RECEIVERS
from twin.signal.units import from_dbm, wavelength_m

__all__ = [
    "DEFAULT_BASE_STATION_M",
    "DEFAULT_POSITIONS",
    "BaseStationParams",
    "ReceiverParams",
    "SatelliteParams",
    "UavParams",
    "Vector",
    "World",
    "WorldParams",
]


class _Channel(Protocol):
    """A transmitter's channels to a fixed group of R receivers."""

    def mean_gains(self, offsets_m: RealArray) -> RealArray:
        """Mean power gains per antenna over the noise (..., R), at offsets (..., R, 3) in m."""

    def at(self, offsets_m: RealArray, t_ns: int | Instants) -> ComplexArray:
        """Noise-normalised channels (R, N), or (T, R, N) at T offsets and instants."""


class World:
    """The true geometry and the true channels. Twins never see it: they get what entities measure and send.

    Entities are named "satellite", "uav", "base_station" and by the keys of `params.receivers`; an unknown
    name is a KeyError. Channels are noise-normalised: amplitude over the standard deviation of the noise in
    sqrt(mW).
    """

    def __init__(self, params: WorldParams, streams: Streams) -> None:
        self.params = params
        self._streams = streams
        uav = params.uav
        self._motions: dict[str, Motion] = {
            "satellite": Static((0.0, 0.0, params.satellite.height_m)),
            "uav": Waypoints(uav.waypoints_m, uav.altitude_m, uav.speed_mps, closed=uav.closed),
            "base_station": Static(params.base_station.position_m),
        }
        for name, receiver in params.receivers.items():
            self._motions[name] = _receiver_motion(name, receiver, streams)
        groups = [RECEIVERS, *((name,) for name in params.receivers if name not in RECEIVERS)]
        self._group_of: dict[str, tuple[str, ...]] = {name: group for group in groups for name in group}
        self._channels = {group: self._make_channels(group) for group in groups}

    def position_m(self, name: str, t_ns: int) -> RealArray:
        """Position (3,) in m of any entity: x, y on the ground, z up."""
        return np.array(self._motions[name].position_m(t_ns))

    def velocity_mps(self, name: str, t_ns: int) -> RealArray:
        """Velocity (3,) in m/s of any entity."""
        return np.array(self._motions[name].velocity_mps(t_ns))

    def distance_m(self, one: str, other: str, t_ns: int) -> float:
        """Distance in m between two entities."""
        return float(np.linalg.norm(self.position_m(other, t_ns) - self.position_m(one, t_ns)))

    def doppler_hz(self, transmitter: str, receiver: str) -> float:
        """Doppler spread in Hz of the scatter between a transmitter and a receiver, constant in time."""
        user_mps = self._motions[receiver].speed_mps
        wave_m = wavelength_m(self.params.carrier_hz)
        spreads_hz = {
            "satellite": self.params.satellite.spread_hz,
            "uav": uav_doppler_hz(user_mps, self._motions["uav"].speed_mps, self.params.uav.angular_spread, wave_m),
            "base_station": ground_doppler_hz(user_mps, wave_m),
        }
        return spreads_hz[transmitter]

    def channels(self, transmitter: str, t_ns: int) -> ComplexArray:
        """True channels (4, N) of a transmitter; row k is c_k to receiver k in the order of RECEIVERS."""
        return self._channels[RECEIVERS][transmitter].at(self._offsets_m(transmitter, RECEIVERS, t_ns), t_ns)

    def channel(self, transmitter: str, receiver: str, t_ns: int) -> ComplexArray:
        """True channel (N,) of a transmitter to any receiver, bystanders included."""
        group = self._group_of[receiver]
        rows = self._channels[group][transmitter].at(self._offsets_m(transmitter, group, t_ns), t_ns)
        return np.array(rows[group.index(receiver)])

    def over(self, transmitter: str, instants_ns: Instants) -> tuple[ComplexArray, RealArray]:
        """`channels` (T, 4, N) and `mean_gains` (T, 4) at T instants at once."""
        offsets_m = np.array([self._offsets_m(transmitter, RECEIVERS, int(t_ns)) for t_ns in instants_ns])
        channel = self._channels[RECEIVERS][transmitter]
        return channel.at(offsets_m, instants_ns), channel.mean_gains(offsets_m)

    def mean_gains(self, transmitter: str, t_ns: int) -> RealArray:
        """E|c_n|^2 per antenna over the noise (4,), linear, given the geometry at t and the run's rain."""
        offsets_m = self._offsets_m(transmitter, RECEIVERS, t_ns)
        return self._channels[RECEIVERS][transmitter].mean_gains(offsets_m)

    def _offsets_m(self, transmitter: str, receivers: Sequence[str], t_ns: int) -> RealArray:
        positions_m = np.array([self._motions[name].position_m(t_ns) for name in receivers])
        return np.asarray(positions_m - np.array(self._motions[transmitter].position_m(t_ns)))

    def _make_channels(self, receivers: tuple[str, ...]) -> dict[str, _Channel]:
        params, streams = self.params, self._streams
        noise_mw = from_dbm(params.noise_dbm)
        uav_hz = [self.doppler_hz("uav", name) for name in receivers]
        ground_hz = [self.doppler_hz("base_station", name) for name in receivers]
        return {
            "satellite": SatelliteChannel(
                params.satellite, wavelength_m(params.carrier_hz), noise_mw, streams, receivers
            ),
            "uav": AirGroundChannel(params.uav, noise_mw, streams, receivers, uav_hz),
            "base_station": TerrestrialChannel(params.base_station, noise_mw, streams, receivers, ground_hz),
        }


def _receiver_motion(name: str, receiver: ReceiverParams, streams: Streams) -> Motion:
    if receiver.speed_mps == 0.0:
        return Static(receiver.position_m)
    return Walk(streams, name, receiver.position_m, receiver.speed_mps, receiver.roam_m)
