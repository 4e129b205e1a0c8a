"""Control messages as multipart bytes: a header, and a frame for every message that it carries."""

import tracemalloc

import msgpack
import pytest
from msgspec.structs import replace

from twin.errors import WireError
from twin.wire.codec import seal
from twin.wire.control import decode_control, encode_control
from twin.wire.heads import MAX_PARTS
from twin.wire.limits import MAX_FRAME, MAX_ITEMS, MAX_TEXT
from twin.wire.messages import Sealed
from twin.wire.protocol import (
    Batch,
    Delivery,
    Fate,
    Hello,
    HostError,
    Outcome,
    Ping,
    Pong,
    Reason,
    Refused,
    Replay,
    Replayed,
    Restore,
    Result,
    Snapshot,
    SnapshotState,
    SolveReport,
    StateHash,
    Stop,
    TimerRequest,
    Welcome,
)
from twin.wire.recovering import digest_of_result

HASH = "0123456789abcdef" * 4
SOLVE = SolveReport("sagin", "reference", "complete", 3, (11, 12, 13), "solved", 17, 2.25, -1e-9, 800_000, 1234.5)
CONFIG = {
    "name": "core:uav",
    "rank": 5,
    "offset": -3,
    "period_s": 0.5,
    "enabled": True,
    "coordination": None,
    "sensed_to": "",
    "transmitters": ("satellite", "uav"),
    "first_hop": {"uav": "edge:uav", "satellite": "satellite"},
    "nested": ({"deep": ((1, 2), ())},),
}


@pytest.fixture
def other(envelope) -> Sealed:
    return seal(replace(envelope, seq=13, msg_id=346))


def controls(sealed, other):
    deliveries = (
        Delivery("core:uav", 10, sealed),
        Delivery("core:uav", 11, None, "resolve"),
        Delivery("edge:uav", 12, other),
    )
    outcomes = (
        Outcome(
            Fate.DELIVERED, Reason.NONE, 10, 14, (sealed, other), (TimerRequest("core:uav", "resolve", 99),), (SOLVE,)
        ),
        Outcome(Fate.DROPPED, Reason.STALE, 11, 11),
        Outcome(Fate.LOST, Reason.LOSS, -1, -1, (), (), (replace(SOLVE, inputs=(), status="failed"),)),
    )
    return [
        Hello("edge", 4, 1, "1.0"),
        Hello("edge", 0, 2, "1.0"),
        Welcome("sagin-7", (CONFIG, {}), 0),
        Welcome("sagin-7", (), 17),
        Batch(1, deliveries),
        Batch(2**40, ()),
        Result(1, outcomes),
        Result(2, ()),
        HostError("batch 4: expected 3"),
        HostError(""),
        Stop(),
        StateHash({}),
        StateHash({"edge:uav": HASH, "core:uav": HASH}),
        Refused("name=edge: taken"),
        Ping(),
        Pong(),
        Snapshot(),
        SnapshotState(0, b""),
        SnapshotState(7, bytes(range(256)) * (MAX_FRAME // 100)),
        Restore(7, b"x" * MAX_FRAME),
        Replay(Batch(1, deliveries)),
        Replayed(2, HASH),
    ]


def header(*fields):
    return [msgpack.packb([1, *fields])]


def test_every_control_message_comes_back_as_it_was(sealed, other):
    for control in controls(sealed, other):
        parts = encode_control(control)
        back = decode_control(parts)
        assert back == control
        assert type(back) is type(control)
        assert encode_control(back) == parts
        assert all(type(part) is bytes for part in parts)


def test_every_message_is_a_frame_of_its_own_in_order(sealed, other):
    batch = Batch(1, (Delivery("a", 1, other), Delivery("a", 2, None, "tick"), Delivery("b", 3, sealed)))
    assert encode_control(batch)[1:] == [other.frame, sealed.frame]
    result = Result(
        1, tuple(Outcome(Fate.DELIVERED, Reason.NONE, 1, 2, sends) for sends in [(), (sealed, other), (other,)])
    )
    assert encode_control(result)[1:] == [sent.frame for sent in (sealed, other, other)]


def test_equal_state_hashes_have_equal_bytes():
    assert encode_control(StateHash({"b": HASH, "a": HASH})) == encode_control(StateHash({"a": HASH, "b": HASH}))


def test_lists_in_a_configuration_arrive_as_tuples():
    back = decode_control(encode_control(Welcome("run", ({"names": ["a", ["b"]]},), 0)))
    assert back.node_configs == ({"names": ("a", ("b",))},)


def test_an_error_gets_through_whatever_its_text_is():
    assert decode_control(encode_control(HostError("x" * 10_000))) == HostError("x" * MAX_TEXT)
    assert decode_control(encode_control(HostError("file \udcff"))) == HostError("file ?")


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        ("stop", "control=str"),
        (Hello("", 0, 1, "1.0"), "Hello.name"),
        (Hello("edge", -1, 1, "1.0"), "Hello.epoch=-1"),
        (Hello("edge", 2**32, 1, "1.0"), "Hello.epoch"),
        (Hello("edge", 0, True, "1.0"), "Hello.schema=True"),
        (Welcome("", (), 0), "Welcome.run_id"),
        (Welcome("run", (), -1), "Welcome.last=-1"),
        (Welcome("run", [], 0), "Welcome.node_configs"),
        (Welcome("run", ("config",), 0), "Welcome.node_configs='config'"),
        (Welcome("run", ({1: 2},), 0), "Welcome.node_configs=1"),
        (Welcome("run", ({"a": float("inf")},), 0), "Welcome.node_configs.a=inf"),
        (Welcome("run", ({"a": b"bytes"},), 0), "must be plain data"),
        (Welcome("run", ({"a": {1, 2}},), 0), "must be plain data"),
        (Welcome("run", ({"a": msgpack.ExtType(1, b"x")},), 0), "must be plain data"),
        (Welcome("run", ({"a": 2**63},), 0), "must be an integer"),
        (Welcome("run", ({"a": "x" * 5000},), 0), "at most 4096 characters"),
        (Welcome("run", ({"a": [[[[[[[1]]]]]]]},), 0), "nested at most 8 deep"),
        (Batch(0, ()), "batch.number=0"),
        (Batch(True, ()), "batch.number=True"),
        (Batch(1, [Delivery("a", 1, None, "t")]), "batch.deliveries"),
        (Batch(1, (Delivery("a", 1, None, "t"),) * (MAX_ITEMS + 1)), "at most 8192"),
        (Batch(1, (Delivery("a", 1, None),)), "must be a name if and only if there is no envelope"),
        (Batch(1, (Delivery("a", -1, None, "t"),)), "delivery.t_ns=-1"),
        (Batch(1, (Delivery("", 1, None, "t"),)), "delivery.node"),
        (Batch(1, (Delivery("a", 1, None, "t\n"),)), "delivery.timer"),
        (Result(0, ()), "result.number=0"),
        (Result(1, (Outcome("delivered", Reason.NONE, 1, 1),)), "must be a Fate and a Reason"),
        (Result(1, (Outcome(Fate.DELIVERED, "", 1, 1),)), "must be a Fate and a Reason"),
        (Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, -2, 1),)), "outcome.begin_ns=-2"),
        (Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 5, 4),)), "outcome.finish_ns=4"),
        (
            Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1, (), (TimerRequest("a", "b", -1),)),)),
            "TimerRequest.at_ns",
        ),
        (Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1, [], ()),)), "outcome.sends"),
        (Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1, (b"frame",)),)), "must be a sealed envelope"),
        (Batch(1, (Delivery("a", 1, b"frame"),)), "delivery.sealed=b'frame': must be a sealed envelope"),
        (
            Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1, (), (), (replace(SOLVE, objective=float("nan")),)),)),
            "SolveReport.objective=nan",
        ),
        (
            Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1, (), (), (replace(SOLVE, wall_us=-1.0),)),)),
            "SolveReport.wall_us=-1.0",
        ),
        (
            Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1, (), (), (replace(SOLVE, inputs=(1, True)),)),)),
            "SolveReport.inputs=True",
        ),
        (StateHash({"a": "0" * 63}), "must be 64 hexadecimal digits"),
        (StateHash({"a": "G" * 64}), "must be 64 hexadecimal digits"),
        (StateHash({1: HASH}), "StateHash.hashes=1"),
        (StateHash([("a", HASH)]), "must be a map"),
        (SnapshotState(-1, b""), "state.last=-1"),
        (Restore(0, "text"), "state='text'"),
        (Replay(Batch(0, ())), "batch.number=0"),
        (Replayed(1, HASH.upper()), "must be 64 hexadecimal digits"),
    ],
)
def test_a_sender_is_told_what_is_wrong_with_its_message(control, reason):
    with pytest.raises(WireError, match=reason) as caught:
        encode_control(control)
    assert "\n" not in str(caught.value)


def test_a_delivery_is_a_message_or_a_timer_never_both(sealed):
    with pytest.raises(WireError, match="if and only if there is no envelope"):
        encode_control(Batch(1, (Delivery("a", 1, sealed, "timer"),)))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "control.parts=0"),
        ([b"\x90"] * (MAX_PARTS + 1), "control.parts=65537"),
        ([b"\x90"], "must begin with a schema and a tag"),
        ([b"\x91\x01"], "must begin with a schema and a tag"),
        ([msgpack.packb([2, "stop"])], "control.schema=2: supported is 1"),
        ([msgpack.packb([True, "stop"])], "control.schema=True"),
        (header("beep"), "control.tag='beep'"),
        (header(["stop"]), "control.tag="),
        (header("stop", 1), "array of 0 fields"),
        (header("hello", "edge", 0), "array of 4 fields"),
        (header("hello", "edge", 0, 70_000, "1.0"), "Hello.schema=70000"),
        (header("hello", "edge", 0, 2, "1.0"), "hello.schema=2: must be 1, as its header says"),
        ([msgpack.packb([True, "hello", "edge", 0, 1, "1.0"])], "control.schema=True"),
        (header("welcome", "run", {}, 0), "Welcome.node_configs"),
        (header("welcome", "run", [{"a": [[[[[[[1]]]]]]]}], 0), "nested at most 8 deep"),
        (header("batch", 1), "array of 2 fields"),
        (header("batch", 1, [["a", 1]]), "array of 3 fields"),
        (header("batch", 1, [["a", 1, None]]), "delivery.timer=None"),
        (header("batch", 1, [["a", 1.0, "t"]]), "delivery.t_ns=1.0"),
        (header("batch", 1, [["a", 1, ""]]), "fewer than its header speaks of"),
        ([*header("batch", 1, [["a", 1, "t"]]), b"extra"], "more than its header speaks of"),
        ([*header("batch", 1, [["a", 1, ""]]), b"frame"], "envelope"),
        ([*header("stop"), b""], "more than its header speaks of"),
        (header("result", 1, [["delivered", "", 1, 1, 0, []]]), "array of 7 fields"),
        (header("result", 1, [["eaten", "", 1, 1, 0, [], []]]), "outcome.fate='eaten'"),
        (header("result", 1, [["lost", "bored", 1, 1, 0, [], []]]), "outcome.reason='bored'"),
        (header("result", 1, [[["lost"], "", 1, 1, 0, [], []]]), "outcome.fate"),
        (header("result", 1, [["delivered", "", 1, 1, True, [], []]]), "outcome.sends=True"),
        (header("result", 1, [["delivered", "", 1, 1, 2**40, [], []]]), "outcome.sends"),
        (header("result", 1, [["delivered", "", 1, 1, 1, [], []]]), "fewer than its header speaks of"),
        (header("result", 1, [["delivered", "", 1, 1, 0, [["a", "b"]], []]]), "TimerRequest"),
        (header("result", 1, [["delivered", "", 1, 1, 0, [], [[]]]]), "SolveReport"),
        (header("state_hash", {"b": HASH, "a": HASH}), "in the order of its names"),
        (header("state_hash", {"a": HASH, b"": HASH}), "StateHash.hashes=b''"),
        ([b"\x93\x01\xaastate_hash\x82\xa1a\xd9\x40" + HASH.encode() + b"\xa1a\xd9\x40" + HASH.encode()], "canonical"),
        ([b"\x93\x01\xaastate_hash\x81\x01\x02"], "valid MessagePack"),
        (header("host_error", b"text"), "valid MessagePack"),
        (header("host_error", None), "HostError.text=None"),
        ([b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94."], "control"),
        ([bytes(2**20 + 1)], "length=1048577"),
        (header("snapshot_state", 1, 4), "a frame of 0 bytes: must be 4"),
        ([*header("restore", 1, 4), b"12345"], "a frame of 5 bytes: must be 4"),
        ([*header("restore", 1, 4), b"12", b"34"], "a frame of 2 bytes: must be 4"),
        (header("restore", 1, 2**40), "state.length"),
        (header("ping", 1), "array of 0 fields"),
    ],
)  # fmt: skip
def test_wrong_parts_are_refused_with_a_reason(parts, reason):
    with pytest.raises(WireError, match=reason) as caught:
        decode_control(parts)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 800


def test_declared_lengths_allocate_a_bounded_amount():
    deep = b"\xdd" + MAX_ITEMS.to_bytes(4, "big")
    tracemalloc.start()
    with pytest.raises(WireError, match="valid MessagePack"):
        decode_control([deep * 100_000])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 100e6


def test_what_a_result_says_about_wall_time_is_not_in_its_digest(envelope):
    def result(wall_us=1.0, seq=12, iterations=17):
        solve = replace(SOLVE, wall_us=wall_us, iterations=iterations)
        sends = (seal(replace(envelope, seq=seq)),)
        return Result(1, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 2, sends, (), (solve,)),))

    digest = digest_of_result(result())
    assert digest_of_result(result(wall_us=2.0)) == digest
    assert len({digest, digest_of_result(result(seq=13)), digest_of_result(result(iterations=18))}) == 3
