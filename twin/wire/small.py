"""The quick ways for small bodies: msgspec writes and reads all of them but the elements of an array.

As every quick way they give what the exact one (`bodies`) gives, or None, and then that has the word.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from operator import itemgetter
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct
from msgspec.msgpack import Ext
from msgspec.structs import astuple

from twin.errors import WireError
from twin.wire.arrays import ARRAY_EXT
from twin.wire.fields import FACTOR, VECTOR
from twin.wire.limits import MAX_NAME, UNREADABLE, UNWRITABLE, Name, Natural
from twin.wire.messages import Ack, Command, Precoder, Price
from twin.wire.packing import Field, extension

_Size = Annotated[float, Meta(ge=0.0)]


class _PrecoderRow(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    transmitter: Name
    version: Natural
    vector: Ext
    activate_at_ns: Natural


class _PriceRow(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    pair: Name
    version: Natural
    quote: Natural
    payer: Annotated[str, Meta(max_length=MAX_NAME)]
    trace: _Size
    doppler_hz: _Size
    factor: Ext


class _Form(NamedTuple):
    """What reads a row, the types of its fields, which arrays are allowed, and where names, floats and array stand."""

    read: Callable[[bytes], Any]
    types: tuple[type, ...]
    array: Field
    place: int
    names: Callable[[Sequence[Any]], Sequence[str]]
    floats: slice


_FORMS: Final[dict[type[Any], _Form]] = {
    Precoder: _Form(
        msgspec.msgpack.Decoder(_PrecoderRow).decode, (str, int, Ext, int), VECTOR, 2, itemgetter(slice(1)), slice(0)
    ),
    Price: _Form(
        msgspec.msgpack.Decoder(_PriceRow).decode,
        (str, int, int, str, float, float, Ext),
        FACTOR,
        6,
        itemgetter(0, 3),
        slice(4, 6),
    ),
}
_READ: Final[dict[type[Any], Callable[[bytes], Any]]] = {
    plain: msgspec.msgpack.Decoder(plain).decode for plain in (Ack, Command)
}
_pack: Final = msgspec.msgpack.Encoder().encode


def pack_plain(body: Ack | Command) -> bytes | None:
    """Canonical bytes of names and numbers: msgspec checks them as the table does, but for the name's characters."""
    try:
        data = _pack(body)
        if _READ[type(body)](data) != body:
            return None
    except UNWRITABLE:
        return None
    types = set(map(type, astuple(body)))
    return data if types == {int, str} and _name_of(body).isprintable() else None


def unpack_plain(make: type[Ack | Command], data: bytes) -> Ack | Command | None:
    """The body of type `make` that these bytes, and no others, stand for, or None."""
    try:
        body: Ack | Command = _READ[make](data)
    except UNREADABLE:
        return None
    return body if _pack(body) == data and _name_of(body).isprintable() else None


def _name_of(body: Ack | Command) -> str:
    return body.transmitter if isinstance(body, Ack) else body.name


def pack_with_array(body: Precoder | Price) -> bytes | None:
    """Canonical bytes of a body with one array, if it is one that a receiver accepts, else None."""
    form = _FORMS[type(body)]
    values: list[Any] = list(astuple(body))
    try:
        values[form.place] = Ext(ARRAY_EXT, form.array.pack(values[form.place], "array")[1])
        data = _pack(values)
        form.read(data)  # the same limits for what goes out
    except (*UNWRITABLE, WireError):
        return None
    return data if tuple(map(type, values)) == form.types and _is_sound(values, form) else None


def unpack_with_array(make: type[Precoder | Price], data: bytes) -> Any:  # noqa: ANN401 - whatever `make` makes
    """The body of type `make` that these bytes, and no others, stand for, or None."""
    form = _FORMS[make]
    try:
        row = form.read(data)
        values: list[Any] = list(astuple(row))
        if _pack(row) != data or not _is_sound(values, form):
            return None
        array = values[form.place]
        values[form.place] = form.array.unpack(extension(array.code, array.data), "array")
    except (*UNREADABLE, WireError):
        return None
    return make(*values)


def _is_sound(values: list[Any], form: _Form) -> bool:
    """What no annotation says: names are printable and floats finite (if huge ones overflow, the exact way sees)."""
    return "".join(form.names(values)).isprintable() and isfinite(sum(values[form.floats]))
