"""What the edge and core twins of a pair do with each message and at each turn."""

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import WireError
from twin.nodes.base import Incoming
from twin.nodes.pricing import UPDATE_TIMER, PricingTwin
from twin.solvers.pricing.pair import price_factor, update
from twin.wire.codec import encode_body
from twin.wire.messages import Ack, Covariance, Csi, Envelope, Kind, Price, State
from twin.wire.plain import pack_plain, unpack_plain

SLOT_NS = 1_000_000
ZEROS = np.zeros((4, 2), complex)


def envelope(kind, src, dst, body, seq=1, t_ns=0, msg_id=1):
    data = encode_body(body)
    return Envelope(1, "table", kind, src, dst, seq, msg_id, 7, 0, t_ns, t_ns, t_ns, 0, 0, data)


def give(node, kind, src, body, seq=1, t_ns=0, msg_id=1):
    message = envelope(kind, src, node.name, body, seq, t_ns, msg_id)
    return node.handle(Incoming(t_ns, t_ns, message, body))


def strike(node, t_ns, name=UPDATE_TIMER):
    return node.handle(Incoming(t_ns, t_ns, timer=name))


def price_of(pair, quote, factor=ZEROS, payer="", doppler_hz=0.0):
    return Price(pair, 1, quote, payer, float(np.linalg.norm(factor) ** 2), doppler_hz, factor)


@pytest.fixture
def table(lay):
    return lay()


def test_nothing_is_decided_before_the_channels_are_known(table):
    node = table.nodes["edge:pair2"]
    outputs = strike(node, 1_500_000)
    assert not outputs.letters
    assert not outputs.solves
    assert [wake.name for wake in outputs.wakes] == [UPDATE_TIMER]
    assert 1_500_000 + outputs.cost_ns + outputs.wakes[0].delay_ns == 4_500_000


def test_turns_begin_at_the_local_start_and_are_updates(table):
    node = table.nodes["edge:pair2"]
    give(node, Kind.CSI, "pair2", table.csi(1), msg_id=11)
    first = strike(node, 1_500_000)
    precoder, *prices = first.letters
    assert (precoder.kind, precoder.dst, precoder.body.transmitter) == (Kind.PRECODER, "pair2", "pair2")
    book = node.book
    expected = update(book.view(book.known), np.zeros((4, 4)), table.q[1], table.an[1])
    np.testing.assert_allclose(precoder.body.vector, np.hstack(expected), atol=1e-14)
    assert [(letter.kind, letter.dst) for letter in prices] == [(Kind.PRICE, "edge:pair1"), (Kind.PRICE, "edge:pair3")]
    give(node, Kind.COVARIANCE, "rx:pair2", Covariance("pair2", 2.0 * np.eye(4) + 0j, 0.0), msg_id=12)
    give(node, Kind.PRICE, "edge:pair3", price_of("pair3", 1), msg_id=13)
    second = strike(node, 4_500_000)
    (start,), (solve,) = first.solves, second.solves
    assert (start.version, start.iterations, start.inputs) == (2, 1, (11,))
    assert (solve.version, solve.iterations, solve.inputs) == (5, 1, (11, 12, 13))
    assert (solve.problem, solve.method, solve.trigger, solve.status) == ("ic", "plug_in", "sequential", "solved")
    assert solve.violation == 0.0
    assert solve.cost_ns == 1_000
    assert second.letters[0].body.version == 5


def test_a_precoder_is_as_old_as_the_oldest_thing_that_it_rests_on(table):
    node = table.nodes["edge:pair1"]
    give(node, Kind.CSI, "pair1", table.csi(0), t_ns=400_000)
    strike(node, 500_000)
    give(node, Kind.PRICE, "edge:pair2", price_of("pair2", 1), t_ns=100_000)
    precoder, *prices = strike(node, 3_500_000).letters
    assert precoder.t_data_ns == 100_000
    assert {letter.t_data_ns for letter in prices} == {400_000}


def test_stale_repeated_and_reordered_prices_are_dropped_and_said_so(table):
    node = table.nodes["edge:pair1"]
    give(node, Kind.CSI, "pair1", table.csi(0))
    new, old = price_of("pair2", 6, ZEROS + 1.0), price_of("pair2", 5)
    # The numbers of the envelopes do not count: two prices may have come two ways.
    reasons = [give(node, Kind.PRICE, "edge:pair2", price, seq).reason for seq, price in ((1, new), (2, new), (3, old))]
    assert reasons == ["", "deduplicated", "stale"]
    assert node.book.prices["pair2"].body.quote == 6


@pytest.mark.parametrize(
    ("kind", "src", "body"),
    [
        (Kind.PRICE, "edge:pair1", price_of("pair1", 1)),
        (Kind.PRICE, "edge:pair9", price_of("pair9", 1)),
        (Kind.PRICE, "edge:pair2", price_of("pair2", 1, payer="pair3")),
        (Kind.PRICE, "edge:pair3", price_of("pair2", 1)),
        (Kind.CSI, "pair2", Csi(("pair1",), np.ones((1, 4), complex), np.zeros(1), np.zeros(1))),
        (Kind.CSI, "pair1", Csi(("pair1",), np.ones((1, 4), complex), np.zeros(1), np.zeros(1))),
        (Kind.CSI, "pair1", Csi(("pair1", "eavesdropper"), np.ones((2, 2), complex), np.zeros(2), np.zeros(2))),
        (Kind.COVARIANCE, "rx:pair2", Covariance("pair2", np.eye(4) + 0j, 0.0)),
        (Kind.ACK, "pair2", Ack("pair2", 1, 1)),
        (Kind.STATE, "pair1", State(np.zeros(3), np.zeros(3), 0.0)),
    ],
)
def test_what_a_pair_has_no_use_for_is_malformed(table, kind, src, body):
    node = table.nodes["edge:pair1"]
    before = node.state()
    outputs = give(node, kind, src, body)
    assert outputs.reason == "malformed"
    assert not outputs.letters
    assert node.book.state() == before[1]


@pytest.mark.parametrize("payer", ["", "pair1"])
def test_a_price_for_a_channel_that_nobody_has_reported_is_not_paid(lay, payer):
    node = lay(age_aware="reported").nodes["edge:pair1"]
    names = ("pair1",) * 4 + ("eavesdropper",) * 8
    rows = np.arange(48.0).reshape(12, 4) + 1j
    give(node, Kind.CSI, "pair1", Csi(names, rows, np.zeros(12), np.zeros(12)))
    give(node, Kind.PRICE, "edge:pair2", price_of("pair2", 1, np.ones((4, 2), complex), payer, doppler_hz=5.0))
    turn = strike(node, SLOT_NS // 2)
    assert turn.solves[0].status == "solved"
    assert len(turn.solves[0].inputs) == 1
    assert not node.book.due(node.book.known, SLOT_NS).any()


def test_a_timer_of_another_name_is_malformed(table):
    assert strike(table.nodes["edge:pair1"], 500_000, "solve").reason == "malformed"
    assert strike(table.nodes["core:pair1"], 500_000).reason == "malformed"


def test_a_report_of_the_receiver_is_synced_and_answered_with_a_price(table):
    node = table.nodes["edge:pair1"]
    heard = Covariance("pair1", 3.0 * np.eye(4) + 0j, 25.0)
    assert [letter.kind for letter in give(node, Kind.COVARIANCE, "rx:pair1", heard).letters] == [Kind.SYNC]
    give(node, Kind.CSI, "pair1", table.csi(0))
    strike(node, 500_000)
    outputs = give(node, Kind.COVARIANCE, "rx:pair1", heard, seq=2, t_ns=700_000)
    assert [(letter.kind, letter.dst) for letter in outputs.letters] == [
        (Kind.SYNC, "core:pair1"),
        (Kind.PRICE, "edge:pair2"),
        (Kind.PRICE, "edge:pair3"),
    ]
    price = outputs.letters[1].body
    channel = table.problem.channels[0, 0]
    q, an = node.play.q, node.play.an
    noise = 3.0 * np.eye(4) + channel @ an @ an.conj().T @ channel.conj().T
    total = noise + channel @ q @ q.conj().T @ channel.conj().T
    np.testing.assert_allclose(
        price.factor @ price.factor.conj().T, np.linalg.inv(noise) - np.linalg.inv(total), atol=1e-12
    )
    assert price.trace == pytest.approx(np.linalg.norm(price.factor) ** 2)
    assert (price.pair, price.version, price.quote, price.payer, price.doppler_hz) == ("pair1", 1, 2, "", 25.0)
    assert give(node, Kind.COVARIANCE, "rx:pair1", heard, seq=1).reason == "stale"


def test_quotes_after_updates_only(lay):
    node = (table := lay(requote="update")).nodes["edge:pair1"]
    give(node, Kind.CSI, "pair1", table.csi(0))
    assert len(strike(node, 500_000).letters) == 3
    outputs = give(node, Kind.COVARIANCE, "rx:pair1", Covariance("pair1", np.eye(4) + 0j, 0.0))
    assert [letter.kind for letter in outputs.letters] == [Kind.SYNC]


def test_projected_prices_are_one_for_each_that_pays(lay):
    node = (table := lay(price_form="projected")).nodes["edge:pair1"]
    give(node, Kind.CSI, "pair1", table.csi(0))
    assert len(strike(node, 500_000).letters) == 1  # nothing to project by yet
    give(node, Kind.CSI, "rx:pair1", table.downlink(0))
    _, *prices = strike(node, 3_500_000).letters
    assert [(letter.dst, letter.body.payer) for letter in prices] == [("edge:pair2", "pair2"), ("edge:pair3", "pair3")]
    factor = table.problem.channels[0, 2].conj().T @ _factor(node)
    np.testing.assert_allclose(prices[1].body.factor, factor, atol=1e-14)


def _factor(node):
    return price_factor(node.book.view(node.book.known), node.play.q, node.play.an)


def test_prices_go_up_across_and_down_again(lay):
    table = lay(price_route="core").run(3 * SLOT_NS)
    hops = {(src, letter.dst) for _, src, letter, *_ in table.sent(Kind.PRICE)}
    assert ("edge:pair1", "core:pair1") in hops
    assert ("core:pair1", "core:pair3") in hops
    assert ("core:pair3", "edge:pair3") in hops
    assert not any(src.startswith("edge") and dst.startswith("edge") for src, dst in hops)
    assert table.nodes["edge:pair3"].book.prices["pair1"].body.pair == "pair1"
    core = table.nodes["core:pair1"]
    assert core.on_air == 1
    assert ("rx:pair1", "Covariance") in core.replica


def test_core_twins_drop_what_is_old_repeated_or_not_theirs(lay):
    core = lay(price_route="core").nodes["core:pair1"]
    assert [letter.dst for letter in give(core, Kind.PRICE, "edge:pair1", price_of("pair1", 4)).letters] == [
        "core:pair2",
        "core:pair3",
    ]
    assert give(core, Kind.PRICE, "edge:pair1", price_of("pair1", 3)).reason == "stale"
    projected = price_of("pair1", 3, payer="pair2")  # others of the same quote are not older for coming later
    assert [letter.dst for letter in give(core, Kind.PRICE, "edge:pair1", projected).letters] == ["core:pair2"]
    assert give(core, Kind.PRICE, "core:pair2", price_of("pair2", 1)).letters[0].dst == "edge:pair1"
    assert give(core, Kind.PRICE, "core:pair2", price_of("pair2", 1)).reason == "deduplicated"
    assert give(core, Kind.PRICE, "core:pair2", price_of("pair3", 1)).reason == "malformed"
    assert give(core, Kind.PRICE, "core:pair2", price_of("pair2", 2, payer="pair3")).reason == "malformed"
    assert give(core, Kind.ACK, "edge:pair1", Ack("pair1", 4, 1)).reason == ""
    assert give(core, Kind.ACK, "edge:pair1", Ack("pair1", 1, 1)).reason == "stale"


def test_all_reports_are_synced_where_that_is_asked_for(lay):
    few, all_of_them = lay().run(3 * SLOT_NS), lay(synced="all").run(3 * SLOT_NS)
    kinds = [{type(letter.body.report) for *_, letter, _, _ in table.sent(Kind.SYNC)} for table in (few, all_of_them)]
    assert kinds == [{Covariance}, {Covariance, Csi}]


def test_a_twin_with_a_clock_of_its_own_counts_from_its_last_turn(lay):
    node = (table := lay(schedule="asynchronous")).nodes["edge:pair1"]
    give(node, Kind.CSI, "pair1", table.csi(0))
    outputs = node.handle(Incoming(700_123, 700_456, timer=UPDATE_TIMER))
    assert outputs.letters
    assert 700_456 + outputs.cost_ns + outputs.wakes[0].delay_ns == 3_700_456


def test_a_twin_that_begins_anew_waits_for_its_slot_and_counts_on(lay):
    table = lay()
    old = table.nodes["edge:pair2"]
    node = PricingTwin(old.config, old.pricing, life=2)
    give(node, Kind.CSI, "pair2", table.csi(1))
    late = strike(node, 9_999_999)
    assert not late.solves
    assert 9_999_999 + late.cost_ns + late.wakes[0].delay_ns == 10_500_000
    (solve,) = strike(node, 10_500_000).solves
    assert solve.version == 600_000_002


def test_lost_prices_stop_nobody(lay, problem_of):
    """Half of all prices and reports of receivers are lost: everybody takes every turn and the play still pays."""
    rng = np.random.default_rng(1)
    lossy = {"is_lost": lambda letter, src: letter.kind in {Kind.PRICE, Kind.COVARIANCE} and rng.random() < 0.5}
    problem = problem_of(2, 4)
    tables = [lay(problem, ways).run(120 * SLOT_NS) for ways in (lossy, {})]
    selfish = lay(problem, priced=False).run(120 * SLOT_NS)
    assert [len(table.solves) for table in tables] == [120, 120]
    assert tables[0].sum_rate() > 0.8 * tables[1].sum_rate() > selfish.sum_rate()


def test_prices_that_overtake_each_other_are_sorted_out(lay, problem_of):
    rng = np.random.default_rng(2)
    ways = {"latency_ns": lambda letter, src: int(rng.integers(0, 4 * SLOT_NS)) if letter.kind is Kind.PRICE else 0}
    table = lay(problem_of(3), ways).run(100 * SLOT_NS)
    reasons = table.reasons()
    assert reasons.count("stale") > 20
    assert set(reasons) == {"stale"}
    numbers = [held.body.quote for held in table.nodes["edge:pair1"].book.prices.values()]
    assert min(numbers) > 90


def test_a_price_is_much_smaller_than_the_channels_that_it_stands_for(lay, problem_of):
    table = lay(problem_of(1, 3, (8, 4, 8))).run(3 * SLOT_NS)
    price = next(letter.body for *_, letter, _, _ in table.sent(Kind.PRICE))
    csi = next(letter.body for *_, letter, _, _ in table.sent(Kind.CSI))
    assert price.factor.nbytes == 4 * 2 * 16
    assert len(encode_body(price)) < len(encode_body(csi)) / 10


def test_a_twin_restored_from_its_state_goes_on_to_the_bit(lay, problem_of):
    ways = {"latency_ns": lambda letter, src: 300_000 * (1 + len(src) % 3)}
    for form, route, streams in (("factor", "edge", (2, 1)), ("projected", "core", (1, 0))):
        problem = problem_of(4, 3, streams=streams)
        tables = [lay(problem, ways, price_form=form, price_route=route, synced="all") for _ in range(2)]
        for table in tables:
            table.run(14 * SLOT_NS)
        fresh = lay(problem, ways, price_form=form, price_route=route, synced="all").nodes
        for name, node in tables[0].nodes.items():
            fresh[name].restore(unpack_plain(pack_plain(node.state(), name), name))
            assert pack_plain(fresh[name].state(), name) == pack_plain(node.state(), name)
        tables[0].nodes.update(fresh)
        for table in tables:
            table.run(40 * SLOT_NS)
        for name, node in tables[0].nodes.items():
            assert pack_plain(node.state(), name) == pack_plain(tables[1].nodes[name].state(), name)
        np.testing.assert_array_equal(tables[0].q, tables[1].q)


def test_a_state_that_no_twin_of_the_pair_says_is_refused(lay):
    table = lay().run(7 * SLOT_NS)
    node = lay().nodes["edge:pair1"]
    fresh, (reports, prices), (turns, quotes, (q, an)) = table.nodes["edge:pair1"].state()
    heard = reports[2]
    for wrong in (
        None,
        (),
        (fresh, None, None),
        (fresh, ((heard, None, None), prices), (turns, quotes, None)),
        (fresh, ((None, None, heard[:3]), prices), (turns, quotes, None)),
        (fresh, (reports, prices), (turns, -1, None)),
        (fresh, (reports, prices), (turns, quotes, (q[:, :1], an))),
        (fresh, (reports, prices), (turns, quotes, (q, an[:3]))),
        (fresh, (reports, ((1, 2),)), (turns, quotes, None)),
        (fresh, (reports, (("pair2", heard),)), (turns, quotes, None)),
    ):
        with pytest.raises(WireError):
            node.restore(wrong)
    other = table.nodes["edge:pair2"].state()
    own = replace(table.configs[0], streams=3, noise_streams=2)
    with pytest.raises(WireError):
        type(node)(node.config, own).restore(other)


def test_an_update_that_comes_to_nothing_finite_changes_nothing(table, monkeypatch):
    node = table.nodes["edge:pair1"]
    give(node, Kind.CSI, "pair1", table.csi(0))
    strike(node, 500_000)
    before = node.play.q
    monkeypatch.setattr("twin.nodes.pricing_play.update", lambda *args, **kwargs: (np.nan * args[2], args[3]))
    outputs = strike(node, 3_500_000)
    assert outputs.solves[0].status == "failed"
    np.testing.assert_array_equal(node.play.q, before)
    np.testing.assert_array_equal(outputs.letters[0].body.vector[:, :2], before)


def test_messages_alone_decide(lay, problem_of):
    """Two tables of one problem that deliver the same messages get the same outputs."""
    problem = problem_of(7)
    one, other = lay(problem).run(30 * SLOT_NS), lay(problem).run(30 * SLOT_NS)
    assert len(one.log) > 400
    assert [entry[3] for entry in one.log] == [entry[3] for entry in other.log]
