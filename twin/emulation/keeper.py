"""What a run keeps so that it can be gone on with: snapshots of the hosts, and what an earlier attempt left on file.

A host that is lost is brought back from its last snapshot and the batches since, so the longer ago that is, the longer
it takes. A snapshot costs room in the journal and a moment of the host's time. It is due when what the host was told
since the last amounts to `_RATIO` times the size of that, or when its solvers have worked for `_BUSY_US`. No fact of
virtual time depends on when that is.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from twin.journal.facts import Fact, HostState
from twin.wire.protocol import Batch, Delivery, Outcome, Result

_RATIO: Final = 8
_LEAST_BYTES: Final = 1 << 18
_DELIVERY_BYTES: Final = 128
_BUSY_US: Final = 1e6
_PART_BYTES: Final = 1 << 20


class Hosts(Protocol):
    """The kernel's side of all hosts (`twin.wire.transport`)."""

    def post(self, batches: Mapping[str, Batch]) -> None:
        """Send each host its batch, and let it work."""

    def collect(self) -> dict[str, Result]:
        """Wait for all the results of what was posted."""

    def snapshot(self, names: Sequence[str]) -> dict[str, bytes]:
        """The state of these hosts after their last batch."""

    def recall(self, batches: Mapping[str, Batch]) -> None:
        """Note batches whose results are known: the hosts get them before they are asked for anything else."""

    def remember(self, name: str, number: int, state: bytes) -> None:
        """Note the state of a host after batch `number`: what it was to get before is of no use any more."""


class Recorder(Protocol):
    """The journal, as far as the emulation needs it."""

    def record(self, fact: Fact) -> None:
        """Take a fact in."""

    def commit(self) -> None:
        """Write what was taken in before it is acted upon."""


class Archive(Protocol):
    """What is on file of a run that is executed again (`twin.journal.resume`)."""

    @property
    def live(self) -> bool:
        """Whether what is on file has been executed again, and the run goes on."""

    def outcomes(self, deliveries: Sequence[Delivery]) -> list[Outcome] | None:
        """What the hosts made of these deliveries; None where that is not on file."""

    def states(self) -> list[tuple[str, int, bytes]]:
        """Snapshots that are on file behind those outcomes: host, its batch and the bytes."""


class Keeper:
    """Takes snapshots when they are due, and knows what is on file.

    Args:
        hosts: the way to the hosts.
        recorder: where snapshots go.
        archive: what is on file, if the run is not a new one.
    """

    def __init__(self, hosts: Hosts, recorder: Recorder, archive: Archive | None = None) -> None:
        self._hosts = hosts
        self._recorder = recorder
        self._archive = archive
        self._told: dict[str, int] = {}
        self._busy_us: dict[str, float] = {}
        self._last: dict[str, int] = {}
        self._sizes: dict[str, int] = {}

    @property
    def recalls(self) -> bool:
        """Whether outcomes may be on file."""
        return self._archive is not None and not self._archive.live

    def outcomes(self, deliveries: Sequence[Delivery]) -> list[Outcome] | None:
        """What the hosts made of these deliveries; None where they must be asked."""
        return None if self._archive is None else self._archive.outcomes(deliveries)

    def note(self, host: str, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """A host was told something, and answered."""
        told = sum([0 if item.envelope is None else len(item.envelope.body) for item in batch.deliveries])
        self._told[host] = self._told.get(host, 0) + told + _DELIVERY_BYTES * len(batch.deliveries)
        busy_us = sum([solve.wall_us for outcome in outcomes for solve in outcome.solves])
        self._busy_us[host] = self._busy_us.get(host, 0.0) + busy_us
        self._last[host] = batch.number

    @property
    def is_due(self) -> bool:
        """Whether `keep` has anything to do."""
        return self.recalls or any(map(self._is_due, self._told))

    def keep(self) -> None:
        """Take the snapshots that are due; what is on file is not taken again."""
        if self._archive is not None and not self._archive.live:
            for host, number, state in self._archive.states():
                if self._last.get(host) == number:
                    self._hosts.remember(host, number, state)
                    self._took(host, state)
            return
        due = [host for host in self._told if self._is_due(host)]
        if due:
            for host, state in self._hosts.snapshot(due).items():
                self._record(host, state)
                self._took(host, state)
            self._recorder.commit()

    def _is_due(self, host: str) -> bool:
        enough = max(_LEAST_BYTES, _RATIO * self._sizes.get(host, 0))
        return self._told[host] >= enough or self._busy_us[host] >= _BUSY_US

    def _took(self, host: str, state: bytes) -> None:
        self._told[host], self._busy_us[host], self._sizes[host] = 0, 0.0, len(state)

    def _record(self, host: str, state: bytes) -> None:
        parts = [state[start : start + _PART_BYTES] for start in range(0, len(state), _PART_BYTES)]
        for place, data in enumerate(parts):
            self._recorder.record(HostState(host, self._last[host], place, len(parts), data))
