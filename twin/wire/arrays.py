"""Arrays on the wire: a MessagePack extension type that names its layout, and can carry nothing but numbers.

Layout of the extension's data (little-endian): dtype code u8, ndim u8, four dimensions u16 (unused ones are
0), six zero bytes, then the elements in C order. The header is 16 bytes long because the data of a Python
bytes object starts on a 16-byte boundary: the decoded array needs no copy and is aligned. Dimensions are
unsigned 16-bit numbers, so a negative or an overflowing shape cannot even be written down.
"""

import functools
import math
import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from twin.errors import WireError

ARRAY_EXT: Final = 1
MAX_NDIM: Final = 4
MAX_DIM: Final = 2**16 - 1
MAX_ARRAY_BYTES: Final = 2**20 - 4096

AnyArray = NDArray[Any]
AnyDType = np.dtype[Any]

_HEADER: Final = struct.Struct("<BB4HHI")
_ALIGNMENT: Final = 16
_DTYPES: Final[dict[int, AnyDType]] = {1: np.dtype("<f8"), 2: np.dtype("<c16"), 3: np.dtype("<i8")}
_CODES: Final[dict[AnyDType, int]] = {dtype: code for code, dtype in _DTYPES.items()}
_ALLOWED: Final = "must be float64, complex128 or int64"


def canonical(array: object, what: str = "array") -> AnyArray:
    """The array as it travels: C-contiguous and little-endian; itself if it is that already."""
    if type(array) is not np.ndarray:  # a subclass may mean something else by its elements (masks, matrices)
        raise WireError(f"{what}={type(array).__name__}: must be a numpy array")
    dtype = array.dtype
    if dtype in _CODES and array.flags.c_contiguous:
        return array
    little = dtype.newbyteorder("<")
    if little not in _CODES:
        raise WireError(f"{what}.dtype={str(dtype)[:40]}: {_ALLOWED}")
    return array.astype(little, order="C", copy=False)


def encode_array(array: AnyArray, what: str = "array", most: int = MAX_ARRAY_BYTES) -> bytes:
    """Data of the extension for an array of any layout and byte order, of at most so many bytes."""
    plain = canonical(array, what)
    return _header(plain.dtype, plain.shape, what, most) + plain.tobytes()


def decode_array(data: bytes, what: str = "array", most: int = MAX_ARRAY_BYTES) -> AnyArray:
    """The array in an extension's data: a C-contiguous, 16-byte aligned, read-only view of `data`."""
    dtype, shape, size = _layout(data[: _HEADER.size], what, most)
    if size != len(data):
        raise WireError(f"{what}.length={len(data)}: must be {size} bytes for {dtype}{shape}")
    array: AnyArray = np.ndarray(shape, dtype, data, _HEADER.size)
    return array if BYTES_ALIGNED else _aligned_copy(array)


def is_finite(array: AnyArray) -> bool:
    """Whether no element of a float or complex array is NaN or infinite."""
    # A sum of squares is finite only if every element is; if huge ones overflow it, each is looked at singly.
    return math.isfinite(np.vdot(array, array).real) or bool(np.isfinite(array).all())


@functools.lru_cache(maxsize=1024)
def _header(dtype: AnyDType, shape: tuple[int, ...], what: str, most: int) -> bytes:
    """The header for an array; a run has few shapes, so they are worth remembering."""
    size = math.prod(shape) * dtype.itemsize
    if len(shape) > MAX_NDIM or max(shape, default=0) > MAX_DIM or size > most:
        limits = f"must have ndim <= {MAX_NDIM}, dimensions <= {MAX_DIM} and at most {most} bytes"
        raise WireError(f"{what}.shape={shape}: {limits}")
    return _HEADER.pack(_CODES[dtype], len(shape), *shape, *(0,) * (MAX_NDIM + 2 - len(shape)))


@functools.lru_cache(maxsize=1024)
def _layout(header: bytes, what: str, most: int) -> tuple[AnyDType, tuple[int, ...], int]:
    """The dtype, the shape and the length of the whole data that a header stands for."""
    if len(header) != _HEADER.size:
        raise WireError(f"{what}.header={len(header)} bytes: must be {_HEADER.size}")
    code, ndim, *dims = _HEADER.unpack(header)
    dtype = _DTYPES.get(code)
    if dtype is None:
        raise WireError(f"{what}.dtype_code={code}: {_ALLOWED} (codes {', '.join(map(str, _DTYPES))})")
    if ndim > MAX_NDIM or any(dims[ndim:]):
        raise WireError(f"{what}.ndim={ndim}: must be <= {MAX_NDIM}, with unused dimensions and padding 0")
    shape = tuple(dims[:ndim])
    size = math.prod(shape) * dtype.itemsize
    if size > most:
        raise WireError(f"{what}.shape={shape}: must have at most {most} bytes")
    return dtype, shape, _HEADER.size + size


def _aligned_copy(array: AnyArray) -> AnyArray:
    """A read-only copy on a 16-byte boundary, for interpreters whose bytes objects do not start on one."""
    room = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    copy: AnyArray = np.ndarray(array.shape, array.dtype, room, -room.ctypes.data % _ALIGNMENT)
    copy[...] = array
    copy.flags.writeable = False
    return copy


# The size of an empty bytes object is that of its header and one terminating zero.
BYTES_ALIGNED: Final = (b"".__sizeof__() - 1) % _ALIGNMENT == 0
