"""The physical world of one run of the space-air-ground system: the world, the air, and everybody in it."""

from collections.abc import Mapping

import numpy as np

from entities.air import Air
from entities.base_station import BaseStation
from entities.eavesdropper import Eavesdropper
from entities.entity import Entity
from entities.reporting import Reporting
from entities.satellite import Satellite
from entities.transmitter import Radio
from entities.uav import Uav
from entities.user import User
from entities.world import World
from scenarios.sagin.configure import antennas, powers_mw, world_params
from scenarios.sagin.spec import SaginSpec
from scenarios.sagin.topology import propagation, visibility
from twin.emulation.plane import MessagePlane
from twin.emulation.routes import IsUp, Propagation
from twin.emulation.streams import Streams
from twin.signal.sagin import EAVESDROPPER, TRANSMITTERS
from twin.signal.secrecy import secrecy_rates
from twin.signal.units import from_db


class SaginPhysics:
    """Satellite, UAV and base station, their users, bystanders and the eavesdropper."""

    def __init__(self, spec: SaginSpec, seed: int) -> None:
        self._spec, self._streams = spec, Streams(seed)
        self.world = World(world_params(spec), self._streams)
        self.air = Air(self.world, antennas(spec), powers_mw(spec))

    @property
    def propagation(self) -> Propagation:
        """Propagation delay between two sites at an instant."""
        return propagation(self.world)

    @property
    def visible(self) -> IsUp:
        """Whether the satellite, if it takes part in a link, is in sight."""
        return visibility(self.world)

    def entities(self, plane: MessagePlane, run_id: str) -> dict[str, Entity]:
        """The entities by name."""
        spec, kernel, reporting = self._spec, plane.kernel, Reporting(self._spec.report.period_ns)
        radios = self._radios()
        ports = {name: plane.port(name, run_id) for name in spec.entities}
        followers = tuple(name for name in TRANSMITTERS if name != "uav")
        station = BaseStation("base_station", kernel, ports["base_station"], radios["base_station"], reporting)
        entities: dict[str, Entity] = {
            "satellite": Satellite("satellite", kernel, ports["satellite"], radios["satellite"], reporting),
            "uav": Uav("uav", kernel, ports["uav"], radios["uav"], reporting, followers),
            "base_station": station,
            EAVESDROPPER: Eavesdropper(EAVESDROPPER, kernel, ports[EAVESDROPPER]),
        }
        for name in spec.entities:
            if name not in entities:
                entities[name] = User(name, kernel, ports[name], self.world, self.air, reporting)
        return entities

    def age_ns(self, t_ns: int) -> int:
        """Age of the oldest measurement behind what is on air."""
        return t_ns - min(self.air.data_ns.values())

    def rate(self, t_ns: int) -> float:
        """The worst user's secrecy rate with what is on air."""
        truths = [self.world.channels(name, t_ns) for name in TRANSMITTERS]
        return float(np.min(secrecy_rates(truths, [self.air.precoders[name] for name in TRANSMITTERS])))

    def _radios(self) -> Mapping[str, Radio]:
        spec, budgets = self._spec, powers_mw(self._spec)
        pilot_snr, csi_error = float(from_db(spec.radio.pilot_snr_db)), spec.eavesdropper.csi_error
        return {
            name: Radio(self.world, self.air, self._streams, pilot_snr, csi_error, budgets[name])
            for name in TRANSMITTERS
        }
