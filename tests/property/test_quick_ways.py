"""Every quick way of the codec gives what the exact one gives, for any input: the same object, bytes or refusal."""

from enum import IntEnum, StrEnum

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from twin.errors import RunFolderError, WireError
from twin.journal import records
from twin.journal.facts import MAX_INT, Ended, Hop, Sent
from twin.wire import bodies as body_codec
from twin.wire import codec, control, skeletons
from twin.wire.messages import (
    BODY_OF,
    Ack,
    Command,
    Covariance,
    Csi,
    Echo,
    Envelope,
    Kind,
    Precoder,
    Price,
    Replica,
    Sealed,
    Sensed,
    State,
)
from twin.wire.protocol import Batch, Delivery, Fate, Outcome, Reason, Result, SolveReport, TimerRequest

quick = settings(derandomize=True, database=None, deadline=None, max_examples=300)


class Text(StrEnum):
    """Equal to a good name and none: an exact check of types sees it."""

    UAV = "uav"


class Number(IntEnum):
    ONE = 1


RNG = np.random.default_rng(7)
NAMES = ("su", "au", "gu", "eavesdropper")


def csi(rows, antennas):
    channels = RNG.normal(size=(rows, antennas)) + 1j * RNG.normal(size=(rows, antennas))
    return Csi(NAMES[:rows], channels, np.arange(float(rows)), np.zeros(rows))


STATE = State(RNG.normal(size=3), RNG.normal(size=3), -3.5)
SENSED = Sensed("uav", RNG.normal(size=5) + 0j, 0.25)
HEARD = Covariance("pair2", RNG.normal(size=(2, 2)) + 0j, 10.0)
ECHO = Echo("target", RNG.normal(size=(3, 2)) + 0j, RNG.normal(size=3), np.array([0.5, 0.01, 0.02]), -2.5)
REPORTS = [STATE, csi(1, 1), csi(4, 4), csi(3, 11), SENSED, HEARD, ECHO]  # csi(3, 11): too many doubles for Python
BODIES = [(Kind.STATE, STATE), *((Kind.CSI, report) for report in REPORTS[1:4])]
BODIES += [(Kind.SYNC, Replica("satellite", 70_000, report)) for report in REPORTS]
BODIES += [(Kind.PRECODER, Precoder("pair2", 300, RNG.normal(size=(4, 3)) + 0j, 0)), (Kind.COVARIANCE, HEARD)]
BODIES += [(Kind.PRECODER, Precoder("uav", 3, RNG.normal(size=4) + 0j, 1_500_000))]
BODIES += [(Kind.ECHO, ECHO)]
BODIES += [
    (Kind.PRICE, Price("pair2", 300, 9, payer, 1.5, 10.0, RNG.normal(size=(4, 2)) + 1j)) for payer in ("", "pair1")
]
BODIES += [(Kind.ACK, Ack("uav", 3, 1_700_000)), (Kind.COMMAND, Command(3, "activate", 25))]
ENVELOPE = Envelope(1, "run", Kind.CSI, "uav", "edge:uav", 300, 1 << 40, 5, 0, 70_000, -1, 60_000, 0, 0, b"body")
SEALED = codec.seal(ENVELOPE)
FRAME = SEALED.frame
SOLVE = SolveReport("sagin", "fast", "complete", 3, (11, 300), "solved", 17, 2.25, -1e-9, 800_000, 1234.5)
OUTCOMES = (
    Outcome(Fate.DELIVERED, Reason.NONE, 10, 1400, (SEALED, SEALED), (TimerRequest("uav", "solve", 99),), (SOLVE,)),
    Outcome(Fate.DROPPED, Reason.STALE, -1, -1),
)
CONTROLS = [
    Batch(1, (Delivery("core:uav", 300, SEALED), Delivery("core:uav", 11, None, "solve"))),
    Result(7, OUTCOMES),
]
FACTS = [
    Sent(FRAME),
    Ended(1 << 40, 20, "delivered", "", 20, -1, (Hop("radio:a>b", 1, 2, 300, -4), Hop("b", 0, 0, 0, 0))),
]

awkward = st.one_of(
    st.sampled_from([True, 1.0, -1, -2, 0, 2**63, 2**64, -(2**63), "", "a\x00b", "x" * 65, b"uav", None, (), [], 1, "uav"]),
    st.sampled_from([Text.UAV, Number.ONE, Kind.CSI, Fate.LOST, float("nan"), float("inf"), -1e-300, np.float64(1.5)]),
    st.sampled_from([np.int64(1), "\ud800", bytearray(b"uav"), ("su", Text.UAV), ("su", ""), ["su"], ("su",), (1,)]),
    st.sampled_from([np.zeros(3), -np.ones(3), np.zeros((3, 3)), np.full(3, np.nan), np.full(3, 1e308), np.zeros(3)[::-1]]),
    st.sampled_from([np.zeros(4), np.zeros(4, ">f8"), np.zeros(4, "<i8"), np.zeros(8)[::2], -np.ones(4), np.full(4, np.inf)]),
    st.sampled_from([np.zeros((4, 4), complex).T, np.ones((4, 4), complex) * 1j, np.ma.zeros(3), np.zeros((4, 0), complex)]),
)  # fmt: skip


def result(call, *args):
    """What a call gives: its value, or how it was refused (the last three only for objects that no type checker passes)."""
    try:
        return call(*args)
    except (WireError, RunFolderError, AttributeError, TypeError, ValueError) as error:
        return type(error)


def same(a, b):
    """Equal in type and, down to the bits, in content."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if hasattr(a, "__struct_fields__"):
        return same(astuple(a), astuple(b))
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


@st.composite
def spoiled(draw, data):
    """These bytes with a few bits turned over, a piece missing, doubled or foreign, a number longer than need be."""
    data = bytearray(data)
    for position in draw(st.lists(st.integers(0, 8 * len(data) - 1), max_size=3)):
        data[position // 8] ^= 1 << position % 8
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.integers(0, 9)))
    piece = draw(st.one_of(st.just(bytes(data[start:end])), st.just(b""), st.binary(max_size=9), st.just(b"\xcc\x01")))
    return bytes(data[:start] + piece + data[end:])


def is_open(value):
    return hasattr(value, "__struct_fields__") and type(value) is not Sealed


@st.composite
def altered(draw, struct):
    """This struct with one field, possibly of a struct inside, replaced by an awkward value.

    A sealed envelope is what it says, or something else.
    """
    values = list(astuple(struct))
    place = draw(st.integers(0, len(values) - 1))
    inner = values[place]
    if is_open(inner) and draw(st.booleans()):
        values[place] = draw(altered(inner))
    elif type(inner) is tuple and inner and is_open(inner[0]) and draw(st.booleans()):
        values[place] = (draw(altered(inner[0])), *inner[1:])
    else:
        values[place] = draw(awkward)
    return type(struct)(*values)


@quick
@given(spoiled(FRAME))
def test_frames(frame):
    assert same(result(codec.decode_envelope, frame), result(codec._decode_exactly, frame))


@quick
@given(altered(ENVELOPE))
def test_envelopes(envelope):
    assert result(codec.encode_envelope, envelope) == result(codec._encode_exactly, envelope)


@quick
@given(st.data(), st.sampled_from(BODIES))
def test_bytes_of_bodies(data, kind_and_body):
    kind, body = kind_and_body
    good = codec.encode_body(body)  # from now on its skeleton is known
    assert same(codec.decode_body(kind, good), body_codec._decode_exactly(BODY_OF[kind], good))
    bad = data.draw(spoiled(good))
    assert same(result(codec.decode_body, kind, bad), result(body_codec._decode_exactly, BODY_OF[kind], bad))


@quick
@given(st.data(), st.sampled_from([body for _, body in BODIES]))
def test_bodies(data, body):
    assert codec.encode_body(body) == body_codec._encode_exactly(body)
    other = data.draw(altered(body))
    assert result(codec.encode_body, other) == result(body_codec._encode_exactly, other)


@quick
@given(st.data(), st.sampled_from(CONTROLS))
def test_parts_of_control_messages(data, message):
    parts = control.encode_control(message)
    assert same(control.decode_control(parts), control._decode_exactly(parts))
    parts[0] = data.draw(spoiled(parts[0]))
    parts = data.draw(st.sampled_from([parts, parts[:-1], [*parts, FRAME], [parts[0], *parts[:0:-1]]]))
    assert same(result(control.decode_control, parts), result(control._decode_exactly, parts))


@quick
@given(st.data(), st.sampled_from(CONTROLS))
def test_control_messages(data, message):
    assert control.encode_control(message) == control._encode_exactly(message)
    other = data.draw(altered(message))
    assert result(control.encode_control, other) == result(control._encode_exactly, other)


@quick
@given(st.data(), st.sampled_from(FACTS))
def test_records(data, fact):
    record = records.encode_fact(fact)
    hops = [list(astuple(hop)) for hop in fact.hops] if isinstance(fact, Ended) else None
    fields = [1, fact.frame] if hops is None else [2, *astuple(fact)[:-1], hops]
    assert record == msgpack.packb(fields)
    assert same(records.decode_fact(record), records._decode_exactly(record))
    bad = data.draw(spoiled(record))
    assert same(result(records.decode_fact, bad), result(records._decode_exactly, bad))


@pytest.mark.parametrize("level", [b"\x91", b"\x81\x01", b"\xdd\xff\xff\xff\xff"])
@pytest.mark.parametrize("depth", [10, 1_000, 200_000])
def test_nothing_is_nested_so_deep_that_it_is_not_simply_refused(level, depth):
    deep = level * depth
    with pytest.raises(WireError):
        codec.decode_body(Kind.SYNC, b"\x93\xa2su\x01\x92\xa3csi" + deep)
    with pytest.raises(WireError):
        codec.decode_body(Kind.SYNC, b"\x93\xa2su\x01\x92\xa3csi" + deep + b"\x01")
    for head in (b"\x94\x01\xa5batch\x01", b"\x94\x01\xa6result\x01", b""):
        with pytest.raises(WireError):
            control.decode_control([head + deep])
    for frame in (deep, FRAME[:-5] + deep, FRAME[:1] + deep):
        with pytest.raises(WireError):
            codec.decode_envelope(frame)
    with pytest.raises(RunFolderError):
        records.decode_fact(b"\x98\x02" + deep)


def test_what_is_nested_too_deep_is_not_sent_either():
    deep = ()
    for _ in range(100_000):
        deep = (deep,)
    with pytest.raises(WireError):
        codec.encode_envelope(Envelope(*astuple(ENVELOPE)[:-1], deep))
    with pytest.raises(WireError):
        codec.encode_body(Ack("uav", 1, deep))
    with pytest.raises(WireError):
        control.encode_control(Batch(deep, ()))


@given(st.integers(MAX_INT + 1, 2**64 - 1))
def test_integers_that_no_table_holds_are_refused_in_a_record(number):
    with np.testing.assert_raises(RunFolderError):
        records.decode_fact(msgpack.packb([2, number, 0, "delivered", "", 0, 0, []]))


def test_what_strangers_make_up_is_learnt_up_to_a_bound(monkeypatch):
    for name in ("_BY_FIELDS", "_BY_HEAD", "_HEAD_LENGTHS"):
        monkeypatch.setattr(skeletons, name, {})
    monkeypatch.setattr(skeletons, "MAX_SKELETONS", 50)
    for count in range(200):
        report = Sensed("u" * (1 + count % 40), np.zeros(40 - count % 40 + count // 40, complex), 0.0)
        data = body_codec._encode_exactly(Replica("eve", 1, report))
        assert same(codec.decode_body(Kind.SYNC, data).report, report)
    assert len(skeletons._BY_FIELDS) == len(skeletons._BY_HEAD) == 50
    # Names that grow by as much as arrays shrink: one length with ever another head.
    monkeypatch.setattr(skeletons, "MAX_SKELETONS", 1000)
    monkeypatch.setattr(skeletons, "MAX_HEADS", 2)
    lengths = set()
    for letters, antennas in ((5, 40), (21, 39), (36, 38), (52, 37)):  # from 32 letters on a name has a longer head
        report = Sensed("v" * letters, np.zeros(antennas, complex), 0.0)
        data = body_codec._encode_exactly(Replica("eve", 1, report))
        lengths.add(len(data))
        assert same(codec.decode_body(Kind.SYNC, data).report, report)
    assert len(lengths) == 1
    assert max(map(len, skeletons._HEAD_LENGTHS.values())) == 2
    assert len(skeletons._BY_FIELDS) == 52
