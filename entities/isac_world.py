"""Who is where around the two stations, and which channel joins whom: a pure function of (params, seed, time).

Nothing ticks and nothing is stored: ask for any instant in any order. Streams are keyed by names, so that a further
user leaves the channels of the others as they were.
"""

from collections.abc import Sequence

import numpy as np

from entities.channels.rician_shadowed import Links, RicianShadowedChannel, StationChannel, make_channel
from entities.channels.terrestrial import ground_doppler_hz
from entities.isac_params import IsacParams, StationParams
from entities.mobility.static import Static, SteadyMotion
from entities.mobility.walk import Walk
from entities.mobility.waypoints import Waypoints
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray
from twin.signal.isac import MULTICAST, SENSING, TARGET, heard_by
from twin.signal.units import from_dbm, wavelength_m


class IsacWorld:
    """The true geometry and the true channels. Twins never see it: they get what entities measure and send.

    Entities are named "bs1", "bs2", "target" and by the keys of `params.receivers`; an unknown name is a KeyError.
    Channels are noise-normalised: amplitude over the standard deviation of the noise in sqrt(mW). The target is seen by
    its line of sight whatever the model of the other channels: an echo without one has no direction.
    """

    def __init__(self, params: IsacParams, streams: Streams) -> None:
        self.params = params
        self.stations = {SENSING: params.sensing_station, MULTICAST: params.multicast_station}
        self._streams = streams
        target = params.target
        self._motions: dict[str, SteadyMotion] = {
            **{name: Static(station.position_m) for name, station in self.stations.items()},
            TARGET: Waypoints(target.waypoints_m, target.altitude_m, target.speed_mps, closed=target.closed),
        }
        for name, receiver in params.receivers.items():
            still = receiver.speed_mps == 0.0
            self._motions[name] = (
                Static(receiver.position_m)
                if still
                else Walk(streams, name, receiver.position_m, receiver.speed_mps, receiver.roam_m)
            )
        self._groups = {name: self._make_groups(name, station) for name, station in self.stations.items()}

    def heard_by(self, station: str) -> tuple[str, ...]:
        """Who hears a station: the rows of its channels."""
        return heard_by(station, self.params.users)

    def position_m(self, name: str, t_ns: int) -> RealArray:
        """Position (3,) in m of any entity: x, y on the ground, z up."""
        return np.array(self._motions[name].position_m(t_ns))

    def velocity_mps(self, name: str, t_ns: int) -> RealArray:
        """Velocity (3,) in m/s of any entity."""
        return np.array(self._motions[name].velocity_mps(t_ns))

    def distance_m(self, one: str, other: str, t_ns: int) -> float:
        """Distance in m between two entities."""
        return float(np.linalg.norm(self.position_m(other, t_ns) - self.position_m(one, t_ns)))

    def doppler_hz(self, receiver: str) -> float:
        """Doppler spread in Hz of the scatter between any station and a receiver, constant in time."""
        return ground_doppler_hz(self._motions[receiver].speed_mps, wavelength_m(self.params.carrier_hz))

    def channels(self, station: str, t_ns: int) -> ComplexArray:
        """True channels (R, M) of a station; row k is that to receiver k of `heard_by`."""
        rows = np.empty((len(self.heard_by(station)), self.stations[station].antennas), dtype=np.complex128)
        for places, names, channel in self._groups[station]:
            rows[places] = channel.at(self._offsets_m(station, names, t_ns), t_ns)
        return rows

    def over(self, station: str, instants_ns: Instants) -> ComplexArray:
        """`channels` (T, R, M) at T instants."""
        return np.array([self.channels(station, int(t_ns)) for t_ns in instants_ns])

    def mean_gains(self, station: str, t_ns: int) -> RealArray:
        """E|h_n|^2 per antenna over the noise (R,), linear, given the geometry at t."""
        receivers = self.heard_by(station)
        return self._links(station, receivers).mean_gains(self._offsets_m(station, receivers, t_ns))

    def _offsets_m(self, station: str, receivers: Sequence[str], t_ns: int) -> RealArray:
        positions_m = np.array([self._motions[name].position_m(t_ns) for name in receivers])
        return np.asarray(positions_m - np.array(self._motions[station].position_m(t_ns)))

    def _links(self, station: str, receivers: Sequence[str]) -> Links:
        speeds_mps = [self._motions[name].speed_mps for name in receivers]
        wave_m, noise_mw = wavelength_m(self.params.carrier_hz), from_dbm(self.params.noise_dbm)
        return Links(self._streams, station, receivers, speeds_mps, wave_m, noise_mw)

    def _make_groups(self, name: str, station: StationParams) -> list[tuple[list[int], list[str], StationChannel]]:
        """The places of receivers in the rows, their names and their channels: those that listen, and the target."""
        fading, receivers = self.params.fading, self.heard_by(name)
        listening = [who for who in receivers if who != TARGET]
        groups: list[tuple[list[int], list[str], StationChannel]] = [
            (
                [receivers.index(who) for who in listening],
                listening,
                make_channel(fading, station, self._links(name, listening)),
            )
        ]
        if TARGET in receivers:
            seen = RicianShadowedChannel(fading, station, self._links(name, [TARGET]), self.params.target.rician_k_db)
            groups.append(([receivers.index(TARGET)], [TARGET], seen))
        return groups
