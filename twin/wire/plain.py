"""Plain data as bytes and back: what the state of a twin is written as (`Node.state`).

Plain are None, bool, 64-bit int, float, text, bytes, arrays, and arrays and maps of these with text for keys. The
encoding is canonical: maps are written in the order of their keys, so equal states have equal bytes, whatever the order
in which they came about. Floats and arrays come back bit for bit, non-finite ones too. Reading gives plain data or a
`WireError`; whether it is the state of something, its `restore` says with the checks below and those of `packing`.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgpack
import numpy as np
from numpy.typing import NDArray

from twin.errors import WireError
from twin.wire.arrays import ARRAY_EXT, AnyArray, decode_array, encode_array
from twin.wire.packing import EXTENSION, check_arity, check_list, check_name, extension, show

Plain = (
    None | bool | int | float | str | bytes | NDArray[Any] | tuple["Plain", ...] | list["Plain"] | Mapping[str, "Plain"]
)

MAX_PLAIN: Final = 1 << 28
"""Most bytes of one piece of plain data."""

MAX_DEPTH: Final = 16
MAX_ENTRIES: Final = 1 << 16

_LIMITS: Final[dict[str, int]] = {
    "max_str_len": MAX_ENTRIES,
    "max_bin_len": MAX_PLAIN,
    "max_array_len": MAX_ENTRIES,
    "max_map_len": MAX_ENTRIES,
    "max_ext_len": MAX_PLAIN,
}
_ATOMS: Final = frozenset((type(None), bool, int, float, str, bytes))
_PACKER: Final = msgpack.Packer(autoreset=True)


def pack_plain(value: Plain, what: str) -> bytes:
    """The canonical bytes of plain data."""
    try:
        data: bytes = _PACKER.pack(_outward(value, what, MAX_DEPTH))
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(f"{what}: must be plain data: {error}") from error
    if len(data) > MAX_PLAIN:
        raise WireError(f"{what}.length={len(data)}: must be <= {MAX_PLAIN} bytes")
    return data


def unpack_plain(data: bytes, what: str) -> Any:  # noqa: ANN401 - plain data, which its reader checks
    """The plain data in these bytes: tuples and maps; arrays are read-only views of `data`."""
    if len(data) > MAX_PLAIN:
        raise WireError(f"{what}.length={len(data)}: must be <= {MAX_PLAIN} bytes")
    try:
        value = msgpack.unpackb(data, use_list=False, strict_map_key=True, ext_hook=extension, **_LIMITS)
        same = _PACKER.pack(value) == data
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise WireError(f"{what}={show(data)}: must be valid MessagePack: {reason}") from error
    if not same:
        raise WireError(f"{what}={show(data)}: must be canonical MessagePack")
    return _inward(value, what, MAX_DEPTH)


def take_array(value: object, what: str, dtype: str, shape: tuple[int, ...]) -> AnyArray:
    """A copy to write to of an array of this type and shape, where -1 stands for any length."""
    if type(value) is not np.ndarray or value.dtype != np.dtype(dtype) or len(value.shape) != len(shape):
        raise WireError(f"{what}={show(value)}: must be an array of {dtype} with {len(shape)} axes")
    if any(wanted not in {-1, found} for wanted, found in zip(shape, value.shape, strict=True)):
        raise WireError(f"{what}.shape={value.shape}: must be {shape}")
    return np.array(value, order="C")


def take_pairs(value: object, what: str) -> list[tuple[Any, Any]]:
    """Pairs, as of a map whose keys are no text."""
    pairs = [check_arity(pair, 2, what) for pair in check_list(value, what, MAX_ENTRIES)]
    return [(first, second) for first, second in pairs]


def take_map(value: object, what: str) -> dict[str, Any]:
    """A map with names for keys."""
    if type(value) is not dict:
        raise WireError(f"{what}={show(value)}: must be a map")
    return {check_name(name, what): item for name, item in value.items()}


def take_names(value: object, what: str) -> tuple[str, ...]:
    """Any number of names."""
    return tuple([check_name(name, what) for name in check_list(value, what)])


def _outward(value: Any, what: str, depth: int) -> Any:  # noqa: ANN401 - anything may be offered
    """Plain data as MessagePack knows it."""
    if depth == 0:
        raise WireError(f"{what}={show(value)}: must be nested less than {MAX_DEPTH} deep")
    if type(value) in _ATOMS:  # most are; to ask whether one of them is a mapping takes longer than all else
        return value
    if type(value) is np.ndarray:
        return extension(ARRAY_EXT, encode_array(value, what, MAX_PLAIN))
    if isinstance(value, tuple | list | Mapping) and len(value) > MAX_ENTRIES:
        raise WireError(f"{what}: {len(value)} entries: must be <= {MAX_ENTRIES}")
    if type(value) is tuple or type(value) is list:
        return [_outward(item, what, depth - 1) for item in value]
    if isinstance(value, Mapping):
        if not all(type(key) is str for key in value):
            raise WireError(f"{what}={show(value)}: must have text for keys")
        return {key: _outward(value[key], what, depth - 1) for key in sorted(value)}
    if isinstance(value, str):
        return value
    raise WireError(f"{what}={show(value)}: must be plain data")


def _inward(value: Any, what: str, depth: int) -> Any:  # noqa: ANN401 - what MessagePack says
    if depth == 0:
        raise WireError(f"{what}={show(value)}: must be nested less than {MAX_DEPTH} deep")
    if isinstance(value, EXTENSION):
        if value[0] != ARRAY_EXT:
            raise WireError(f"{what}: extension={value[0]}: must be {ARRAY_EXT}")
        return decode_array(value[1], what, MAX_PLAIN)
    if type(value) is tuple:
        return tuple([_inward(item, what, depth - 1) for item in value])
    if type(value) is dict:
        keys = list(value)
        if set(map(type, keys)) - {str} or keys != sorted(keys):
            raise WireError(f"{what}={show(keys)}: must have text for keys, in its order")
        return {key: _inward(item, what, depth - 1) for key, item in value.items()}
    return value
