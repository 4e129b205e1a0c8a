"""From a Spec to a wired emulation: kernel, world, entities, network, hosts, journal."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

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
from scenarios import outages, topology
from scenarios.configure import antennas, declared, lives, node_configs, powers_mw, world_params
from scenarios.spec import Spec
from twin.emulation.barrier import coupling
from twin.emulation.keeper import Recorder
from twin.emulation.kernel import Kernel
from twin.emulation.lookahead import lookahead
from twin.emulation.network import Layout
from twin.emulation.plane import MessagePlane
from twin.emulation.streams import Streams
from twin.nodes.config import to_wire
from twin.runtime.host import Host
from twin.signal.sagin import EAVESDROPPER, TRANSMITTERS
from twin.signal.units import from_db
from twin.wire.protocol import Welcome
from twin.wire.transport import Link, make_link

Window = int | Literal["auto"]


def run_id(spec: Spec, seed: int) -> str:
    """Names a run by what determines it: 16 hex digits of a hash of scenario and seed.

    How the judge looks at a run, `metrics`, is not part of it: no message and no digest depends on that.
    """
    lived = {name: section for name, section in spec.identity().items() if name != "metrics"}
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
    window_ns: int

    def start(self) -> None:
        """Let the entities begin, in canonical order, then the clocks of the twins."""
        for name in sorted(self.entities):
            self.entities[name].start()
        self.plane.start()

    def stop(self) -> dict[str, str]:
        """Have the last deliveries handled and stop the hosts; returns the state hash of every twin."""
        self.plane.finish(self.spec.scenario.duration_ns)
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


def build(spec: Spec, seed: int, transport: str, recorder: Recorder, window: Window = "auto") -> Emulation:
    """Wire an emulation of `spec`; nothing has happened yet at virtual time 0.

    `window` is the length of the conservative windows in ns, 0 for lockstep, or "auto" for the longest valid one.

    Raises:
        UsageError: the window is longer than the lookahead of the twins, or the transport is unknown.
    """
    kernel = Kernel((*spec.entities, *topology.twin_names(spec)))
    window_ns, streams = choose_window_ns(spec, window), Streams(seed)
    world = World(world_params(spec), streams)
    air = Air(world, antennas(spec), powers_mw(spec))
    host_of = topology.hosts(spec)
    with ExitStack() as stack:
        link = make_link(transport, [Host(topology.EDGE_HOST), Host(topology.CORE_HOST)])
        stack.callback(link.close)
        link.open(_welcomes(spec, kernel, host_of, run_id(spec, seed)))
        graph = topology.make_graph(spec)
        up = outages.is_up(spec, graph, topology.visibility(world))
        layout = Layout(graph, topology.sites(spec), host_of, topology.propagation(world), up)
        plane = MessagePlane(kernel, layout, streams, recorder, coupling(kernel, link, host_of, window_ns), lives(spec))
        entities = _entities(spec, seed, plane, world, air)
        stack.pop_all()
    return Emulation(spec, kernel, world, air, plane, entities, link, window_ns)


def choose_window_ns(spec: Spec, window: Window) -> int:
    """The length of the windows in ns; 0 is lockstep.

    Raises:
        UsageError: the window is longer than the lookahead of the twins.
    """
    if window == 0:
        return 0
    longest = lookahead(topology.make_graph(spec), topology.sites(spec), declared(spec))
    return longest.window_ns if window == "auto" else longest.check(window)


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
