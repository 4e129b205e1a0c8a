"""Whoever is on this machine may speak to the kernel; nobody takes the place of its children."""

import sys
from contextlib import closing

import pytest
import zmq

from twin.errors import HostLostError
from twin.runtime.children import Children
from twin.runtime.host import Host
from twin.runtime.remote import Limits, RemoteLink
from twin.wire.control import decode_control
from twin.wire.protocol import Refused, Welcome
from twin.wire.router import Router

TAKEN = "name=edge: is taken by the child of epoch 0"


@pytest.mark.parametrize("route", [b"edge#0#", b"edge#0#0123456789abcdef", b"edge#0#0123456789abcdef!"])
def test_a_stranger_that_comes_first_under_the_name_of_a_child_is_refused(route):
    children = Children((sys.executable, "-c", "import signal; signal.pause()"))
    link = RemoteLink(["edge"], Router("tcp://127.0.0.1:*"), children, Limits(hello_s=1.0))
    with closing(link), zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
        stranger.linger = 0
        stranger.routing_id = route
        stranger.connect(link._router.address)
        stranger.send_multipart(Host("edge", 0).hello())
        with pytest.raises(HostLostError, match=f"host edge: no valid HELLO within 1 s; refused was {TAKEN}"):
            link.open({"edge": Welcome("run", (), 0)})
        assert decode_control(stranger.recv_multipart(zmq.NOBLOCK)) == Refused(TAKEN)
    assert link.rejected == 1
