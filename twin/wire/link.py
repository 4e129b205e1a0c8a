"""The kernel's side of all hosts: what every link does.

A host answers the parts of a control message with parts of its own. What is no valid control message changes no state:
it is counted in `rejected` and the wait goes on. A host that stays silent is a `HostLostError`, never a hang. Links to
hosts in this process are in `local` and `transport`, the link to hosts in other processes in `twin.runtime.remote`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from twin.errors import KernelError, WireError
from twin.wire.packing import check_name
from twin.wire.past import Past
from twin.wire.protocol import (
    Batch,
    Control,
    HostError,
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
        self._posted: dict[str, Batch] = {}
        self._last = dict.fromkeys(self.names, 0)  # batch of each host whose result is known

    def open(self, welcome: Mapping[str, Welcome]) -> None:
        """Receive the HELLO of every host and answer it; WELCOME is not answered."""
        if self._open:
            raise KernelError("open: the link is open already")
        if sorted(welcome) != sorted(self.names):
            raise KernelError(f"welcome={', '.join(welcome)}: must name the hosts {', '.join(self.names)}")
        self._greet(welcome)
        self._open = True

    def post(self, batches: Mapping[str, Batch]) -> None:
        """Send each host its batch; the results must be collected before anything else is asked."""
        self._put(batches, "BATCH")
        self._posted = dict(batches)

    def collect(self) -> dict[str, Result]:
        """Wait for the results of what was posted, in its order."""
        batches, self._posted = self._posted, {}
        answers = self._await(batches, "BATCH")
        results = {name: check_result(name, batch, answers[name]) for name, batch in batches.items()}
        self._last |= {name: batch.number for name, batch in batches.items()}
        return results

    def exchange(self, batches: Mapping[str, Batch]) -> dict[str, Result]:
        """Send each host its batch and wait for all the results, in the order of `batches`."""
        self.post(batches)
        return self.collect()

    def stop(self) -> dict[str, StateHash]:
        """Tell every host that the run is over and collect their state hashes.

        Of a run that was interrupted, what was posted may not be collected yet: that comes to nothing.
        """
        if self._posted:
            self.collect()
        answers = self._ask(dict.fromkeys(self.names, Stop()), "STOP")
        return {name: check_state_hash(name, answer) for name, answer in answers.items()}

    def snapshot(self, names: Iterable[str]) -> dict[str, bytes]:
        """The state of these hosts after their last batch, as bytes for `remember`."""
        answers = self._ask(dict.fromkeys(names, Snapshot()), "SNAPSHOT")
        states: dict[str, bytes] = {}
        for name, answer in answers.items():
            saved = check_snapshot(name, answer)
            if saved.last != self._last[name]:
                raise WireError(f"host {name}: snapshot after batch {saved.last}: must be after {self._last[name]}")
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
            self._last[name] = batch.number

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
        self._put(questions, what)
        return self._await(questions, what)

    def _put(self, questions: Mapping[str, Question], what: str) -> None:
        if not self._open:
            raise KernelError(f"{what}: the link is not open")
        strangers = [name for name in questions if name not in self.names]
        if strangers:
            raise KernelError(f"{what}: host {strangers[0]}: must be one of {', '.join(self.names)}")
        if self._posted:
            raise KernelError(f"{what}: the results of {', '.join(self._posted)} are not collected yet")
        self._pose(questions)

    @abstractmethod
    def _greet(self, welcome: Mapping[str, Welcome]) -> None:
        """Let every host say HELLO, and answer it."""

    @abstractmethod
    def _pose(self, questions: Mapping[str, Question]) -> None:
        """Tell hosts of an open link their past if they are behind, and ask them."""

    @abstractmethod
    def _await(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        """Wait for all the answers to questions that were posed, in their order."""


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
