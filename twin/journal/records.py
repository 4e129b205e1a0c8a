"""Facts as bytes: one canonical MessagePack array per fact, its type code first.

The bytes of a fact are a function of the fact alone, so they serve both the journal and the digests. Decoding
is strict: whatever the bytes, the answer is a fact or a `RunFolderError`. The manifest travels as JSON text,
which is what the run folder shows of it too.

`Sent`, `Ended` and `Handled`, of which there are many, are packed and read by msgspec alone; what it refuses goes the
way of all others, which says what is wrong.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import msgpack
import msgspec

from twin.errors import RunFolderError
from twin.journal.facts import (
    MAX_INT,
    MAX_ITEMS,
    MAX_RECORD,
    Applied,
    Closed,
    Ended,
    Fact,
    Handled,
    Handling,
    Hop,
    HostState,
    Opened,
    Sent,
    Solved,
    Struck,
    Wall,
    Woken,
)
from twin.wire.protocol import Effect, Fate, Reason

COMPLEX_BYTES: Final = 16

_OPENED, _SENT, _ENDED, _SOLVED, _APPLIED, _WALL, _CLOSED, _HANDLED, _HOST_STATE, _STRUCK = range(10)
_HOP_TYPES: Final = (str, int, int, int, int)
_HANDLING_TYPES: Final = (str, str, int, int, int, int, tuple)
_WOKEN_TYPES: Final = (str, int)
_FATES: Final = frozenset(Fate)
_REASONS: Final = frozenset(Reason)
_EFFECTS: Final = frozenset(Effect)

_LIMITS: Final[dict[str, int]] = {
    "max_bin_len": MAX_RECORD,
    "max_str_len": MAX_RECORD,
    "max_array_len": MAX_ITEMS,
    "max_map_len": MAX_ITEMS,
    "max_ext_len": 0,
}

# One packer for all: making one for each fact takes as long as packing it.
pack: Final[Callable[[object], bytes]] = msgpack.Packer(autoreset=True).pack


def manifest_text(manifest: dict[str, Any]) -> str:
    """The manifest as JSON with sorted keys; NaN and values that JSON lacks are errors."""
    try:
        return json.dumps(manifest, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RunFolderError(f"manifest: {error}: only finite JSON values are allowed") from error


_pack_quickly: Final = msgspec.msgpack.Encoder().encode
_unpack_quickly: Final = msgspec.msgpack.Decoder(Sent | Ended | Handled).decode
_QUICK: Final = frozenset((Sent, Ended, Handled))


def encode_fact(fact: Fact) -> bytes:
    """The canonical bytes of a fact. Integers must fit in 64 bits; enum members are written as their text."""
    if type(fact) in _QUICK:
        return _pack_quickly(fact)
    code, fields_of = _FIELDS[type(fact)]
    return pack((code, *fields_of(fact)))


def solved_fields(fact: Solved) -> tuple[Any, ...]:
    """The fields of a solve in the order of the record; objective, violation and cost come last."""
    return (
        fact.node,
        fact.begin_ns,
        fact.finish_ns,
        fact.problem,
        fact.method,
        fact.trigger,
        fact.version,
        fact.inputs,
        fact.status,
        fact.iterations,
        float(fact.objective),
        float(fact.violation),
        fact.cost_ns,
    )


def _opened_fields(fact: Opened) -> tuple[str]:
    return (manifest_text(fact.manifest),)


def _applied_fields(fact: Applied) -> tuple[Any, ...]:
    return fact.t_ns, fact.transmitter, fact.version, fact.msg_id, fact.t_data_ns, fact.vector


def _struck_fields(fact: Struck) -> tuple[Any, ...]:
    return fact.msg_id, fact.t_ns, fact.fault, str(fact.effect)


def _wall_fields(fact: Wall) -> tuple[Any, ...]:
    return fact.node, fact.version, fact.begin_ns, float(fact.wall_us)


def _host_state_fields(fact: HostState) -> tuple[Any, ...]:
    return fact.host, fact.number, fact.part, fact.parts, fact.data


def _closed_fields(fact: Closed) -> tuple[Any, ...]:
    hashes = dict(sorted(fact.state_hashes.items()))
    return fact.t_ns, fact.kernel_events, float(fact.wall_s), fact.interrupted, hashes


_FIELDS: Final[dict[type, tuple[int, Callable[[Any], tuple[Any, ...]]]]] = {
    Opened: (_OPENED, _opened_fields),
    Solved: (_SOLVED, solved_fields),
    Applied: (_APPLIED, _applied_fields),
    Struck: (_STRUCK, _struck_fields),
    Wall: (_WALL, _wall_fields),
    Closed: (_CLOSED, _closed_fields),
    HostState: (_HOST_STATE, _host_state_fields),
}


def decode_fact(data: bytes) -> Fact:
    """The fact that these bytes say. Raises RunFolderError for any other bytes."""
    try:
        fact: Sent | Ended | Handled = _unpack_quickly(data)
    except (ValueError, RecursionError):
        return _decode_exactly(data)
    if type(fact) is Ended and fact.fate not in _FATES:
        return _decode_exactly(data)
    if type(fact) is Handled and not all(map(_is_handling, fact.handlings)):
        return _decode_exactly(data)
    return fact


def _decode_exactly(data: bytes) -> Fact:
    try:
        items = msgpack.unpackb(data, use_list=False, **_LIMITS)
    except (ValueError, msgpack.UnpackException) as error:
        raise RunFolderError(f"journal record of {len(data)} bytes: {error}") from error
    if type(items) is not tuple or not items or type(items[0]) is not int:
        raise RunFolderError(f"journal record of {len(data)} bytes: must be an array that begins with a code")
    code, fields = items[0], items[1:]
    shape = _SHAPES.get(code)
    if shape is None:
        raise RunFolderError(f"journal record type={code}: must lie in 0..{_STRUCK}")
    build, types = shape
    _check(fields, types)
    return build(*fields)


def _check(fields: tuple[Any, ...], types: tuple[type, ...]) -> None:
    found = tuple(map(type, fields))
    if found != types:
        wanted = ", ".join(kind.__name__ for kind in types)
        raise RunFolderError(f"journal record of {len(fields)} fields: must be ({wanted})")
    for value in fields:
        if type(value) is int and value > MAX_INT:
            raise RunFolderError(f"journal record with integer {value}: must be at most {MAX_INT}")


def _opened(text: str) -> Opened:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"journal manifest: {error}: must be JSON") from error
    if type(manifest) is not dict:
        raise RunFolderError("journal manifest: must be a JSON object")
    manifest_text(manifest)
    return Opened(manifest)


def _is_handling(handling: Handling) -> bool:
    counts = handling.sends >= 0 and handling.solves >= 0
    return counts and handling.fate in _FATES and handling.reason in _REASONS


def _handled(rows: tuple[Any, ...]) -> Handled:
    return Handled(tuple(map(_handling, rows)))


def _handling(fields: object) -> Handling:
    if type(fields) is not tuple:
        raise RunFolderError("journal: a handling must be an array")
    _check(fields, _HANDLING_TYPES)
    values = (*fields[:-1], tuple(map(_woken, fields[-1])))
    handling = Handling(*values)
    if not _is_handling(handling):
        raise RunFolderError("journal: a handling must have a fate, a reason and counts >= 0")
    return handling


def _woken(fields: object) -> Woken:
    if type(fields) is not tuple:
        raise RunFolderError("journal: a timer must be an array")
    _check(fields, _WOKEN_TYPES)
    return Woken(*fields)


def _host_state(host: str, number: int, part: int, parts: int, data: bytes) -> HostState:
    if not 0 <= part < parts or number < 0:
        raise RunFolderError(f"journal: part {part} of {parts} of batch {number}: must lie in 0..parts - 1")
    return HostState(host, number, part, parts, data)


def _ended(
    msg_id: int, t_ns: int, fate: str, reason: str, begin_ns: int, finish_ns: int, hops: tuple[Any, ...]
) -> Ended:
    if fate not in _FATES:
        raise RunFolderError(f"journal: fate={fate!r}: must be one of {', '.join(sorted(_FATES))}")
    return Ended(msg_id, t_ns, fate, reason, begin_ns, finish_ns, tuple(map(_hop, hops)))


def _hop(fields: object) -> Hop:
    if type(fields) is not tuple:
        raise RunFolderError("journal: a hop must be an array")
    _check(fields, _HOP_TYPES)
    return Hop(*fields)


def _solved(*fields: Any) -> Solved:  # noqa: ANN401 - their types were checked against _SHAPES
    fact = Solved(*fields)
    _check(fact.inputs, (int,) * len(fact.inputs))
    return fact


def _applied(t_ns: int, transmitter: str, version: int, msg_id: int, t_data_ns: int, vector: bytes) -> Applied:
    if len(vector) % COMPLEX_BYTES:
        raise RunFolderError(f"journal: vector of {len(vector)} bytes: must be complex128")
    return Applied(t_ns, transmitter, version, msg_id, t_data_ns, vector)


def _struck(msg_id: int, t_ns: int, fault: int, effect: str) -> Struck:
    if effect not in _EFFECTS:
        raise RunFolderError(f"journal: effect={effect!r}: must be one of {', '.join(sorted(_EFFECTS))}")
    return Struck(msg_id, t_ns, fault, effect)


def _closed(t_ns: int, kernel_events: int, wall_s: float, interrupted: bool, hashes: dict[Any, Any]) -> Closed:
    if not all(type(text) is str for pair in hashes.items() for text in pair):
        raise RunFolderError("journal: state hashes must map names to text")
    return Closed(t_ns, kernel_events, wall_s, interrupted, hashes)


_SHAPES: Final[dict[int, tuple[Callable[..., Fact], tuple[type, ...]]]] = {
    _OPENED: (_opened, (str,)),
    _SENT: (Sent, (bytes,)),
    _ENDED: (_ended, (int, int, str, str, int, int, tuple)),
    _SOLVED: (_solved, (str, int, int, str, str, str, int, tuple, str, int, float, float, int)),
    _APPLIED: (_applied, (int, str, int, int, int, bytes)),
    _STRUCK: (_struck, (int, int, int, str)),
    _WALL: (Wall, (str, int, int, float)),
    _CLOSED: (_closed, (int, int, float, bool, dict)),
    _HANDLED: (_handled, (tuple,)),
    _HOST_STATE: (_host_state, (str, int, int, int, bytes)),
}
