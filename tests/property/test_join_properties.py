"""The join in bounded memory against a plain one that keeps everything, whatever the facts and their order."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from twin.journal.facts import Applied, Ended, Hop, Sent, Solved, Struck, Wall
from twin.journal.schemas import CONTROL, LATENCY_PARTS, MESSAGES, SOLVES
from twin.journal.tables import build_tables, metrics_table
from twin.wire.codec import decode_envelope, encode_envelope
from twin.wire.messages import SCHEMA, Envelope, Kind

NAMES = ("uav", "edge:uav", "core:uav", "core:su")
TIMES = st.integers(0, 30)
MANY = 14


@pytest.fixture(autouse=True, scope="module")
def small_parts():
    """Blocks and parts so small that a handful of messages fills several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.journal.join._BLOCK", 2)
        patch.setattr("twin.journal.join._PART", 3)
        patch.setattr("twin.journal.rows._CHUNK", 2)
        yield


@st.composite
def sent(draw, msg_id):
    kind = draw(st.sampled_from([Kind.PRECODER, Kind.PRECODER, Kind.CSI]))
    src, dst = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    parent, send, trace = draw(st.integers(0, MANY)), draw(TIMES), draw(st.integers(0, 3))
    return Sent(
        encode_envelope(Envelope(SCHEMA, "r", kind, src, dst, msg_id, msg_id, trace, parent, send, -1, 0, 0, 0, b"x"))
    )


@st.composite
def ended(draw, msg_id):
    fate = draw(st.sampled_from(["delivered", "lost", "dropped"]))
    t_ns, begin = draw(TIMES), draw(st.integers(-1, 30))
    hops = draw(st.lists(st.builds(Hop, st.sampled_from(["a", "b"]), *[st.integers(0, 9)] * 4), max_size=2))
    return Ended(msg_id, t_ns, fate, "", begin, begin, tuple(hops))


@st.composite
def solved(draw):
    begin, version = draw(TIMES), draw(st.integers(1, 3))
    inputs = tuple(draw(st.lists(st.integers(1, MANY), max_size=3)))
    return Solved(
        draw(st.sampled_from(NAMES)), begin, begin + 1, "p", "m", "t", version, inputs, "solved", 1, 0.5, 0.0, 1
    )


applied = st.builds(
    Applied, TIMES, st.sampled_from(("uav", "su")), st.integers(0, 3), st.integers(0, MANY), TIMES, st.just(bytes(16))
)
walls = st.builds(Wall, st.sampled_from(NAMES), st.integers(1, 3), TIMES, st.floats(0, 9))
strikes = st.builds(
    Struck, st.integers(1, MANY), TIMES, st.integers(0, 1), st.sampled_from(("lost", "delayed", "skewed", "replayed"))
)


@st.composite
def journals(draw):
    """The facts of a run in any order, cut anywhere; of a message that is not there nothing ended."""
    ids = range(1, draw(st.integers(0, MANY)) + 1)
    facts = [draw(sent(msg_id)) for msg_id in ids]
    facts += [draw(ended(msg_id)) for msg_id in ids if draw(st.booleans())]
    facts += draw(st.lists(solved() | applied | walls | strikes, max_size=8))
    facts = draw(st.permutations(facts))
    facts = facts[: draw(st.integers(0, len(facts)))]
    present = {decode_envelope(fact.frame).msg_id for fact in facts if isinstance(fact, Sent)}
    return [fact for fact in facts if not isinstance(fact, Ended) or fact.msg_id in present]


def plain_join(facts, end_ns):
    """(envelope, size, end) of every message by id, and the solves by (node, version)."""
    ends = {f.msg_id: f for f in facts if isinstance(f, Ended) and max(f.t_ns, f.begin_ns) < end_ns}
    frames = [(decode_envelope(fact.frame), len(fact.frame)) for fact in facts if isinstance(fact, Sent)]
    flags = {"delayed": 4, "skewed": 8}
    struck = [
        (f.msg_id, flags[f.effect]) for f in facts if isinstance(f, Struck) and f.t_ns < end_ns and f.effect in flags
    ]
    frames = [
        (changed(e, flags=sum({flag for msg_id, flag in struck if msg_id == e.msg_id})), size) for e, size in frames
    ]
    messages = {e.msg_id: (e, size, ends.get(e.msg_id)) for e, size in frames if e.t_send_ns < end_ns}
    return messages, [fact for fact in facts if isinstance(fact, Solved) and fact.begin_ns < end_ns]


def message_row(envelope, size, end):
    own = ("msg_id", "trace_id", "parent_id", "kind", "src", "dst", "seq", "epoch", "flags", "t_data_ns", "t_send_ns")
    row = {name: getattr(envelope, name) for name in own} | {"kind": str(envelope.kind), "bytes": size}
    row |= {"intra": envelope.src.split(":")[-1] == envelope.dst.split(":")[-1], "fate": "in_flight", "reason": ""}
    if end is None:
        return row
    row |= {"fate": end.fate, "t_end_ns": end.t_ns, "hops": [dict(zip(hop.__struct_fields__, (
        getattr(hop, name) for name in hop.__struct_fields__), strict=True)) for hop in end.hops]}  # fmt: skip
    row |= {part: sum(getattr(hop, part) for hop in end.hops) for part in LATENCY_PARTS}
    row |= {"latency_ns": end.t_ns - envelope.t_send_ns} if end.fate == "delivered" else {}
    return row | ({"begin_ns": end.begin_ns, "finish_ns": end.finish_ns} if end.begin_ns >= 0 else {})


def control_row(fact, messages, solves):
    by_version = {(solve.node, solve.version): solve for solve in solves}
    row = {
        "t_applied_ns": fact.t_ns, "transmitter": fact.transmitter, "version": fact.version,
        "msg_id": fact.msg_id or None, "t_data_ns": fact.t_data_ns, "measured_ns": fact.t_data_ns,
        "age_at_application_ns": fact.t_ns - fact.t_data_ns, "power_mw": 0.0, "loss_samples": 0,
    }  # fmt: skip
    if fact.msg_id in messages:
        row["trace_id"] = messages[fact.msg_id][0].trace_id
    msg_id = fact.msg_id
    for _ in range(64):
        envelope = messages[msg_id][0] if msg_id in messages else None
        if envelope is None or envelope.kind != Kind.PRECODER:
            return row
        solve = by_version.get((envelope.src, fact.version))
        if solve is not None:
            used = [messages[k] for k in solve.inputs if k in messages]
            ends = [end.t_ns for other, _, end in used if end is not None and other.dst == solve.node]
            return row | {
                "received_ns": max(ends, default=None), "solve_begin_ns": solve.begin_ns,
                "solve_done_ns": solve.finish_ns, "sent_ns": envelope.t_send_ns, "inputs": list(solve.inputs),
            }  # fmt: skip
        msg_id = envelope.parent_id
    return row


@settings(deadline=None)  # the first example pays for imports
@given(journals(), st.integers(0, 31))
def test_tables_are_those_of_a_plain_join(facts, end_ns):
    tables = build_tables(facts, metrics_table([]), end_ns)
    messages, solves = plain_join(facts, end_ns)
    rows = sorted((message_row(*message) for message in messages.values()), key=lambda r: (r["t_send_ns"], r["msg_id"]))
    assert tables.messages.equals(pa.Table.from_pylist(rows, schema=MESSAGES))
    assert all(part.num_rows <= 3 for part in tables.messages.to_batches())
    on_air = [fact for fact in facts if isinstance(fact, Applied) and fact.t_ns < end_ns]
    on_air.sort(key=lambda fact: (fact.t_ns, fact.transmitter, fact.version))
    expected = [control_row(fact, messages, solves) for fact in on_air]
    assert tables.control.equals(pa.Table.from_pylist(expected, schema=CONTROL))
    wall_us = {(f.node, f.version, f.begin_ns): f.wall_us for f in facts if isinstance(f, Wall)}
    ordered = sorted(solves, key=lambda solve: (solve.begin_ns, solve.node, solve.version))
    expected = [
        {name: getattr(solve, name, wall_us.get((solve.node, solve.version, solve.begin_ns))) for name in SOLVES.names}
        for solve in ordered
    ]
    assert tables.solves.equals(pa.Table.from_pylist(expected, schema=SOLVES))
