"""Message bodies as bytes: one table, `_ROWS`, is the whole format.

A body is a positional MessagePack array of its fields in the order of the table. The same checks run on both
sides, so what can be encoded can be decoded, and nothing else can.

Bodies that are sent by the thousand have a quick way besides, which gives what the table gives, or None: then the
table has the word.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

import msgspec

from twin.errors import WireError
from twin.wire.fields import COMPLEX, FACTOR, FLOAT, MAX_ANTENNAS, MAX_RECEIVERS, MAX_STREAMS, VECTOR, array_field
from twin.wire.limits import INT64_MAX, MAX_NAME, UNREADABLE, Name, Natural
from twin.wire.messages import (
    BODY_OF,
    Ack,
    Body,
    Command,
    Covariance,
    Csi,
    Echo,
    Kind,
    Precoder,
    Price,
    Replica,
    Report,
    Sensed,
    State,
)
from twin.wire.packing import (
    Field,
    Fields,
    Row,
    check_arity,
    check_float,
    check_int,
    check_list,
    check_name,
    pack,
    show,
    unpack,
)
from twin.wire.skeletons import learn, pack_report, unpack_report
from twin.wire.small import pack_plain, pack_with_array, unpack_plain, unpack_with_array

MAX_REMEMBERED: Final = 4096
"""Longer bodies are not remembered: a few hundred of them must not take much memory."""


def encode_body(body: Body) -> bytes:
    """Canonical bytes of a body; a `WireError` if it is not one that a receiver would accept."""
    quick = _PACK.get(type(body))
    data = None if quick is None else quick(body)
    return _encode_exactly(body) if data is None else data


def decode_body(kind: Kind, data: bytes) -> Body:
    """The body of a message of this kind, or a `WireError`."""
    if kind is Kind.PRICE and len(data) <= MAX_REMEMBERED:
        return _decode_once(kind, data)
    return _decode(kind, data)


@functools.lru_cache(maxsize=256)
def _decode_once(kind: Kind, data: bytes) -> Body:
    """The same for all who are told the same: nothing in a body that was read can be written to."""
    return _decode(kind, data)


def _decode(kind: Kind, data: bytes) -> Body:
    body_type = BODY_OF.get(kind)
    if body_type is None:
        raise WireError(f"kind={show(kind)}: must be one of {', '.join(Kind)}")
    quick = _UNPACK.get(body_type)
    body = None if quick is None else quick(data)
    return _decode_exactly(body_type, data) if body is None else body


def _encode_exactly(body: Body) -> bytes:
    row = _ROWS.get(type(body))
    if row is None or type(body) not in _BODIES:
        raise WireError(f"body={type(body).__name__}: must be one of {', '.join(_BODIES.values())}")
    data = pack(row.pack(body), row.what)
    _learn(body, data)
    return data


def _decode_exactly(body_type: type[Body], data: bytes) -> Body:
    row = _ROWS[body_type]
    body: Body = row.unpack(unpack(data, row.what))
    _learn(body, data)
    return body


def _learn(body: Body, data: bytes) -> None:
    """Keep the skeleton of the report that this body is or holds."""
    if type(body) is Replica:
        report = body.report
        learn(report, data[len(_replica_head(body.entity, body.report_seq, _TAGS[type(report)])) :])
    elif isinstance(body, State | Csi | Covariance | Echo):
        learn(body, data)


def _pack_replica(replica: Replica) -> bytes | None:
    entity, seq, tag = replica.entity, replica.report_seq, _TAGS.get(type(replica.report))
    if tag is None or type(entity) is not str or not 0 < len(entity) <= MAX_NAME or not entity.isprintable():
        return None
    if type(seq) is not int or not 0 <= seq <= INT64_MAX:
        return None
    report = pack_report(replica.report)
    return None if report is None else _replica_head(entity, seq, tag) + report


def _unpack_replica(data: bytes) -> Replica | None:
    try:
        entity, seq, (tag, raw) = _read_replica(data)
    except UNREADABLE:
        return None
    report_type, packed = _REPORTS.get(tag), bytes(raw)
    if report_type is None or not entity.isprintable() or _replica_head(entity, seq, tag) + packed != data:
        return None
    report = unpack_report(report_type, packed)
    return None if report is None else Replica(entity, seq, report)


def _replica_head(entity: str, report_seq: int, tag: str) -> bytes:
    """All bytes of a replica but its report's."""
    return b"\x93" + _pack_quickly((entity, report_seq))[1:] + b"\x92" + _pack_quickly(tag)


def _check_names(value: object, what: str) -> Fields:
    """A tuple of 1 to 512 names."""
    names = check_list(value, what, MAX_RECEIVERS)
    if not names:
        raise WireError(f"{what}=(): must hold 1 to {MAX_RECEIVERS} names")
    return tuple([check_name(name, what) for name in names])


def _check_payer(value: object, what: str) -> str:
    """A name, or nothing: then the price is for everybody."""
    return "" if type(value) is str and not value else check_name(value, what)


def _check_size(value: object, what: str) -> float:
    return check_float(value, what, 0.0)


def _pack_report(report: object, what: str) -> list[Any]:
    """A tagged union: [tag, [fields of the report]]."""
    tag = _TAGS.get(type(report))
    if tag is None:
        raise WireError(f"{what}={type(report).__name__}: must be one of {', '.join(_REPORTS)}")
    return [tag, _ROWS[type(report)].pack(report)]


def _unpack_report(value: object, what: str) -> Report:
    tag, fields = check_arity(value, 2, what)
    report_type = _REPORTS.get(tag) if type(tag) is str else None
    if report_type is None:
        raise WireError(f"{what}.tag={show(tag)}: must be one of {', '.join(_REPORTS)}")
    report: Report = _ROWS[report_type].unpack(fields)
    return report


def _check_csi(csi: Csi) -> None:
    """One row of channels, one variance and one radius per receiver."""
    count = len(csi.receivers)
    if not count == len(csi.channels) == len(csi.error_var) == len(csi.radius):
        rows = f"{len(csi.channels)}, {len(csi.error_var)} and {len(csi.radius)}"
        raise WireError(f"Csi.channels, error_var and radius have {rows} rows: must be {count} (receivers)")


def _check_covariance(covariance: Covariance) -> None:
    """As many rows as columns."""
    if len(set(covariance.matrix.shape)) > 1:
        raise WireError(f"Covariance.matrix={covariance.matrix.shape}: must be square")


_ROWS: Final[dict[type[Any], Row]] = {
    State: Row(
        State,
        {
            "position_m": array_field(FLOAT, (3,), least=3),
            "velocity_mps": array_field(FLOAT, (3,), least=3),
            "quality_db": check_float,
        },
    ),
    Csi: Row(
        Csi,
        {
            "receivers": _check_names,
            "channels": array_field(COMPLEX, (MAX_RECEIVERS, MAX_ANTENNAS)),
            "error_var": array_field(FLOAT, (MAX_RECEIVERS,), low=0.0),
            "radius": array_field(FLOAT, (MAX_RECEIVERS,), low=0.0),
        },
        _check_csi,
    ),
    Sensed: Row(
        Sensed,
        {"transmitter": check_name, "channel": array_field(COMPLEX, (MAX_ANTENNAS,)), "radius": _check_size},
    ),
    Replica: Row(
        Replica,
        {"entity": check_name, "report_seq": check_int, "report": Field(_pack_report, _unpack_report)},
    ),
    Precoder: Row(
        Precoder,
        {
            "transmitter": check_name,
            "version": check_int,
            "vector": VECTOR,
            "activate_at_ns": check_int,
        },
    ),
    Ack: Row(Ack, {"transmitter": check_name, "version": check_int, "applied_ns": check_int}),
    Command: Row(Command, {"version": check_int, "name": check_name, "at_ns": check_int}),
    Price: Row(
        Price,
        {
            "pair": check_name,
            "version": check_int,
            "quote": check_int,
            "payer": _check_payer,
            "trace": _check_size,
            "doppler_hz": _check_size,
            "factor": FACTOR,
        },
    ),
    Covariance: Row(
        Covariance,
        {
            "receiver": check_name,
            "matrix": array_field(COMPLEX, (MAX_STREAMS, MAX_STREAMS)),
            "doppler_hz": _check_size,
        },
        _check_covariance,
    ),
    Echo: Row(
        Echo,
        {
            "target": check_name,
            "beams": FACTOR,
            "place": array_field(FLOAT, (3,), least=3),
            "error_var": array_field(FLOAT, (3,), least=3, low=0.0),
            "scnr_db": check_float,
        },
    ),
}
_REPORTS: Final[dict[str, type[Any]]] = {
    "state": State,
    "csi": Csi,
    "sensed": Sensed,
    "covariance": Covariance,
    "echo": Echo,
}
_TAGS: Final = {report_type: tag for tag, report_type in _REPORTS.items()}
_BODIES: Final = {body_type: body_type.__name__ for body_type in BODY_OF.values()}

_pack_quickly: Final = msgspec.msgpack.Encoder().encode
_read_replica: Final = msgspec.msgpack.Decoder(tuple[Name, Natural, tuple[str, msgspec.Raw]]).decode
_PACK: Final[dict[type[Any], Callable[[Any], bytes | None]]] = {
    State: pack_report,
    Csi: pack_report,
    Covariance: pack_report,
    Echo: pack_report,
    Ack: pack_plain,
    Command: pack_plain,
    Replica: _pack_replica,
    Precoder: pack_with_array,
    Price: pack_with_array,
}
_UNPACK: Final[dict[type[Any], Callable[[bytes], Any]]] = {
    State: functools.partial(unpack_report, State),
    Csi: functools.partial(unpack_report, Csi),
    Covariance: functools.partial(unpack_report, Covariance),
    Echo: functools.partial(unpack_report, Echo),
    Ack: functools.partial(unpack_plain, Ack),
    Command: functools.partial(unpack_plain, Command),
    Replica: _unpack_replica,
    Precoder: functools.partial(unpack_with_array, Precoder),
    Price: functools.partial(unpack_with_array, Price),
}
