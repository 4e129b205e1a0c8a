"""Facts as bytes: what is accepted, and that all else is an error."""

import msgpack
import pytest

from twin.errors import RunFolderError
from twin.journal.facts import MAX_INT, Applied, Closed, Ended, Hop, Opened, Sent, Solved, Wall
from twin.journal.records import decode_fact, encode_fact
from twin.wire.protocol import Fate, Reason

SOLVED = Solved("core:uav", 5, 6, "sagin", "mrt", "csi", 3, (1, 2), "solved", 9, 2.5, -0.0, 1)
FACTS = [
    Opened({"scenario": {"name": "x", "list": [1, 2.5, None, True]}, "seed": 2**70}),
    Sent(b"\x00frame"),
    Ended(7, 9, "delivered", "", 9, 11, (Hop("a->b", 1, 2, 3, 4), Hop("b->c", 0, 0, 5, 0))),
    Ended(8, -1, "dropped", "stale", -1, -1, ()),
    SOLVED,
    Applied(1, "uav", 0, 0, 0, bytes(range(32))),
    Wall("core:uav", 3, 5, 1234.5),
    Closed(10, 20, 0.25, True, {"b": "2", "a": "1"}),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_fact_survives_its_bytes(fact):
    assert decode_fact(encode_fact(fact)) == fact


def test_enum_members_are_written_as_their_text():
    plain = Ended(1, 2, "lost", "loss", -1, -1, ())
    assert encode_fact(Ended(1, 2, Fate.LOST, Reason.LOSS, -1, -1, ())) == encode_fact(plain)


def test_whole_number_in_a_float_field_has_the_bytes_of_the_float():
    assert encode_fact(Wall("n", 1, 2, 3)) == encode_fact(Wall("n", 1, 2, 3.0))


def test_order_of_state_hashes_does_not_matter():
    ordered = Closed(1, 2, 3.0, False, {"a": "1", "b": "2"})
    assert encode_fact(ordered) == encode_fact(Closed(1, 2, 3.0, False, {"b": "2", "a": "1"}))


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [],
        ["1", b"frame"],
        [True, b"frame"],
        [7, b"frame"],
        [-1, b"frame"],
        [1],
        [1, "frame"],
        [1, b"frame", 0],
        [0, "not json"],
        [0, "[1]"],
        [0, '{"a": NaN}'],
        [0, '{"a": 1e999}'],
        [0, '{"a": ' * 100_000],
        [2, 1, 2, "eaten", "", -1, -1, []],
        [2, 1, 2, "lost", "loss", -1, -1, [["a", 1, 2, 3]]],
        [2, 1, 2, "lost", "loss", -1, -1, [7]],
        [2, 1, True, "lost", "loss", -1, -1, []],
        [2, MAX_INT + 1, 2, "lost", "loss", -1, -1, []],
        [2, 1, 2, "lost", "loss", -1, -1, [["a", 1, 2, 3, MAX_INT + 1]]],
        [3, "n", 1, 2, "p", "m", "t", 1, ["2"], "solved", 1, 1.0, 1.0, 1],
        [3, "n", 1, 2, "p", "m", "t", 1, [2], "solved", 1, 1, 1.0, 1],
        [4, 1, "uav", 1, 1, 1, bytes(15)],
        [5, "n", 1, 2, 3],
        [6, 1, 2, 3.0, 0, {}],
        [6, 1, 2, 3.0, False, {"a": 1}],
        [1, msgpack.ExtType(5, b"x")],
    ],
    ids=repr,
)
def test_what_is_not_a_fact_is_an_error(value):
    with pytest.raises(RunFolderError, match=r"journal|manifest"):
        decode_fact(msgpack.packb(value))


def test_trailing_and_missing_bytes_are_errors():
    data = encode_fact(SOLVED)
    for wrong in (data + b"\x00", data[:-1], b""):
        with pytest.raises(RunFolderError, match="record"):
            decode_fact(wrong)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()], ids=["nan", "inf", "set", "object"])
def test_manifest_must_be_finite_json(value):
    with pytest.raises(RunFolderError, match=r"manifest: .*finite JSON"):
        encode_fact(Opened({"key": value}))
