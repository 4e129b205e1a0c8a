"""Going on with a run whose process was killed: what is on file is checked and given back, the rest is recorded.

SimPy's generators cannot be saved, so the kernel executes the run again from the beginning. As long as the journal
lasts, its facts are compared with those that come about, and the hosts are not asked: `Handled` gives the outcomes of
their deliveries back. Where it ends, the run goes on and so does the file.

A journal is cut after its last `Handled`, and the snapshots behind it, for what follows (what entities sent since, the
torn tail of a write, the end of a run that was interrupted) comes about anew.
"""

import os
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NoReturn, Self

from twin.errors import RunFolderError, WireError
from twin.journal.facts import Closed, Fact, Handled, HostState, Opened, Sent, Solved, Wall
from twin.journal.journal import HEADER, Journal
from twin.journal.reader import Record, check_header, records_of
from twin.journal.records import encode_fact
from twin.wire.codec import unseal
from twin.wire.protocol import Delivery, Fate, Outcome, Reason, SolveReport, TimerRequest

_SILENT: Final = frozenset((Wall, HostState))


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a journal can be gone on with: after how many of its bytes and which CRC; and the manifest of its run."""

    path: Path
    end: int
    crc: int
    manifest: dict[str, Any]
    size: int


def find_cut(path: Path) -> Cut:
    """Where the journal at `path` can be gone on with.

    Raises:
        RunFolderError: it is missing, no journal of this version, empty, or of a run that came to its end.
    """
    try:
        with path.open("rb") as file:
            check_header(str(path), file.read(len(HEADER)))
            file.seek(0)
            return _scan(path, file)
    except FileNotFoundError as error:
        raise RunFolderError(f"{path}: is missing: there is nothing to resume") from error
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read: {error.strerror}") from error


def _scan(path: Path, file: BinaryIO) -> Cut:
    size = os.fstat(file.fileno()).st_size
    manifest: dict[str, Any] = {}
    last, follows = (0, 0), False
    for fact, _, end, crc in records_of(file):
        if isinstance(fact, Opened):
            manifest = fact.manifest
        elif isinstance(fact, Closed) and not fact.interrupted:
            missing = f"where files are missing, run: run-twin recover {path.parent}"
            raise RunFolderError(f"{path}: the run came to its end: there is nothing to resume; {missing}")
        follows = isinstance(fact, Opened | Handled) or (follows and isinstance(fact, HostState))
        if follows:
            last = end, crc
    if not manifest:
        raise RunFolderError(f"{path}: ends before its first record; nothing can be resumed")
    return Cut(path, *last, manifest, size)


def _claimed(cut: Cut) -> Journal:
    """The journal, which nobody else writes to, and nobody has since the cut was found."""
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(cut.path, None))
        if cut.path.stat().st_size != cut.size:
            raise RunFolderError(f"{cut.path}: was written to while it was read: the run was still going on")
        stack.pop_all()
    return journal


class Resumption:
    """Records what comes about anew, and compares it with the journal as long as that lasts.

    Args:
        cut: the journal, and where it is gone on with.

    Raises:
        RunFolderError: another process is writing to it, or has since `find_cut`.
    """

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._journal = _claimed(cut)
        self._file: BinaryIO | None = cut.path.open("rb")
        self._records = records_of(self._file)
        next(self._records)  # the manifest
        self._ahead: Record | None = None
        self._group: list[Record] = []  # what is on file from one barrier to the end of the next
        self._compare: deque[Record] = deque()  # what of it has not come about yet
        self._handled: Handled | None = None  # the end of the group, until it is asked for
        self._answering = False  # whether the outcomes were given back and are now being acted upon
        self._compared = 0

    @property
    def live(self) -> bool:
        """Whether the journal is at its end and the run goes on."""
        return self._file is None

    def record(self, fact: Fact) -> None:
        """Compare a fact with the next on file; at the end of the file, record it."""
        if self._file is None:
            self._journal.record(fact)
        elif type(fact) is Handled:
            if self._compare or not self._answering:
                self._refuse(fact)
            self._answering = False
        elif type(fact) not in _SILENT:
            self._check(fact)

    def commit(self) -> None:
        """Write what was recorded; what was compared is on disk."""
        if self._file is None:
            self._journal.commit()

    def outcomes(self, deliveries: Sequence[Delivery]) -> list[Outcome] | None:
        """What the hosts made of these deliveries; None where that is not on file."""
        if self._file is None or (self._handled is None and not self._load()):
            return None
        handled, self._handled, self._answering = self._handled, None, True
        if handled is None or len(handled.handlings) != len(deliveries):
            self._refuse(None)
        try:
            return _outcomes(handled, [record.fact for record in self._group], deliveries)
        except (StopIteration, WireError):
            self._refuse(None)

    def states(self) -> list[tuple[str, int, bytes]]:
        """Snapshots that are on file behind those outcomes: host, its batch and the bytes."""
        found: list[tuple[str, int, bytes]] = []
        parts: list[bytes] = []
        while (record := self._read()) is not None:
            fact = record.fact
            if not isinstance(fact, HostState):
                self._ahead = record
                break
            if fact.part == 0:
                parts = []
            if fact.part == len(parts):
                parts.append(fact.data)
            if len(parts) == fact.parts:
                found.append((fact.host, fact.number, b"".join(parts)))
        return found

    def close(self, closed: Closed) -> None:
        """Record the last fact, make the file durable, and let go of it."""
        if self._file is not None and (self._handled is not None or self._answering or self._load()):
            self._refuse(closed)
        self._journal.close(closed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._journal.__exit__(kind, error, trace)

    def _check(self, fact: Fact) -> None:
        if not self._compare and (self._answering or self._handled is not None):
            self._refuse(fact)
        if not self._compare and not self._load():
            self._journal.record(fact)
            return
        if not self._compare or self._compare[0].payload != encode_fact(fact):
            self._refuse(fact)
        self._compare.popleft()
        self._compared += 1

    def _load(self) -> bool:
        """Read on to the next `Handled`; False, and on with the run, where there is none."""
        self._group = []
        while (record := self._read()) is not None:
            if isinstance(record.fact, Handled):
                self._handled = record.fact
                self._compare.extend(record for record in self._group if type(record.fact) not in _SILENT)
                return True
            self._group.append(record)
        if self._file is not None:
            self._file.close()
        self._file = None
        self._journal.cut(self._cut.end, self._cut.crc)
        return False

    def _read(self) -> Record | None:
        record, self._ahead = self._ahead, None
        if record is None:
            record = next(self._records, None)
        return None if record is None or record.end > self._cut.end else record

    def _refuse(self, fact: Fact | None) -> NoReturn:
        """The run that is executed does not do what is on file."""
        said = f"is a {type(self._compare[0].fact).__name__}" if self._compare else "is none"
        now = f"a {type(fact).__name__}" if fact is not None else "deliveries"
        differs = f"fact {self._compared + 1} {said} that is not what comes about now, {now}"
        raise RunFolderError(f"{self._cut.path}: {differs}: it is the journal of another run or of another version")


def _outcomes(handled: Handled, facts: Sequence[Fact], deliveries: Sequence[Delivery]) -> list[Outcome]:
    """The outcomes of a barrier from the facts up to its `Handled`; entities send, too, but before it."""
    frames = [fact.frame for fact in facts if isinstance(fact, Sent)]
    sends = iter(frames[len(frames) - sum(handling.sends for handling in handled.handlings) :])
    solves = (fact for fact in facts if isinstance(fact, Solved))
    walls = (fact for fact in facts if isinstance(fact, Wall))
    return [
        Outcome(
            fate=Fate(handling.fate),
            reason=Reason(handling.reason),
            begin_ns=handling.begin_ns,
            finish_ns=handling.finish_ns,
            sends=tuple([unseal(next(sends)) for _ in range(handling.sends)]),
            timers=tuple([TimerRequest(delivery.node, timer.name, timer.at_ns) for timer in handling.timers]),
            solves=tuple([_report(next(solves), next(walls)) for _ in range(handling.solves)]),
        )
        for handling, delivery in zip(handled.handlings, deliveries, strict=True)
    ]


def _report(solved: Solved, wall: Wall) -> SolveReport:
    return SolveReport(
        problem=solved.problem,
        method=solved.method,
        trigger=solved.trigger,
        version=solved.version,
        inputs=solved.inputs,
        status=solved.status,
        iterations=solved.iterations,
        objective=solved.objective,
        violation=solved.violation,
        cost_ns=solved.cost_ns,
        wall_us=wall.wall_us,
    )
