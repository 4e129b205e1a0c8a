"""Columns of integers as few bytes: small residuals, split into byte planes, deflated, in base64.

The bytes of a column are transposed, so that all low bytes stand together, then all second bytes and so on: the high
planes of small numbers are runs of zeros, which deflate to nothing. Signed columns are zigzagged (0, -1, 1, -2 become
0, 1, 2, 3). The page undoes this in `page/decode.js`.

A column is packed when it is added, and nothing of it is kept but what it deflates to.
"""

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Narrow = NDArray[np.signedinteger[Any]]
"""Integers of the smallest type that holds them all."""

MAX_EXACT: Final = 2**53
"""The page computes in doubles: whole numbers are exact below this."""

_LEVEL: Final = 7
_BLOCK: Final = 1 << 15
"""Values that are worked on at a time."""


@dataclass(slots=True)
class Columns:
    """Named columns of integers, in the order in which they were added."""

    directory: list[dict[str, Any]] = field(default_factory=list)
    _packer: "zlib._Compress" = field(default_factory=partial(zlib.compressobj, _LEVEL))
    _packed: list[bytes] = field(default_factory=list)

    def add(self, name: str, values: Narrow) -> None:
        """Add a column."""
        self.add_parts(name, [values])

    def add_parts(self, name: str, parts: Sequence[Narrow]) -> None:
        """Add a column that comes in parts, which may differ in type."""
        low = min((int(part.min(initial=0)) for part in parts), default=0)
        high = max((int(part.max(initial=0)) for part in parts), default=0)
        width = -(-max(2 * high, -2 * low - 1).bit_length() // 8) if low < 0 else -(-high.bit_length() // 8)
        count = sum(part.size for part in parts)
        self.directory.append({"name": name, "count": count, "width": width, "signed": low < 0})
        for plane in range(width):
            for block in _blocks(parts):
                self._packed.append(self._packer.compress(_plane(block, plane, signed=low < 0)))

    def base64(self) -> str:
        """All columns as one deflated stream in base64; to be asked for once, when there are no more to come."""
        return base64.b64encode(b"".join([*self._packed, self._packer.flush()])).decode("ascii")


def _blocks(parts: Sequence[Narrow]) -> Iterator[Narrow]:
    for part in parts:
        for begin in range(0, part.size, _BLOCK):
            yield part[begin : begin + _BLOCK]


def _plane(values: Narrow, plane: int, *, signed: bool) -> bytes:
    """The bytes of one place of some values; place 0 is the lowest."""
    bits = values.astype("<i8")
    if signed:
        bits = (bits << 1) ^ (bits >> 63)
    return bits.view(np.uint8)[plane::8].tobytes()


def narrow(values: NDArray[np.integer[Any]]) -> Narrow:
    """The same values in the smallest signed type that holds them."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype(np.int64)


def joined(parts: Sequence[Narrow]) -> Narrow:
    """The parts as one, in the largest of their types."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def steps(values: Integers) -> Integers:
    """Differences to the value before; the first to 0."""
    return np.diff(values, prepend=np.int64(0))


def steps_within(values: Integers, groups: Narrow, last: Integers | None = None) -> Integers:
    """Differences to the value before of the same group; the first of a group to 0.

    `last` is the value before of each group when these values go on after others; it is then brought up to date.
    """
    known = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64) if last is None else last
    order = np.argsort(groups, kind="stable")
    sorted_values, sorted_groups = values[order], groups[order]
    bounds = np.flatnonzero(np.diff(sorted_groups)) + 1
    first = np.concatenate([np.zeros(min(order.size, 1), dtype=np.intp), bounds])
    final = np.append(bounds, order.size)[-first.size :] - 1 if order.size else first
    residuals = steps(sorted_values)
    residuals[first] = sorted_values[first] - known[sorted_groups[first]]
    known[sorted_groups[final]] = sorted_values[final]
    result = np.empty_like(residuals)
    result[order] = residuals
    return result
