"""The sockets of the inproc link: strangers change nothing, links are apart, and nothing stays open."""

import pytest
import zmq

from twin.errors import HostLostError
from twin.wire.control import encode_control
from twin.wire.protocol import Batch, Delivery, Fate, HostError, Outcome, Reason, Result, StateHash, Welcome
from twin.wire.transport import InprocLink

TIMEOUT_S = 0.05
POLL_MS = 1000
FORGED = Result(1, (Outcome(Fate.DROPPED, Reason.STALE, 9, 9),))


def opened(link, *hosts):
    link.open({host.name: Welcome("run", (), 0) for host in hosts})
    return link


@pytest.fixture
def intrude():
    """Lets a stranger with some routing id say something on the link's own context; keeps it connected."""
    sockets = []

    def intrude(link, route, *messages):
        socket = link.context.socket(zmq.DEALER)
        sockets.append(socket)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.ROUTING_ID, route)
        socket.connect(link.address)
        for parts in messages:
            socket.send_multipart(parts)
        return socket

    yield intrude
    for socket in sockets:
        socket.close()


@pytest.mark.parametrize("route", [b"edge#1", b"edge", b"stranger", b"\x01\xff"])
def test_an_intruder_is_ignored_and_counted(echo, intrude, sealed, route):
    host = echo("edge")
    with opened(InprocLink([host], TIMEOUT_S), host) as link:
        intrude(link, route, encode_control(FORGED), encode_control(HostError("lies")), [b""], [b"\xc1"] * 3)
        assert link._router.poll(POLL_MS)
        # ZeroMQ takes one message from each peer in turn: six rounds bring all four of the intruder's.
        for number in range(1, 7):
            result = link.exchange({"edge": Batch(number, (Delivery("node", 7, sealed),))})["edge"]
            assert result.outcomes == (Outcome(Fate.DELIVERED, Reason.NONE, 7, 9, (sealed,)),)
        assert link.stop() == {"edge": StateHash({"edge:node": "ab" * 32})}
        assert link.rejected == 4
        assert len(host.seen) == 8


def test_an_intruder_cannot_take_a_route_that_is_in_use(echo, intrude, sealed):
    host = echo("edge")
    with opened(InprocLink([host], TIMEOUT_S), host) as link:
        socket = intrude(link, b"edge#0", encode_control(HostError("lies")))
        assert link._router.poll(10) == 0
        result = link.exchange({"edge": Batch(1, (Delivery("node", 7, sealed),))})["edge"]
        assert result.outcomes[0].sends == (sealed,)
        assert socket.poll(10) == 0


def test_an_intruder_cannot_answer_for_a_silent_host(echo, intrude):
    silent = echo("edge", answers={Batch: []})
    with opened(InprocLink([silent], TIMEOUT_S), silent) as link:
        intrude(link, b"edge#7", encode_control(FORGED))
        with pytest.raises(HostLostError, match="host edge"):
            link.exchange({"edge": Batch(1, (Delivery("node", 1, None, "tick"),))})
        assert link.rejected == 1


def test_an_intruder_cannot_introduce_itself_as_a_host(echo, intrude):
    mute = echo("edge")
    hello, mute.greeting = mute.greeting, []
    with InprocLink([mute], TIMEOUT_S) as link:
        intrude(link, b"edge#1", hello)
        with pytest.raises(HostLostError, match="no valid answer to HELLO"):
            opened(link, mute)
        assert link.rejected == 1
        assert mute.seen == []


def test_links_do_not_hear_each_other(echo, sealed):
    here, there = echo("edge"), echo("edge")
    with opened(InprocLink([here]), here) as one, opened(InprocLink([there]), there) as two:
        one.exchange({"edge": Batch(1, (Delivery("node", 7, sealed),))})
        assert (len(here.seen), len(there.seen)) == (2, 1)
        assert one.address != two.address


def test_closing_frees_every_socket(echo, intrude):
    host = echo("edge")
    link = opened(InprocLink([host]), host)
    stranger = intrude(link, b"stranger")
    link.close()
    assert link.context.closed
    assert link._router.closed
    assert stranger.closed
    assert all(dealer.closed for dealer in link._dealers.values())


def test_a_failed_opening_leaves_nothing_open(echo):
    mute = echo("edge")
    mute.greeting = []
    with pytest.raises(HostLostError), InprocLink([mute], TIMEOUT_S) as link:
        opened(link, mute)
    assert link.context.closed
