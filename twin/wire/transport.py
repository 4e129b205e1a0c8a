"""The kernel's side of all hosts over ZeroMQ: the same bytes, checks and answers as in memory (`local`).

`InprocLink` sends the parts of control messages through real ZeroMQ sockets, one ROUTER for the kernel and one
DEALER per host, pumped on the kernel's own thread. What comes from a stranger changes no state.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import zmq

from twin.errors import HostLostError, UsageError, WireError
from twin.wire.control import decode_control
from twin.wire.limits import MAX_FRAME
from twin.wire.link import Link
from twin.wire.local import TIMEOUT_S, Endpoint, LocalLink, MemoryLink
from twin.wire.protocol import Hello

__all__ = ["LOCAL", "TIMEOUT_S", "Endpoint", "InprocLink", "Link", "MemoryLink", "make_link"]

# At most one batch per host is outstanding; a few more messages leave room for what must be rejected.
_HIGH_WATER: Final = 16
_MAX_ROUTING_ID: Final = 255
_LINKS: Final = itertools.count(1)


class InprocLink(LocalLink):
    """Real ZeroMQ sockets in one process: the kernel binds a ROUTER, each host connects out as a DEALER.

    `address` is reachable through `context` only, and so is the link.
    """

    def __init__(self, hosts: Sequence[Endpoint], timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(hosts, timeout_s)
        self.address = f"inproc://kernel-{next(_LINKS)}"
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=0)
        self._dealers: dict[str, zmq.Socket[bytes]] = {}
        self._routes: dict[str, bytes] = {}
        self._names: dict[bytes, str] = {}
        self._router = self._socket(zmq.ROUTER)
        self._router.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._router.bind(self.address)

    def close(self) -> None:
        """Close every socket of the link, and its context."""
        super().close()
        self.context.destroy(linger=0)

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SNDHWM, _HIGH_WATER)
        socket.setsockopt(zmq.RCVHWM, _HIGH_WATER)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME)
        for option in (zmq.SNDTIMEO, zmq.RCVTIMEO):
            socket.setsockopt(option, _milliseconds(self._timeout_s))
        return socket

    def _introduce(self) -> None:
        for name, host in self._hosts.items():
            parts = host.hello()
            route = self._routes[name] = _routing_id(name, parts)
            dealer = self._dealers[name] = self._socket(zmq.DEALER)
            self._names[route] = name
            dealer.setsockopt(zmq.ROUTING_ID, route)
            dealer.connect(self.address)
            if parts:
                dealer.send_multipart(parts)

    def _send(self, messages: Mapping[str, list[bytes]]) -> list[str]:
        for name, parts in messages.items():
            _reach(name, self._router.send_multipart, [self._routes[name], *parts])
        return [name for name in messages if self._pump(name)]

    def _pump(self, name: str) -> bool:
        """The host's turn: receive one message, answer it; whether there was an answer."""
        dealer = self._dealers[name]
        answer = self._hosts[name].handle(_reach(name, dealer.recv_multipart))
        if answer:
            _reach(name, dealer.send_multipart, answer)
        return bool(answer)

    def _receive(self, deadline: float) -> tuple[str, list[bytes]] | None:
        while (left_s := deadline - time.monotonic()) > 0.0:
            try:
                route, *parts = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                self._router.poll(_milliseconds(left_s))
                continue
            name = self._names.get(route)
            if name is not None:
                return name, parts
            self.rejected += 1
        return None


def make_link(transport: str, hosts: Sequence[Endpoint], timeout_s: float = TIMEOUT_S) -> Link:
    """The link over `transport`, "memory" or "inproc"."""
    make = _TRANSPORTS.get(transport)
    if make is None:
        raise UsageError(f"transport={transport}: must be one of {', '.join(_TRANSPORTS)}")
    return make(hosts, timeout_s)


def _routing_id(name: str, hello: list[bytes]) -> bytes:
    """`name#epoch`, which a host may use only while it lives; the kernel judges the HELLO itself."""
    try:
        control = decode_control(hello)
    except WireError:
        control = None
    route = f"{name}#{control.epoch if isinstance(control, Hello) else 0}".encode()
    if len(route) > _MAX_ROUTING_ID:
        raise WireError(f"host.name={name}: must take at most {_MAX_ROUTING_ID} bytes with its epoch")
    return route


def _reach(name: str, call: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 - as the call says
    """A call of a socket; ZeroMQ refuses it (gone, queue full, nothing came) when the host is lost."""
    try:
        return call(*args)
    except zmq.ZMQError as error:
        raise HostLostError(f"host {name}: cannot be reached: {error}") from error


def _milliseconds(seconds: float) -> int:
    """At least 1: ZeroMQ takes 0 for "do not wait"."""
    return max(1, round(seconds * 1e3))


_TRANSPORTS: Final[dict[str, Callable[[Sequence[Endpoint], float], Link]]] = {
    "memory": MemoryLink,
    "inproc": InprocLink,
}
LOCAL: Final = tuple(_TRANSPORTS)
"""Transports to hosts in this process."""
