"""Arrays as extension data: what comes out is what went in, in the one layout that the solvers rely on."""

import struct

import numpy as np
import pytest

from twin.errors import WireError
from twin.wire import arrays
from twin.wire.arrays import MAX_ARRAY_BYTES, decode_array, encode_array


def header(code, ndim, dims=(0, 0, 0, 0), padding=(0, 0)):
    return struct.pack("<BB4HHI", code, ndim, *dims, *padding)


def is_canonical(array):
    return array.flags.c_contiguous and not array.flags.writeable and array.ctypes.data % 16 == 0


@pytest.mark.parametrize("dtype", ["<f8", "<c16", "<i8"])
@pytest.mark.parametrize("shape", [(), (1,), (5,), (0,), (4, 0), (2, 3), (2, 3, 4), (1, 2, 3, 4)])
def test_round_trip_keeps_values_shape_and_dtype(dtype, shape):
    array = (np.arange(np.prod(shape, dtype=int)) - 3).reshape(shape).astype(dtype)
    back = decode_array(encode_array(array))
    assert back.dtype == array.dtype
    assert back.shape == shape
    assert np.array_equal(back, array)
    assert is_canonical(back)


def test_decoded_arrays_are_aligned_wherever_their_bytes_lie():
    lengths = [*range(1, 64), 1000, 4097, 60_000]
    decoded = [decode_array(encode_array(np.full(n, 1.0 + 1j))) for n in lengths]
    assert all(is_canonical(array) for array in decoded)


def test_decoded_array_cannot_be_made_writeable():
    back = decode_array(encode_array(np.ones(3)))
    with pytest.raises(ValueError, match="WRITEABLE"):
        back.flags.writeable = True
    with pytest.raises(ValueError, match="read-only"):
        back[0] = 2.0


@pytest.mark.parametrize(
    "unusual",
    [
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0).reshape(2, 6)[:, ::2] / 2,
        np.arange(6.0).reshape(2, 3).astype(">f8"),
        np.arange(5.0, -1.0, -1.0).reshape(2, 3)[::-1, ::-1],
    ],
    ids=["fortran", "strided", "big-endian", "reversed"],
)
def test_every_layout_of_the_same_values_has_the_same_bytes(unusual):
    plain = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(unusual, plain)
    assert encode_array(unusual) == encode_array(plain)


def test_signed_zeros_and_payloads_survive_bit_for_bit():
    array = np.array([0.0, -0.0, np.inf, np.nan, 5e-324, -1.7976931348623157e308])
    assert decode_array(encode_array(array)).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.ones(3, np.float32), "dtype=float32"),
        (np.ones(3, bool), "dtype=bool"),
        (np.ones(3, np.uint64), "dtype=uint64"),
        (np.array([{}, None]), "dtype=object"),
        (np.array(["a"]), "dtype=<U1"),
        (np.zeros(2, [("a", "<f8")]), "dtype="),
        (np.ma.masked_array(np.ones(2), [True, False]), "MaskedArray"),
        ([1.0, 2.0], "list"),
        (np.ones((1, 1, 1, 1, 1)), "ndim <= 4"),
        (np.ones(65_536), "dimensions <= 65535"),
        (np.ones((400, 400)), "bytes"),
    ],
)
def test_what_must_not_travel_is_refused_with_a_reason(array, reason):
    with pytest.raises(WireError, match=reason):
        encode_array(array)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "header=0"),
        (header(1, 0)[:15], "header=15"),
        (header(0, 1, (1, 0, 0, 0)) + bytes(8), "dtype_code=0"),
        (header(4, 1, (1, 0, 0, 0)) + bytes(8), "dtype_code=4"),
        (header(1, 5) + bytes(8), "ndim=5"),
        (header(1, 255) + bytes(8), "ndim=255"),
        (header(1, 1, (1, 1, 0, 0)) + bytes(8), "unused dimensions"),
        (header(1, 1, (1, 0, 0, 0), (1, 0)) + bytes(8), "padding"),
        (header(1, 1, (1, 0, 0, 0), (0, 1)) + bytes(8), "padding"),
        (header(1, 1, (2, 0, 0, 0)) + bytes(8), "length=24: must be 32"),
        (header(1, 1, (1, 0, 0, 0)) + bytes(9), "length=25: must be 24"),
        (header(1, 1, (1, 0, 0, 0)) + bytes(16), "length=32: must be 24"),
        (header(2, 2, (2, 2, 0, 0)) + bytes(32), "length=48: must be 80"),
        (header(1, 4, (65_535,) * 4) + bytes(8), "at most"),
        (header(1, 2, (65_535, 65_535, 0, 0)) + bytes(8), "at most"),
        (b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94.", "dtype_code=128"),
    ],
)
def test_bad_extension_data_is_refused_with_a_reason(data, reason):
    with pytest.raises(WireError, match=reason):
        decode_array(data)


def test_the_largest_array_passes_and_one_more_element_does_not():
    largest = np.ones((2, MAX_ARRAY_BYTES // 16))
    assert decode_array(encode_array(largest)).shape == largest.shape
    with pytest.raises(WireError, match="at most"):
        encode_array(np.ones((2, MAX_ARRAY_BYTES // 16 + 1)))


def test_copies_for_interpreters_with_unaligned_bytes_keep_the_promises():
    array = decode_array(encode_array(np.arange(6.0).reshape(2, 3)))
    copies = [arrays._aligned_copy(array) for _ in range(8)]
    assert all(is_canonical(copy) and np.array_equal(copy, array) for copy in copies)


@pytest.mark.parametrize(
    ("values", "finite"),
    [
        ([1e308, 1e308, -1e308], True),
        ([0.0, -0.0], True),
        ([1.0, np.inf], False),
        ([np.inf, -np.inf], False),
        ([np.nan, 1.0], False),
        ([1e308 + 1e308j, 1.0], True),
        ([complex(0.0, np.inf), 1.0], False),
        ([complex(np.nan, 0.0), 1.0], False),
    ],
)
def test_finiteness_is_decided_element_by_element(values, finite):
    assert arrays.is_finite(np.array(values)) is finite
