"""Canonical MessagePack with limits, and the strict checks that every decoder shares.

There is exactly one accepted encoding of a value: what `unpack` reads must be what `pack` writes. Anything
else is a `WireError`, so that a frame and the object decoded from it stand for each other.
"""

import math
import reprlib
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgpack

from twin.errors import WireError
from twin.wire.arrays import MAX_ARRAY_BYTES
from twin.wire.limits import INT64_MAX, MAX_EPOCH, MAX_FRAME, MAX_ITEMS, MAX_NAME, MAX_TEXT

_UTF8_BYTES: Final = 4
# Each level of nesting allocates its array as declared before its items are read: this limit bounds memory (4 MB).
LIMITS: Final[dict[str, int]] = {
    "max_str_len": _UTF8_BYTES * MAX_NAME,
    "max_bin_len": MAX_FRAME,
    "max_array_len": 512,
    "max_map_len": 0,
    "max_ext_len": MAX_ARRAY_BYTES + 64,
}

_PACKER: Final = msgpack.Packer(autoreset=True)

EXTENSION: Final[type[tuple[int, bytes]]] = msgpack.ExtType

Fields = tuple[Any, ...]
Check = Callable[[Any, str], Any]


def extension(code: int, data: bytes) -> tuple[int, bytes]:
    """An extension value, made past the slow checks of `ExtType` (packing and decoding check it again)."""
    return tuple.__new__(EXTENSION, (code, data))


def pack(value: object, what: str) -> bytes:
    """The canonical MessagePack of a plain value, at most one frame long."""
    try:
        data: bytes = _PACKER.pack(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"{what}: must be plain data: {error}") from error
    if len(data) > MAX_FRAME:
        raise WireError(f"{what}.length={len(data)}: must be <= {MAX_FRAME} bytes")
    return data


def unpack(data: bytes, what: str, limits: Mapping[str, int] = LIMITS) -> Fields:
    """The fields of a canonical MessagePack array (arrays come out as tuples), or a `WireError`."""
    if len(data) > MAX_FRAME:
        raise WireError(f"{what}.length={len(data)}: must be <= {MAX_FRAME} bytes")
    try:
        fields = msgpack.unpackb(data, use_list=False, strict_map_key=True, ext_hook=extension, **limits)
        same = _PACKER.pack(fields) == data
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise WireError(f"{what}={show(data)}: must be valid MessagePack: {reason}") from error
    if not same:
        raise WireError(f"{what}={show(data)}: must be canonical MessagePack (shortest form, no duplicate keys)")
    if type(fields) is not tuple:
        raise WireError(f"{what}={show(fields)}: must be an array")
    return fields


def show(value: object) -> str:
    """A short, one-line picture of a value for an error message."""
    if type(value) is bytes:
        value = value[:32]
    return reprlib.repr(value)[:80]


def check_arity(fields: object, count: int, what: str) -> Fields:
    """`fields` is an array of `count` values."""
    if type(fields) is not tuple or len(fields) != count:
        raise WireError(f"{what}={show(fields)}: must be an array of {count} fields")
    return fields


def check_name(value: object, what: str) -> str:
    """A non-empty printable string of at most 64 characters."""
    if type(value) is not str or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise WireError(f"{what}={show(value)}: must be 1 to {MAX_NAME} printable characters")
    return value


def check_int(value: object, what: str, low: int = 0, high: int = INT64_MAX) -> int:
    """An integer (a bool is none) in [low, high]."""
    if type(value) is not int or not low <= value <= high:
        raise WireError(f"{what}={show(value)}: must be an integer in [{low}, {high}]")
    return value


def check_epoch(value: object, what: str) -> int:
    """An unsigned 32-bit number: which life of a sender this is."""
    return check_int(value, what, 0, MAX_EPOCH)


def check_float(value: object, what: str, low: float | None = None) -> float:
    """A finite float (an int is none) >= low; NumPy's float64 is taken for the float that it is."""
    if not isinstance(value, float) or not math.isfinite(value) or (low is not None and value < low):
        raise WireError(f"{what}={show(value)}: must be a finite float{'' if low is None else f' >= {low}'}")
    return float(value)


def check_text(value: object, what: str) -> str:
    """Any string of at most 4096 characters."""
    if type(value) is not str or len(value) > MAX_TEXT:
        raise WireError(f"{what}={show(value)}: must be a string of at most {MAX_TEXT} characters")
    return value


def check_list(value: object, what: str, limit: int = MAX_ITEMS) -> Fields:
    """A tuple of at most `limit` values."""
    if type(value) is not tuple or len(value) > limit:
        raise WireError(f"{what}={show(value)}: must be an array of at most {limit}")
    return value


class Field(NamedTuple):
    """How one field goes out and comes in: both are given the value and the name to blame."""

    pack: Check
    unpack: Check


class Row:
    """A record as an array of its fields, in the order of a table.

    Args:
        make: the type of the record.
        fields: how each field travels; a lone check serves both directions.
        check: what spans several fields.
    """

    def __init__(
        self, make: type[Any], fields: Mapping[str, Field | Check], check: Callable[[Any], None] | None = None
    ) -> None:
        pairs = {name: item if isinstance(item, Field) else Field(item, item) for name, item in fields.items()}
        self.what = make.__name__
        self._make = make
        self._values = _getter(tuple(fields))
        self._packers = tuple((pair.pack, f"{self.what}.{name}") for name, pair in pairs.items())
        self._unpackers = tuple((pair.unpack, f"{self.what}.{name}") for name, pair in pairs.items())
        self._check = check

    def pack(self, record: object) -> list[Any]:
        """The checked fields of a record."""
        values = self._values(record)
        packed = [convert(value, what) for (convert, what), value in zip(self._packers, values, strict=True)]
        if self._check is not None:
            self._check(record)
        return packed

    def unpack(self, fields: object) -> Any:  # noqa: ANN401 - whatever `make` makes
        """The record with these fields."""
        values = check_arity(fields, len(self._unpackers), self.what)
        record = self._make(
            *[convert(value, what) for (convert, what), value in zip(self._unpackers, values, strict=True)]
        )
        if self._check is not None:
            self._check(record)
        return record


def _getter(names: tuple[str, ...]) -> Callable[[object], Fields]:
    """All these attributes as a tuple (`attrgetter` gives one only for two names or more)."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)
