"""Faults of links, one kind at a time: whom they strike, what becomes of it, and what they leave alone."""

from collections import Counter
from dataclasses import replace

import networkx as nx
import pytest

from twin.emulation.faults import MAX_COPIES, Cuts, LinkFault
from twin.emulation.kernel import Kernel
from twin.emulation.links import Arq, LinkParams
from twin.emulation.network import Network
from twin.emulation.routes import always_up
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.errors import KernelError
from twin.wire.messages import SCHEMA, Envelope, Kind
from twin.wire.protocol import Fate, Reason

SITES = {name: name for name in ("a", "b", "c", "d")}
FROM_NS, TO_NS = 100_000, 300_000
PLAIN = LinkParams("x", 1_000, 400, 8e9, 0.1, 100)
EVERY_NS = 2_000
COUNT = 250


def both_ways(*pairs):
    return frozenset((*pairs, *((b, a) for a, b in pairs)))


FIRST = both_ways(("a", "b"))


def fault(kind, share=0.5, delay_ns=0, number=7, links=FIRST, **changes):
    return LinkFault(number, f"{kind} {number}", kind, FROM_NS, TO_NS, links, share, delay_ns, **changes)


class Bench:
    """a - b - c, and d beside it by a longer way: notes what is sent, what arrives, what ends and what is struck."""

    def __init__(self, *faults, params=PLAIN):
        graph = nx.Graph()
        for pair in (("a", "b"), ("b", "c"), ("c", "d")):
            graph.add_edge(*pair, params=params)
        self.kernel = Kernel(SITES)
        self.sent, self.arrived, self.ended, self.strikes = [], {}, {}, []
        layout = Layout(graph, SITES, {}, lambda _a, _b, _t: 0, faults=faults)
        self.network = Network(self.kernel, layout, Streams(1), self.arrive, self.end, self)
        for k in range(COUNT):
            self.send(k * EVERY_NS, "a", "c", k + 1)
        self.kernel.run(10**9)

    def send(self, t_ns, src, dst, seq, size=100):
        envelope = Envelope(SCHEMA, "run", Kind.STATE, src, dst, seq, seq, 1, 0, t_ns, -1, t_ns, 0, 0, b"")
        self.sent.append(envelope)
        self.kernel.at(t_ns, self.kernel.order(src, src, seq), lambda: self.network.send(envelope, size, t_ns))

    def arrive(self, transit):
        assert transit.envelope.msg_id not in self.arrived
        self.arrived[transit.envelope.msg_id] = (self.kernel.now_ns, transit)

    def end(self, transit, t_ns, fate, reason):
        assert transit.envelope.msg_id not in self.ended
        self.ended[transit.envelope.msg_id] = (transit, fate, reason)

    def copied(self, envelope):
        self.sent.append(envelope)

    def struck(self, struck):
        self.strikes.append(struck)

    def fates(self):
        return Counter((fate, reason) for _, fate, reason in self.ended.values())

    def journeys(self):
        """What chance and faults made of every message that entities sent, whatever it met in queues."""
        ends = {msg_id: (transit, "") for msg_id, (_, transit) in self.arrived.items()}
        ends |= {msg_id: (transit, reason) for msg_id, (transit, _, reason) in self.ended.items()}
        return {e.msg_id: (ends[e.msg_id][1], [(hop.link, hop.jitter_ns) for hop in ends[e.msg_id][0].hops])
                for e in self.sent if not e.flags}  # fmt: skip

    def in_span(self):
        """Ids of those that left the first link in the span."""
        return {e.msg_id for e in self.sent if not e.flags and FROM_NS <= e.t_send_ns + 100 < TO_NS}


UNDISTURBED = Bench()
KINDS = {
    "loss_burst": fault("loss_burst"),
    "duplication": fault("duplication"),
    "reordering": fault("reordering", delay_ns=20_000),
    "delay_spike": fault("delay_spike", share=1.0, delay_ns=20_000),
    "replay": fault("replay", delay_ns=20_000),
    "link_outage": fault("link_outage", share=1.0),
    "partition": fault("partition", share=1.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_sent_ends_once_and_its_hops_add_up_to_its_latency(kind):
    bench = Bench(KINDS[kind])
    ids = [envelope.msg_id for envelope in bench.sent]
    assert len(set(ids)) == len(ids)
    assert set(bench.arrived) | set(bench.ended) == set(ids)
    assert not set(bench.arrived) & set(bench.ended)
    for t_ns, transit in bench.arrived.values():
        parts = sum(h.queue_ns + h.serialisation_ns + h.propagation_ns + h.jitter_ns for h in transit.hops)
        assert t_ns - transit.envelope.t_send_ns == parts
        assert parts >= 2 * (PLAIN.latency_ns + 100)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_struck_fares_as_it_would_without_the_fault(kind):
    bench = Bench(KINDS[kind])
    struck = {fact.msg_id for fact in bench.strikes}
    assert struck
    assert {fact.fault for fact in bench.strikes} == {7}
    before, now = UNDISTURBED.journeys(), bench.journeys()
    assert {m: now[m] for m in now.keys() - struck} == {m: before[m] for m in now.keys() - struck}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_strikes_in_its_span_only(kind):
    bench = Bench(KINDS[kind])
    originals = {fact.msg_id & ((1 << 36) - 1) for fact in bench.strikes}
    assert originals <= bench.in_span()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", ["loss_burst", "reordering", "replay"])
def test_a_fault_leaves_the_draws_of_another_as_they_were(kind, other):
    beside = replace(KINDS[other], number=8, name=f"{other} elsewhere", links=both_ways(("c", "d")))
    assert Bench(beside, KINDS[kind]).strikes == Bench(KINDS[kind]).strikes


def test_a_share_is_the_share_of_those_that_leave_in_the_span():
    for kind in ("loss_burst", "duplication", "replay"):
        bench = Bench(KINDS[kind], params=replace(PLAIN, loss=0.0))
        count = len(bench.in_span())
        assert abs(len(bench.strikes) / count - 0.5) < 4 * (0.25 / count) ** 0.5


def test_a_burst_loses_what_nothing_else_has_lost():
    bench, before = Bench(fault("loss_burst", share=1.0)), UNDISTURBED
    fates = bench.fates()
    assert fates[Fate.LOST, Reason.LOSS_BURST] == len(bench.strikes) > 80
    assert all(bench.ended[msg_id][2] in {Reason.LOSS, Reason.LOSS_BURST} for msg_id in bench.in_span())
    already = {msg_id for msg_id, (transit, _, _) in before.ended.items() if len(transit.hops) == 1}
    assert already
    assert not already & {fact.msg_id for fact in bench.strikes}


def test_a_copy_has_the_seq_of_its_original_an_id_and_a_flag_of_its_own_and_comes_after_it():
    bench = Bench(fault("duplication", share=1.0), params=replace(PLAIN, jitter_ns=0, loss=0.0))
    copies = [envelope for envelope in bench.sent if envelope.flags]
    assert len(copies) == len(bench.in_span()) == 100
    for copy in copies:
        original = copy.msg_id - (1 << 36)
        assert (copy.seq, copy.flags) == (original, 1)
        assert bench.arrived[copy.msg_id][0] == bench.arrived[original][0] + 100  # it waited for its original to leave


def test_a_copy_is_not_copied_and_a_message_has_so_many_copies_at_most():
    faults = [fault("duplication", share=1.0, number=n, links=both_ways(("a", "b"), ("b", "c"))) for n in range(9)]
    bench = Bench(*faults, params=replace(PLAIN, loss=0.0))
    counts = Counter(envelope.msg_id & ((1 << 36) - 1) for envelope in bench.sent)
    assert set(counts.values()) == {1, 1 + MAX_COPIES}


def test_a_replayed_message_comes_again_from_the_far_end_also_when_it_was_lost():
    bench = Bench(fault("replay", share=1.0, delay_ns=51_000), params=replace(PLAIN, jitter_ns=0))
    copies = {envelope.msg_id: envelope for envelope in bench.sent if envelope.flags == 2}
    assert len(copies) == 100
    arrived = {msg_id: bench.arrived[msg_id] for msg_id in copies.keys() & bench.arrived.keys()}
    lost = {msg_id for msg_id, (_, _, reason) in bench.ended.items() if reason is Reason.LOSS}
    assert {msg_id - (1 << 36) for msg_id in arrived} & lost
    for t_ns, transit in arrived.values():
        assert t_ns == transit.envelope.t_send_ns + 2 * 1_100 + 51_000
        assert [hop.link for hop in transit.hops] == ["x:a>b", "x:a>b", "x:b>c"]


def test_only_the_messages_of_the_named_senders_are_replayed():
    assert not Bench(fault("replay", share=1.0, senders=frozenset({"b"}))).strikes
    assert Bench(fault("replay", share=1.0, senders=frozenset({"a"}))).strikes


def test_reordering_lets_others_overtake_and_a_spike_delays_all_alike():
    steady = replace(PLAIN, jitter_ns=0, loss=0.0)
    overtaken = sorted((t_ns, msg_id) for msg_id, (t_ns, _) in Bench(
        fault("reordering", delay_ns=20_000), params=steady
    ).arrived.items())  # fmt: skip
    assert [msg_id for _, msg_id in overtaken] != sorted(msg_id for _, msg_id in overtaken)
    bench = Bench(fault("delay_spike", share=1.0, delay_ns=20_000), params=steady)
    late = {msg_id for msg_id, (t_ns, transit) in bench.arrived.items() if t_ns - transit.envelope.t_send_ns == 22_200}
    assert late == bench.in_span() == {fact.msg_id for fact in bench.strikes}


@pytest.mark.parametrize(
    ("kind", "fate", "reason"),
    [("link_outage", Fate.LOST, Reason.OUTAGE), ("partition", Fate.DROPPED, Reason.PARTITIONED)],
)
def test_what_a_fault_takes_down_loses_all_that_is_offered_or_leaves_then(kind, fate, reason):
    bench = Bench(fault(kind, share=1.0))
    struck = {fact.msg_id for fact in bench.strikes}
    assert {bench.ended[msg_id][1:] for msg_id in struck} <= {(fate, reason), (Fate.DROPPED, Reason.NO_ROUTE)}
    offered = {e.msg_id for e in bench.sent if FROM_NS <= e.t_send_ns < TO_NS}
    assert struck == offered


def test_with_no_way_around_a_partition_messages_are_dropped_as_partitioned_from_the_next_epoch_on():
    healed = Bench(replace(fault("partition", share=1.0), from_ns=150_000, to_ns=10**9))
    for k in range(9):
        healed.send(10**9 + k * EVERY_NS, "a", "c", 1_000 + k)
    healed.kernel.run(2 * 10**9)
    assert set(range(1_000, 1_009)) & set(healed.arrived)
    cut = Bench(replace(fault("partition", share=1.0), from_ns=0, to_ns=10**9))
    assert cut.fates() == {(Fate.DROPPED, Reason.PARTITIONED): COUNT}
    assert not cut.arrived


def test_a_retry_after_an_outage_may_get_through_and_then_nothing_was_lost():
    stubborn = replace(PLAIN, loss=0.0, arq=Arq({"state": 16}, 10_000))
    bench = Bench(replace(fault("link_outage", share=1.0), to_ns=150_000), params=stubborn)
    assert not bench.ended
    assert not bench.strikes


@pytest.mark.parametrize(
    "params", [PLAIN, replace(PLAIN, arq=Arq({"state": 2}, 500)), replace(PLAIN, priority=("csi",))]
)
def test_every_queue_keeps_count_of_copies(params):
    bench = Bench(fault("duplication", share=0.7), fault("replay", number=8, delay_ns=3_000), params=params)
    assert len(bench.sent) == len(bench.arrived) + len(bench.ended)
    for t_ns, transit in bench.arrived.values():
        parts = sum(h.queue_ns + h.serialisation_ns + h.propagation_ns + h.jitter_ns for h in transit.hops)
        assert t_ns - transit.envelope.t_send_ns == parts


def test_faults_that_make_no_sense_are_refused():
    with pytest.raises(KernelError, match="must begin at 0 or later and last"):
        replace(fault("replay"), to_ns=FROM_NS)
    with pytest.raises(KernelError, match=r"share=1\.5: must lie in \[0, 1\]"):
        fault("replay", share=1.5)
    with pytest.raises(KernelError, match="delay_ns=-1: must be >= 0"):
        fault("replay", delay_ns=-1)


def test_without_cuts_routes_ask_what_they_asked_before():
    assert Cuts([fault("replay"), fault("delay_spike")]).allow(always_up) is always_up
    cut = Cuts([fault("link_outage")]).allow(always_up)
    assert [cut("a", "b", t_ns) for t_ns in (FROM_NS - 1, FROM_NS, TO_NS)] == [True, False, True]
    assert cut("b", "c", FROM_NS)
