"""Links to hosts in this process: each host answers when it is spoken to. `MemoryLink` needs no sockets."""

import time
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

from twin.errors import HostLostError, WireError
from twin.wire.control import decode_control, encode_control
from twin.wire.link import Link, Question, unless_error
from twin.wire.messages import SCHEMA
from twin.wire.past import Past
from twin.wire.protocol import Batch, Control, Hello, Replay, Welcome

TIMEOUT_S: Final = 5.0


class Endpoint(Protocol):
    """A host: control bytes in, control bytes out."""

    name: str

    def hello(self) -> list[bytes]:
        """The parts with which the host introduces itself."""

    def handle(self, parts: list[bytes]) -> list[bytes]:
        """The answer to a control message; none is an empty list."""


@runtime_checkable
class Answering(Protocol):
    """A host in this process that takes and gives control messages without their bytes, if asked to."""

    def answer(self, control: Control) -> Control | None:
        """The answer to a control message, or None: what `handle` gives, before it is encoded."""


class LocalLink(Link):
    """A link to hosts in this process: each answers when it is spoken to."""

    def __init__(self, hosts: Sequence[Endpoint], timeout_s: float) -> None:
        super().__init__([host.name for host in hosts], timeout_s)
        self._hosts = {host.name: host for host in hosts}

    def _greet(self, welcome: Mapping[str, Welcome]) -> None:
        self._introduce()
        for name, hello in self._gather(self._hosts, "HELLO").items():
            if not isinstance(hello, Hello) or hello.name != name:
                raise WireError(f"host {name}: {hello}: must introduce itself")
            if hello.schema != SCHEMA:
                raise WireError(f"host {name}: schema={hello.schema}: supported is {SCHEMA}")
        answered = self._send({name: encode_control(welcome[name]) for name in self._hosts})
        for name, answer in self._gather(answered, "WELCOME").items():
            raise WireError(f"host {name}: {type(answer).__name__}: WELCOME must not be answered")

    def _pose(self, questions: Mapping[str, Question]) -> None:
        for name in questions:
            if self._pasts[name].behind:
                self._teach(name, self._pasts[name])
        self._say(questions)

    def _await(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        return self._gather(questions, what)

    def _teach(self, name: str, past: Past) -> None:
        """Bring a host to where the kernel is; it lives as long as the kernel, and needs no past any more."""
        for control in past.lesson():
            if isinstance(control, Replay):
                self._say({name: control})
                past.check(name, control.batch, self._gather([name], "REPLAY")[name])
            else:
                for answer in self._gather(self._send({name: encode_control(control)}), "RESTORE").values():
                    raise WireError(f"host {name}: {type(answer).__name__}: RESTORE must not be answered")
        past.forget()

    def _say(self, questions: Mapping[str, Control]) -> None:
        self._send({name: encode_control(question) for name, question in questions.items()})

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
            answers[name] = unless_error(name, answer)
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


class MemoryLink(LocalLink):
    """Hands messages over without sockets; a silent host is lost at once: nothing can come later.

    A batch reaches a host that is `Answering` as an object. No twin can tell: envelopes are frozen, and their bodies
    are bytes, whose arrays are the receiver's own copies whatever the way. Everything else travels encoded.
    """

    def __init__(self, hosts: Sequence[Endpoint], timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(hosts, timeout_s)
        self._inbox: deque[tuple[str, list[bytes]]] = deque()
        self._answering = {host.name: host for host in hosts if isinstance(host, Answering)}
        self._handed: dict[str, Control | None] = {}

    def _say(self, questions: Mapping[str, Control]) -> None:
        handed = {name: question for name, question in questions.items() if isinstance(question, Batch)}
        if handed.keys() <= self._answering.keys() and len(handed) == len(questions):
            self._handed = {name: self._answering[name].answer(batch) for name, batch in handed.items()}
        else:
            super()._say(questions)

    def _await(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        handed, self._handed = self._handed, {}
        if not handed:
            return super()._await(questions, what)
        answers: dict[str, Control] = {}
        for name, answer in handed.items():
            if answer is None:
                raise HostLostError(f"host {name}: no valid answer to {what} within {self._timeout_s:g} s")
            answers[name] = unless_error(name, answer)
        return answers

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
