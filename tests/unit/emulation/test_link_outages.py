"""Links that fail: what is offered or leaves while they are down, and how routes go round them."""

import networkx as nx
import pytest

from twin.emulation.kernel import Kernel
from twin.emulation.links import Arq, LinkParams
from twin.emulation.network import Network
from twin.emulation.routes import always_up
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.errors import KernelError
from twin.wire.messages import SCHEMA, Envelope, Kind
from twin.wire.protocol import Fate, Reason

NAMES = ("a", "b", "c", "d")
MS = 1_000_000


def down(*spans):
    """`is_up` of links that fail: (site, site, from, to), both ways."""

    def is_up(a, b, t_ns):
        return not any({a, b} == {x, y} and begin <= t_ns < end for x, y, begin, end in spans)

    return is_up


class Bench:
    """A few sites; a frame of 1000 bytes takes 1000 ns on every link."""

    def __init__(self, tools, edges, is_up=always_up, **changes):
        graph = nx.Graph()
        for a, b, latency_ns in edges:
            graph.add_edge(a, b, params=tools.make_params(kind="x", latency_ns=latency_ns, **changes))
        self.kernel = Kernel(NAMES)
        self.arrived, self.ended = {}, {}
        sites = {name: name for name in NAMES}
        layout = Layout(graph, sites, {}, lambda _a, _b, _t: 0, is_up)
        self.network = Network(self.kernel, layout, Streams(1), self.arrive, self.end)

    def arrive(self, transit):
        self.arrived[transit.envelope.seq] = (self.kernel.now_ns, transit)

    def end(self, transit, t_ns, fate, reason):
        self.ended[transit.envelope.seq] = (t_ns, fate, reason, transit)

    def send(self, t_ns, src, dst, seq, kind=Kind.STATE, call_ns=None):
        """Send at `t_ns`, in a call at `call_ns`."""
        envelope = Envelope(SCHEMA, "run", kind, src, dst, seq, seq, 1, 0, t_ns, -1, t_ns, 0, 0, b"")
        call_ns = t_ns if call_ns is None else call_ns
        self.kernel.at(call_ns, self.kernel.order(src, src, seq), lambda: self.network.send(envelope, 1000, t_ns))

    def run(self):
        self.kernel.run(10**12)
        return self


def test_what_is_offered_to_a_link_that_is_down_is_lost_at_once(tools):
    bench = Bench(tools, [("a", "b", 100)], down(("a", "b", 5_000, 9_000)))
    for seq, t_ns in enumerate((3_999, 5_000, 8_999, 9_000), 1):
        bench.send(t_ns, "a", "b", seq)
    bench.run()
    assert {seq: t_ns for seq, (t_ns, _) in bench.arrived.items()} == {1: 3_999 + 1_100, 4: 9_000 + 1_100}
    assert {seq: found[:3] for seq, found in bench.ended.items()} == {
        2: (5_000, Fate.LOST, Reason.OUTAGE),
        3: (8_999, Fate.LOST, Reason.OUTAGE),
    }
    (hop,) = bench.ended[2][3].hops
    assert (hop.link, hop.queue_ns, hop.serialisation_ns, hop.propagation_ns) == ("x:a>b", 0, 0, 0)


def test_what_leaves_while_the_link_is_down_is_lost_at_the_far_end(tools):
    """Three messages at once, departures at 1000, 2000, 3000: the outage [1500, 2500) meets the second alone."""
    bench = Bench(tools, [("a", "b", 100)], down(("a", "b", 1_500, 2_500)))
    for seq in (1, 2, 3):
        bench.send(0, "a", "b", seq)
    bench.run()
    assert sorted(bench.arrived) == [1, 3]
    assert bench.ended[2][:3] == (2_100, Fate.LOST, Reason.OUTAGE)


def test_an_outage_between_offer_and_departure_touches_nothing(tools):
    bench = Bench(tools, [("a", "b", 100)], down(("a", "b", 300, 700)))
    bench.send(0, "a", "b", 1)
    assert bench.run().arrived[1][0] == 1_100


@pytest.mark.parametrize("changes", [{}, {"priority": ("csi",)}, {"arq": Arq({"csi": 1})}])
def test_both_kinds_of_queue_keep_one_rule(tools, changes):
    spans = [("a", "b", 3_500 + 9_000 * k, 7_200 + 9_000 * k) for k in range(40)]
    bench = Bench(tools, [("a", "b", 100)], down(*spans), **changes)
    for seq in range(1, 400):
        bench.send(900 * seq, "a", "b", seq)
    bench.run()
    plain = Bench(tools, [("a", "b", 100)], down(*spans))
    for seq in range(1, 400):
        plain.send(900 * seq, "a", "b", seq)
    plain.run()
    assert {seq: t_ns for seq, (t_ns, _) in bench.arrived.items()} == {s: t for s, (t, _) in plain.arrived.items()}
    assert {seq: found[:3] for seq, found in bench.ended.items()} == {s: f[:3] for s, f in plain.ended.items()}
    assert 100 < len(bench.ended) < 300


def test_routes_avoid_a_link_from_the_next_epoch_on_and_come_back(tools):
    """a - b directly, or over c; the link fails from 130 ms to 310 ms, the epochs begin at 0, 100, 200, 300, 400 ms."""
    edges = [("a", "b", 100), ("a", "c", 100), ("c", "b", 100)]
    bench = Bench(tools, edges, down(("a", "b", 130 * MS, 310 * MS)))
    for seq, t_ms in enumerate((120, 140, 199, 200, 320, 399, 400), 1):
        bench.send(t_ms * MS, "a", "b", seq)
    bench.run()
    routes = {seq: "".join(transit.way.sites) for seq, (_, transit) in bench.arrived.items()}
    assert routes == {1: "ab", 4: "acb", 5: "acb", 6: "acb", 7: "ab"}
    assert {found[2] for found in bench.ended.values()} == {Reason.OUTAGE}
    assert sorted(bench.ended) == [2, 3]


def test_with_no_way_left_a_message_is_dropped_and_says_so(tools):
    bench = Bench(tools, [("a", "b", 100), ("b", "c", 100)], down(("b", "c", 0, 200 * MS)))
    bench.send(5, "a", "c", 1)
    bench.send(5, "a", "d", 2)  # a site without any link
    bench.send(250 * MS, "a", "c", 3)
    bench.run()
    assert {seq: found[:3] for seq, found in bench.ended.items()} == {
        1: (5, Fate.DROPPED, Reason.NO_ROUTE),
        2: (5, Fate.DROPPED, Reason.NO_ROUTE),
    }
    assert bench.arrived[3][0] == 250 * MS + 2_200


def test_one_direction_may_fail_alone(tools):
    bench = Bench(tools, [("a", "b", 100)], lambda a, _b, t_ns: not (a == "a" and t_ns >= 50))
    bench.send(60, "a", "b", 1)
    bench.send(60, "b", "a", 2)
    bench.run()
    assert (sorted(bench.ended), sorted(bench.arrived)) == ([1], [2])


def test_an_offer_may_be_made_after_its_instant_over_a_plain_link(tools):
    """The same journeys, whether a message is sent at its instant or in a later call that is still in time."""
    edges = [("a", "b", 5_000), ("b", "c", 100)]
    prompt, late = (Bench(tools, edges, jitter_ns=700, loss=0.1) for _ in range(2))
    for seq in range(1, 200):
        t_ns = 700 * seq
        prompt.send(t_ns, "a", "c", seq)
        late.send(t_ns, "a", "c", seq, call_ns=t_ns // 5_000 * 5_000 + 5_000)
    prompt.run(), late.run()
    for found in (prompt, late):
        assert len(found.arrived) + len(found.ended) == 199
    times = [{seq: (t_ns, transit.hops) for seq, (t_ns, transit) in bench.arrived.items()} for bench in (prompt, late)]
    assert times[0] == times[1]
    assert {s: f[:3] for s, f in prompt.ended.items()} == {s: f[:3] for s, f in late.ended.items()}


def test_an_outage_or_a_full_queue_ends_a_late_offer_at_its_own_instant(tools):
    bench = Bench(tools, [("a", "b", 5_000)], down(("a", "b", 3_000, 4_000)), queue_max=1)
    for seq, t_ns in enumerate((100, 200, 3_500), 1):
        bench.send(t_ns, "a", "b", seq, call_ns=5_000)
    bench.run()
    assert bench.ended[2][:3] == (200, Fate.DROPPED, Reason.QUEUE_FULL)
    assert bench.ended[3][:3] == (3_500, Fate.LOST, Reason.OUTAGE)
    assert bench.arrived[1][0] == 6_100


def test_offers_out_of_order_and_late_ones_to_a_queue_that_chooses_are_errors(tools):
    bench = Bench(tools, [("a", "b", 5_000)])
    bench.send(300, "a", "b", 1)
    bench.send(200, "a", "b", 2, call_ns=400)
    with pytest.raises(KernelError, match="link x:a>b: offered at 200 ns after an offer at 300 ns"):
        bench.run()
    bench = Bench(tools, [("a", "b", 5_000)], priority=("csi",))
    bench.send(200, "a", "b", 1, call_ns=400)
    with pytest.raises(KernelError, match="link x:a>b: offered at 200 ns, the clock shows 400 ns"):
        bench.run()


def test_only_a_queue_that_never_chooses_is_plain():
    def link(**changes):
        return LinkParams("x", 100, 0, 1e9, **{"loss": 0.0, "queue_max": 10, **changes}).plain

    assert link(loss=0.5)
    assert link(arq=Arq({"csi": 0}))
    assert not link(priority=("csi",))
    assert not link(arq=Arq({"csi": 1}))


def test_events_per_message(tools):
    """A plain link costs one kernel event; with priorities the end of the service is another, and so is each retry."""
    for changes, events in (({}, 1), ({"priority": ("csi",)}, 2), ({"loss": 1.0, "arq": Arq({"state": 2})}, 6)):
        bench = Bench(tools, [("a", "b", 100)], **changes)
        bench.send(0, "a", "b", 1)
        assert bench.run().kernel.events == 1 + events


def test_messages_are_conserved_through_everything_at_once(tools):
    spans = [("b", "c", 40 * MS, 60 * MS), ("a", "b", 110 * MS, 230 * MS)]
    changes = {"loss": 0.2, "queue_max": 2, "priority": ("precoder",), "arq": Arq({"precoder": 2}, 4_000)}
    bench = Bench(tools, [("a", "b", 100), ("b", "c", 100), ("b", "d", 50)], down(*spans), jitter_ns=50, **changes)
    kinds = (Kind.STATE, Kind.PRECODER, Kind.CSI)
    for seq in range(1, 3_001):
        bench.send(300_000 * (seq // 3) + seq % 3 * 100, "a", "c" if seq % 5 else "d", seq, kinds[seq % 3])
        bench.send(300_000 * (seq // 3) + seq % 3 * 100, "d", "b", 3_000 + seq, kinds[seq % 3])
    bench.run()
    assert len(bench.arrived) + len(bench.ended) == 6_000
    assert not set(bench.arrived) & set(bench.ended)
    assert {found[2] for found in bench.ended.values()} == {
        Reason.LOSS,
        Reason.OUTAGE,
        Reason.NO_ROUTE,
        Reason.QUEUE_FULL,
    }
    for t_ns, *_, transit in [*bench.arrived.values(), *bench.ended.values()]:
        parts = sum(h.queue_ns + h.serialisation_ns + h.propagation_ns + h.jitter_ns for h in transit.hops)
        assert t_ns == transit.envelope.t_send_ns + parts


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate_bps": 0.0}, "link x: rate_bps=0.0: must be > 0 and finite"),
        ({"rate_bps": float("nan")}, "link x: rate_bps=nan: must be > 0 and finite"),
        ({"loss": 1.2}, r"link x: loss=1.2: must lie in \[0, 1\]"),
        ({"latency_ns": -1}, "link x: latency_ns=-1, jitter_ns=0: must be >= 0"),
        ({"queue_max": 0}, "link x: queue_max=0: must be >= 1"),
    ],
)
def test_a_link_that_cannot_be_is_refused(wrong, message):
    right = {"kind": "x", "latency_ns": 1, "jitter_ns": 0, "rate_bps": 1e6, "loss": 0.0, "queue_max": 5}
    with pytest.raises(KernelError, match=message):
        LinkParams(**(right | wrong))


@pytest.mark.parametrize(
    ("retries", "timeout_ns", "message"),
    [({"csi": -1}, 0, r"arq retries\[csi\]=-1: must be >= 0"), ({"csi": 1}, -5, "arq timeout_ns=-5: must be >= 0")],
)
def test_retries_that_cannot_be_are_refused(retries, timeout_ns, message):
    with pytest.raises(KernelError, match=message):
        Arq(retries, timeout_ns)
