"""What the two digests cover and what they leave out."""

from hashlib import blake2b

import pytest
from msgspec.structs import replace

from twin.errors import RunFolderError
from twin.journal.digest import digests_of
from twin.journal.facts import Applied, Closed, Ended, Hop, Opened, Sent, Solved, Wall
from twin.journal.records import encode_fact
from twin.wire.codec import decode_envelope, encode_envelope
from twin.wire.messages import Envelope, Kind

ENVELOPE = Envelope(1, "run", Kind.CSI, "uav", "edge:uav", 4, 5, 6, 7, 8, -1, 3, 1, 2, b"12345678")
ENDED = Ended(5, 20, "delivered", "", 20, 30, (Hop("a", 1, 2, 3, 4),))
SOLVED = Solved("core:uav", 5, 6, "sagin", "mrt", "csi", 3, (1, 2), "solved", 9, 2.5, -1e-9, 1)
APPLIED = Applied(1, "uav", 2, 3, 4, bytes(32))


def digest(*facts):
    return digests_of(facts).digest()


def events(*facts):
    return digests_of(facts).digest_events()


def frame(**changes):
    return Sent(encode_envelope(replace(ENVELOPE, **changes)))


def test_digest_is_the_sum_of_the_hashes_of_all_facts_of_virtual_time(story):
    total = 0
    for fact in story:
        if not isinstance(fact, Wall):
            total += int.from_bytes(blake2b(encode_fact(fact), digest_size=32).digest(), "big")
    assert digest(*story) == f"{total % 2**256:064x}"


def test_order_does_not_matter_but_number_does(story):
    assert digest(*reversed(story)) == digest(*story)
    assert events(*reversed(story)) == events(*story)
    assert digest(*story, story[3]) != digest(*story)
    assert events(*story, story[3]) != events(*story)


def test_no_facts_have_digest_zero_and_wall_time_adds_nothing():
    outside = [
        Opened({"seed": 1}),
        Wall("core:uav", 1, 2, 3.0),
        Closed(1, 2, 3.0, interrupted=True, state_hashes={"a": "b"}),
    ]
    assert digest(*outside) == digest() == events(*outside) == "0" * 64


def changed(value):
    if isinstance(value, tuple):
        return value[:-1]
    if isinstance(value, bytes):
        return value + bytes(16)
    if isinstance(value, str):
        return f"{value}x"
    return value + 1


@pytest.mark.parametrize("fact", [ENDED, SOLVED, APPLIED], ids=lambda fact: type(fact).__name__)
def test_every_field_enters_both_digests_but_floats_only_the_full_one(fact):
    for name in fact.__struct_fields__:
        other = replace(fact, **{name: changed(getattr(fact, name))})
        assert digest(other) != digest(fact), name
        assert (events(other) == events(fact)) == (name in {"objective", "violation"}), name


def test_vector_of_the_same_length_enters_the_full_digest_only():
    other = replace(APPLIED, vector=bytes(31) + b"\x01")
    assert digest(other) != digest(APPLIED)
    assert events(other) == events(APPLIED)


@pytest.mark.parametrize("name", ["queue_ns", "serialisation_ns", "propagation_ns", "jitter_ns", "link"])
def test_every_part_of_a_hop_enters_both_digests(name):
    hop = ENDED.hops[0]
    other = replace(ENDED, hops=(replace(hop, **{name: changed(getattr(hop, name))}),))
    assert digest(other) != digest(ENDED)
    assert events(other) != events(ENDED)


@pytest.mark.parametrize("name", [name for name in Envelope.__struct_fields__ if name not in {"schema", "body"}])
def test_every_field_of_an_envelope_enters_both_digests(name):
    other = frame(**{name: Kind.SYNC if name == "kind" else changed(getattr(ENVELOPE, name))})
    assert digest(other) != digest(frame())
    assert events(other) != events(frame())


def test_body_enters_the_full_digest_and_its_length_the_other():
    other = frame(body=b"87654321")
    assert digest(other) != digest(frame())
    assert events(other) == events(frame())
    assert events(frame(body=b"123456789")) != events(frame())
    assert events(frame(body=b"")) != events(frame())


def test_event_bytes_of_a_message_end_where_its_body_begins():
    data = frame().frame
    body = decode_envelope(data).body
    header = data[: -len(body)]
    term = int.from_bytes(blake2b(header, digest_size=32).digest(), "big")
    assert events(frame()) == f"{term:064x}"


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x01", b"\x90", b"\x91\xa1x"], ids=repr)
def test_message_that_is_no_envelope_is_refused(data):
    with pytest.raises(RunFolderError, match="envelope"):
        digest(Sent(data))
