"""The quick way for reports, which are arrays for the most part: compare the rest of their bytes, copy the arrays.

All that stands in the bytes of a report besides elements of arrays and floats (field counts, names, shapes) is the same
for all reports of one sender: its skeleton. Where the skeleton is known, bytes that agree with it are the canonical
encoding of a report and nothing else needs to be parsed. Skeletons are learnt from reports that the exact way
(`bodies`) has packed or accepted, and what fits none is left to it: None.
"""

import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from struct import Struct
from typing import Any, Final, NamedTuple

import numpy as np

from twin.wire.arrays import ARRAY_EXT, BYTES_ALIGNED, AnyArray, encode_array, is_finite
from twin.wire.messages import Covariance, Csi, Echo, Report, Sensed, State
from twin.wire.packing import extension, pack

MAX_SKELETONS: Final = 1 << 14
MAX_HEADS: Final = 8
"""No more are learnt than these, and no more lengths of heads for one length of bytes: strangers cannot make the quick
way a long one, and a memory that is full costs no more than the exact way does."""

MAX_UNPACKED: Final = 64
"""Up to so many doubles Python is quicker than NumPy's calls are."""

_DOUBLE: Final = Struct(">d")
_DOUBLE_TAG: Final = b"\xcb"
_FIXARRAY: Final = 0x90
_REAL: Final = np.dtype("<f8")


class _Kind(NamedTuple):
    """The fields of a type of report, in the order of its bytes: names, then arrays, then floats; where each begins.

    The last `low` arrays, and with `low_float` the float, must be >= 0.
    """

    values: Callable[[Any], tuple[Any, ...]]
    arrays: int
    floats: int
    low: int = 0
    low_float: bool = False


_KINDS: Final[dict[type[Any], _Kind]] = {
    State: _Kind(attrgetter("position_m", "velocity_mps", "quality_db"), 0, 2),
    Csi: _Kind(attrgetter("receivers", "channels", "error_var", "radius"), 1, 4, low=2),
    Sensed: _Kind(attrgetter("transmitter", "channel", "radius"), 1, 2, low_float=True),
    Covariance: _Kind(attrgetter("receiver", "matrix", "doppler_hz"), 1, 2, low_float=True),
    Echo: _Kind(attrgetter("target", "beams", "place", "error_var", "scnr_db"), 1, 4, low=1),
}


class _Skeleton(NamedTuple):
    """`split` cuts the bytes into constants and slots in turn, `pieces` are the constants with room for the slots.

    `elements` reads the doubles of the arrays (None: too many), of which the last `low` must be >= 0, and `double` the
    float (None: there is none).
    """

    make: type[Any]
    names: tuple[Any, ...]
    constants: tuple[bytes, ...]
    pieces: list[bytes]
    split: Struct
    arrays: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]
    elements: Struct | None
    low: int
    double: Struct | None
    low_float: bool


_BY_FIELDS: Final[dict[tuple[Any, ...], _Skeleton]] = {}
_BY_HEAD: Final[dict[tuple[type[Any], int, bytes], _Skeleton]] = {}
_HEAD_LENGTHS: Final[dict[tuple[type[Any], int], list[int]]] = {}


def pack_report(report: object) -> bytes | None:
    """Canonical bytes of a valid report whose skeleton is known, else None."""
    kind = _KINDS.get(type(report))
    if kind is None:
        return None
    values = kind.values(report)
    try:
        skeleton = _BY_FIELDS.get(_key(type(report), values, kind))
    except (AttributeError, TypeError):
        return None
    if skeleton is None or not _are_names(values[: kind.arrays], skeleton.names):
        return None
    slots = []
    for array, (shape, dtype) in zip(values[kind.arrays : kind.floats], skeleton.arrays, strict=True):
        if type(array) is not np.ndarray or array.dtype is not dtype:
            return None
        if array.shape != shape or not array.flags.c_contiguous:
            return None
        slots.append(array.tobytes())
    for number in values[kind.floats :]:
        if type(number) is not float:
            return None
        slots.append(_DOUBLE.pack(number))
    pieces = skeleton.pieces[:]
    pieces[1::2] = slots
    data = b"".join(pieces)
    return data if _is_sound(skeleton, data) else None


def unpack_report(make: type[Any], data: bytes) -> Report | None:
    """The report of type `make` in these bytes, if a known skeleton fits, else None."""
    for length in _HEAD_LENGTHS.get((make, len(data)), ()):
        skeleton = _BY_HEAD.get((make, len(data), data[:length]))
        if skeleton is None:
            continue
        pieces = skeleton.split.unpack(data)
        if pieces[::2] == skeleton.constants and _is_sound(skeleton, data):
            slots = pieces[1::2]
            arrays = [np.ndarray(shape, dtype, slot) for (shape, dtype), slot in zip(skeleton.arrays, slots)]  # noqa: B905
            floats = () if skeleton.double is None else skeleton.double.unpack(data)
            report: Report = make(*skeleton.names, *arrays, *floats)
            return report
    return None


def learn(report: Report, data: bytes) -> None:
    """Remember the skeleton of a report that the exact way has packed to, or read from, these bytes."""
    if not BYTES_ALIGNED:  # slots are bytes objects: arrays on them could not be aligned
        return
    kind = _KINDS[type(report)]
    key = _key(type(report), kind.values(report), kind)
    if key in _BY_FIELDS or len(_BY_FIELDS) >= MAX_SKELETONS:
        return
    skeleton = _skeleton(report, kind)
    head = skeleton.constants[0]
    lengths = _HEAD_LENGTHS.setdefault((type(report), len(data)), [])
    if len(head) not in lengths:
        if len(lengths) >= MAX_HEADS:
            return
        lengths.append(len(head))
    _BY_FIELDS[key] = _BY_HEAD[type(report), len(data), head] = skeleton


def _key(make: type[Any], values: tuple[Any, ...], kind: _Kind) -> tuple[Any, ...]:
    """Type, names, and the shape of the first array, from which those of the others follow."""
    return make, values[: kind.arrays], values[kind.arrays].shape


def _skeleton(report: Report, kind: _Kind) -> _Skeleton:
    values = kind.values(report)
    names, arrays, floats = values[: kind.arrays], values[kind.arrays : kind.floats], values[kind.floats :]
    heads = [_array_head(array) for array in arrays] + [_DOUBLE_TAG] * len(floats)
    heads[0] = bytes([_FIXARRAY | len(values)]) + b"".join(pack(name, "name") for name in names) + heads[0]
    sizes = [array.nbytes for array in arrays] + [_DOUBLE.size] * len(floats)
    counts = [array.nbytes // _DOUBLE.size for array in arrays]
    doubles = "".join(f"{len(head)}x{count}d" for head, count in zip(heads, counts, strict=False))
    total = sum(map(len, heads)) + sum(sizes)
    return _Skeleton(
        make=type(report),
        names=names,
        constants=tuple(heads),
        pieces=[piece for head in heads for piece in (head, b"")],
        split=Struct("".join(f"{len(head)}s{size}s" for head, size in zip(heads, sizes, strict=True))),
        # By their names, which give the dtypes that NumPy has once only: `pack_report` asks for identity.
        arrays=tuple((array.shape, np.dtype(array.dtype.newbyteorder("<").str)) for array in arrays),
        elements=Struct(f"<{doubles}{9 * len(floats)}x") if sum(counts) <= MAX_UNPACKED else None,
        low=sum(array.size for array in arrays[len(arrays) - kind.low :]),
        double=Struct(f">{total - _DOUBLE.size}xd") if floats else None,
        low_float=kind.low_float,
    )


def _array_head(array: AnyArray) -> bytes:
    """What stands before the elements of an array."""
    packed = pack(extension(ARRAY_EXT, encode_array(array)), "array")
    return packed[: len(packed) - array.nbytes]


def _are_names(names: tuple[Any, ...], known: tuple[Any, ...]) -> bool:
    """Whether names that are equal to those of a skeleton are plain text as these are."""
    if not names or names[0] is known[0]:
        return True
    name = names[0]
    return type(name) is str or (type(name) is tuple and set(map(type, name)) == {str})


def _is_sound(skeleton: _Skeleton, data: bytes) -> bool:
    """Whether all elements and the float are finite, and those >= 0 that must be."""
    # A sum is finite only if every element is; if huge ones overflow it, each is looked at singly.
    if skeleton.elements is not None:
        elements = skeleton.elements.unpack(data)
        if not (math.isfinite(sum(elements)) or all(map(math.isfinite, elements))):
            return False
        low: Sequence[float] = elements[len(elements) - skeleton.low :] if skeleton.low else ()
    else:
        slots = skeleton.split.unpack(data)[1::2]
        array = np.frombuffer(b"".join(slots[: len(skeleton.arrays)]), _REAL)
        if not is_finite(array):
            return False
        low = array[array.size - skeleton.low :].tolist()
    if low and min(low) < 0.0:
        return False
    if skeleton.double is None:
        return True
    (number,) = skeleton.double.unpack(data)
    return math.isfinite(number) and not (skeleton.low_float and number < 0.0)
