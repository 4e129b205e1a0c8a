"""Plain data, of which states of twins are made: there and back bit for bit, one encoding, nothing else accepted."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import WireError
from twin.wire.arrays import MAX_ARRAY_BYTES
from twin.wire.plain import MAX_DEPTH, pack_plain, take_array, take_map, take_names, take_pairs, unpack_plain

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
KEYS = st.text(max_size=4)
arrays = st.builds(
    lambda shape, dtype, seed: np.random.default_rng(seed).integers(-9, 9, shape).astype(dtype),
    st.lists(st.integers(0, 3), max_size=4).map(tuple),
    st.sampled_from(["<f8", "<c16", "<i8"]),
    st.integers(0, 9),
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | ANY_FLOAT
    | st.text(max_size=5)
    | st.binary(max_size=5)
)
plain = st.recursive(
    leaves | arrays,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def same(one, other):
    """Equal to the last bit, types included."""
    if isinstance(one, np.ndarray):
        return (
            type(other) is np.ndarray
            and one.dtype == other.dtype
            and one.shape == other.shape
            and (one.tobytes() == other.tobytes())
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


@given(plain)
def test_there_and_back(value):
    data = pack_plain(value, "x")
    back = unpack_plain(data, "x")
    assert same(value, back)
    assert pack_plain(back, "x") == data


@given(st.dictionaries(KEYS, leaves, max_size=5).flatmap(lambda d: st.tuples(st.just(d), st.permutations(list(d)))))
def test_the_order_in_which_a_map_came_about_does_not_show(pair):
    one, order = pair
    assert pack_plain({key: one[key] for key in order}, "x") == pack_plain(one, "x")


@given(st.binary(max_size=80))
def test_any_bytes_are_plain_data_or_a_wire_error(data):
    try:
        value = unpack_plain(data, "x")
    except WireError:
        return
    assert pack_plain(value, "x") == data


@given(plain, st.data())
def test_damaged_bytes_are_plain_data_or_a_wire_error(value, data):
    packed = bytearray(pack_plain(value, "x"))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        back = unpack_plain(bytes(packed), "x")
    except WireError:
        return
    assert pack_plain(back, "x") == bytes(packed)


def nested(depth):
    return () if depth == 0 else (nested(depth - 1),)


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, {1}, 2**64, np.zeros(2, np.float32), np.float64(1.0), complex(1), nested(MAX_DEPTH + 1)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(WireError, match="x"):
        pack_plain(value, "x")


def test_a_map_out_of_order_and_one_without_names_are_refused():
    for data in (b"\x82\xa1b\x01\xa1a\x01", b"\x81\xc4\x01a\x01"):
        with pytest.raises(WireError, match="must have text for keys, in its order"):
            unpack_plain(data, "x")


def test_an_array_that_is_taken_is_a_copy_of_the_wanted_kind():
    array = unpack_plain(pack_plain(np.arange(6.0).reshape(2, 3), "x"), "x")
    taken = take_array(array, "x", "<f8", (2, -1))
    taken[0, 0] = 9.0
    assert array[0, 0] == 0.0
    assert taken.flags.c_contiguous
    for dtype, shape in (("<c16", (2, 3)), ("<f8", (2,)), ("<f8", (2, 4)), ("<f8", (-1, 2))):
        with pytest.raises(WireError, match="x"):
            take_array(array, "x", dtype, shape)
    with pytest.raises(WireError, match="must be an array"):
        take_array((1.0,), "x", "<f8", (1,))


def test_pairs_maps_and_names_are_what_they_say():
    assert take_pairs(((1, "a"),), "x") == [(1, "a")]
    assert take_map({"a": 1}, "x") == {"a": 1}
    assert take_names(("a", "b"), "x") == ("a", "b")
    for take, wrong in (
        (take_pairs, ((1, 2, 3),)),
        (take_pairs, 5),
        (take_map, ()),
        (take_map, {"": 1}),
        (take_names, (1,)),
    ):
        with pytest.raises(WireError, match="x"):
            take(wrong, "x")


def test_a_state_may_hold_more_than_a_message():
    array = np.arange(3 * 2**17, dtype=np.complex128).reshape(2, 6, -1)
    assert same(unpack_plain(pack_plain((array,), "x"), "x"), (array,))
    assert array.nbytes > MAX_ARRAY_BYTES
