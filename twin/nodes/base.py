"""What every twin is: a state machine that turns one delivery into outputs."""

from typing import Protocol

from msgspec import Struct

from twin.wire.messages import Body, Envelope, Letter
from twin.wire.packing import check_int
from twin.wire.plain import Plain, take_names, take_pairs
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

    def state(self) -> Plain:
        """Everything that a later output depends on, warm starts included, and nothing else."""

    def restore(self, state: object) -> None:
        """Become, from new, what a twin of the same configuration was when it said `state`.

        Raises:
            WireError: no such twin says this.
        """


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

    def state(self) -> Plain:
        """What is remembered, in the order of the sources."""
        return tuple(sorted(self._newest.items()))

    def restore(self, state: object) -> None:
        """Remember what another did when it said `state`."""
        pairs = take_pairs(state, "Freshness")
        self._newest = {take_names(key, "Freshness.source"): check_int(seq, "Freshness.seq") for key, seq in pairs}
