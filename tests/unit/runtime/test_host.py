"""The host: numbers, places in virtual time, bounded mailboxes, batches without gaps."""

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import WireError
from twin.nodes.base import Outputs, Wake
from twin.nodes.config import NodeConfig, from_wire, to_wire
from twin.runtime.host import Host
from twin.wire.codec import encode_body, seal
from twin.wire.control import decode_control, encode_control
from twin.wire.messages import SCHEMA, Ack, Envelope, Kind, Letter, State
from twin.wire.protocol import CRASH, Batch, Delivery, Fate, HostError, Reason, Result, StateHash, Stop, Welcome
from twin.wire.reactions import Reaction

CONFIG = NodeConfig(
    name="edge:su",
    role="edge",
    entity="su",
    entity_kind="user",
    rank=7,
    peer="core:su",
    coordinator="core:base_station",
    eavesdropper="eavesdropper",
    sensed_to="edge:eavesdropper",
    handle_ns=1_000,
    mailbox_max=2,
    coordination=None,
)
BODY = encode_body(State(np.zeros(3), np.zeros(3), 1.0))


def make_host(config=CONFIG):
    host = Host("edge")
    assert host.handle(encode_control(Welcome("run", (to_wire(config),), 0))) == []
    return host


def delivery(t_ns, seq, node="edge:su", body=BODY):
    envelope = Envelope(SCHEMA, "run", Kind.STATE, "su", node, seq, seq, 1, 0, t_ns, -1, t_ns, 0, 0, body)
    return Delivery(node, t_ns, seal(envelope))


def ask(host, number, *deliveries):
    return decode_control(host.handle(encode_control(Batch(number, deliveries))))


def test_outputs_are_numbered_and_leave_when_handling_ends():
    host = make_host()
    (first, second) = ask(host, 1, delivery(5_000, 1), delivery(9_000, 2)).outcomes
    one, two = (sent.envelope for outcome in (first, second) for sent in outcome.sends)
    assert (first.begin_ns, first.finish_ns) == (5_000, 6_000)
    assert (one.src, one.dst, one.seq, two.seq) == ("edge:su", "core:su", 1, 2)
    assert one.t_send_ns == 6_000
    assert one.t_deliver_ns == -1
    assert two.msg_id == one.msg_id + 1 == (7 << 40) + 2
    assert (one.parent_id, one.t_data_ns) == (1, 5_000)


def test_a_busy_twin_queues():
    outcomes = ask(make_host(), 1, delivery(0, 1), delivery(100, 2), delivery(5_000, 3)).outcomes
    assert [(o.begin_ns, o.finish_ns) for o in outcomes] == [(0, 1_000), (1_000, 2_000), (5_000, 6_000)]


def test_a_full_mailbox_drops_and_says_so():
    outcomes = ask(make_host(), 1, *(delivery(0, seq) for seq in range(1, 6))).outcomes
    assert [o.fate for o in outcomes] == [Fate.DELIVERED] * 3 + [Fate.DROPPED] * 2
    assert {o.reason for o in outcomes[3:]} == {Reason.QUEUE_FULL}
    assert all(not o.sends for o in outcomes[3:])


def test_what_was_refused_or_malformed_leaves_the_twin_as_it_was():
    host = make_host()
    ask(host, 1, delivery(0, 1))
    before = decode_control(host.handle(encode_control(Stop())))
    outcome = ask(host, 2, delivery(10_000, 2, body=BODY[:-1])).outcomes[0]
    assert (outcome.fate, outcome.reason) == (Fate.DROPPED, Reason.MALFORMED)
    assert decode_control(host.handle(encode_control(Stop()))) == before


def test_the_same_batch_again_gets_the_same_answer_and_is_applied_once():
    host = make_host()
    parts = encode_control(Batch(1, (delivery(0, 1),)))
    assert host.handle(parts) == host.handle(parts)
    assert isinstance(ask(host, 2, delivery(2_000, 2)), Result)


@pytest.mark.parametrize("number", [0, 2, 7])
def test_a_gap_in_the_numbers_is_an_error(number):
    if number == 0:
        with pytest.raises(WireError):
            encode_control(Batch(number, (delivery(0, 1),)))
        return
    answer = ask(make_host(), number, delivery(0, 1))
    assert answer == HostError(f"batch {number}: expected 1")


def test_a_node_that_lives_elsewhere_is_an_error_and_nothing_is_applied():
    host = make_host()
    answer = ask(host, 1, delivery(0, 1), delivery(0, 1, node="edge:gu"))
    assert answer == HostError("batch 1: no node edge:gu here")
    assert isinstance(ask(host, 1, delivery(0, 1)), Result)


def test_state_hash_tells_states_apart():
    one, other = make_host(), make_host()
    ask(one, 1, delivery(0, 1))
    ask(other, 1, delivery(0, 1))
    hashes = [decode_control(host.handle(encode_control(Stop()))) for host in (one, other)]
    assert hashes[0] == hashes[1]
    assert isinstance(hashes[0], StateHash)
    ask(other, 2, delivery(10_000, 2))
    assert decode_control(other.handle(encode_control(Stop()))) != hashes[0]


def test_configuration_survives_the_wire_and_is_checked():
    assert from_wire(to_wire(CONFIG)) == CONFIG
    for wrong in ({"role": "middle"}, {"handle_ns": "1"}, {"handle_ns": 1.5}, {"seed": 3}):
        with pytest.raises(WireError, match="node configuration"):
            from_wire({**to_wire(CONFIG), **wrong})
    missing = to_wire(CONFIG)
    del missing["peer"]
    with pytest.raises(WireError, match="peer"):
        from_wire(missing)


def test_a_broken_welcome_or_foreign_message_is_answered_with_an_error():
    host = Host("edge")
    config = to_wire(replace(CONFIG, rank=1))
    config["seed"] = 5
    answer = decode_control(host.handle(encode_control(Welcome("run", (config,), 0))))
    assert isinstance(answer, HostError)
    assert isinstance(decode_control(host.handle([b"\xff\x00"])), HostError)


def test_a_crash_ends_a_life_in_its_place_among_the_deliveries():
    host = make_host(replace(CONFIG, mailbox_max=100))
    before, crash, repeated = ask(
        host, 1, delivery(5_000, 9), Delivery("edge:su", 5_500, None, CRASH), delivery(5_600, 8)
    ).outcomes
    assert (crash.fate, crash.begin_ns, crash.finish_ns) == (Fate.DELIVERED, 5_500, 5_500)
    assert crash.sends == crash.timers == ()
    # The new life knows neither the newer report nor that it was busy; the numbers of its letters go on.
    assert (repeated.fate, repeated.begin_ns) == (Fate.DELIVERED, 5_600)
    old, new = before.sends[0].envelope, repeated.sends[0].envelope
    assert (old.epoch, new.epoch) == (0, 1)
    assert (new.msg_id, new.seq) == (old.msg_id + 1, old.seq + 1)


@pytest.mark.parametrize(
    ("outputs", "what"),
    [
        (Outputs(999), "a handling cost 999 ns: must be at least the 1000 ns that it declares"),
        (
            Outputs(1_000, (Letter(Kind.ACK, "edge:su", Ack("uav", 1, 0), 0, 1),)),
            "writes to itself: a twin has timers for that",
        ),
    ],
)
def test_a_twin_that_breaks_what_windows_rely_on_stops_the_run(outputs, what):
    class Unruly:
        name = "edge:su"

        def handle(self, incoming):
            return outputs

    host = Host("edge", make=lambda config, life: Unruly())
    host.handle(encode_control(Welcome("run", (to_wire(CONFIG),), 0)))
    assert ask(host, 1, delivery(5_000, 1)) == HostError(f"edge:su: {what}")


@pytest.mark.parametrize(
    ("outputs", "what"),
    [
        (Outputs(1_000, wakes=(Wake("now", 1),)), "asks for a timer on state: has not declared that"),
        (
            Outputs(1_000, (Letter(Kind.ACK, "edge:other", Ack("uav", 1, 0), 0, 1),)),
            "writes to edge:other on state: has not declared that",
        ),
        (
            Outputs(1_499, (Letter(Kind.ACK, "core:su", Ack("uav", 1, 0), 0, 1),)),
            "writes after 1499 ns on state: has not declared that",
        ),
        (Outputs(1_500, (Letter(Kind.ACK, "core:su", Ack("uav", 1, 0), 0, 1),)), ""),
    ],
)
def test_a_twin_does_only_what_it_has_declared_to_come_of_a_message(monkeypatch, outputs, what):
    class Unruly:
        name = "edge:su"

        def handle(self, incoming):
            return outputs

    declared = {Kind.STATE: Reaction(frozenset({"core:su"}), cost_ns=500)}
    monkeypatch.setattr("twin.runtime.host.reactions", lambda config: declared)
    host = Host("edge", make=lambda config, life: Unruly())
    host.handle(encode_control(Welcome("run", (to_wire(CONFIG),), 0)))
    answer = ask(host, 1, delivery(5_000, 1))
    if what:
        assert answer == HostError(f"edge:su: {what}")
    else:
        assert len(answer.outcomes[0].sends) == 1


def test_a_twin_sees_when_a_message_came_and_believes_in_no_data_from_the_future():
    heard = []

    class Ear:
        name = "edge:su"

        def handle(self, incoming):
            heard.append(incoming)
            return Outputs(1_000)

    late, early = delivery(5_000, 1), Delivery("edge:su", 7_000, delivery(9_000, 2).sealed)
    for way in (ask, lambda host, number, *deliveries: host.answer(Batch(number, deliveries))):
        host = Host("edge", make=lambda config, life: Ear())
        host.handle(encode_control(Welcome("run", (to_wire(CONFIG),), 0)))
        way(host, 1, late, early)
    times = [(each.t_ns, each.envelope.t_deliver_ns, each.envelope.t_data_ns) for each in heard]
    assert times == [(5_000, 5_000, 5_000), (7_000, 7_000, 7_000)] * 2
