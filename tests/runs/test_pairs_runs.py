"""Runs of pairs: one digest whatever the way, who writes to whom, and a twin that crashes and comes back."""

import pytest

from scenarios.build import build
from scenarios.load import load
from twin.journal.facts import Applied, Ended, Sent, Solved
from twin.journal.unwritten import Unwritten
from twin.wire.codec import decode_envelope
from twin.wire.protocol import Fate

SHORT = ("pairs.count=3", "scenario.duration_s=0.06", "metrics.warmup_ms=0")


class Facts:
    """A recorder that keeps them all."""

    def __init__(self):
        self.facts, self.journal = [], Unwritten()

    def record(self, fact):
        self.facts.append(fact)
        self.journal.record(fact)

    def commit(self):
        self.journal.commit()

    def of(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def sent(self, kind):
        envelopes = [decode_envelope(fact.frame) for fact in self.of(Sent)]
        return [envelope for envelope in envelopes if envelope.kind == kind]


def run(*sets, transport="memory", window="auto"):
    """The facts and the hashes of the twins' states."""
    spec, recorder = load("interference", [*SHORT, *sets]), Facts()
    with build(spec, 5, transport, recorder, window) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        hashes = emulation.stop()
    return recorder, hashes


BUSY = ("twin.cost_us.handle=900", "twin.schedule=asynchronous", "twin.synced=all", "network.edge.rate_mbps=2")
OUT = 'network.outage=[{link="edge",from_s=0.01,to_s=0.03}]'
CRASH = 'fault=[{kind="twin_crash",twin="edge:pair2",from_s=0.021,to_s=0.0333}]'


@pytest.mark.parametrize(
    "sets",
    [
        (),
        ("twin.price_route=core", "twin.price_form=projected", "network.core.loss=0.1"),
        pytest.param(("network.radio.latency_ms=0", "network.fronthaul.latency_ms=0"), id="no latency on air"),
        pytest.param(BUSY, id="busy twins and slow links"),
        pytest.param((OUT, CRASH), id="an outage and a crash"),
    ],
)
def test_lockstep_windows_and_sockets_have_one_digest(sets):
    one, hashes = run(*sets)
    for transport, window in (("memory", 0), ("inproc", "auto")):
        other, found = run(*sets, transport=transport, window=window)
        assert other.journal.digest() == one.journal.digest()
        assert found == hashes
    assert len(hashes) == 6


@pytest.mark.parametrize(
    ("route", "hops"),
    [
        ("edge", {("edge", "edge")}),
        ("core", {("edge", "core"), ("core", "core"), ("core", "edge")}),
    ],
)
def test_prices_go_the_way_that_is_asked_for(route, hops):
    facts, _ = run(f"twin.price_route={route}")
    prices = facts.sent("price")
    assert {(e.src.partition(":")[0], e.dst.partition(":")[0]) for e in prices} == hops
    assert {e.src.partition(":")[2] for e in prices} == {"pair1", "pair2", "pair3"}
    assert {e.dst for e in facts.sent("covariance")} == {"edge:pair1", "edge:pair2", "edge:pair3"}
    assert not facts.sent("share")


@pytest.mark.parametrize("schedule", ["sequential", "simultaneous", "asynchronous"])
def test_every_pair_takes_a_turn_a_period_at_the_times_of_its_schedule(schedule):
    facts, _ = run(f"twin.schedule={schedule}")
    turns = [(fact.node, fact.begin_ns, fact.version) for fact in facts.of(Solved)]
    begins = {f"edge:pair{k}": [t for node, t, _ in turns if node == f"edge:pair{k}"] for k in (1, 2, 3)}
    for k in (1, 2, 3):
        versions = [version for node, _, version in turns if node == f"edge:pair{k}"]
        assert versions == [n * 3 + k for n in range(len(versions))]
        assert len(versions) in {5, 6}
    firsts = [begins[node][0] for node in sorted(begins)]
    if schedule == "sequential":
        assert [first // 100_000 for first in firsts] == [16, 50, 83]
    elif schedule == "simultaneous":
        assert {first // 1_000_000 for first in firsts} == {5}
    else:
        assert len({first % 10_000_000 for first in firsts}) == 3


def test_a_twin_that_crashed_begins_anew_and_its_precoders_are_news():
    crash = 'fault=[{kind="twin_crash", twin="edge:pair2", from_s=0.02, to_s=0.03}]'
    facts, _ = run(crash, "scenario.duration_s=0.08")
    applied = [fact for fact in facts.of(Applied) if fact.transmitter == "pair2" and fact.version]
    before = [fact.version for fact in applied if fact.t_ns < 20_000_000]
    after = [fact.version for fact in applied if fact.t_ns > 30_000_000]
    assert before == [2, 5]
    assert after[0] == 3 * 100_000_000 + 2
    assert len(after) >= 4
    assert not [fact for fact in applied if 21_000_000 < fact.t_ns < 30_000_000]
    others = [fact.version for fact in facts.of(Applied) if fact.transmitter == "pair1" and fact.version]
    assert others == [n * 3 + 1 for n in range(8)]
    # The others take its prices for news again, though its count of them began anew.
    late = {e.msg_id for e in facts.sent("price") if e.src == "edge:pair2" and e.t_send_ns > 32_000_000}
    fates = {fact.fate for fact in facts.of(Ended) if fact.msg_id in late}
    assert fates == {Fate.DELIVERED}
