"""The world of `message_plane`: entities that report, twins that do next to nothing, and one run of them.

Runs over ipc and tcp begin their hosts by calling the script again, with `host ...`.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np

from entities.entity import Entity
from twin.emulation.barrier import coupling
from twin.emulation.garbage import long_lived
from twin.emulation.kernel import Kernel
from twin.emulation.links import LinkParams
from twin.emulation.lookahead import Declared, lookahead
from twin.emulation.plane import MessagePlane
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.journal.facts import Closed
from twin.journal.journal import Journal
from twin.journal.reader import read_journal
from twin.nodes.base import Outputs
from twin.nodes.config import NodeConfig, to_wire
from twin.nodes.edge import EdgeTwin
from twin.runtime.hosting import Hosting, connect
from twin.wire.messages import Kind, Letter, Precoder, State
from twin.wire.protocol import Welcome

HANDLE_NS = 1_000_000
PER_HOST = 1000
TRANSMITTERS = 10  # one in so many entities
WARM_PERIODS = 2
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Row:
    """One way to couple the kernel and the hosts."""

    transport: str
    window: str


class Reporter(Entity):
    """Reports its state; takes precoders in."""

    period_ns = 10_000_000

    def run(self):
        state = State(np.zeros(3), np.zeros(3), 0.0)
        # Spread over the period: entities do not report in chorus.
        yield self.kernel.sleep(self.name, round(self.kernel.rank(self.name) * GOLDEN % 1.0 * self.period_ns))
        while True:
            now = self.kernel.now_ns
            self.port.send(Letter(Kind.STATE, self.edge_twin, state, now, now // self.period_ns + 1))
            yield self.kernel.sleep(self.name, self.period_ns)

    def receive(self, _envelope, _body):
        return ""


class TrivialCore:
    """A core twin that answers every replica of a transmitter with the same precoder, in a new version."""

    def __init__(self, config):
        self.name, self.config, self.version = config.name, config, 0
        self.transmits = int(config.entity[1:]) % TRANSMITTERS == 0
        self.vector = np.full(4, 0.5 + 0.5j)

    def handle(self, incoming):
        if not self.transmits:
            return Outputs(self.config.handle_ns)
        self.version += 1
        cause = incoming.envelope
        precoder = Precoder(self.config.entity, self.version, self.vector, 0)
        letter = Letter(Kind.PRECODER, self.config.peer, precoder, cause.t_data_ns, cause.trace_id, cause.msg_id)
        return Outputs(self.config.handle_ns, (letter,))

    def state(self):
        return self.version

    def restore(self, state):
        self.version = state


def make(config, life):
    return EdgeTwin(config, life) if config.role == "edge" else TrivialCore(config)


def config(name, rank):
    side, _, entity = name.partition(":")
    return NodeConfig(
        name=name, role=side, entity=entity, entity_kind="user", rank=rank,
        peer=f"{'core' if side == 'edge' else 'edge'}:{entity}", coordinator=f"core:{entity}", eavesdropper="eve",
        sensed_to="", handle_ns=HANDLE_NS, mailbox_max=1000, coordination=None,
    )  # fmt: skip


def graph_of(entities):
    graph = nx.Graph()
    radio = LinkParams("radio", 1_000_000, 100_000, 50e6, 0.0, 1000)
    backhaul = LinkParams("backhaul", 2_000_000, 200_000, 1e11, 0.0, 100_000)
    for entity in entities:
        graph.add_edge(entity, "edge cloud", params=radio)
    graph.add_edge("edge cloud", "core cloud", params=backhaul)
    return graph


def run(count: int, row: Row, duration_ns: int, rate_hz: float = 100.0) -> dict[str, float | str]:
    """Emulate two report periods and then `duration_ns`; what is returned is of the latter, but for the digest."""
    warm_ns = round(WARM_PERIODS / rate_hz * 1e9)
    entities = [f"u{k:05d}" for k in range(count)]
    twins = [f"{side}:{entity}" for entity in entities for side in ("edge", "core")]
    kernel = Kernel((*entities, *twins))
    host_of = {name: f"{name[:4]}{int(name[6:]) // PER_HOST}" for name in twins}
    hosts = sorted(set(host_of.values()))
    graph, site_of = graph_of(entities), {name: f"{name[:4]} cloud" for name in twins} | {e: e for e in entities}
    window = 0
    if row.window == "windows":
        window = lookahead(graph, site_of, dict.fromkeys(twins, Declared(HANDLE_NS))).window_ns
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.wal"
        journal = Journal(path, {})
        with connect(Hosting(row.transport, children=(sys.executable, sys.argv[0], "host")), hosts, make) as link:
            configs = {host: [] for host in hosts}
            for name in twins:
                configs[host_of[name]].append(to_wire(config(name, kernel.rank(name))))
            link.open({host: Welcome("run", tuple(each), 0) for host, each in configs.items()})
            layout = Layout(graph, site_of, host_of, lambda _a, _b, _t: 0)
            plane = MessagePlane(kernel, layout, Streams(1), journal, coupling(kernel, link, host_of, window))
            for entity in entities:
                reporter = Reporter(entity, kernel, plane.port(entity, "run"))
                reporter.period_ns = round(1e9 / rate_hz)
                reporter.start()
            plane.start()
            with long_lived():
                kernel.run(warm_ns)
                before, events = plane.counts["delivered"], kernel.events
                wall_s, cpu_s = time.perf_counter(), time.process_time()
                kernel.run(warm_ns + duration_ns)
                plane.finish(warm_ns + duration_ns)
                wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
            link.stop()
        journal.close(Closed(warm_ns + duration_ns, kernel.events, wall_s, False, {}))
        digest = read_journal(path).digests.digest()
    delivered = plane.counts["delivered"] - before
    return {
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "rate": delivered / cpu_s,
        "wall_rate": delivered / wall_s,
        "events": (kernel.events - events) / delivered,
        "digest": digest,
    }
