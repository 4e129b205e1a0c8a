"""Modelled faults of links: what each does to the messages that leave in its span.

    loss_burst    loses a message with probability `share`, whatever else loses it; reason `loss_burst`
    duplication   with probability `share` a copy is offered to the link right behind the message
    reordering    with probability `share` a message takes a uniform time up to `delay_ns` longer: others overtake it
    delay_spike   every message takes `delay_ns` longer
    replay        with probability `share` a message is heard on the link and sent once more, from its far end,
                  `delay_ns` after it came there (or, if it was lost, would have come)
    link_outage   the link is down, as in an outage of the schedule; reason `outage`
    partition     the link joins a site that is cut off to one that is not: down; dropped as `partitioned`

A span [from, to) counts at the instant at which a message leaves, the end of its serialisation (see `links`), and,
where a link is down, at the offer too. Losses are drawn after all others, and of what is lost no delay is drawn. Delays
are part of the jitter of a hop and never negative, so every bound on latency stays one; routes see outages and
partitions from the next epoch on, and nothing else.

Every draw is a hash of (seed, fault, link, message): a fault leaves the draws of links and of other faults as they
were. A fault's name is made of what it is, never of its place in a list. Copies have draws of their own and are never
copied.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from twin.emulation.streams import Draws, Key, Streams
from twin.errors import KernelError
from twin.wire.protocol import Effect, Reason

Direction = tuple[str, str]
FaultKind = Literal["loss_burst", "duplication", "reordering", "delay_spike", "replay", "link_outage", "partition"]

MAX_COPIES: Final = 15
"""Most copies of one message; a fault makes no more."""

_DOWN: Final[Mapping[str, tuple[Reason, Effect]]] = {
    "link_outage": (Reason.OUTAGE, Effect.LOST),
    "partition": (Reason.PARTITIONED, Effect.DROPPED),
}
_COPYING: Final = {"duplication": Effect.DUPLICATED, "replay": Effect.REPLAYED}


@dataclass(frozen=True, slots=True)
class LinkFault:
    """A fault of some links.

    Attributes:
        number: its place in the scenario, by which facts name it.
        name: key of its draws.
        kind: what it does.
        from_ns: first instant of its span.
        to_ns: first instant after it.
        links: directions (from site, to site) that it strikes.
        share: probability that it strikes a message.
        delay_ns: how much later, where it is about that.
        senders: whose messages it strikes; all if empty.
    """

    number: int
    name: str
    kind: FaultKind
    from_ns: int
    to_ns: int
    links: frozenset[Direction]
    share: float = 1.0
    delay_ns: int = 0
    senders: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.from_ns < self.to_ns:
            raise KernelError(f"fault {self.name}: {self.from_ns}..{self.to_ns} ns: must begin at 0 or later and last")
        if not 0 <= self.share <= 1:
            raise KernelError(f"fault {self.name}: share={self.share!r}: must lie in [0, 1]")
        if self.delay_ns < 0:
            raise KernelError(f"fault {self.name}: delay_ns={self.delay_ns}: must be >= 0")

    def covers(self, t_ns: int) -> bool:
        """Whether an instant lies in the span."""
        return self.from_ns <= t_ns < self.to_ns


@dataclass(frozen=True, slots=True)
class Strike:
    """What a fault does to a message."""

    fault: LinkFault
    effect: Effect


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all faults do to a message that leaves a link."""

    reason: Reason = Reason.NONE
    delay_ns: int = 0
    strikes: tuple[Strike, ...] = ()


UNTOUCHED: Final = Verdict()


@dataclass(slots=True)
class LinkFaults:
    """The faults of one direction of a link; pure functions of time and of a message's key.

    Attributes:
        faults: those that strike this direction.
        link: name of the direction, as the log has it.
        streams: the draws of the run.
    """

    faults: Sequence[LinkFault]
    link: str
    streams: Streams
    _down: tuple[LinkFault, ...] = field(init=False)
    _drawn: tuple[LinkFault, ...] = field(init=False)
    _shares: dict[str, Draws] = field(init=False)
    _delays: dict[str, Draws] = field(init=False)

    def __post_init__(self) -> None:
        self._down = tuple(fault for fault in self.faults if fault.kind in _DOWN)
        self._drawn = tuple(fault for fault in self.faults if fault.kind not in _DOWN)
        self._shares = {fault.name: Draws(self.streams, "fault", fault.name, self.link) for fault in self._drawn}
        self._delays = {fault.name: Draws(self.streams, "fault delay", fault.name, self.link) for fault in self._drawn}

    def down(self, t_ns: int) -> LinkFault | None:
        """The fault that has the link down at an instant, if any."""
        return next((fault for fault in self._down if fault.covers(t_ns)), None)

    def refused(self, t_ns: int) -> Verdict:
        """What becomes of a message that finds the link down; untouched if no fault has it down."""
        fault = self.down(t_ns)
        if fault is None:
            return UNTOUCHED
        reason, effect = _DOWN[fault.kind]
        return Verdict(reason, 0, (Strike(fault, effect),))

    def strike(self, depart_ns: int, key: Key, attempt: int, reason: Reason) -> Verdict:
        """What becomes of a message that leaves at `depart_ns`.

        Args:
            depart_ns: the end of its serialisation; the link is up.
            key: of the message.
            attempt: how often it was sent before.
            reason: what it is lost by already, if so.
        """
        hit = [fault for fault in self._drawn if fault.covers(depart_ns) and self._hits(fault, key, attempt)]
        if not hit:
            return Verdict(reason)
        copied = tuple(Strike(fault, _COPYING[fault.kind]) for fault in hit if fault.kind in _COPYING)
        if reason is not Reason.NONE:
            return Verdict(reason, 0, copied)
        burst = next((fault for fault in hit if fault.kind == "loss_burst"), None)
        if burst is not None:
            return Verdict(Reason.LOSS_BURST, 0, (Strike(burst, Effect.LOST), *copied))
        delays = [(fault, self._delay_ns(fault, key, attempt)) for fault in hit]
        delayed = tuple(Strike(fault, Effect.DELAYED) for fault, delay_ns in delays if delay_ns)
        return Verdict(Reason.NONE, sum(delay_ns for _, delay_ns in delays), (*delayed, *copied))

    def _hits(self, fault: LinkFault, key: Key, attempt: int) -> bool:
        if fault.senders and key[0] not in fault.senders:
            return False
        return fault.share >= 1.0 or self._shares[fault.name].uniform(key, attempt) < fault.share

    def _delay_ns(self, fault: LinkFault, key: Key, attempt: int) -> int:
        if fault.kind == "delay_spike":
            return fault.delay_ns
        if fault.kind == "reordering":
            return round(fault.delay_ns * self._delays[fault.name].uniform(key, attempt))
        return 0


class Cuts:
    """Which links faults take down, and so which routes: outages and partitions of all links.

    Args:
        faults: all faults of the run.
    """

    def __init__(self, faults: Sequence[LinkFault]) -> None:
        self._of: dict[Direction, list[LinkFault]] = {}
        for fault in faults:
            if fault.kind in _DOWN:
                for direction in sorted(fault.links):
                    self._of.setdefault(direction, []).append(fault)

    def __bool__(self) -> bool:
        return bool(self._of)

    def at(self, a: str, b: str, t_ns: int) -> LinkFault | None:
        """The fault that has the link from `a` to `b` down at an instant, if any."""
        return next((fault for fault in self._of.get((a, b), ()) if fault.covers(t_ns)), None)

    def allow(self, is_up: Callable[[str, str, int], bool]) -> Callable[[str, str, int], bool]:
        """Whether a link is up by `is_up` and by the faults; `is_up` itself where no fault takes any link down."""
        if not self:
            return is_up
        return lambda a, b, t_ns: self.at(a, b, t_ns) is None and is_up(a, b, t_ns)

    def on(self, route: Sequence[str], t_ns: int) -> Iterator[LinkFault]:
        """The faults that have links of a route down at an instant."""
        for a, b in pairwise(route):
            fault = self.at(a, b, t_ns)
            if fault is not None:
                yield fault


def faults_of(faults: Sequence[LinkFault], direction: Direction, link: str, streams: Streams) -> LinkFaults | None:
    """The faults of one direction of a link, called `link` in the log; None for one that none strikes."""
    mine = [fault for fault in faults if direction in fault.links]
    return LinkFaults(mine, link, streams) if mine else None
