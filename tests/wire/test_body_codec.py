"""Bodies as bytes: each kind there and back, and a reason for everything that is not one."""

import tracemalloc

import msgpack
import numpy as np
import pytest
from msgspec.structs import replace

from twin.errors import WireError
from twin.wire.arrays import ARRAY_EXT, encode_array
from twin.wire.bodies import MAX_REMEMBERED
from twin.wire.codec import decode_body, encode_body
from twin.wire.fields import MAX_ANTENNAS, MAX_RECEIVERS
from twin.wire.messages import Ack, Command, Covariance, Csi, Echo, Kind, Precoder, Price, Replica, Sensed, State

LIT = np.ones((3, 2), dtype=np.complex128)


def same(a, b):
    """Equal bodies: types, fields, and arrays element by element."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if hasattr(a, "__struct_fields__"):
        return all(same(getattr(a, name), getattr(b, name)) for name in a.__struct_fields__)
    return a == b


def arrays_in(body):
    values = [getattr(body, name) for name in body.__struct_fields__]
    return [v for v in values if isinstance(v, np.ndarray)] + [
        a for v in values if hasattr(v, "__struct_fields__") for a in arrays_in(v)
    ]


def ext(array):
    return msgpack.ExtType(ARRAY_EXT, encode_array(np.asarray(array)))


VEC3 = ext([1.0, 2.0, 3.0])
NAME65 = "x" * 65


def test_every_kind_comes_back_as_it_was(bodies):
    assert {kind for kind, _ in bodies} == set(Kind)
    for kind, body in bodies:
        data = encode_body(body)
        back = decode_body(kind, data)
        assert same(back, body)
        assert encode_body(back) == data


def test_decoded_arrays_are_contiguous_aligned_and_read_only(bodies):
    decoded = [array for kind, body in bodies for array in arrays_in(decode_body(kind, encode_body(body)))]
    assert len(decoded) == 23
    for array in decoded:
        assert array.flags.c_contiguous
        assert not array.flags.writeable
        assert array.ctypes.data % 16 == 0


def test_layout_and_byte_order_of_the_sender_do_not_show(csi):
    unusual = replace(
        csi, channels=np.asfortranarray(csi.channels).astype(">c16"), radius=np.repeat(csi.radius, 2)[::2]
    )
    assert encode_body(unusual) == encode_body(csi)


def test_numpy_floats_travel_as_floats():
    state = State(np.zeros(3), np.zeros(3), np.float64(1.25))
    assert type(decode_body(Kind.STATE, encode_body(state)).quality_db) is float


def test_the_largest_csi_passes():
    channels = np.ones((MAX_RECEIVERS, MAX_ANTENNAS // 10), np.complex128)
    names = tuple(f"user{i}" for i in range(MAX_RECEIVERS))
    csi = Csi(names, channels, np.zeros(MAX_RECEIVERS), np.zeros(MAX_RECEIVERS))
    assert same(decode_body(Kind.CSI, encode_body(csi)), csi)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not a body", "body=str"),
        (Sensed("uav", np.ones(2, complex), 0.0), "body=Sensed"),
        (State([0.0] * 3, np.zeros(3), 0.0), "State.position_m=list"),
        (State(np.zeros(2), np.zeros(3), 0.0), r"State.position_m=float64\(2,\)"),
        (State(np.zeros((3, 1)), np.zeros(3), 0.0), "State.position_m"),
        (State(np.zeros(3, int), np.zeros(3), 0.0), "State.position_m=int64"),
        (State(np.zeros(3, np.float32), np.zeros(3), 0.0), "State.position_m.dtype=float32"),
        (State(np.zeros(3), np.array([0, np.nan, 0]), 0.0), "State.velocity_mps=nan"),
        (State(np.zeros(3), np.zeros(3), float("-inf")), "State.quality_db=-inf"),
        (State(np.zeros(3), np.zeros(3), 1), "State.quality_db=1"),
        (State(np.zeros(3), np.zeros(3), True), "State.quality_db=True"),
        (Csi((), np.ones((0, 4), complex), np.ones(0), np.ones(0)), "Csi.receivers"),
        (Csi(("su",), np.ones((2, 4), complex), np.ones(1), np.ones(1)), "2, 1 and 1 rows: must be 1"),
        (Csi(("su",), np.ones((1, 4), complex), np.ones(2), np.ones(1)), "1, 2 and 1 rows: must be 1"),
        (Csi(("su", "au"), np.ones((1, 4), complex), np.ones(1), np.ones(1)), "must be 2"),
        (Csi(("su",), np.ones((1, 4)), np.ones(1), np.ones(1)), "Csi.channels=float64"),
        (Csi(("su",), np.ones((1, 0), complex), np.ones(1), np.ones(1)), "Csi.channels"),
        (Csi(("su",), np.ones((1, 1025), complex), np.ones(1), np.ones(1)), "Csi.channels"),
        (Csi(("su",), np.ones((1, 4), complex), -np.ones(1), np.ones(1)), "Csi.error_var=-1.0"),
        (Csi(("su",), np.ones((1, 4), complex), np.ones(1), -np.ones(1)), "Csi.radius=-1.0"),
        (Csi(["su"], np.ones((1, 4), complex), np.ones(1), np.ones(1)), "Csi.receivers"),
        (Csi(("",), np.ones((1, 4), complex), np.ones(1), np.ones(1)), "Csi.receivers=''"),
        (Csi(("a\nb",), np.ones((1, 4), complex), np.ones(1), np.ones(1)), "Csi.receivers"),
        (Replica("su", 1, Ack("uav", 1, 1)), "Replica.report=Ack"),
        (Replica("su", -1, State(np.zeros(3), np.zeros(3), 0.0)), "Replica.report_seq=-1"),
        (Replica("eve", 1, Sensed("uav", np.ones(2, complex), -0.5)), "Sensed.radius=-0.5"),
        (Precoder("uav", True, np.ones(2, complex), 0), "Precoder.version=True"),
        (Precoder("uav", 1.0, np.ones(2, complex), 0), "Precoder.version=1.0"),
        (Precoder("uav", np.int64(1), np.ones(2, complex), 0), "Precoder.version"),
        (Precoder("uav", 1, np.ones(2, complex), -1), "Precoder.activate_at_ns=-1"),
        (Precoder("uav", 1, np.ones((2, 0), complex), 0), "Precoder.vector"),
        (Precoder("uav", 1, np.ones((2, 65), complex), 0), "Precoder.vector"),
        (Precoder("uav", 1, np.ones((2, 1, 1), complex), 0), "Precoder.vector"),
        (Price("", 1, 5, "", 0.0, 0.0, np.ones((2, 1), complex)), "Price.pair=''"),
        (Price("pair1", -1, 5, "", 0.0, 0.0, np.ones((2, 1), complex)), "Price.version=-1"),
        (Price("pair1", 1, -5, "", 0.0, 0.0, np.ones((2, 1), complex)), "Price.quote=-5"),
        (Price("pair1", 1, 5, NAME65, 0.0, 0.0, np.ones((2, 1), complex)), "Price.payer"),
        (Price("pair1", 1, 5, None, 0.0, 0.0, np.ones((2, 1), complex)), "Price.payer=None"),
        (Price("pair1", 1, 5, "", -1.0, 0.0, np.ones((2, 1), complex)), "Price.trace=-1.0"),
        (Price("pair1", 1, 5, "", 0.0, np.inf, np.ones((2, 1), complex)), "Price.doppler_hz=inf"),
        (Price("pair1", 1, 5, "", 0.0, 0.0, np.ones(2, complex)), "Price.factor"),
        (Price("pair1", 1, 5, "", 0.0, 0.0, np.full((2, 1), np.nan + 0j)), "Price.factor"),
        (Covariance("pair1", np.ones((2, 1), complex), 0.0), "Covariance.matrix.*must be square"),
        (Covariance("pair1", np.ones((65, 65), complex), 0.0), "Covariance.matrix"),
        (Covariance("pair1", np.eye(2), 0.0), "Covariance.matrix=float64"),
        (Covariance("pair1", np.eye(2) + 0j, -1.0), "Covariance.doppler_hz=-1.0"),
        (Echo("target", LIT, np.ones(2), np.ones(3), 0.0), "Echo.place"),
        (Echo("target", LIT, np.array([1.0, np.nan, 0.0]), np.ones(3), 0.0), "Echo.place=nan"),
        (Echo("target", LIT, np.ones(3), np.array([1.0, -1.0, 1.0]), 0.0), "Echo.error_var=-1.0"),
        (Echo("", LIT, np.ones(3), np.ones(3), 0.0), "Echo.target"),
        (Echo("target", LIT, np.ones(3), np.ones(3), np.inf), "Echo.scnr_db"),
        (Echo("target", np.ones(3) + 0j, np.ones(3), np.ones(3), 0.0), "Echo.beams"),
        (Ack(NAME65, 1, 1), "Ack.transmitter"),
        (Ack("uav", 1, 2**63), "Ack.applied_ns"),
        (Command(1, "", 0), "Command.name"),
        (Command(1, "\ud800", 0), "Command.name"),
        (Command(1, b"activate", 0), "Command.name"),
    ],
)
def test_a_sender_is_told_what_is_wrong_with_its_body(body, reason):
    with pytest.raises(WireError, match=reason) as caught:
        encode_body(body)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        (Kind.STATE, [VEC3, VEC3], "must be an array of 3 fields"),
        (Kind.STATE, [VEC3, VEC3, 0.0, 0.0], "must be an array of 3 fields"),
        (Kind.STATE, {}, "must be an array"),
        (Kind.STATE, 7, "must be an array"),
        (Kind.STATE, [[1.0, 2.0, 3.0], VEC3, 0.0], "extension type 1"),
        (Kind.STATE, [VEC3.data, VEC3, 0.0], "extension type 1"),
        (Kind.STATE, [msgpack.ExtType(2, VEC3.data), VEC3, 0.0], "extension type 1"),
        (Kind.STATE, [msgpack.ExtType(1, VEC3.data + b"\0"), VEC3, 0.0], "length=41: must be 40"),
        (Kind.STATE, [msgpack.Timestamp(1, 2), VEC3, 0.0], "extension type 1"),
        (Kind.STATE, [ext([1.0, np.nan, 3.0]), VEC3, 0.0], "State.position_m=nan"),
        (Kind.STATE, [VEC3, VEC3, float("nan")], "State.quality_db=nan"),
        (Kind.STATE, [VEC3, VEC3, 1], "State.quality_db=1"),
        (Kind.CSI, ["su", ext([[1j]]), ext([0.0]), ext([0.0])], "Csi.receivers"),
        (Kind.CSI, [[1], ext([[1j]]), ext([0.0]), ext([0.0])], "Csi.receivers"),
        (Kind.CSI, [["su"] * 513, ext([[1j]]), ext([0.0]), ext([0.0])], "max_array_len"),
        (Kind.CSI, [["su"], ext([[1j], [1j]]), ext([0.0]), ext([0.0])], "rows: must be 1"),
        (Kind.SYNC, ["su", 1, ["ack", ["uav", 1, 1]]], "Replica.report.tag"),
        (Kind.SYNC, ["su", 1, [["state"], [VEC3, VEC3, 0.0]]], "Replica.report.tag"),
        (Kind.SYNC, ["su", 1, ["state", [VEC3, VEC3]]], "State"),
        (Kind.SYNC, ["su", 1, ["state", VEC3]], "State"),
        (Kind.SYNC, ["su", 1, ["state"]], "Replica.report"),
        (Kind.SHARE, ["su", 1, ["sensed", ["uav", ext([1j]), -1.0]]], "Sensed.radius"),
        (Kind.SHARE, ["su", 1, ["sensed", ["uav", ext([[1j]]), 1.0]]], "Sensed.channel"),
        (Kind.PRECODER, ["uav", True, ext([1j]), 0], "Precoder.version=True"),
        (Kind.PRECODER, ["uav", 2**63, ext([1j]), 0], "Precoder.version"),
        (Kind.PRECODER, ["uav", 1, ext([1.0]), 0], "Precoder.vector=float64"),
        (Kind.PRICE, ["pair1", 1, 5, "", 0.0, 0.0], "must be an array of 7 fields"),
        (Kind.PRICE, ["pair1", 1, 5, "a\nb", 0.0, 0.0, ext([[1j]])], "Price.payer"),
        (Kind.PRICE, ["pair1", 1, 5, "", 0, 0.0, ext([[1j]])], "Price.trace=0"),
        (Kind.PRICE, ["pair1", 1, 5, "", 0.0, 0.0, ext([1j])], "Price.factor"),
        (Kind.COVARIANCE, ["pair1", ext([[1j, 1j]]), 0.0], "Covariance.matrix"),
        (Kind.COVARIANCE, ["pair1", ext([[1j]]), -1.0], "Covariance.doppler_hz"),
        (Kind.ACK, ["uav", None, 1], "Ack.version=None"),
        (Kind.ACK, [b"uav", 1, 1], "Ack.transmitter"),
        (Kind.ACK, [NAME65, 1, 1], "Ack.transmitter"),
        (Kind.ACK, ["é" * 129, 1, 1], "max_str_len"),
        (Kind.COMMAND, ["go", {"a": 1}], "max_map_len"),
        (Kind.COMMAND, [1, "zero\u200bwidth", 0], "Command.name"),
    ],
)
def test_wrong_fields_are_refused_with_a_reason(kind, values, reason):
    with pytest.raises(WireError, match=reason) as caught:
        decode_body(kind, msgpack.packb(values))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_body_of_one_kind_is_not_one_of_another(bodies):
    shapes = {kind: encode_body(body) for kind, body in bodies}
    for kind, data in shapes.items():
        for other in set(Kind) - {kind} - ({Kind.SYNC, Kind.SHARE} if kind in {Kind.SYNC, Kind.SHARE} else set()):
            with pytest.raises(WireError):
                decode_body(other, data)


def test_an_unknown_kind_is_refused():
    with pytest.raises(WireError, match="kind='shout'"):
        decode_body("shout", b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "valid MessagePack"),
        (b"\xc1", "valid MessagePack"),
        (b"\x93\xa3uav\x01", "valid MessagePack"),
        (b"\x93\xa3uav\x01\x02\x03", "extra data"),
        (b"\x93\xa3uav\xcc\x01\x02", "canonical"),
        (b"\x93\xd9\x03uav\x01\x02", "canonical"),
        (b"\xdc\x00\x03\xa3uav\x01\x02", "canonical"),
        (b"\x93\xa3\xff\xfe\xfd\x01\x02", "valid MessagePack"),
        (b"\x93\xa3\xed\xa0\x80\x01\x02", "valid MessagePack"),
        (b"\x93\xdb\xff\xff\xff\xffuav", "incomplete input"),
        (b"\xdd\xff\xff\xff\xff", "max_array_len"),
        (b"\xdf\xff\xff\xff\xff", "max_map_len"),
        (b"\xc9\xff\xff\xff\xff\x01", "max_ext_len"),
        (b"\xc6\xff\xff\xff\xff", "incomplete input"),
        (b"\x91" * 100_000, "valid MessagePack"),
        (b"\x91" * 700 + b"\xc0", "Ack"),
        (b"\xdc\x02\x00" * 3000, "valid MessagePack"),
        (b"\xd6\xff\x00\x00\x00\x00", "must be an array"),
        (b"\xc7\x03\xff\x00\x00\x00", "valid MessagePack"),
        (b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94.", "Ack"),
        (bytes(2**20 + 1), "length=1048577"),
    ],
)
def test_hostile_bytes_are_refused_with_a_reason(data, reason):
    with pytest.raises(WireError, match=reason) as caught:
        decode_body(Kind.ACK, data)
    assert len(str(caught.value)) < 500


def test_declared_lengths_allocate_next_to_nothing():
    tracemalloc.start()
    for data in (b"\xdd\x00\x00\x02\x00" * 2000, b"\xdd\x7f\xff\xff\xff" * 2000, b"\xc9\x00\x0f\x00\x00\x01" * 100):
        with pytest.raises(WireError):
            decode_body(Kind.CSI, data)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 5_000_000  # 1024 levels of 512 items each, the deepest that is read


def test_who_is_told_the_same_price_gets_the_same_and_can_change_nothing():
    factor = np.array([[1.0 + 1j, 2.0], [0.5 - 1.5j, 1j]])
    data = encode_body(Price("pair2", 7, 9, "", 5.25, 10.0, factor))
    first, second = decode_body(Kind.PRICE, data), decode_body(Kind.PRICE, bytes(bytearray(data)))
    assert first is second
    assert first.factor.ctypes.data % 16 == 0
    assert first.factor.flags.c_contiguous
    assert not np.shares_memory(first.factor, factor)
    with pytest.raises(ValueError, match="WRITEABLE"):
        first.factor.flags.writeable = True
    with pytest.raises(AttributeError):
        first.quote = 10


def test_a_long_price_is_not_remembered():
    data = encode_body(Price("pair2", 7, 9, "", 5.25, 10.0, np.ones((64, 64), complex)))
    assert len(data) > MAX_REMEMBERED
    first, second = decode_body(Kind.PRICE, data), decode_body(Kind.PRICE, data)
    assert first is not second
    np.testing.assert_array_equal(first.factor, second.factor)
