"""The physical world of one run of the two stations: the world, the air, and everybody in it."""

from entities.eavesdropper import Eavesdropper
from entities.entity import Entity
from entities.isac_air import IsacAir
from entities.isac_measurement import Pilots
from entities.isac_station import SensingStation, Station, StationRadio
from entities.isac_world import IsacWorld
from entities.reporting import Reporting
from entities.target import Target
from entities.user import User
from scenarios.hisac.configure import circuit_w, powers_mw, streams, world_params
from scenarios.hisac.spec import HisacSpec
from scenarios.hisac.topology import propagation
from scenarios.hisac.worth import Scale, worth
from twin.emulation.plane import MessagePlane
from twin.emulation.routes import IsUp, Propagation, always_up
from twin.emulation.streams import Streams
from twin.signal.isac import BOB, EAVESDROPPER, MULTICAST, SENSING, STATIONS, TARGET
from twin.signal.units import from_db


class HisacPhysics:
    """Both stations, Bob, the eavesdropper, the target and the users."""

    def __init__(self, spec: HisacSpec, seed: int) -> None:
        self._spec, self._streams = spec, Streams(seed)
        self.world = IsacWorld(world_params(spec), self._streams)
        self.air = IsacAir(self.world, streams(spec), powers_mw(spec))

    @property
    def propagation(self) -> Propagation:
        """Propagation delay between two sites at an instant."""
        return propagation(self._spec, self.world)

    @property
    def visible(self) -> IsUp:
        """Everybody is in sight of everybody, always."""
        return always_up

    def entities(self, plane: MessagePlane, run_id: str) -> dict[str, Entity]:
        """The entities by name."""
        spec, kernel, reporting = self._spec, plane.kernel, Reporting(self._spec.report.period_ns)
        ports = {name: plane.port(name, run_id) for name in spec.entities}
        powers = powers_mw(spec)
        pilots = Pilots(
            float(from_db(spec.radio.pilot_snr_db)),
            {BOB: spec.bob.csi_error, EAVESDROPPER: spec.eavesdropper.csi_error},
        )
        radios = {name: StationRadio(self.world, self.air, self._streams, pilots, powers[name]) for name in STATIONS}
        entities: dict[str, Entity] = {
            SENSING: SensingStation(SENSING, kernel, ports[SENSING], radios[SENSING], reporting),
            MULTICAST: Station(MULTICAST, kernel, ports[MULTICAST], radios[MULTICAST], reporting),
            EAVESDROPPER: Eavesdropper(EAVESDROPPER, kernel, ports[EAVESDROPPER]),
            TARGET: Target(TARGET, kernel, ports[TARGET]),
        }
        for name in (BOB, *spec.user_names):
            entities[name] = User(name, kernel, ports[name], self.world, self.air, reporting)
        return entities

    def age_ns(self, t_ns: int) -> int:
        """Age of the oldest measurement behind what is on air."""
        return t_ns - min(self.air.data_ns.values())

    def rate(self, t_ns: int) -> float:
        """Bob's secrecy rate with what is on air."""
        scale = Scale(self._spec.demands.threshold, circuit_w(self._spec), self.world.params.echo_gain)
        channels = self.world.channels(SENSING, t_ns), self.world.channels(MULTICAST, t_ns)
        return worth(channels, tuple(self.air.precoders[name] for name in STATIONS), scale).secrecy
