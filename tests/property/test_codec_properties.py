"""The codec under any input: what goes out comes back, and no bytes do worse than a `WireError`."""

import msgpack
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from twin.errors import WireError
from twin.wire.arrays import ARRAY_EXT, decode_array, encode_array
from twin.wire.codec import decode_body, decode_envelope, encode_body, encode_envelope, seal
from twin.wire.control import decode_control, encode_control
from twin.wire.messages import (
    BODY_OF,
    Ack,
    Command,
    Covariance,
    Csi,
    Echo,
    Envelope,
    Kind,
    Precoder,
    Price,
    Replica,
    Sensed,
    State,
)
from twin.wire.protocol import (
    Batch,
    Delivery,
    Fate,
    Hello,
    HostError,
    Outcome,
    Pong,
    Reason,
    Replay,
    Result,
    SnapshotState,
    SolveReport,
    StateHash,
    Stop,
    TimerRequest,
    Welcome,
)

quick = settings(
    derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
thorough = settings(quick, max_examples=250)

names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=64)
short = st.sampled_from(["su", "core:uav", "edge:satellite", "gu", "x"])
counts = st.integers(0, 2**63 - 1)
ids = st.integers(1, 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0.0, allow_nan=False, allow_infinity=False)
complexes = st.complex_numbers(allow_nan=False, allow_infinity=False)


def reals(shape, elements=floats):
    return arrays(np.float64, shape, elements=elements)


def vectors():
    return st.integers(1, 8).flatmap(lambda n: arrays(np.complex128, n, elements=complexes))


def matrices():
    return array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
        lambda s: arrays(np.complex128, s, elements=complexes)
    )


def squares():
    return st.integers(1, 5).flatmap(lambda n: arrays(np.complex128, (n, n), elements=complexes))


def csis():
    def of(rows, antennas):
        return st.builds(
            Csi,
            st.lists(names, min_size=rows, max_size=rows).map(tuple),
            arrays(np.complex128, (rows, antennas), elements=complexes),
            reals(rows, positive),
            reals(rows, positive),
        )

    return st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(lambda shape: of(*shape))


states = st.builds(State, reals(3), reals(3), floats)
covariances = st.builds(Covariance, names, squares(), positive)
echoes = st.builds(Echo, names, matrices(), reals(3), arrays(np.float64, 3, elements=positive), floats)
reports = st.one_of(states, csis(), st.builds(Sensed, names, vectors(), positive), covariances, echoes)
replicas = st.builds(Replica, names, counts, reports)
body_of_kind = {
    Kind.STATE: states,
    Kind.CSI: csis(),
    Kind.SYNC: replicas,
    Kind.SHARE: replicas,
    Kind.PRECODER: st.builds(Precoder, names, counts, vectors() | matrices(), counts),
    Kind.ACK: st.builds(Ack, names, counts, counts),
    Kind.COMMAND: st.builds(Command, counts, names, counts),
    Kind.PRICE: st.builds(Price, names, counts, counts, st.just("") | names, positive, positive, matrices()),
    Kind.COVARIANCE: covariances,
    Kind.ECHO: echoes,
}
bodies = st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), body_of_kind[kind]))
envelopes = st.builds(
    Envelope, st.just(1), names, st.sampled_from(list(Kind)), names, names, ids, ids, counts, counts, counts,
    st.integers(-1, 2**63 - 1), counts, st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.binary(max_size=64),
)  # fmt: skip
mail = st.builds(Delivery, short, counts, envelopes.map(seal))
wakes = st.builds(Delivery, short, counts, st.none(), names)
solves = st.builds(
    SolveReport, short, short, short, counts, st.lists(ids, max_size=3).map(tuple), short, counts, floats, floats,
    counts, positive,
)  # fmt: skip
timers = st.builds(TimerRequest, short, names, counts)


def tuples(items):
    return st.lists(items, max_size=2).map(tuple)


def outcomes():
    times = st.tuples(st.integers(-1, 2**40), st.integers(0, 2**40))
    tails = st.tuples(tuples(envelopes.map(seal)), tuples(timers), tuples(solves))
    heads = st.tuples(st.sampled_from(list(Fate)), st.sampled_from(list(Reason)))
    return st.builds(lambda h, t, rest: Outcome(*h, t[0], t[0] + t[1], *rest), heads, times, tails)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | floats | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
controls = st.one_of(
    st.builds(Hello, names, st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), names),
    st.builds(Welcome, names, tuples(st.dictionaries(names, plain, max_size=3)), counts),
    st.builds(Batch, ids, tuples(mail | wakes)),
    st.builds(Result, ids, tuples(outcomes())),
    st.builds(HostError, st.text(max_size=20)),
    st.just(Stop()),
    st.just(Pong()),
    st.builds(SnapshotState, counts, st.binary(max_size=64)),
    st.builds(Replay, st.builds(Batch, ids, tuples(mail | wakes))),
    st.builds(StateHash, st.dictionaries(names, st.text("0123456789abcdef", min_size=64, max_size=64), max_size=3)),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=6)
    | st.binary(max_size=40) | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=40)),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4) | st.integers(0, 9), inner, max_size=3),
    max_leaves=20,
)  # fmt: skip


def same_bits(a, b):
    """Equal down to the bits of every float."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if hasattr(a, "__struct_fields__"):
        return all(same_bits(getattr(a, name), getattr(b, name)) for name in a.__struct_fields__)
    return a == b


def spoil(data, frame):
    """The frame with a few of its bits turned over, or a piece of it missing, doubled or overwritten."""
    spoiled = bytearray(frame)
    for position in data.draw(st.lists(st.integers(0, 8 * len(frame) - 1), min_size=1, max_size=3)):
        spoiled[position // 8] ^= 1 << position % 8
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(frame))] * 2)))
    cut = data.draw(st.sampled_from([b"", spoiled[start:end], spoiled[start:end] * 2, bytes(end - start)]))
    return bytes(spoiled[:start] + cut + spoiled[end:])


@quick
@given(bodies)
def test_every_body_comes_back_bit_for_bit(kind_and_body):
    kind, body = kind_and_body
    data = encode_body(body)
    back = decode_body(kind, data)
    assert same_bits(back, body)
    assert encode_body(back) == data


@quick
@given(envelopes)
def test_every_envelope_comes_back_as_it_was(envelope):
    frame = encode_envelope(envelope)
    assert decode_envelope(frame) == envelope
    assert frame == encode_envelope(decode_envelope(frame))


@quick
@given(controls)
def test_every_control_message_comes_back_as_it_was(control):
    parts = encode_control(control)
    assert decode_control(parts) == control
    assert encode_control(decode_control(parts)) == parts


@quick
@given(
    st.data(),
    array_shapes(min_dims=1, max_dims=4, max_side=4),
    st.sampled_from(["<f8", ">f8", "<c16", ">c16", "<i8", ">i8"]),
)
def test_arrays_of_any_layout_come_back_contiguous_aligned_and_read_only(data, shape, dtype):
    array = data.draw(arrays(np.dtype(dtype), shape))
    axes = data.draw(st.permutations(range(len(shape))))
    steps = tuple(slice(None, None, data.draw(st.sampled_from([1, -1, 2]))) for _ in shape)
    view = array.transpose(axes)[steps]
    back = decode_array(encode_array(view))
    assert back.tobytes() == view.astype(view.dtype.newbyteorder("<")).tobytes()
    assert back.shape == view.shape
    assert back.flags.c_contiguous
    assert back.flags.aligned
    assert back.ctypes.data % 16 == 0
    assert not back.flags.writeable


@thorough
@given(st.sampled_from(list(Kind)), st.binary(max_size=200))
def test_no_bytes_do_worse_to_a_body_than_an_error(kind, data):
    try:
        body = decode_body(kind, data)
    except WireError:
        return
    assert encode_body(body) == data


@thorough
@given(st.sampled_from(list(Kind)), values)
def test_no_message_pack_does_worse_to_a_body_than_an_error(kind, value):
    data = msgpack.packb(value)
    try:
        body = decode_body(kind, data)
    except WireError:
        return
    assert encode_body(body) == data


@thorough
@given(st.binary(max_size=80))
def test_no_extension_data_do_worse_than_an_error(data):
    frame = msgpack.packb(["uav", 1, msgpack.ExtType(ARRAY_EXT, data), 0])
    try:
        precoder = decode_body(Kind.PRECODER, frame)
    except WireError:
        return
    assert encode_body(precoder) == frame


@thorough
@given(st.binary(max_size=200) | values.map(msgpack.packb))
def test_no_bytes_do_worse_to_an_envelope_than_an_error(frame):
    try:
        envelope = decode_envelope(frame)
    except WireError:
        return
    assert encode_envelope(envelope) == frame


@thorough
@given(st.lists(st.binary(max_size=60) | values.map(msgpack.packb), max_size=3))
def test_no_parts_do_worse_than_an_error(parts):
    try:
        control = decode_control(parts)
    except WireError:
        return
    assert encode_control(control) == parts


@thorough
@given(st.data(), bodies)
def test_a_spoiled_body_is_refused_or_another_valid_one(data, kind_and_body):
    kind, body = kind_and_body
    spoiled = spoil(data, encode_body(body))
    try:
        back = decode_body(kind, spoiled)
    except WireError:
        return
    assert type(back) is BODY_OF[kind]
    assert encode_body(back) == spoiled


@thorough
@given(st.data(), envelopes)
def test_a_spoiled_envelope_is_refused_or_another_valid_one(data, envelope):
    spoiled = spoil(data, encode_envelope(envelope))
    try:
        back = decode_envelope(spoiled)
    except WireError:
        return
    assert encode_envelope(back) == spoiled


@thorough
@given(st.data(), controls)
def test_a_spoiled_control_message_is_refused_or_another_valid_one(data, control):
    parts = encode_control(control)
    index = data.draw(st.integers(0, len(parts) - 1))
    parts[index] = spoil(data, parts[index])
    try:
        back = decode_control(parts)
    except WireError:
        return
    assert encode_control(back) == parts


def test_single_flipped_bits_never_pass_for_the_same_message():
    """Exhaustively: of all one-bit neighbours of a frame, those that are accepted are different messages."""
    body = encode_body(Csi(("su", "gu"), np.ones((2, 2)) * 1j, np.ones(2), np.zeros(2)))
    envelope = Envelope(1, "run", Kind.CSI, "uav", "edge:uav", 3, 4, 5, 0, 70_000, -1, 60_000, 0, 0, body)
    frame = encode_envelope(envelope)
    accepted = 0
    for position in range(8 * len(frame)):
        spoiled = bytearray(frame)
        spoiled[position // 8] ^= 1 << position % 8
        try:
            back = decode_envelope(bytes(spoiled))
            changed = decode_body(back.kind, back.body)
        except WireError:
            continue
        accepted += 1
        assert back != envelope
        assert encode_envelope(back) == bytes(spoiled)
        assert encode_body(changed) == back.body
    assert 0 < accepted < 8 * len(frame)
