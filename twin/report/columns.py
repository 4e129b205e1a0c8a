"""Columns of integers as few bytes: small residuals, split into byte planes, deflated, in base64.

The bytes of a column are transposed, so that all low bytes stand together, then all second bytes and so on: the high
planes of small numbers are runs of zeros, which deflate to nothing. Signed columns are zigzagged (0, -1, 1, -2 become
0, 1, 2, 3). The page undoes this in `page/decode.js`.
"""

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

MAX_EXACT: Final = 2**53
"""The page computes in doubles: whole numbers are exact below this."""

_LEVEL: Final = 7


@dataclass(slots=True)
class Columns:
    """Named columns of integers, in the order in which they were added."""

    directory: list[dict[str, Any]] = field(default_factory=list)
    _planes: list[bytes] = field(default_factory=list)

    def add(self, name: str, values: Integers) -> None:
        """Add a column."""
        values = np.ascontiguousarray(values, dtype=np.int64)
        signed = bool(values.size and values.min() < 0)
        bits = ((values << 1) ^ (values >> 63)).view(np.uint64) if signed else values.view(np.uint64)
        width = -(-int(bits.max()).bit_length() // 8) if bits.size else 0
        planes = bits.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]
        self.directory.append({"name": name, "count": int(values.size), "width": width, "signed": signed})
        self._planes.append(planes.T.tobytes())

    def base64(self) -> str:
        """All columns as one deflated stream in base64."""
        packer = zlib.compressobj(_LEVEL)
        parts = [packer.compress(planes) for planes in self._planes]
        return base64.b64encode(b"".join([*parts, packer.flush()])).decode("ascii")


def steps(values: Integers) -> Integers:
    """Differences to the value before; the first to 0."""
    return np.diff(values, prepend=np.int64(0))


def steps_within(values: Integers, groups: Integers) -> Integers:
    """Differences to the value before of the same group; the first of a group to 0."""
    order = np.argsort(groups, kind="stable")
    sorted_values, sorted_groups = values[order], groups[order]
    residuals = steps(sorted_values)
    first = np.diff(sorted_groups, prepend=-1) != 0
    residuals[first] = sorted_values[first]
    result = np.empty_like(residuals)
    result[order] = residuals
    return result
