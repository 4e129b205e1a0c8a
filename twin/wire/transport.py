"""The kernel's side of all hosts, over ZeroMQ or in memory: the same bytes, checks and answers.

A host answers the parts of a control message with parts of its own. `InprocLink` sends them through real
ZeroMQ sockets, one ROUTER for the kernel and one DEALER per host, pumped on the kernel's own thread;
`MemoryLink` hands them over. What comes from a stranger, or is no valid control message, changes no state: it
is counted in `rejected` and the wait goes on. A host that stays silent is a `HostLostError`, never a hang.
"""

import itertools
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Protocol, Self

import zmq

from twin.errors import HostLostError, KernelError, UsageError, WireError
from twin.wire.control import decode_control, encode_control
from twin.wire.limits import MAX_FRAME
from twin.wire.messages import SCHEMA
from twin.wire.packing import check_name
from twin.wire.protocol import Batch, Control, Hello, HostError, Result, StateHash, Stop, Welcome

TIMEOUT_S: Final = 5.0
# At most one batch per host is outstanding; a few more messages leave room for what must be rejected.
_HIGH_WATER: Final = 16
_MAX_ROUTING_ID: Final = 255
_LINKS: Final = itertools.count(1)


class Endpoint(Protocol):
    """A host: control bytes in, control bytes out."""

    name: str

    def hello(self) -> list[bytes]:
        """The parts with which the host introduces itself."""

    def handle(self, parts: list[bytes]) -> list[bytes]:
        """The answer to a control message; none is an empty list."""


class Link(ABC):
    """What both links do: hello and welcome, batches and results, stop and state hashes.

    Args:
        hosts: the hosts, with distinct names.
        timeout_s: how long the kernel waits for answers.
    """

    def __init__(self, hosts: Sequence[Endpoint], timeout_s: float) -> None:
        names = [check_name(host.name, "host.name") for host in hosts]
        if len(set(names)) != len(names):
            raise KernelError(f"hosts={', '.join(names)}: names must differ")
        self.rejected = 0
        self._hosts = dict(zip(names, hosts, strict=True))
        self._timeout_s = timeout_s
        self._open = False

    def open(self, welcome: Mapping[str, Welcome]) -> None:
        """Receive the HELLO of every host and answer it; WELCOME is not answered."""
        if self._open:
            raise KernelError("open: the link is open already")
        if sorted(welcome) != sorted(self._hosts):
            raise KernelError(f"welcome={', '.join(welcome)}: must name the hosts {', '.join(self._hosts)}")
        self._introduce()
        for name, hello in self._gather(self._hosts, "HELLO").items():
            if not isinstance(hello, Hello) or hello.name != name:
                raise WireError(f"host {name}: {hello}: must introduce itself")
            if hello.schema != SCHEMA:
                raise WireError(f"host {name}: schema={hello.schema}: supported is {SCHEMA}")
        answered = self._send({name: encode_control(welcome[name]) for name in self._hosts})
        for name, answer in self._gather(answered, "WELCOME").items():
            raise WireError(f"host {name}: {type(answer).__name__}: WELCOME must not be answered")
        self._open = True

    def exchange(self, batches: Mapping[str, Batch]) -> dict[str, Result]:
        """Send each host its batch and wait for all the results, in the order of `batches`."""
        answers = self._ask(batches, "BATCH")
        results: dict[str, Result] = {}
        for name, batch in batches.items():
            answer = answers[name]
            if not isinstance(answer, Result):
                raise WireError(f"host {name}: {type(answer).__name__}: must answer BATCH with RESULT")
            if answer.number != batch.number or len(answer.outcomes) != len(batch.deliveries):
                raise WireError(
                    f"host {name}: result {answer.number} with {len(answer.outcomes)} outcomes: "
                    f"must be {batch.number} with {len(batch.deliveries)}"
                )
            results[name] = answer
        return results

    def stop(self) -> dict[str, StateHash]:
        """Tell every host that the run is over and collect their state hashes."""
        hashes: dict[str, StateHash] = {}
        for name, answer in self._ask(dict.fromkeys(self._hosts, Stop()), "STOP").items():
            if not isinstance(answer, StateHash):
                raise WireError(f"host {name}: {type(answer).__name__}: must answer STOP with STATE_HASH")
            hashes[name] = answer
        return hashes

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, questions: Mapping[str, Control], what: str) -> dict[str, Control]:
        if not self._open:
            raise KernelError(f"{what}: the link is not open")
        strangers = [name for name in questions if name not in self._hosts]
        if strangers:
            raise KernelError(f"{what}: host {strangers[0]}: must be one of {', '.join(self._hosts)}")
        self._send({name: encode_control(question) for name, question in questions.items()})
        return self._gather(questions, what)

    def _gather(self, names: Iterable[str], what: str) -> dict[str, Control]:
        """One valid answer from each of these hosts, in their order; everything else is rejected."""
        waiting = dict.fromkeys(names)
        answers: dict[str, Control] = {}
        deadline = time.monotonic() + self._timeout_s
        while len(answers) < len(waiting):
            received = self._receive(deadline)
            if received is None:
                silent = ", ".join(name for name in waiting if name not in answers)
                raise HostLostError(f"host {silent}: no valid answer to {what} within {self._timeout_s:g} s")
            name, parts = received
            try:
                answer = decode_control(parts)
            except WireError:
                self.rejected += 1
                continue
            if name not in waiting or name in answers:
                self.rejected += 1
                continue
            if isinstance(answer, HostError):
                raise KernelError(f"host {name}: {answer.text}")
            answers[name] = answer
        return {name: answers[name] for name in waiting}

    @abstractmethod
    def _introduce(self) -> None:
        """Let every host say HELLO."""

    @abstractmethod
    def _send(self, messages: Mapping[str, list[bytes]]) -> list[str]:
        """Send each host its parts and let it answer; returns who did."""

    @abstractmethod
    def _receive(self, deadline: float) -> tuple[str, list[bytes]] | None:
        """The next message from a host, or None when there is none before the deadline."""


class MemoryLink(Link):
    """Hands the encoded bytes over without sockets; a silent host is lost at once: nothing can come later."""

    def __init__(self, hosts: Sequence[Endpoint], timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(hosts, timeout_s)
        self._inbox: deque[tuple[str, list[bytes]]] = deque()

    def _introduce(self) -> None:
        self._inbox.extend((name, host.hello()) for name, host in self._hosts.items())

    def _send(self, messages: Mapping[str, list[bytes]]) -> list[str]:
        answers = {name: self._hosts[name].handle(parts) for name, parts in messages.items()}
        self._inbox.extend(answers.items())
        return [name for name, answer in answers.items() if answer]

    def _receive(self, deadline: float) -> tuple[str, list[bytes]] | None:  # noqa: ARG002 - there is no waiting
        while self._inbox:
            name, parts = self._inbox.popleft()
            if parts:
                return name, parts
        return None


class InprocLink(Link):
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
