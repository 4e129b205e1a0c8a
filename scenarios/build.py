"""From a Spec to a wired emulation: kernel, world, entities, network, hosts, journal."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

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
from scenarios import topology
from scenarios.configure import antennas, node_configs, powers_mw, world_params
from scenarios.spec import Spec
from twin.emulation.kernel import Kernel
from twin.emulation.network import Layout
from twin.emulation.plane import MessagePlane, Recorder
from twin.emulation.streams import Streams
from twin.nodes.config import to_wire
from twin.nodes.coordinator import SOLVE_TIMER
from twin.runtime.host import Host
from twin.signal.sagin import EAVESDROPPER, TRANSMITTERS
from twin.signal.units import from_db
from twin.wire.protocol import TimerRequest, Welcome
from twin.wire.transport import Link, make_link


def run_id(spec: Spec, seed: int) -> str:
    """Names a run by what determines it: 16 hex digits of a hash of scenario and seed.

    How the judge looks at a run, `metrics`, is not part of it: no message and no digest depends on that.
    """
    lived = {name: section for name, section in spec.as_dict().items() if name != "metrics"}
    text = json.dumps([lived, seed], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class Emulation:
    """Everything that lives during a run. Use as a context manager: leaving it closes the sockets."""

    spec: Spec
    kernel: Kernel
    world: World
    air: Air
    plane: MessagePlane
    entities: Mapping[str, Entity]
    link: Link

    def start(self) -> None:
        """Let the entities begin, in canonical order, and set the coordinator's first timer if it needs one."""
        for name in sorted(self.entities):
            self.entities[name].start()
        if self.spec.twin.trigger == "periodic":
            first = TimerRequest(self.spec.twin.coordinator, SOLVE_TIMER, self.spec.twin.period_ns)
            self.plane.set_timer(first)

    def stop(self) -> dict[str, str]:
        """Stop the hosts; returns the state hash of every twin."""
        hashes: dict[str, str] = {}
        for answer in self.link.stop().values():
            hashes.update(answer.hashes)
        return hashes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.link.close()


def build(spec: Spec, seed: int, transport: str, recorder: Recorder) -> Emulation:
    """Wire an emulation of `spec`; nothing has happened yet at virtual time 0."""
    kernel = Kernel((*spec.entities, *topology.twin_names(spec)))
    streams = Streams(seed)
    world = World(world_params(spec), streams)
    air = Air(world, antennas(spec), powers_mw(spec))
    host_of = topology.hosts(spec)
    with ExitStack() as stack:
        link = make_link(transport, [Host(topology.EDGE_HOST), Host(topology.CORE_HOST)])
        stack.callback(link.close)
        link.open(_welcomes(spec, kernel, host_of, run_id(spec, seed)))
        layout = Layout(topology.make_graph(spec), topology.sites(spec), host_of, topology.propagation(world))
        plane = MessagePlane(kernel, layout, streams, recorder, link)
        entities = _entities(spec, seed, plane, world, air)
        stack.pop_all()
    return Emulation(spec, kernel, world, air, plane, entities, link)


def _welcomes(spec: Spec, kernel: Kernel, host_of: Mapping[str, str], run: str) -> dict[str, Welcome]:
    configs = node_configs(spec, {name: kernel.rank(name) for name in host_of})
    return {
        host: Welcome(run, tuple(to_wire(config) for name, config in configs.items() if host_of[name] == host), 0)
        for host in sorted(set(host_of.values()))
    }


def _entities(spec: Spec, seed: int, plane: MessagePlane, world: World, air: Air) -> dict[str, Entity]:
    kernel, run, reporting = plane.kernel, run_id(spec, seed), Reporting(spec.report.period_ns)
    budgets = powers_mw(spec)
    radios = {
        name: Radio(
            world,
            air,
            Streams(seed),
            float(from_db(spec.radio.pilot_snr_db)),
            spec.eavesdropper.csi_error,
            budgets[name],
        )
        for name in TRANSMITTERS
    }
    ports = {name: plane.port(name, run) for name in spec.entities}
    followers = tuple(name for name in TRANSMITTERS if name != "uav")
    entities: dict[str, Entity] = {
        "satellite": Satellite("satellite", kernel, ports["satellite"], radios["satellite"], reporting),
        "uav": Uav("uav", kernel, ports["uav"], radios["uav"], reporting, followers),
        "base_station": BaseStation("base_station", kernel, ports["base_station"], radios["base_station"], reporting),
        EAVESDROPPER: Eavesdropper(EAVESDROPPER, kernel, ports[EAVESDROPPER]),
    }
    for name in spec.entities:
        if name not in entities:
            entities[name] = User(name, kernel, ports[name], world, air, reporting)
    return entities
