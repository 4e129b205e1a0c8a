"""Envelopes and bodies as bytes and back: versioned data, strict in both directions.

A frame is the positional MessagePack array `[schema, run_id, kind, src, dst, seq, msg_id, trace_id,
parent_id, t_send_ns, t_deliver_ns, t_data_ns, epoch, flags, body]`. Whatever bytes come in, the answer is a
valid object or a `WireError`; an accepted frame is the only encoding of its object.

Both directions have two ways. The quick one works in C: msgspec decodes a frame under the annotations of `Envelope`,
and a frame is accepted when what came out, encoded again, is the frame. The exact one, field by field, is for all
that the quick one refuses: it finds what to blame, and it alone decides that a frame is refused.
"""

from operator import attrgetter, ge, le
from typing import Final

import msgspec

from twin.errors import WireError
from twin.wire.bodies import decode_body, encode_body
from twin.wire.limits import INT64_MAX, MAX_BODY, MAX_EPOCH, MAX_FLAGS, MAX_FRAME, UNREADABLE, UNWRITABLE
from twin.wire.messages import SCHEMA, Envelope, Kind, Sealed
from twin.wire.packing import (
    Fields,
    check_int,
    check_name,
    pack,
    show,
    unpack,
)

__all__ = [
    "MAX_BODY",
    "MAX_FRAME",
    "decode_body",
    "decode_envelope",
    "encode_body",
    "encode_envelope",
    "seal",
    "unseal",
]

# The integers of an envelope in the order of the frame, each with its range.
_RANGES: Final[dict[str, tuple[int, int]]] = {
    "seq": (1, INT64_MAX),
    "msg_id": (1, INT64_MAX),
    "trace_id": (0, INT64_MAX),
    "parent_id": (0, INT64_MAX),
    "t_send_ns": (0, INT64_MAX),
    "t_deliver_ns": (-1, INT64_MAX),
    "t_data_ns": (0, INT64_MAX),
    "epoch": (0, MAX_EPOCH),
    "flags": (0, MAX_FLAGS),
}
_LOWS: Final = tuple(low for low, _ in _RANGES.values())
_HIGHS: Final = tuple(high for _, high in _RANGES.values())
_INTEGERS: Final = slice(5, 14)
_INTEGER_TYPES: Final = (int,) * len(_RANGES)
_KINDS: Final = {kind.value: kind for kind in Kind}

_NAMES: Final = Envelope.__struct_fields__
_VALUES: Final = attrgetter(*_NAMES)
_TYPES: Final = (int, str, Kind, str, str, *_INTEGER_TYPES, bytes)

_pack_quickly: Final = msgspec.msgpack.Encoder().encode
_unpack_quickly: Final = msgspec.msgpack.Decoder(Envelope).decode
_values_quickly: Final = msgspec.structs.astuple


def encode_envelope(envelope: Envelope) -> bytes:
    """The frame of an envelope; a `WireError` if no receiver would accept it."""
    try:
        frame = _pack_quickly(envelope)
        _unpack_quickly(frame)  # the same limits for what goes out
    except UNWRITABLE:
        return _encode_exactly(envelope)
    # Enumerations pass for their values, and no annotation asks for printable names.
    if tuple(map(type, _values_quickly(envelope))) != _TYPES or not _are_printable(envelope):
        return _encode_exactly(envelope)
    return frame


def seal(envelope: Envelope) -> Sealed:
    """The envelope with its frame; a `WireError` if no receiver would accept it."""
    return Sealed(envelope, encode_envelope(envelope))


def unseal(frame: bytes) -> Sealed:
    """The frame with the envelope in it, or a `WireError`."""
    return Sealed(decode_envelope(frame), frame)


def decode_envelope(frame: bytes) -> Envelope:
    """The envelope in a frame, or a `WireError`."""
    try:
        envelope = _unpack_quickly(frame)
    except UNREADABLE:
        return _decode_exactly(frame)
    if _pack_quickly(envelope) != frame or not _are_printable(envelope):
        return _decode_exactly(frame)
    return envelope


def body_length(frame: bytes) -> int:
    """Length of the body with which this frame ends.

    Raises:
        WireError: the frame is not that of an envelope.
    """
    try:
        return len(_unpack_quickly(frame).body)
    except UNREADABLE:
        return len(_decode_exactly(frame).body)


def _are_printable(envelope: Envelope) -> bool:
    return (envelope.run_id + envelope.src + envelope.dst).isprintable()


def _encode_exactly(envelope: Envelope) -> bytes:
    fields: Fields = _VALUES(envelope)
    if type(envelope.kind) is not Kind:
        raise WireError(f"envelope.kind={show(envelope.kind)}: must be a Kind")
    _check_schema(envelope.schema)
    _check_fields(fields)
    return pack(fields, "envelope")


def _decode_exactly(frame: bytes) -> Envelope:
    fields = unpack(frame, "envelope")
    _check_schema(fields[0] if fields else None)
    if len(fields) != len(_NAMES):
        raise WireError(f"envelope.length={len(fields)}: must be {len(_NAMES)} fields")
    kind = _KINDS.get(fields[2]) if type(fields[2]) is str else None
    if kind is None:
        raise WireError(f"envelope.kind={show(fields[2])}: must be one of {', '.join(Kind)}")
    _check_fields(fields)
    return Envelope(fields[0], fields[1], kind, *fields[3:])


def _check_schema(schema: object) -> None:
    if type(schema) is not int or schema != SCHEMA:
        raise WireError(f"envelope.schema={show(schema)}: supported is {SCHEMA}")


def _check_fields(fields: Fields) -> None:
    """All fields but `schema` and `kind`: exact types and ranges."""
    integers = fields[_INTEGERS]
    # Two passes in C for the common case; the loop only finds out which field to blame.
    if not (
        tuple(map(type, integers)) == _INTEGER_TYPES
        and all(map(le, _LOWS, integers))
        and all(map(ge, _HIGHS, integers))
    ):
        for (name, (low, high)), value in zip(_RANGES.items(), integers, strict=True):
            check_int(value, f"envelope.{name}", low, high)
    check_name(fields[1], "envelope.run_id")
    check_name(fields[3], "envelope.src")
    check_name(fields[4], "envelope.dst")
    body = fields[14]
    if type(body) is not bytes or len(body) > MAX_BODY:
        raise WireError(f"envelope.body={show(body)}: must be at most {MAX_BODY} bytes")
