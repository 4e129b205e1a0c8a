"""The message plane: messages per second with a trivial solver, journal and digest on.

N entities report at a fixed rate; each report goes to the edge twin and its replica on to the core twin. Every tenth
entity is a transmitter: its core twin answers at once with a precoder, which goes down through the edge twin. That
makes 2.2 messages per report. Entities have a radio link each; the twins of all share two clouds.

    simpy     the anchor: as many bare SimPy callbacks as there are messages, and nothing else
    memory    hosts are handed what the codec would hand over
    inproc    real ZeroMQ sockets

Every row but the anchor writes a journal and sums the digests; all rows of a size must give one digest. Repetitions are
interleaved; figures are medians of them. Costs are processor time: all runs on one thread, so on an idle machine that
is wall time too. They are taken after two report periods in which every sender and receiver has been met.

Handling costs 1 ms here, and so windows are 1 ms long. At the default 20 us of a scenario a window holds about one
delivery, and windows cost what lockstep costs.

Usage: python benchmarks/message_plane.py [--quick | --flat | --real-time | --length | --profile]
"""

import argparse
import cProfile
import os
import pstats
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import networkx as nx
import numpy as np
import simpy

from entities.entity import Entity
from twin.emulation.barrier import coupling
from twin.emulation.garbage import long_lived
from twin.emulation.kernel import Kernel
from twin.emulation.links import LinkParams
from twin.emulation.lookahead import Declared, lookahead
from twin.emulation.network import Layout
from twin.emulation.plane import MessagePlane
from twin.emulation.streams import Streams
from twin.journal.facts import Closed
from twin.journal.journal import Journal
from twin.nodes.base import Outputs
from twin.nodes.config import NodeConfig, to_wire
from twin.nodes.edge import EdgeTwin
from twin.runtime.host import Host
from twin.wire.messages import Kind, Letter, Precoder, State
from twin.wire.protocol import Welcome
from twin.wire.transport import make_link

HANDLE_NS = 1_000_000
PER_HOST = 1000
TRANSMITTERS = 10  # one in so many entities
PER_REPORT = 2 + 2 / TRANSMITTERS
MESSAGES = 12_000
WARM_PERIODS = 2
GOLDEN = 0.6180339887498949
REPETITIONS = 5


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
        journal = Journal(Path(folder) / "journal.wal", {})
        with make_link(row.transport, [Host(name, make=make) for name in hosts]) as link:
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
    delivered = plane.counts["delivered"] - before
    return {
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "rate": delivered / cpu_s,
        "events": (kernel.events - events) / delivered,
        "digest": journal.digest(),
    }


def anchor(messages: int) -> float:
    """Bare SimPy: one event with one callback per message; messages per second."""
    env = simpy.Environment()
    left = [messages]

    def fire(_event):
        if left[0] > 0:
            left[0] -= 1
            env.timeout(1).callbacks.append(fire)

    for _ in range(100):
        fire(None)
    began = time.process_time()
    env.run()
    return messages / (time.process_time() - began)


ROWS = [Row(transport, window) for transport in ("memory", "inproc") for window in ("lockstep", "windows")]


def compare(counts: list[int], messages: int, repetitions: int) -> None:
    """All rows for each size; the in-memory row with windows is what the others are compared with."""
    print(
        f"handling cost {HANDLE_NS / 1e6:g} ms = longest window; about {messages} messages, {repetitions} repetitions"
    )
    print("entities  row               messages/s  x memory  us/message  events/message")
    for count in counts:
        duration_ns = round(messages / PER_REPORT / count / 100 * 1e9)
        found: dict[Row, list[dict]] = {row: [] for row in ROWS}
        bare = []
        for _ in range(repetitions):
            bare.append(anchor(messages))
            for row in ROWS:
                found[row].append(run(count, row, duration_ns))
        digests = {result["digest"] for results in found.values() for result in results}
        if len(digests) != 1:
            raise SystemExit(f"{count} entities: {len(digests)} digests: must be one")
        base = max(median(found[row], "rate") for row in ROWS if row.transport == "memory")
        print(f"{count:8d}  {'simpy':16s}  {statistics.median(bare):10.0f}  {statistics.median(bare) / base:8.2f}")
        for row, results in found.items():
            rate, events = median(results, "rate"), median(results, "events")
            name = f"{row.transport} {row.window}"
            print(f"{count:8d}  {name:16s}  {rate:10.0f}  {rate / base:8.2f}  {1e6 / rate:10.1f}  {events:14.2f}")


def median(results: list[dict], key: str) -> float:
    return statistics.median(result[key] for result in results)


def flat(repetitions: int) -> None:
    """Cost per message as entities grow a hundredfold, at one message rate."""
    print("entities  us/message  x at 100   (memory, lockstep, interleaved)")
    counts = (100, 1000, 10_000)
    found: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(repetitions):
        for count in counts:
            rate_hz = 10_000 / count
            result = run(count, Row("memory", "lockstep"), 1_000_000_000, rate_hz)
            found[count].append(1e6 / result["rate"])
    middle = {count: statistics.median(costs) for count, costs in found.items()}
    for count, cost in middle.items():
        print(f"{count:8d}  {cost:10.1f}  {cost / middle[100]:8.2f}")


def real_time(repetitions: int) -> None:
    """Virtual over wall time of 100 entities that report at 100 and at 5 Hz, in memory."""
    row = Row("memory", "windows")
    for rate_hz, goal in ((100.0, 1), (5.0, 10)):
        seconds = 100 / rate_hz
        results = [run(100, row, round(seconds * 1e9), rate_hz) for _ in range(repetitions)]
        wall, cpu = (seconds / median(results, key) for key in ("wall_s", "cpu_s"))
        factors = f"{wall:.2f} by the wall clock, {cpu:.2f} by processor time"
        print(f"real-time factor, 100 entities at {rate_hz:g} Hz in memory: {factors} (goal {goal})")


def length(seconds: float) -> None:
    """Resident memory after runs of growing length."""
    for factor in (1, 10):
        run(100, Row("memory", "windows"), round(factor * seconds * 1e9), 100.0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak resident memory after {factor * seconds:g} s virtual: {peak:.0f} MiB")


def profile() -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    run(100, Row("memory", "windows"), 1_000_000_000)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes: dict[str, Callable[[], None]] = {
        "quick": lambda: compare([10, 100], 3000, 3),
        "flat": lambda: flat(3),
        "real-time": lambda: real_time(3),
        "length": lambda: length(1.0),
        "profile": profile,
    }
    for name in modes:
        parser.add_argument(f"--{name}", action="store_const", const=name, dest="mode")
    mode = parser.parse_args().mode
    if mode is not None:
        modes[mode]()
        return
    compare([10, 100, 1000], MESSAGES, REPETITIONS)
    flat(3)
    real_time(3)
    length(1.0)


if __name__ == "__main__":
    main()
