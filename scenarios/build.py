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
from scenarios.fates import lives, lookahead_of
from scenarios.faults import clocks, link_faults
from scenarios.sites import hosts
from scenarios.spec import Spec
from scenarios.system import Physics, System
from scenarios.systems import system_of
from twin.emulation.barrier import Horizon, coupling
from twin.emulation.keeper import Archive, Keeper, Recorder
from twin.emulation.kernel import Kernel
from twin.emulation.plane import MessagePlane
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.nodes.config import to_wire
from twin.runtime.hosting import Hosting, connect, hosting_of
from twin.wire.link import Link
from twin.wire.protocol import Welcome

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

    def start(self) -> None:
        """Let the entities begin, in canonical order, then the clocks of the twins."""
        for name in sorted(self.entities):
            self.entities[name].start()
        self.plane.start()

    def stop(self) -> dict[str, str]:
        """Have the last deliveries handled and stop the hosts; returns the state hash of every twin.

        Where the run was interrupted they stay in flight: more may have come with them, and who goes on with the run
        must find in the journal nothing that happened before its time.
        """
        if not self.kernel.stopped:
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


def reach(spec: Spec, transport: str | Hosting) -> Link:
    """The link to the hosts of a scenario, not open yet; those in other processes begin now.

    Raises:
        UsageError: the transport is unknown, or its address is taken.
    """
    return connect(hosting_of(transport), sorted(set(hosts(spec.twins, spec.hosts).values())))


def build(
    spec: Spec,
    seed: int,
    link: Link | str,
    recorder: Recorder,
    window: Window = "auto",
    archive: Archive | None = None,
) -> Emulation:
    """Wire an emulation of `spec`; nothing has happened yet at virtual time 0.

    `link` is what `reach` gives, or the name of a transport; the emulation closes it. `window` is the length of the
    conservative windows in ns, 0 for lockstep, or "auto" for as long as the deliveries in each allow. `archive` is what
    is on file of an earlier attempt at this run.

    Raises:
        UsageError: the window is longer than the lookahead of the twins, or the transport is unknown.
        HostLostError: a host did not come.
    """
    system = system_of(spec)
    site_of = system.sites()
    kernel = Kernel((*system.ports, *spec.twins), clocks(spec.fault, site_of))
    length, run = choose_window(spec, window), run_id(spec, seed)
    physics, host_of = system.physics(seed), hosts(spec.twins, spec.hosts)
    with ExitStack() as stack:
        link = reach(spec, link) if isinstance(link, str) else link
        stack.callback(link.close)
        link.open(_welcomes(system, kernel, host_of, run))
        graph = system.graph()
        up = outages.is_up(spec, graph, physics.visible)
        struck = link_faults(spec.fault, graph, site_of)
        layout = Layout(graph, site_of, host_of, physics.propagation, up, struck)
        couple = coupling(kernel, link, host_of, length, Keeper(link, recorder, archive))
        plane = MessagePlane(kernel, layout, Streams(seed), recorder, couple, lives(system))
        entities = physics.entities(plane, run)
        stack.pop_all()
    return Emulation(spec, kernel, physics, plane, entities, link)


def choose_window(spec: Spec, window: Window) -> int | Horizon:
    """The length of all windows in ns, 0 for lockstep; or how long each delivery may wait.

    Raises:
        UsageError: the window is longer than the lookahead of the twins.
    """
    if window == 0:
        return 0
    ahead = lookahead_of(system_of(spec))
    return ahead.horizon if window == "auto" else ahead.check(window)


def _welcomes(system: System[Spec], kernel: Kernel, host_of: Mapping[str, str], run: str) -> dict[str, Welcome]:
    configs = system.node_configs({name: kernel.rank(name) for name in host_of})
    return {
        host: Welcome(run, tuple(to_wire(config) for name, config in configs.items() if host_of[name] == host), 0)
        for host in sorted(set(host_of.values()))
    }
