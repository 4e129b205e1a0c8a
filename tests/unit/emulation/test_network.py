import networkx as nx
import pytest

from twin.emulation.kernel import Kernel
from twin.emulation.links import LinkParams
from twin.emulation.network import Network
from twin.emulation.routes import Routes, always_up
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.wire.messages import SCHEMA, Envelope, Kind, Sealed
from twin.wire.protocol import Fate, Reason

SITES = {"a": "a", "b": "b", "c": "c", "a2": "a"}


def link(latency_ns, **changes):
    params = {
        "kind": "x",
        "latency_ns": latency_ns,
        "jitter_ns": 0,
        "rate_bps": 8e9,
        "loss": 0.0,
        "queue_max": 100,
    }
    return LinkParams(**(params | changes))


class Bench:
    """A network of a few sites that writes down what arrives and what ends on the way."""

    def __init__(self, edges, propagation=lambda _a, _b, _t: 0, seed=1):
        graph = nx.Graph()
        graph.add_nodes_from(SITES.values())
        for a, b, params in edges:
            graph.add_edge(a, b, params=params)
        self.kernel, self.routes = Kernel(SITES), Routes(graph, propagation, always_up)
        self.arrived, self.ended = [], []
        self.network = Network(
            self.kernel,
            Layout(graph, SITES, {}, propagation),
            Streams(seed),
            lambda transit: self.arrived.append((self.kernel.now_ns, transit)),
            lambda transit, t_ns, fate, reason: self.ended.append((t_ns, transit, fate, reason)),
        )

    def send(self, t_ns, src, dst, seq, size=1000):
        envelope = Envelope(SCHEMA, "run", Kind.STATE, src, dst, seq, seq, 1, 0, t_ns, -1, t_ns, 0, 0, b"")
        sealed = Sealed(envelope, bytes(size))
        self.kernel.at(t_ns, self.kernel.order(src, src, seq), lambda: self.network.send(sealed, t_ns))


def test_hops_add_up_to_the_latency_of_the_message():
    bench = Bench([("a", "b", link(100)), ("b", "c", link(50))], propagation=lambda a, _b, _t: 7 if a == "a" else 0)
    bench.send(5, "a", "c", 1)
    bench.kernel.run(10**9)
    ((t_ns, transit),) = bench.arrived
    assert [hop.link for hop in transit.hops] == ["x:a>b", "x:b>c"]
    assert [hop.propagation_ns for hop in transit.hops] == [107, 50]
    total = sum(h.queue_ns + h.serialisation_ns + h.propagation_ns + h.jitter_ns for h in transit.hops)
    assert t_ns - 5 == total == 107 + 50 + 2 * 1000


def test_route_is_the_one_of_least_latency_and_follows_the_geometry():
    def moving(a, b, t_ns):
        return 10_000_000 if {a, b} == {"a", "c"} and t_ns >= 200_000_000 else 0

    bench = Bench([("a", "b", link(100)), ("b", "c", link(100)), ("a", "c", link(150))], propagation=moving)
    assert bench.routes.route("a", "c", 0) == ("a", "c")
    assert bench.routes.route("a", "c", 200_000_000) == ("a", "b", "c")
    assert bench.routes.route("a", "c", 50) == ("a", "c")


def test_a_direct_link_carries_nothing_in_transit():
    bench = Bench([("a", "b", link(10, direct=True)), ("b", "c", link(10)), ("a", "c", link(500))])
    assert bench.routes.route("a", "b", 0) == ("a", "b")
    assert bench.routes.route("a", "c", 0) == ("a", "c")


def test_no_message_beats_the_least_latency_of_its_route():
    bench = Bench([("a", "b", link(100, jitter_ns=400)), ("b", "c", link(50, jitter_ns=400))])
    for k in range(200):
        bench.send(k * 700, "a", "c", k + 1)
    bench.kernel.run(10**9)
    least = 100 + 50 + 2 * 1000
    assert len(bench.arrived) == 200
    assert all(t_ns - transit.envelope.t_send_ns >= least for t_ns, transit in bench.arrived)


def test_one_kernel_event_per_hop():
    bench = Bench([("a", "b", link(100)), ("b", "c", link(50))])
    bench.send(0, "a", "c", 1)
    bench.kernel.run(10**9)
    assert bench.kernel.events == 1 + 2  # the send itself, and two hops


def test_names_on_one_site_meet_through_the_kernel_without_a_link():
    bench = Bench([("a", "b", link(100))])
    bench.send(3, "a", "a2", 1)
    bench.kernel.run(10)
    ((t_ns, transit),) = bench.arrived
    assert (t_ns, transit.hops) == (3, [])


def test_without_a_route_a_message_is_dropped_and_says_why():
    bench = Bench([("a", "b", link(100))])
    bench.send(0, "a", "c", 1)
    bench.kernel.run(10)
    ((_, _, fate, reason),) = bench.ended
    assert (fate, reason) == (Fate.DROPPED, Reason.NO_ROUTE)


def test_messages_are_conserved_through_loss_and_full_queues():
    bench = Bench([("a", "b", link(100, loss=0.2)), ("b", "c", link(50, rate_bps=1e9, queue_max=3))])
    for k in range(500):
        bench.send(k * 2000, "a", "c", k + 1)
    bench.kernel.run(500_000)
    open_now = 500 - len(bench.arrived) - len(bench.ended)
    assert open_now > 0  # some have not been sent yet, or are on their way
    bench.kernel.run(10**9)
    fates = [(fate, reason) for _, _, fate, reason in bench.ended]
    lost, full = fates.count((Fate.LOST, Reason.LOSS)), fates.count((Fate.DROPPED, Reason.QUEUE_FULL))
    assert lost > 50
    assert full > 50
    assert len(bench.arrived) + lost + full == 500
    ids = [transit.envelope.msg_id for _, transit in bench.arrived]
    assert len(set(ids)) == len(ids)


def test_a_lost_message_ends_where_it_would_have_arrived():
    bench = Bench([("a", "b", link(100, loss=1.0))])
    bench.send(0, "a", "b", 1)
    bench.kernel.run(10**6)
    ((t_ns, _, fate, _),) = bench.ended
    assert (t_ns, fate) == (1100, Fate.LOST)


@pytest.mark.parametrize("seed", [1, 2])
def test_same_seed_same_journeys(seed):
    def journeys(run_seed):
        bench = Bench([("a", "b", link(100, jitter_ns=500, loss=0.1)), ("b", "c", link(50))], seed=run_seed)
        for k in range(50):
            bench.send(k * 900, "a", "c", k + 1)
        bench.kernel.run(10**9)
        return [(t_ns, transit.envelope.msg_id) for t_ns, transit in bench.arrived]

    assert journeys(seed) == journeys(seed)
    assert journeys(seed) != journeys(seed + 10)
