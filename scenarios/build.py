"""From a Spec to a wired emulation: kernel, world, entities, network, hosts, journal."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from entities.entity import Entity
from scenarios import outages
from scenarios.fates import declared, lives
from scenarios.sites import CORE_HOST, EDGE_HOST, hosts
from scenarios.spec import Spec
from scenarios.system import Physics, System
from scenarios.systems import system_of
from twin.emulation.barrier import coupling
from twin.emulation.keeper import Recorder
from twin.emulation.kernel import Kernel
from twin.emulation.lookahead import lookahead
from twin.emulation.network import Layout
from twin.emulation.plane import MessagePlane
from twin.emulation.streams import Streams
from twin.nodes.config import to_wire
from twin.runtime.host import Host
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
    physics: Physics
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
    system = system_of(spec)
    kernel = Kernel((*system.ports, *spec.twins))
    window_ns, run = choose_window_ns(spec, window), run_id(spec, seed)
    physics, host_of = system.physics(seed), hosts(spec.twins)
    with ExitStack() as stack:
        link = make_link(transport, [Host(EDGE_HOST), Host(CORE_HOST)])
        stack.callback(link.close)
        link.open(_welcomes(system, kernel, host_of, run))
        graph = system.graph()
        up = outages.is_up(spec, graph, physics.visible)
        layout = Layout(graph, system.sites(), host_of, physics.propagation, up)
        couple = coupling(kernel, link, host_of, window_ns)
        plane = MessagePlane(kernel, layout, Streams(seed), recorder, couple, lives(system))
        entities = physics.entities(plane, run)
        stack.pop_all()
    return Emulation(spec, kernel, physics, plane, entities, link, window_ns)


def choose_window_ns(spec: Spec, window: Window) -> int:
    """The length of the windows in ns; 0 is lockstep.

    Raises:
        UsageError: the window is longer than the lookahead of the twins.
    """
    if window == 0:
        return 0
    system = system_of(spec)
    longest = lookahead(system.graph(), system.sites(), declared(system))
    return longest.window_ns if window == "auto" else longest.check(window)


def _welcomes(system: System[Spec], kernel: Kernel, host_of: Mapping[str, str], run: str) -> dict[str, Welcome]:
    configs = system.node_configs({name: kernel.rank(name) for name in host_of})
    return {
        host: Welcome(run, tuple(to_wire(config) for name, config in configs.items() if host_of[name] == host), 0)
        for host in sorted(set(host_of.values()))
    }
