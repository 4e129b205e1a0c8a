"""Control messages as multipart bytes: a MessagePack header, then one part per message that it carries.

The header is the positional array `[schema, tag, fields ...]`. Every envelope is a ZeroMQ frame of its own,
in the order in which the header speaks of it. Strict like `codec`: any parts give a valid object or a
`WireError`, and accepted parts are the only encoding of their object. Arrays inside a node's configuration
come out as tuples. HELLO is read whatever schema its host speaks, so that the kernel can refuse it with a clear line.
"""

import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from twin.errors import WireError
from twin.wire.batches import pack_batch, pack_result, unpack_batch, unpack_result
from twin.wire.heads import MAX_PARTS, pack_batch_quickly, pack_result_quickly, unpack_quickly
from twin.wire.limits import INT64_MAX, MAX_ITEMS, MAX_TEXT
from twin.wire.messages import SCHEMA
from twin.wire.packing import (
    LIMITS,
    Check,
    Field,
    Fields,
    Row,
    check_epoch,
    check_float,
    check_int,
    check_list,
    check_name,
    check_text,
    pack,
    show,
    unpack,
)
from twin.wire.protocol import (
    Batch,
    Control,
    Hello,
    HostError,
    Ping,
    Pong,
    Refused,
    Replay,
    Replayed,
    Restore,
    Result,
    Snapshot,
    SnapshotState,
    StateHash,
    Stop,
    Welcome,
)
from twin.wire.recovering import pack_replay, pack_state, unpack_replay, unpack_restore, unpack_snapshot

MAX_NODES: Final = 4096
MAX_DEPTH: Final = 8
MAX_SCHEMA: Final = 2**16 - 1

_LIMITS: Final = LIMITS | {
    "max_str_len": 4 * MAX_TEXT,
    "max_bin_len": 0,
    "max_array_len": MAX_ITEMS,
    "max_map_len": MAX_NODES,
    "max_ext_len": 0,
}
_HASH_LENGTH: Final = 64
_HASH_CHARS: Final = frozenset(string.hexdigits.lower())


def encode_control(control: Control) -> list[bytes]:
    """The parts of a control message; a `WireError` if no receiver would accept them."""
    quick = _QUICK.get(type(control))
    try:
        parts = None if quick is None else quick(control)
    except (AttributeError, TypeError, ValueError, RecursionError):  # what is no delivery or outcome at all
        parts = None
    return _encode_exactly(control) if parts is None else parts


def decode_control(parts: Sequence[bytes]) -> Control:
    """The control message in these parts, or a `WireError`."""
    if not 0 < len(parts) <= MAX_PARTS:
        raise WireError(f"control.parts={len(parts)}: must lie in [1, {MAX_PARTS}]")
    quick = unpack_quickly(parts)
    return _decode_exactly(parts) if quick is None else quick


def _encode_exactly(control: Control) -> list[bytes]:
    form = _FORMS.get(type(control))
    if form is None:
        raise WireError(f"control={type(control).__name__}: must be one of {', '.join(_TAGS)}")
    frames: list[bytes] = []
    schema = control.schema if isinstance(control, Hello) else SCHEMA
    header = pack([schema, form.tag, *form.pack(control, frames)], form.tag)
    if len(frames) >= MAX_PARTS:
        raise WireError(f"{form.tag}.parts={len(frames) + 1}: must be <= {MAX_PARTS}")
    return [header, *frames]


def _decode_exactly(parts: Sequence[bytes]) -> Control:
    fields = unpack(parts[0], "control", _LIMITS)
    if len(fields) < _PREFIX:
        raise WireError(f"control={show(fields)}: must begin with a schema and a tag")
    schema, tag = fields[:_PREFIX]
    if type(schema) is not int or (schema != SCHEMA and tag != _HELLO):
        raise WireError(f"control.schema={show(schema)}: supported is {SCHEMA}")
    form = _TAGS.get(tag) if type(tag) is str else None
    if form is None:
        raise WireError(f"control.tag={show(tag)}: must be one of {', '.join(_TAGS)}")
    frames = iter(parts[1:])
    control = form.unpack(fields[_PREFIX:], frames)
    if isinstance(control, Hello) and control.schema != schema:
        raise WireError(f"hello.schema={control.schema}: must be {schema}, as its header says")
    if next(frames, None) is not None:
        raise WireError(f"{form.tag}.parts={len(parts)}: more than its header speaks of")
    return control


def _check_schema(value: object, what: str) -> int:
    return check_int(value, what, 0, MAX_SCHEMA)


def _check_configs(configs: object, what: str) -> Fields:
    maps = check_list(configs, what, MAX_NODES)
    for config in maps:
        if type(config) is not dict:
            raise WireError(f"{what}={show(config)}: must be maps")
        _check_plain(config, what, MAX_DEPTH)
    return maps


def _check_plain(value: object, what: str, depth: int) -> None:
    """None, bool, int, finite float, text, and arrays and maps of these with names for keys."""
    if depth == 0:
        raise WireError(f"{what}={show(value)}: must be nested at most {MAX_DEPTH} deep")
    if type(value) is dict:
        for key, item in value.items():
            _check_plain(item, f"{what}.{check_name(key, what)}", depth - 1)
    elif type(value) is tuple or type(value) is list:
        for item in value:
            _check_plain(item, what, depth - 1)
    elif isinstance(value, float):
        check_float(value, what)
    elif type(value) is int:
        check_int(value, what, -INT64_MAX - 1)
    elif isinstance(value, str):
        check_text(value, what)
    elif value is not None and type(value) is not bool:
        raise WireError(f"{what}={show(value)}: must be plain data")


def _clip(text: str, what: str) -> str:
    # An error must get through: what is wrong with its text must not hide it.
    return check_text(text[:MAX_TEXT].encode("utf-8", "replace").decode(), what)


def _pack_hashes(hashes: object, what: str) -> dict[str, str]:
    """The map in the order of its names, so that equal maps have equal bytes."""
    return dict(sorted(_check_hashes(hashes, what).items()))


def _unpack_hashes(hashes: object, what: str) -> dict[str, str]:
    checked = _check_hashes(hashes, what)
    if list(checked) != sorted(checked):
        raise WireError(f"{what}={show(hashes)}: must be in the order of its names")
    return checked


def _check_hashes(hashes: object, what: str) -> dict[str, str]:
    """Names, each with 64 lower-case hexadecimal digits."""
    if type(hashes) is not dict:
        raise WireError(f"{what}={show(hashes)}: must be a map")
    for name, digest in hashes.items():
        check_name(name, what)
        _check_hash(digest, f"{what}.{name}")
    return hashes


def _check_hash(digest: object, what: str) -> str:
    if type(digest) is not str or len(digest) != _HASH_LENGTH or not _HASH_CHARS.issuperset(digest):
        raise WireError(f"{what}={show(digest)}: must be {_HASH_LENGTH} hexadecimal digits")
    return digest


class _Form(NamedTuple):
    """How one type of control message goes out and comes in: header fields, and frames for envelopes."""

    tag: str
    pack: Callable[[Any, list[bytes]], list[Any]]
    unpack: Callable[[Fields, Iterator[bytes]], Control]


def _form(tag: str, make: type[Any], **fields: Field | Check) -> _Form:
    """The form of a control message that carries no envelopes."""
    row = Row(make, fields)
    return _Form(tag, lambda control, _: row.pack(control), lambda values, _: row.unpack(values))


_PREFIX: Final = 2  # schema and tag
_HELLO: Final = "hello"
_SAID: Final = Field(_clip, check_text)
_FORMS: Final[dict[type[Any], _Form]] = {
    Hello: _form(_HELLO, Hello, name=check_name, epoch=check_epoch, schema=_check_schema, version=check_name),
    Refused: _form("refused", Refused, text=_SAID),
    Welcome: _form("welcome", Welcome, run_id=check_name, node_configs=_check_configs, last=check_int),
    Batch: _Form("batch", pack_batch, unpack_batch),
    Result: _Form("result", pack_result, unpack_result),
    HostError: _form("host_error", HostError, text=_SAID),
    Stop: _form("stop", Stop),
    StateHash: _form("state_hash", StateHash, hashes=Field(_pack_hashes, _unpack_hashes)),
    Ping: _form("ping", Ping),
    Pong: _form("pong", Pong),
    Snapshot: _form("snapshot", Snapshot),
    SnapshotState: _Form("snapshot_state", pack_state, unpack_snapshot),
    Restore: _Form("restore", pack_state, unpack_restore),
    Replay: _Form("replay", pack_replay, unpack_replay),
    Replayed: _form("replayed", Replayed, number=check_int, digest=_check_hash),
}
_QUICK: Final[dict[type[Any], Callable[[Any], list[bytes] | None]]] = {
    Batch: pack_batch_quickly,
    Result: pack_result_quickly,
}
_TAGS: Final = {form.tag: form for form in _FORMS.values()}
