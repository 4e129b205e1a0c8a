"""What faults did and cost: counts of strikes, means in and outside of their time, flags in the log."""

import numpy as np
import pytest

from twin.errors import RunFolderError
from twin.journal.digest import digests_of
from twin.journal.facts import Sent, Struck
from twin.journal.fault_costs import RECOVERY_NS, FaultSpan, fault_costs
from twin.journal.records import decode_fact, encode_fact
from twin.journal.summary import RunInfo, summarise
from twin.journal.tables import build_tables, metrics_table
from twin.wire.codec import decode_envelope, encode_envelope
from twin.wire.mailer import copy_of
from twin.wire.messages import Kind

MS = 10**6
END_NS = 40 * MS


def struck(msg_id, t_ns, effect, fault=0):
    return Struck(msg_id, t_ns, fault, effect)


@pytest.fixture
def tables(story):
    """The story, in which fault 0 delays one message, wrongs two by a clock, and fault 2 loses one; one is to come."""
    strikes = [
        struck(1, 2 * MS, "delayed"),
        struck(1, 2 * MS, "skewed"),
        struck(7, 15 * MS, "lost", 2),
        struck(9, 39 * MS, "skewed"),  # in flight at the end
        struck(9, END_NS, "delayed"),  # after the end
    ]
    return build_tables([*story, *strikes], metrics_table([]), END_NS)


def test_strikes_before_the_end_are_counted_by_fault_and_effect(tables):
    assert tables.struck == {(0, "delayed"): 1, (0, "skewed"): 2, (2, "lost"): 1}


def test_flags_say_what_happened_to_a_message_whether_it_ended_or_not(tables):
    flags = dict(zip(tables.messages["msg_id"].to_pylist(), tables.messages["flags"].to_pylist(), strict=True))
    assert {msg_id: flag for msg_id, flag in flags.items() if flag} == {1: 4 | 8, 9: 8}


def test_a_copy_is_flagged_by_its_envelope(story, sent):
    original = decode_envelope(sent(20, Kind.CSI, "uav", "edge:uav", 5 * MS).frame)
    copy = copy_of(original, 3, 2)
    assert (copy.seq, copy.t_send_ns, copy.body) == (original.seq, original.t_send_ns, original.body)
    assert copy.msg_id == original.msg_id + (3 << 36)
    facts = [*story, Sent(encode_envelope(copy))]
    messages = build_tables(facts, metrics_table([]), END_NS).messages
    assert messages["flags"].to_pylist()[messages["msg_id"].to_pylist().index(copy.msg_id)] == 2


FAULTS = (FaultSpan("loss_burst", "radio", 0, 200 * MS), FaultSpan("replay", "uav", 500 * MS, 600 * MS))


def test_the_cost_of_a_fault_is_the_loss_in_its_time_and_after_it_against_all_that_is_near_none(tables):
    times_ns = np.arange(0, 1000, 50) * float(MS)
    loss = np.where(times_ns < 300 * MS, 3.0, np.where((times_ns >= 500 * MS) & (times_ns < 700 * MS), 2.0, 0.5))
    loss[1] = np.nan  # an instant that the genie could not solve
    first, second = fault_costs(FAULTS, tables, times_ns, loss, 1000 * MS)
    assert RECOVERY_NS == 100 * MS
    assert first["messages"]["skewed"] == 2
    assert (first["samples"], first["secrecy_loss"], first["secrecy_loss_outside"]) == (5, 3.0, 0.5)
    assert (second["samples"], second["secrecy_loss"], second["secrecy_cost"]) == (4, 2.0, 1.5)
    assert set(second["messages"].values()) == {0}
    assert (second["kind"], second["target"], second["from_s"], second["to_s"]) == ("replay", "uav", 0.5, 0.6)


def test_without_samples_nothing_is_said_and_a_fault_ends_with_the_run(tables):
    (entry,) = fault_costs(FAULTS[:1], tables, np.zeros(0), np.zeros(0), 50 * MS)
    assert entry["to_s"] == 0.05
    assert {entry[name] for name in ("secrecy_loss", "secrecy_loss_outside", "secrecy_cost")} == {None}


def test_the_summary_has_an_entry_per_fault_and_none_without(tables, story):
    info = RunInfo("tiny", 3, "", "", True, END_NS, False, None, None, faults=FAULTS)
    assert [entry["kind"] for entry in summarise(tables, info)["faults"]] == ["loss_burst", "replay"]
    plain = RunInfo("tiny", 3, "", "", True, END_NS, False, None, None)
    assert summarise(build_tables(story, metrics_table([]), END_NS), plain)["faults"] == []


def test_a_strike_is_a_fact_of_virtual_time(story):
    fact = struck(1, 2 * MS, "delayed")
    assert decode_fact(encode_fact(fact)) == fact
    with_it, without = digests_of([*story, fact]), digests_of(story)
    assert with_it.digest() != without.digest()
    assert with_it.digest_events() != without.digest_events()


def test_an_unknown_effect_is_not_a_record():
    with pytest.raises(RunFolderError, match="effect='eaten': must be one of delayed, "):
        decode_fact(encode_fact(struck(1, 2, "eaten")))


def test_a_fault_that_would_have_begun_after_the_end_has_the_span_that_was_written(tables):
    (entry,) = fault_costs(FAULTS[1:], tables, np.zeros(0), np.zeros(0), 50 * MS)
    assert (entry["from_s"], entry["to_s"], entry["samples"]) == (0.5, 0.6, 0)
