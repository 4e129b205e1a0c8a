"""Topology: pairs, each with an edge and a core cloud of its own. Who says what to whom, and what comes of it."""

import numpy as np
import pytest

from entities.pairs_world import PairsWorld
from scenarios.attribution import Solves, noted, take_samples
from scenarios.build import build
from scenarios.interference.again import Again
from scenarios.interference.attribution import Turns
from scenarios.interference.configure import pairs_params, power_mw
from scenarios.interference.rates import Rates
from scenarios.judge import evaluate
from scenarios.load import load
from scenarios.systems import system_of
from twin.emulation.streams import Streams
from twin.journal.facts import Applied, Ended, Sent, Solved
from twin.journal.schemas import LEGS
from twin.journal.summary import combined
from twin.journal.tables import metrics_table
from twin.signal.interference_channel import user_rates
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import Kind, Price

PAIRS = ("pair1", "pair2", "pair3")
SMALL = (
    "pairs.count=3",
    "pairs.transmit_antennas=4",
    "pairs.receive_antennas=2",
    "pairs.streams=1",
    "eavesdropper.antennas=2",
    "metrics.warmup_ms=0",
    "metrics.period_ms=15",
)
STILL = ("pairs.speed_mps=0", "eavesdropper.speed_mps=0", "radio.zeta=0", "eavesdropper.zeta=0")


class Emulated:
    """A run, its facts kept in memory."""

    def __init__(self, *sets, duration_s=0.06, seed=1):
        self.spec = load("interference", [*SMALL, *sets], duration=duration_s)
        self.system, self.seed, self.facts = system_of(self.spec), seed, []
        with build(self.spec, seed, "memory", self) as emulation:
            emulation.start()
            emulation.kernel.run(self.spec.scenario.duration_ns)
            emulation.stop()
        self.end_ns = self.spec.scenario.duration_ns

    def record(self, fact):
        self.facts.append(fact)

    def commit(self):
        pass

    def of(self, kind):
        return [fact for fact in self.facts if type(fact) is kind]

    @property
    def sent(self):
        return [decode_envelope(fact.frame) for fact in self.of(Sent)]

    def routes(self, kind):
        return {(e.src, e.dst) for e in self.sent if e.kind == kind}

    def metrics(self):
        return metrics_table(evaluate(self.system, self.seed, self.facts, self.end_ns))

    def legs(self, metrics):
        return self.system.attribute(self.seed, self.facts, metrics, 1)


@pytest.fixture(scope="module")
def run():
    return Emulated("radio.zeta=0.05")


def test_both_ends_report_to_the_edge_twin_of_their_pair(run):
    assert run.routes("csi") == {(name, f"edge:{name}") for name in PAIRS}
    assert run.routes("covariance") == {(f"rx:{name}", f"edge:{name}") for name in PAIRS}
    assert run.routes("sync") == {(f"edge:{name}", f"core:{name}") for name in PAIRS}


def test_prices_go_from_each_edge_twin_to_all_others_and_precoders_to_the_own_pair(run):
    assert run.routes("price") == {(f"edge:{a}", f"edge:{b}") for a in PAIRS for b in PAIRS if a != b}
    assert run.routes("precoder") == {(f"edge:{name}", name) for name in PAIRS}
    up = {(name, f"edge:{name}") for name in PAIRS} | {(f"edge:{name}", f"core:{name}") for name in PAIRS}
    assert run.routes("ack") == up


def test_projected_prices_need_the_receivers_channels_and_are_as_tall_as_the_transmitter():
    run = Emulated("twin.price_form=projected")
    assert {(f"rx:{name}", f"edge:{name}") for name in PAIRS} < run.routes("csi")
    prices = [decode_body(e.kind, e.body) for e in run.sent if e.kind == Kind.PRICE]
    assert prices
    for price in prices:
        assert isinstance(price, Price)
        assert price.factor.shape[0] == 4
        assert price.payer in set(PAIRS) - {price.pair}


def test_versions_name_one_turn_of_one_pair_in_the_whole_run(run):
    seen = {}
    for fact in run.of(Solved):
        pair = PAIRS.index(fact.node.removeprefix("edge:")) + 1
        assert (fact.version - pair) % 3 == 0
        assert fact.version == seen.get(fact.node, pair - 3) + 3
        seen[fact.node] = fact.version
    assert len(seen) == 3


def test_what_goes_on_air_meets_its_budget(run):
    for fact in run.of(Applied):
        power_mw_ = (np.abs(np.frombuffer(fact.vector, dtype="<c16")) ** 2).sum()
        assert 0.0 < power_mw_ <= power_mw(run.spec) * (1 + 1e-9)


def test_one_pair_alone_asks_nobody_and_still_gets_its_secrecy():
    run = Emulated("pairs.count=1", *STILL, duration_s=0.3)
    assert run.routes("price") == set()
    rates = combined(run.metrics(), "sum")
    assert rates["secrecy"][-1] == pytest.approx(rates["fresh"][-1], rel=0.02)


def test_channels_that_stand_still_and_are_known_lose_nothing_once_the_play_has_settled():
    run = Emulated(*STILL, "metrics.period_ms=30", duration_s=0.4)
    metrics = run.metrics()
    rates = combined(metrics, "sum")
    assert rates["secrecy"][-1] > 0.9 * rates["fresh"][-1]
    assert rates["secrecy"][-1] > 1.02 * rates["local_mrt"][-1]
    for row in run.legs(metrics)[-5:]:
        for leg in ("uplink", "queue", "solve", "downlink", "hold"):
            assert row[leg] == pytest.approx(0.0, abs=0.05)


def test_the_legs_of_every_sample_add_up_to_its_loss(run):
    metrics = run.metrics()
    rates = combined(metrics, "sum")
    losses = dict(zip(rates["t_ns"], rates["fresh"] - rates["secrecy"], strict=True))
    rows = run.legs(metrics)
    assert {row["basis"] for row in rows} == {"waiting", "counterfactual"}
    for row in rows:
        assert row["loss"] == pytest.approx(losses[row["t_ns"]])
        assert sum(row[leg] for leg in LEGS) == pytest.approx(row["loss"], abs=1e-9)


@pytest.mark.parametrize(
    ("fault", "compared"),
    [
        ("", (9, 12, 15, 18, 21, 24, 27)),
        # It misses a slot and begins anew in the next, which is at 25 ms.
        ('{kind="twin_crash", twin="edge:pair2", from_s=0.0125, to_s=0.014}', (9, 12, 15, 18, 27)),
        # It asks the others anew for what it is not on air with.
        ('{kind="twin_crash", twin="edge:pair2", from_s=0.0155, to_s=0.017}', (9, 12, 15, 18, 21, 24, 27)),
        (
            '{kind="replay", link="fronthaul", share=1.0, delay_ms=11, from_s=0.0, to_s=0.03}',
            (9, 12, 15, 18, 21, 24, 27),
        ),
    ],
)
def test_turns_taken_again_on_their_own_reports_come_to_what_is_on_air_the_first_ones_too(fault, compared):
    at_once = [f"network.{way}.{what}_ms=0" for way in ("radio", "fronthaul", "edge") for what in ("latency", "jitter")]
    still = ("pairs.speed_mps=0", "eavesdropper.speed_mps=0", "report.period_ms=1", "metrics.period_ms=3")
    run = Emulated(*at_once, *still, "twin.cost_us={handle=1, solve=1}", f"fault=[{fault}]", duration_s=0.03)
    metrics, solves = run.metrics(), Solves()
    actual = combined(metrics, "sum")["secrecy"]
    samples = take_samples(noted(run.facts, solves), metrics, run.system)
    turns = Turns(run.spec, {version for sample in samples for version in sample.versions}).read(run.facts)
    at_ms = []
    for sample in samples:
        taken = [turns[version] for version in sample.versions if version in turns]
        # Each answers to the one before it, unless one has not had its turn since the others' turns before theirs.
        if len(taken) == 3 and np.ptp([turn.begin_ns for turn in taken]) < run.spec.twin.period_ns:
            measured_ns = np.array([turn.measured_ns for turn in taken])
            again = Again(run.spec, run.seed).rate(taken, measured_ns, sample.t_ns)
            assert again == pytest.approx(actual[sample.t_ns // 3_000_000], rel=1e-9)
            at_ms.append(sample.t_ns // 1_000_000)
    assert tuple(at_ms) == compared


def test_a_price_that_is_lost_changes_no_message_but_those_that_follow():
    lossless, lossy = Emulated(), Emulated("network.edge.loss=0.5")
    lost = [fact for fact in lossy.of(Ended) if fact.fate == "lost"]
    kinds = {e.msg_id: e.kind for e in lossy.sent}
    assert lost
    assert {kinds[fact.msg_id] for fact in lost} == {Kind.PRICE}
    assert len(lossless.of(Solved)) == len(lossy.of(Solved))


def test_only_the_pair_that_she_attacks_loses_to_her():
    spec = load("interference", [*SMALL, "eavesdropper.attack=in_turn", "eavesdropper.dwell_ms=10"])
    world = PairsWorld(pairs_params(spec), Streams(3))
    rng = np.random.default_rng(1)
    q, an = (rng.standard_normal((3, 4, 1)) + 1j * rng.standard_normal((3, 4, 1)) for _ in range(2))
    for pair in range(3):
        truth = Rates(world, 10_000_000 * pair + 5)
        free = user_rates(truth.channels, q, an)
        for other in range(3):
            if other != pair:
                assert truth.secrecy(q, an)[other] == pytest.approx(free[other])
        assert truth.eves(q, an)[pair] > 0.0


def test_where_nothing_can_be_kept_secret_all_pairs_are_off_and_the_verdict_says_so():
    from scenarios.studies.one_run import one_run
    from scenarios.summary_view import verdict

    near = (
        "radio.distances=fixed",
        "radio.eve_m=1",
        "radio.main_m=1000",
        "radio.cross_m=1000",
        "eavesdropper.antennas=8",
    )
    spec = load("interference", [*SMALL, *STILL, *near], duration=0.1)
    summary = one_run(spec, 1).summary
    assert summary["sum_secrecy"]["fresh_mean"] == 0.0
    assert "no secrecy to be had" in verdict(summary)
