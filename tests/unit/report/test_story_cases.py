"""Stories told by hand: copies, full queues, stale precoders, a leader's lost command, solves that came to nothing."""

import json

import numpy as np
import pytest
from msgspec.structs import replace

from twin.errors import UsageError
from twin.journal.facts import Applied, Ended, Hop, Sent, Solved
from twin.journal.tables import build_tables, metrics_table
from twin.report.solves import find_solve
from twin.report.story import Ending, tell
from twin.report.story_text import story_json, story_lines
from twin.wire.codec import encode_envelope
from twin.wire.messages import SCHEMA, Envelope, Kind

US = 1_000
END_NS = 10_000 * US
UP, DOWN, AIR = (Hop(name, 1 * US, 2 * US, 96 * US, 1 * US) for name in ("up", "down", "air"))


def message(msg_id, kind, way, sent_us, parent=0):
    src, dst = way.split(" ")
    sent_ns = sent_us * US
    envelope = Envelope(SCHEMA, "run", kind, src, dst, msg_id, msg_id, 1, parent, sent_ns, -1, 0, 0, 0, b"x")
    return Sent(encode_envelope(envelope))


def ended(msg_id, at_us, *hops, fate="delivered", reason="", takes_us=20, on_the_way=False):
    begin = -1 if on_the_way else at_us * US
    finish = -1 if on_the_way else (at_us + takes_us) * US
    return Ended(msg_id, at_us * US, fate, reason, begin, finish, hops)


def solved(version=1, node="core:b", inputs=(1,), begin_us=120, status="solved"):
    done = (begin_us + 80) * US
    return Solved(node, begin_us * US, done, "p", "fast", "every", version, inputs, status, 3, 1.5, 0.0, 80 * US)


def applied(transmitter, version, at_us, msg_id):
    return Applied(at_us * US, transmitter, version, msg_id, 0, np.ones(1, "<c16").tobytes())


def told(*facts, which="1", end_ns=END_NS):
    tables = build_tables(facts, metrics_table([]), end_ns)
    return tell(tables, find_solve(tables, which), end_ns)


REPORT = (message(1, Kind.CSI, "a core:b", 0), ended(1, 100, UP, takes_us=100))
"""Measured at 0, there at 100 us, solved from 120 to 200 us."""

SENT = (*REPORT, solved(), message(2, Kind.PRECODER, "core:b edge:a", 200, 1))


def texts(story):
    return "\n".join(line.text for line in story_lines(story))


def test_of_several_copies_the_one_that_got_furthest_is_told():
    story = told(
        *SENT,
        ended(2, 300, DOWN),
        message(3, Kind.PRECODER, "edge:a a", 320, 2),
        ended(3, 400, AIR, fate="lost", reason="loss", on_the_way=True),
        message(4, Kind.PRECODER, "edge:a a", 320, 2),
        ended(4, 420, AIR, takes_us=0),
    )
    (delivery,) = story.deliveries
    assert [step.msg_id for step in delivery.steps] == [2, 4]
    assert delivery.ending is Ending.HELD
    assert story.message_ids == {1, 2, 4}


def test_what_went_on_air_is_told_whatever_became_of_a_copy():
    """The network made a copy (5) of the coordinator's message, and lost it."""
    story = told(
        *SENT,
        message(5, Kind.PRECODER, "core:b edge:a", 200, 1),
        ended(5, 250, fate="lost", reason="loss", on_the_way=True),
        ended(2, 300, DOWN),
        message(3, Kind.PRECODER, "edge:a a", 320, 2),
        ended(3, 400, AIR, takes_us=0),
        applied("a", 1, 450, 3),
    )
    (delivery,) = story.deliveries
    assert (delivery.ending, delivery.held_ns) == (Ending.APPLIED, 50 * US)
    assert story.message_ids == {1, 2, 3}
    assert story.breakdown_ns() == {
        "queue": 3 * US, "serialisation": 6 * US, "propagation": 288 * US, "jitter": 3 * US, "mailbox": 0,
        "handling": 40 * US, "timer": 0, "solve": 80 * US, "activation": 50 * US,
    }  # fmt: skip


def test_a_full_queue_is_named_by_the_way_of_others():
    refused = ended(2, 200, fate="dropped", reason="queue_full", on_the_way=True)
    unknown = told(*SENT, refused)
    assert (unknown.deliveries[0].ending, unknown.deliveries[0].where) == (Ending.DROPPED, "")
    assert "dropped on its way" in texts(unknown)
    others = (
        message(8, Kind.PRECODER, "core:b edge:a", 900, 1),
        ended(8, 999, DOWN),
        message(9, Kind.SHARE, "core:c edge:a", 201, 1),
        ended(9, 999, UP),
    )
    known = told(*SENT, refused, *others)
    assert known.deliveries[0].where == "down"
    assert "dropped at down" in texts(known)


def test_the_second_link_of_a_way_may_be_the_full_one():
    late = (message(8, Kind.PRECODER, "core:b edge:a", 900, 1), ended(8, 999, DOWN, AIR))
    other_way = (message(9, Kind.PRECODER, "core:b edge:a", 201, 1), ended(9, 999, UP, UP))
    refused = ended(2, 300, DOWN, fate="dropped", reason="queue_full", on_the_way=True)
    assert told(*SENT, refused, *late, *other_way).deliveries[0].where == "air"


def test_a_link_that_sent_again_is_no_further_link_on_the_way():
    """Others crossed `down` at once; this one twice, and found `air` full."""
    others = (message(8, Kind.PRECODER, "core:b edge:a", 900, 1), ended(8, 999, DOWN, AIR))
    twice = (message(9, Kind.PRECODER, "core:b edge:a", 201, 1), ended(9, 700, DOWN, DOWN))
    refused = ended(2, 300, DOWN, DOWN, fate="dropped", reason="queue_full", on_the_way=True)
    assert told(*SENT, refused, *twice, *others).deliveries[0].where == "air"


def test_a_twin_that_was_down_as_its_precoder_came_is_named():
    crashed = ended(2, 300, DOWN, fate="dropped", reason="crashed", on_the_way=True)
    story = told(*SENT, crashed, message(8, Kind.PRECODER, "core:b edge:a", 900, 1), ended(8, 999, DOWN, AIR))
    (delivery,) = story.deliveries
    assert (delivery.ending, delivery.where) == (Ending.DROPPED, "edge:a")
    assert "dropped at edge:a" in texts(story)


def test_no_link_is_blamed_where_there_was_no_way():
    nowhere = ended(2, 200, fate="dropped", reason="no_route", on_the_way=True)
    story = told(*SENT, nowhere, message(8, Kind.PRECODER, "core:b edge:a", 900, 1), ended(8, 999, DOWN))
    assert story.deliveries[0].where == ""
    assert "dropped on its way" in texts(story)


def test_a_twin_that_drops_a_precoder_is_named():
    story = told(*SENT, ended(2, 300, DOWN, fate="dropped", reason="stale"), applied("a", 0, 50, 0))
    (delivery,) = story.deliveries
    assert (delivery.ending, delivery.where, delivery.ended_ns) == (Ending.DROPPED, "edge:a", 300 * US)
    assert (delivery.instead.version, delivery.instead.since_ns, delivery.instead.until_ns) == (0, 50 * US, END_NS)
    assert "dropped at 0.300 (stale)" in texts(story)
    assert "instead on air: local MRT" in texts(story)


def test_a_leaders_lost_command_explains_why_a_follower_held():
    story = told(
        *REPORT,
        solved(),
        message(2, Kind.PRECODER, "core:b a", 200, 1),
        ended(2, 300, DOWN, takes_us=0),
        message(3, Kind.PRECODER, "core:b c", 200, 1),
        ended(3, 310, DOWN, takes_us=0),
        applied("a", 1, 300, 2),
        message(4, Kind.COMMAND, "a c", 300, 2),
        ended(4, 380, AIR, fate="lost", reason="loss", on_the_way=True),
    )
    leader, follower = story.deliveries
    assert (leader.ending, follower.ending) == (Ending.APPLIED, Ending.HELD)
    assert (follower.release.msg_id, follower.held_ns) == (4, END_NS - 310 * US)
    assert "for the command of a, which was lost (loss)" in texts(story)
    assert "On air at a; never at c." in texts(story)


def test_a_solve_that_came_to_nothing_says_so():
    story = told(*REPORT, solved(status="failed"))
    assert story.deliveries == ()
    assert story.breakdown_ns() == {}
    assert texts(story).startswith("Version 1 of core:b: the solve ended as failed, and nothing was sent.")


def test_json_has_no_nan():
    facts = (*REPORT, replace(solved(), objective=float("nan"), violation=float("inf")))
    solve = json.loads(json.dumps(story_json(told(*facts)), allow_nan=False))["solve"]
    assert (solve["objective"], solve["violation"], solve["wall_us"], solve["iterations"]) == (None, None, None, 3)


def test_an_input_that_a_cut_journal_lost_is_left_out():
    story = told(*REPORT, solved(inputs=(77, 1)))
    assert [each.source for each in story.inputs] == ["a"]
    none = told(solved(inputs=(77,)))
    assert none.inputs == ()
    assert none.data_ns == none.solve.begin_ns
    assert story_json(none)["message_ids"] == []
    assert "begun and done" in texts(none)


def test_two_twins_that_solve_for_the_same_version_are_told_apart():
    facts = (*REPORT, solved(), solved(node="core:c", begin_us=400))
    with pytest.raises(UsageError, match="version=1: core:b and core:c solved for one each: say core:b/1"):
        told(*facts)
    assert told(*facts, which="core:c/1").solve.begin_ns == 400 * US


def test_a_version_of_another_solve_is_not_mistaken_for_this_one():
    """Two twins send version 1 to different transmitters: what went on air belongs to the one that sent it."""
    facts = (
        *SENT,
        ended(2, 300, DOWN),
        message(3, Kind.PRECODER, "edge:a a", 320, 2),
        ended(3, 400, AIR, takes_us=0),
        applied("a", 1, 400, 3),
        solved(node="core:c", begin_us=400),
        message(6, Kind.PRECODER, "core:c c", 480, 1),
        ended(6, 500, DOWN, takes_us=0),
        applied("c", 1, 500, 6),
    )
    assert [each.transmitter for each in told(*facts, which="core:b/1").deliveries] == ["a"]
    assert [each.transmitter for each in told(*facts, which="core:c/1").deliveries] == ["c"]


def test_the_last_lost_is_not_a_copy_whose_twin_arrived():
    lost = (message(2, Kind.PRECODER, "core:b a", 200, 1), ended(2, 300, AIR, fate="lost", reason="loss"))
    again = (solved(2, begin_us=400), message(3, Kind.PRECODER, "core:b a", 480, 1), ended(3, 500, AIR, takes_us=0))
    copy = (
        message(4, Kind.PRECODER, "core:b a", 480, 1),
        ended(4, 510, AIR, fate="dropped", reason="deduplicated", takes_us=0),
    )
    tables = build_tables((*REPORT, solved(), *lost, *again, *copy, applied("a", 2, 500, 3)), metrics_table([]), END_NS)
    assert find_solve(tables, "last-lost").version == 1
    assert find_solve(tables, "worst").version == 2


def test_the_median_is_the_middle_application_and_of_two_the_older():
    facts = list(REPORT)
    for version, age_us in ((1, 500), (2, 900), (3, 700), (4, 600)):
        begin = 1000 * version
        facts += [
            solved(version, begin_us=begin),
            message(10 + version, Kind.PRECODER, "core:b a", begin + 80, 1),
            ended(10 + version, begin + 90, AIR, takes_us=0),
            Applied((begin + 90) * US, "a", version, 10 + version, (begin + 90 - age_us) * US, b""),
        ]
    tables = build_tables(facts, metrics_table([]), END_NS)
    assert [find_solve(tables, name).version for name in ("worst", "median")] == [2, 3]
    assert find_solve(build_tables(facts[:-4], metrics_table([]), END_NS), "median").version == 3
