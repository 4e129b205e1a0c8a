"""Arrays as fields of a body: which ones are allowed, checked alike in both directions."""

import functools
from typing import Any, Final

import numpy as np

from twin.errors import WireError
from twin.wire.arrays import ARRAY_EXT, AnyArray, canonical, decode_array, encode_array, is_finite
from twin.wire.packing import EXTENSION, Field, extension, show

MAX_RECEIVERS: Final = 512
MAX_ANTENNAS: Final = 1024
MAX_STREAMS: Final = 64
FLOAT: Final = "<f8"
COMPLEX: Final = "<c16"


def array_field(dtype: str, *most: tuple[int, ...], least: int = 1, low: float | None = None) -> Field:
    """A finite array with `least` to as many entries along each axis as one of `most` has, each entry >= low."""
    wanted = np.dtype(dtype)
    shapes = " or ".join(map(str, most))
    allowed = f"must be finite {wanted}, {'' if low is None else f'>= {low}, '}shape from {least} to {shapes}"

    @functools.lru_cache(maxsize=256)
    def fits(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        return dtype == wanted and any(map(functools.partial(within, shape), most))

    def within(shape: tuple[int, ...], limits: tuple[int, ...]) -> bool:
        return len(shape) == len(limits) and all(least <= n <= limit for n, limit in zip(shape, limits, strict=True))

    def check(array: AnyArray, what: str) -> AnyArray:
        if not fits(array.dtype, array.shape):
            raise WireError(f"{what}={array.dtype}{array.shape}: {allowed}")
        if not is_finite(array):
            raise WireError(f"{what}={array[~np.isfinite(array)][0]}: {allowed}")
        if low is not None and min(array.tolist()) < low:
            raise WireError(f"{what}={array.min()}: {allowed}")
        return array

    def pack_one(value: object, what: str) -> object:
        return extension(ARRAY_EXT, encode_array(check(canonical(value, what), what), what))

    def unpack_one(value: object, what: str) -> AnyArray:
        if not isinstance(value, EXTENSION) or value[0] != ARRAY_EXT:
            raise WireError(f"{what}={show(value)}: must be an array (extension type {ARRAY_EXT})")
        return check(decode_array(value[1], what), what)

    return Field(pack_one, unpack_one)


VECTOR: Final = array_field(COMPLEX, (MAX_ANTENNAS,), (MAX_ANTENNAS, MAX_STREAMS))
"""A precoder: one stream, or one per column."""
FACTOR: Final = array_field(COMPLEX, (MAX_ANTENNAS, MAX_STREAMS))
"""A price, or beams."""
