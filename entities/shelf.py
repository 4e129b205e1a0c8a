"""Where a transmitter keeps precoders that have arrived and are not on air yet."""

from dataclasses import dataclass
from typing import Final

from entities.entity import ACCEPTED, DEDUPLICATED, QUEUE_FULL, STALE
from twin.wire.messages import Envelope, Precoder

_PENDING_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Pending:
    """A precoder that has arrived, and the message that brought it."""

    precoder: Precoder
    envelope: Envelope


class Shelf:
    """Precoders by version; an older one never follows a newer one. `version` is the newest that has been taken off."""

    def __init__(self) -> None:
        self.version = 0
        self._pending: dict[int, Pending] = {}

    def put(self, pending: Pending) -> str:
        """Keep a precoder; "" or the reason why not."""
        version = pending.precoder.version
        if version in self._pending or version == self.version:
            return DEDUPLICATED
        if version < self.version:
            return STALE
        if len(self._pending) >= _PENDING_MAX:
            return QUEUE_FULL
        self._pending[version] = pending
        return ACCEPTED

    def take(self, now_ns: int, newest: int | None = None) -> Pending | None:
        """The newest precoder that is due, if one is, and no newer than `newest`; what is older is forgotten."""
        due = [
            version
            for version, held in self._pending.items()
            if held.precoder.activate_at_ns <= now_ns and (newest is None or version <= newest)
        ]
        if not due:
            return None
        self.version = max(due)
        pending = self._pending[self.version]
        self._pending = {version: held for version, held in self._pending.items() if version > self.version}
        return pending
