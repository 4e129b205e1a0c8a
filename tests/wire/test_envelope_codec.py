"""Envelopes as frames: strict in every field, and one frame for one envelope."""

import msgpack
import pytest
from msgspec.structs import replace

from twin.errors import WireError
from twin.wire.codec import MAX_BODY, MAX_FRAME, decode_envelope, encode_envelope
from twin.wire.messages import Envelope, Kind

NAMES = tuple(Envelope.__struct_fields__)
INT64_MAX = 2**63 - 1


def raw(envelope):
    return [getattr(envelope, name) for name in NAMES]


def spoiled(envelope, name, value):
    return [value if field == name else old for field, old in zip(NAMES, raw(envelope), strict=True)]


def test_the_frame_is_the_array_of_the_fields_in_the_agreed_order(envelope):
    frame = encode_envelope(envelope)
    assert NAMES == (
        "schema", "run_id", "kind", "src", "dst", "seq", "msg_id", "trace_id", "parent_id",
        "t_send_ns", "t_deliver_ns", "t_data_ns", "epoch", "flags", "body",
    )  # fmt: skip
    assert msgpack.unpackb(frame) == raw(envelope)
    assert frame == msgpack.packb(raw(envelope))


def test_every_kind_and_the_ends_of_every_range_come_back_as_they_were(envelope):
    extremes = [
        replace(envelope, kind=kind, t_deliver_ns=t_deliver_ns, seq=big, msg_id=big, trace_id=big, epoch=2**32 - 1)
        for kind in Kind
        for t_deliver_ns in (-1, 0, INT64_MAX)
        for big in (1, INT64_MAX)
    ]
    for one in extremes:
        back = decode_envelope(encode_envelope(one))
        assert back == one
        assert type(back.kind) is Kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run_id", ""), ("run_id", "x" * 65), ("run_id", "a\x00b"), ("run_id", b"run"), ("run_id", None),
        ("kind", "shout"), ("kind", ""), ("kind", 1), ("kind", ["csi"]),
        ("src", ""), ("src", "a\tb"), ("src", 3),
        ("dst", "x" * 65), ("dst", "a\u2028b"), ("dst", True),
        ("seq", 0), ("seq", -1), ("seq", True), ("seq", 1.0), ("seq", 2**63), ("seq", "1"), ("seq", None),
        ("msg_id", 0), ("msg_id", 2**64 - 1), ("msg_id", False),
        ("trace_id", -1), ("trace_id", 0.5), ("parent_id", -1), ("parent_id", [0]),
        ("t_send_ns", -1), ("t_send_ns", 1e9), ("t_deliver_ns", -2), ("t_deliver_ns", -(2**63)), ("t_data_ns", -1),
        ("epoch", -1), ("epoch", 2**32), ("flags", -1), ("flags", 2**16), ("flags", None),
        ("body", "text"), ("body", None), ("body", msgpack.ExtType(1, b"abc")), ("body", bytes(MAX_BODY + 1)),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_its_name_on_both_sides(envelope, name, value):
    values = spoiled(envelope, name, value)
    with pytest.raises(WireError, match=rf"envelope\.{name}=") as caught:
        decode_envelope(msgpack.packb(values))
    assert "\n" not in str(caught.value)
    with pytest.raises(WireError, match=rf"envelope\.{name}="):
        encode_envelope(Envelope(*values))


@pytest.mark.parametrize("schema", [0, 2, -1, True, 1.0, "1", None, [1]])
def test_another_schema_is_told_which_one_is_supported(envelope, schema):
    values = spoiled(envelope, "schema", schema)
    with pytest.raises(WireError, match=r"envelope\.schema=.*: supported is 1"):
        decode_envelope(msgpack.packb(values))
    with pytest.raises(WireError, match="supported is 1"):
        encode_envelope(Envelope(*values))


def test_a_later_schema_with_other_fields_is_still_recognised():
    with pytest.raises(WireError, match=r"schema=2: supported is 1"):
        decode_envelope(msgpack.packb([2, "more", "fields", *range(20)]))


@pytest.mark.parametrize("count", [0, 1, 14, 16])
def test_the_number_of_fields_is_exact(envelope, count):
    values = [*raw(envelope), 0][:count]
    with pytest.raises(WireError, match="schema=None" if count == 0 else f"length={count}: must be 15"):
        decode_envelope(msgpack.packb(values))


def test_a_kind_must_be_a_kind_not_its_name(envelope):
    with pytest.raises(WireError, match=r"envelope\.kind='csi': must be a Kind"):
        encode_envelope(replace(envelope, kind="csi"))


def test_every_prefix_and_every_extension_of_a_frame_is_refused(envelope):
    frame = encode_envelope(replace(envelope, body=b"12345678"))
    for end in range(len(frame)):
        with pytest.raises(WireError):
            decode_envelope(frame[:end])
    with pytest.raises(WireError, match="extra data"):
        decode_envelope(frame + b"\0")


def test_a_longer_encoding_of_the_same_envelope_is_refused(envelope):
    frame = encode_envelope(envelope)
    position = frame.index(b"\x0c", frame.index(b"edge:satellite"))
    longer = frame[:position] + b"\xcc\x0c" + frame[position + 1 :]
    assert msgpack.unpackb(longer) == raw(envelope)
    with pytest.raises(WireError, match="canonical"):
        decode_envelope(longer)


def test_the_largest_frame_passes(envelope):
    name = "\U0001f6f0" * 64
    largest = replace(
        envelope, run_id=name, src=name, dst=name, seq=INT64_MAX, msg_id=INT64_MAX, trace_id=INT64_MAX,
        parent_id=INT64_MAX, t_send_ns=INT64_MAX, t_deliver_ns=INT64_MAX, t_data_ns=INT64_MAX,
        epoch=2**32 - 1, flags=2**16 - 1, body=bytes(MAX_BODY),
    )  # fmt: skip
    frame = encode_envelope(largest)
    assert len(frame) <= MAX_FRAME
    assert decode_envelope(frame) == largest
    with pytest.raises(WireError, match="length="):
        decode_envelope(bytes(MAX_FRAME + 1))
