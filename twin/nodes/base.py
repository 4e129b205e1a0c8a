"""What every twin is: a state machine that turns one delivery into outputs."""

from typing import Protocol

from msgspec import Struct

from twin.wire.messages import Body, Envelope, Letter
from twin.wire.protocol import Reason, SolveReport


class Incoming(Struct, frozen=True):
    """A message (or, when `envelope` is None, the timer `timer`) as a twin sees it.

    `t_ns` is when it arrived and `begin_ns` when the twin, perhaps busy until then, begins to handle it.
    """

    t_ns: int
    begin_ns: int
    envelope: Envelope | None = None
    body: Body | None = None
    timer: str = ""


class Wake(Struct, frozen=True):
    """A timer that a twin asks for, relative to the end of the handling that asks."""

    name: str
    delay_ns: int


class Outputs(Struct, frozen=True):
    """What handling costs and brings forth. With a `reason` the input was dropped and changed nothing."""

    cost_ns: int
    letters: tuple[Letter, ...] = ()
    wakes: tuple[Wake, ...] = ()
    solves: tuple[SolveReport, ...] = ()
    reason: Reason = Reason.NONE


class Node(Protocol):
    """A twin."""

    name: str

    def handle(self, incoming: Incoming) -> Outputs:
        """Take one input in; the only way in which a twin's state changes."""

    def fingerprint(self) -> bytes:
        """Canonical bytes of the state: equal states, equal bytes."""


class Freshness:
    """Remembers the newest `seq` per source and tells stale and repeated input apart from news."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, ...], int] = {}

    def admit(self, source: tuple[str, ...], seq: int) -> Reason:
        """NONE and remembered when `seq` is news; DEDUPLICATED when it equals the newest; STALE when it is older."""
        newest = self._newest.get(source, -1)
        if seq == newest:
            return Reason.DEDUPLICATED
        if seq < newest:
            return Reason.STALE
        self._newest[source] = seq
        return Reason.NONE

    def fingerprint(self) -> bytes:
        """Canonical bytes of what is remembered."""
        return repr(sorted(self._newest.items())).encode()
