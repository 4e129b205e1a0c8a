"""The kernel's socket to hosts in other processes: one ROUTER that all of them connect to.

Each life of a host has a routing id of its own, `name#epoch#` and a number that no other life has: what an earlier life
left in some queue, or says after it was given up, is told apart by its route.
"""

import os
from collections.abc import Sequence
from typing import Final

import zmq

from twin.errors import UsageError
from twin.wire.addresses import check_free, remove_socket, transport_of
from twin.wire.bundles import MAX_BUNDLE, bundle, unbundle

# At most one question per host is outstanding; a few more messages leave room for what must be rejected.
HIGH_WATER: Final = 16
WATCH: Final = b"!"
"""A host has a second socket, with this at the end of its routing id, whose thread answers PING while it works."""

NUMBER_VARIABLE: Final = "RUN_TWIN_HOST"
"""The environment variable by which a child of the kernel is given the number in its routing id."""


def route_of(name: str, epoch: int, number: str) -> bytes:
    """The routing id of one life of a host."""
    return f"{name}#{epoch}#{number}".encode()


class Router:
    """A bound ROUTER. `address` is where hosts connect."""

    def __init__(self, address: str, what: str = "listen") -> None:
        check_free(address, what)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        self._socket = self._context.socket(zmq.ROUTER)
        configure(self._socket)
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._socket.setsockopt(zmq.SNDTIMEO, 0)
        self._wait_s = -1.0
        if transport_of(address) == "ipc" and hasattr(os, "getuid"):
            self._socket.setsockopt(zmq.IPC_FILTER_UID, os.getuid())  # other users of this machine are turned away
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise UsageError(f"{what}={address}: {_reason(error)}") from error
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def send(self, route: bytes, parts: list[bytes]) -> bool:
        """Send to a host; False when it is gone, or takes nothing any more."""
        try:
            send_frames(self._socket, [route, *bundle(parts)])
        except zmq.ZMQError:
            return False
        return True

    def receive(self, wait_s: float) -> tuple[bytes, list[bytes]] | None:
        """The next message and its route; None when there is none for so long, to the millisecond."""
        if wait_s != self._wait_s:
            self._socket.setsockopt(zmq.RCVTIMEO, round(wait_s * 1e3))
            self._wait_s = wait_s
        try:
            route, *frames = self._socket.recv_multipart()
        except zmq.Again:
            return None
        return route, unbundle(frames)

    def close(self) -> None:
        """Close the socket and leave nothing behind; may be called twice."""
        if not self._context.closed:
            self._socket.close(linger=_FAREWELL_MS)
            self._context.term()
            remove_socket(self.address)


def send_frames(socket: zmq.Socket[bytes], frames: Sequence[bytes]) -> None:
    """As `send_multipart`, which calculates with enumerations for every frame and takes three times as long."""
    for frame in frames[:-1]:
        socket.send(frame, _MORE)
    socket.send(frames[-1])


def configure(socket: zmq.Socket[bytes]) -> None:
    """What the sockets of kernel and hosts have in common."""
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, HIGH_WATER)
    socket.setsockopt(zmq.RCVHWM, HIGH_WATER)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_BUNDLE)


_MORE: Final = int(zmq.SNDMORE)
_FAREWELL_MS: Final = 200  # for the last words to hosts that are refused


def _reason(error: zmq.ZMQError) -> str:
    if error.errno == zmq.EADDRINUSE:
        return "is in use"
    return os.strerror(error.errno or 0).lower()
