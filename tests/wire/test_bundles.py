"""Bundles: parts share the frames of a socket, in one way only."""

import tracemalloc
from itertools import pairwise

import msgpack
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.wire import bundles
from twin.wire.bundles import MAX_BUNDLE, bundle, unbundle
from twin.wire.limits import MAX_FRAME
from twin.wire.router import Router

parts = st.lists(st.binary(max_size=300), min_size=1, max_size=40)


@pytest.fixture
def connected():
    router = Router("tcp://127.0.0.1:*")
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.routing_id = b"edge#0#1"
        dealer.connect(router.address)
        dealer.send(b"hello")
        assert router.receive(1.0) == (b"edge#0#1", [b"hello"])
        yield router, dealer, b"edge#0#1"
    router.close()


@given(parts, st.sampled_from([0, 1, 20, 300, MAX_FRAME]))
@settings(deadline=None)
def test_all_parts_come_back_in_order_and_no_bundle_is_larger_than_need_be(parts, room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "_ROOM", room)
        frames = bundle(parts)
        assert unbundle(frames) == parts
    assert frames[0] == parts[0]
    shares = [msgpack.unpackb(frame) for frame in frames[1:]]
    assert [part for share in shares for part in share] == parts[1:]
    for share, after in pairwise(shares):
        assert sum(map(len, share)) + 5 * len(share) <= room or len(share) == 1
        assert sum(map(len, (*share, after[0]))) + 5 * len(share) + 5 > room


def test_a_header_alone_is_itself_and_what_follows_shares_a_frame():
    assert bundle([b"header"]) == [b"header"]
    assert bundle([b"header", b"one", b"", b"two"]) == [b"header", b"\x93\xc4\x03one\xc4\x00\xc4\x03two"]


def test_the_largest_parts_fit_into_what_a_socket_takes():
    frames = bundle([b"header", bytes(MAX_FRAME), bytes(MAX_FRAME), b"", *[b"x" * 50] * 70_000])
    assert max(map(len, frames)) <= MAX_BUNDLE
    assert [len(frame) > MAX_FRAME // 2 for frame in frames] == [False, True, True, True, True, True, True]


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"header", b""],
        [b"header", b"\x90"],
        [b"header", b"\x91\xc4\x01"],
        [b"header", b"\x91\xc4\x01ab"],
        [b"header", b"\x91\xa1a"],
        [b"header", b"\x91\x01"],
        [b"header", b"\x81\xc4\x01a\x01"],
        [b"header", b"\x91\xc5\x00\x01a"],
        [b"header", b"\xdc\x00\x01\xc4\x01a"],
        [b"header", b"\x91\xc4\x01a", b"\x91\xc4\x01b"],
        [b"header", b"\x91\xc4\x01a", b"\x90"],
        [b"header", b"\xdd\xff\xff\xff\xff"],
        [b"header", b"\x91" * 100_000],
    ],
)
def test_what_nobody_bundles_so_is_nothing(frames):
    assert unbundle(frames) == []


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_whatever_comes_is_the_only_bundling_of_its_parts_or_nothing(frames):
    found = unbundle(frames)
    assert found == [] or bundle(found) == frames


def test_declared_lengths_allocate_a_bounded_amount():
    tracemalloc.start()
    assert unbundle([b"header", b"\xdd\x0f\xff\xff\xff" + b"\xc4\x00" * (MAX_FRAME // 2)]) == []
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 20e6


def test_a_router_says_and_hears_bundles(connected):
    router, dealer, route = connected
    said = [b"header", b"one", b"two"]
    assert router.send(route, said)
    assert dealer.poll(1000)
    assert dealer.recv_multipart() == bundle(said)
    for frames, heard in ((bundle(said), said), ([b"header"], [b"header"]), (said, [])):
        dealer.send_multipart(frames)
        assert router.receive(1.0) == (route, heard)
