"""The kernel's side of all hosts: what every link does, and the link that needs no sockets.

A host answers the parts of a control message with parts of its own. What is no valid control message changes no state:
it is counted in `rejected` and the wait goes on. A host that stays silent is a `HostLostError`, never a hang. The link
over sockets of this process is in `transport`, the link to hosts in other processes in `twin.runtime.remote`.
"""

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from twin.errors import HostLostError, KernelError, WireError
from twin.wire.control import decode_control, encode_control
from twin.wire.messages import SCHEMA
from twin.wire.packing import check_name
from twin.wire.past import Past
from twin.wire.protocol import (
    Batch,
    Control,
    Hello,
    HostError,
    Replay,
    Result,
    Snapshot,
    SnapshotState,
    StateHash,
    Stop,
    Welcome,
)

TIMEOUT_S: Final = 5.0

Question = Batch | Snapshot | Stop
"""What the kernel wants to know of a host."""


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


class Link(ABC):
    """The kernel's view: hello and welcome, batches and results, stop and state hashes.

    Args:
        names: the names of the hosts, all distinct.
        timeout_s: how long the kernel waits for answers.
    """

    def __init__(self, names: Sequence[str], timeout_s: float) -> None:
        self.names = tuple(check_name(name, "host.name") for name in names)
        if len(set(names)) != len(names):
            raise KernelError(f"hosts={', '.join(names)}: names must differ")
        self.rejected = 0
        self._pasts = {name: Past() for name in self.names}
        self._timeout_s = timeout_s
        self._open = False

    def open(self, welcome: Mapping[str, Welcome]) -> None:
        """Receive the HELLO of every host and answer it; WELCOME is not answered."""
        if self._open:
            raise KernelError("open: the link is open already")
        if sorted(welcome) != sorted(self.names):
            raise KernelError(f"welcome={', '.join(welcome)}: must name the hosts {', '.join(self.names)}")
        self._greet(welcome)
        self._open = True

    def exchange(self, batches: Mapping[str, Batch]) -> dict[str, Result]:
        """Send each host its batch and wait for all the results, in the order of `batches`."""
        answers = self._ask(batches, "BATCH")
        return {name: check_result(name, batch, answers[name]) for name, batch in batches.items()}

    def stop(self) -> dict[str, StateHash]:
        """Tell every host that the run is over and collect their state hashes."""
        answers = self._ask(dict.fromkeys(self.names, Stop()), "STOP")
        return {name: check_state_hash(name, answer) for name, answer in answers.items()}

    def snapshot(self, names: Iterable[str]) -> dict[str, bytes]:
        """The state of these hosts after their last batch, as bytes for `remember`."""
        answers = self._ask(dict.fromkeys(names, Snapshot()), "SNAPSHOT")
        states: dict[str, bytes] = {}
        for name, answer in answers.items():
            saved = check_snapshot(name, answer)
            self.remember(name, saved.last, saved.state)
            states[name] = saved.state
        return states

    def recall(self, batches: Mapping[str, Batch]) -> None:
        """As `exchange`, but the results are on file: the hosts get these batches when they are next spoken to.

        May be called only before the first `exchange`, and with every batch from the first on.
        """
        for name, batch in batches.items():
            self._pasts[name].add(batch)
            self._pasts[name].behind = True

    def remember(self, name: str, last: int, state: bytes) -> None:
        """A snapshot of this host after batch `last` is on file: it begins there when it has to begin again."""
        self._pasts[name].remember(last, state)

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        """The answers of these hosts to their questions, which all of them work on at once."""
        if not self._open:
            raise KernelError(f"{what}: the link is not open")
        strangers = [name for name in questions if name not in self.names]
        if strangers:
            raise KernelError(f"{what}: host {strangers[0]}: must be one of {', '.join(self.names)}")
        return self._converse(questions, what)

    @abstractmethod
    def _greet(self, welcome: Mapping[str, Welcome]) -> None:
        """Let every host say HELLO, and answer it."""

    @abstractmethod
    def _converse(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        """Tell hosts of an open link their past if they are behind, ask them, and wait for all the answers."""


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

    def _converse(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        for name in questions:
            if self._pasts[name].behind:
                self._teach(name, self._pasts[name])
        return self._talk(questions, what)

    def _teach(self, name: str, past: Past) -> None:
        """Bring a host to where the kernel is; it lives as long as the kernel, and needs no past any more."""
        for control in past.lesson():
            if isinstance(control, Replay):
                past.check(name, control.batch, self._talk({name: control}, "REPLAY")[name])
            else:
                for answer in self._gather(self._send({name: encode_control(control)}), "RESTORE").values():
                    raise WireError(f"host {name}: {type(answer).__name__}: RESTORE must not be answered")
        past.forget()

    def _talk(self, questions: Mapping[str, Control], what: str) -> dict[str, Control]:
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

    def _talk(self, questions: Mapping[str, Control], what: str) -> dict[str, Control]:
        handed = {name: question for name, question in questions.items() if isinstance(question, Batch)}
        if not handed.keys() <= self._answering.keys() or len(handed) < len(questions):
            return super()._talk(questions, what)
        answers: dict[str, Control] = {}
        for name, batch in handed.items():
            answer = self._answering[name].answer(batch)
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


def unless_error(name: str, answer: Control) -> Control:
    """The answer itself; what a host could not do ends the run."""
    if isinstance(answer, HostError):
        raise KernelError(f"host {name}: {answer.text}")
    return answer


def check_result(name: str, batch: Batch, answer: Control) -> Result:
    """The answer of host `name` to this batch, which must be its result."""
    if not isinstance(answer, Result):
        raise WireError(f"host {name}: {type(answer).__name__}: must answer BATCH with RESULT")
    if answer.number != batch.number or len(answer.outcomes) != len(batch.deliveries):
        raise WireError(
            f"host {name}: result {answer.number} with {len(answer.outcomes)} outcomes: "
            f"must be {batch.number} with {len(batch.deliveries)}"
        )
    return answer


def check_snapshot(name: str, answer: Control) -> SnapshotState:
    """The answer of host `name` to SNAPSHOT."""
    if not isinstance(answer, SnapshotState):
        raise WireError(f"host {name}: {type(answer).__name__}: must answer SNAPSHOT with SNAPSHOT_STATE")
    return answer


def check_state_hash(name: str, answer: Control) -> StateHash:
    """The answer of host `name` to STOP."""
    if not isinstance(answer, StateHash):
        raise WireError(f"host {name}: {type(answer).__name__}: must answer STOP with STATE_HASH")
    return answer
