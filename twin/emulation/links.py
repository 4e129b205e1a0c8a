"""One direction of one link: what it does to a message (`Link`), and the plain queue in front of it (`LinkQueue`).

A message that is offered at t waits for those before it, takes 8 size / rate to serialise, and reaches the far end
after the fixed latency, the geometric propagation delay and a jitter draw. Jitter is exponential with the given mean,
cut at ten times the mean, and never negative, so the least latency of a route is a true bound. A lost message uses the
link like any other and vanishes at its far end.

**Outages.** A link may be down for a time. A message that is offered while its link is down is lost there and then,
without using the link (its hop holds no time but the wait since its last attempt, if there was one). A message that was
taken in is served as ever, and lost if the link is down at the instant of its departure, the end of its serialisation;
it vanishes at the far end like any lost message. An outage that begins and ends between a message's offer and its
departure does not touch it. Both are losses with the reason `outage`, whatever else might have lost the message.

What modelled faults add to this stands in `faults`.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from twin.emulation.faults import UNTOUCHED, LinkFaults, Strike, Verdict
from twin.emulation.loss import Burst, BurstTimeline
from twin.emulation.streams import Draws, Key, Streams
from twin.errors import KernelError
from twin.journal.facts import Hop
from twin.wire.protocol import Reason

_NS_PER_S: Final = 1_000_000_000
_JITTER_CUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Arq:
    """Automatic repeat request: how often a lost message of each kind is sent again, and when.

    `timeout_ns` runs from the end of an attempt's serialisation to the offer of the next; 0 is a round trip over the
    link, 2 (latency + propagation). A kind that is not named is never sent again.
    """

    retries: Mapping[str, int]
    timeout_ns: int = 0

    def __post_init__(self) -> None:
        for kind, limit in self.retries.items():
            if limit < 0:
                raise KernelError(f"arq retries[{kind}]={limit}: must be >= 0")
        if self.timeout_ns < 0:
            raise KernelError(f"arq timeout_ns={self.timeout_ns}: must be >= 0")


@dataclass(frozen=True, slots=True)
class LinkParams:
    """A link as configured: `latency_ns` is fixed, `jitter_ns` is a mean, `queue_max` bounds waiting + in service.

    A `direct` link carries what its two ends say to each other, and nothing in transit. `loss` is independent from
    message to message; `burst` loses on top of it. `priority` names kinds of message, the most urgent first; all
    others come after them.
    """

    kind: str
    latency_ns: int
    jitter_ns: int
    rate_bps: float
    loss: float
    queue_max: int
    direct: bool = False
    burst: Burst | None = None
    priority: tuple[str, ...] = ()
    arq: Arq = field(default_factory=lambda: Arq({}))

    def __post_init__(self) -> None:
        if not 0 < self.rate_bps < math.inf:
            raise KernelError(f"link {self.kind}: rate_bps={self.rate_bps!r}: must be > 0 and finite")
        if not 0 <= self.loss <= 1:
            raise KernelError(f"link {self.kind}: loss={self.loss!r}: must lie in [0, 1]")
        if min(self.latency_ns, self.jitter_ns) < 0:
            times = f"latency_ns={self.latency_ns}, jitter_ns={self.jitter_ns}"
            raise KernelError(f"link {self.kind}: {times}: must be >= 0")
        if self.queue_max < 1:
            raise KernelError(f"link {self.kind}: queue_max={self.queue_max}: must be >= 1")

    @property
    def plain(self) -> bool:
        """Whether messages leave in the order in which they came and only once."""
        return not self.priority and not any(self.arq.retries.values())

    def serialisation_ns(self, size_bytes: int) -> int:
        """Time to put `size_bytes` on the link: 8 size / rate, rounded up to whole ns."""
        return math.ceil(8 * size_bytes * _NS_PER_S / self.rate_bps)


class Crossing(Struct, frozen=True):
    """What one message meets on one link: the parts of its latency, when it arrives, and what it is lost by, if so.

    `strikes` is what faults do to it.
    """

    hop: Hop
    arrive_ns: int
    reason: Reason
    strikes: tuple[Strike, ...] = ()

    @property
    def lost(self) -> bool:
        """Whether the message does not survive."""
        return self.reason is not Reason.NONE

    @property
    def refused(self) -> bool:
        """Whether the message was never put on the link, for it was down."""
        return self.hop.serialisation_ns == 0


class Link:
    """What one direction of a link does to a message that it serves; holds no queue.

    Every draw is a function of the seed, the link and the key of the message (and the number of the attempt, if it is
    not the first), so the draws of one pair do not depend on what others send.

    Args:
        name: kind and direction, as the log has it.
        params: the link as configured.
        streams: the draws of the run.
        is_up: whether the link is up at an instant in ns; None for a link that always is.
        faults: that strike it, if any do.
    """

    def __init__(
        self,
        name: str,
        params: LinkParams,
        streams: Streams,
        is_up: Callable[[int], bool] | None = None,
        faults: LinkFaults | None = None,
    ) -> None:
        self.name = name
        self.params = params
        self._is_up = is_up
        self._faults = faults
        self._bursts = None if params.burst is None else BurstTimeline(name, params.burst, streams)
        self._lossless = params.loss == 0.0 and params.burst is None
        self._jitter_draws = Draws(streams, "jitter", name)
        self._loss_draws = Draws(streams, "loss", name)

    def down(self, t_ns: int) -> bool:
        """Whether the link is down at `t_ns`."""
        if self._is_up is not None and not self._is_up(t_ns):
            return True
        return self._faults is not None and self._faults.down(t_ns) is not None

    def refusal(self, wait_ns: int, t_ns: int) -> Crossing:
        """The crossing of a message that found the link down at `t_ns`, `wait_ns` after its last attempt."""
        verdict = self._refused(t_ns)
        return Crossing(Hop(self.name, wait_ns, 0, 0, 0), t_ns, verdict.reason, verdict.strikes)

    def crossing(
        self, wait_ns: int, start_ns: int, size_bytes: int, propagation_ns: int, key: Key, attempt: int = 0
    ) -> Crossing:
        """The crossing of a message whose service begins at `start_ns`, after a wait.

        Args:
            wait_ns: time in the queue.
            start_ns: when its serialisation begins.
            size_bytes: of the frame.
            propagation_ns: from geometry; the link's fixed latency is added here.
            key: of the message.
            attempt: how often it was sent before.
        """
        serialisation = self.params.serialisation_ns(size_bytes)
        depart = start_ns + serialisation
        jitter, reason = self._jitter_ns(key, attempt), self._fate(depart, key, attempt)
        flight = self.params.latency_ns + propagation_ns
        if self._faults is None:
            return Crossing(Hop(self.name, wait_ns, serialisation, flight, jitter), depart + flight + jitter, reason)
        verdict = self._struck(self._faults, depart, key, attempt, reason)
        jitter += verdict.delay_ns
        hop = Hop(self.name, wait_ns, serialisation, flight, jitter)
        return Crossing(hop, depart + flight + jitter, verdict.reason, verdict.strikes)

    def _scheduled_down(self, t_ns: int) -> bool:
        return self._is_up is not None and not self._is_up(t_ns)

    def _refused(self, t_ns: int) -> Verdict:
        """By what the link is down, an outage of the schedule before any fault."""
        if self._faults is None or self._scheduled_down(t_ns):
            return Verdict(Reason.OUTAGE)
        return self._faults.refused(t_ns)

    def _struck(self, faults: LinkFaults, depart_ns: int, key: Key, attempt: int, reason: Reason) -> Verdict:
        """What faults add to the fate of a message."""
        if reason is Reason.OUTAGE:
            return Verdict(reason)
        down = faults.refused(depart_ns)
        return faults.strike(depart_ns, key, attempt, reason) if down is UNTOUCHED else down

    def _jitter_ns(self, key: Key, attempt: int) -> int:
        mean_ns = self.params.jitter_ns
        if mean_ns == 0:
            return 0
        unit = -math.log1p(-self._jitter_draws.uniform(key, attempt))
        return round(mean_ns * min(unit, _JITTER_CUT))

    def _fate(self, depart_ns: int, key: Key, attempt: int) -> Reason:
        if self._scheduled_down(depart_ns):
            return Reason.OUTAGE
        if self._lossless:
            return Reason.NONE
        loss = self.params.loss
        if self._bursts is not None:
            loss = 1.0 - (1.0 - loss) * (1.0 - self._bursts.loss(depart_ns))
        return Reason.LOSS if self._loss_draws.uniform(key, attempt) < loss else Reason.NONE


class LinkQueue:
    """The plain queue of one direction of a link, first in, first out; it changes only when a message is offered.

    Departure times are fixed at the offer (the server is work-conserving and nothing overtakes), so no event is needed
    when service begins or ends, and an offer may be made after its instant, as long as the offers come in order.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._departures: deque[int] = deque()
        self._offered_ns = 0

    @property
    def name(self) -> str:
        """Kind and direction of the link."""
        return self._link.name

    @property
    def params(self) -> LinkParams:
        """The link as configured."""
        return self._link.params

    def backlog(self, t_ns: int) -> int:
        """Messages waiting or in service at `t_ns`."""
        while self._departures and self._departures[0] <= t_ns:
            self._departures.popleft()
        return len(self._departures)

    def offer(self, t_ns: int, size_bytes: int, propagation_ns: int, key: Key) -> Crossing | None:
        """Take a message in at `t_ns`; None when the queue is full.

        Args:
            t_ns: the instant of the offer. Calls must come in order of time.
            size_bytes: of the frame.
            propagation_ns: from geometry, at `t_ns`; the link's fixed latency is added by the link.
            key: (src, dst, seq) of the message.

        Raises:
            KernelError: an offer of a later instant was made before.
        """
        if t_ns < self._offered_ns:
            raise KernelError(f"link {self.name}: offered at {t_ns} ns after an offer at {self._offered_ns} ns")
        self._offered_ns = t_ns
        if self.backlog(t_ns) >= self._link.params.queue_max:
            return None
        if self._link.down(t_ns):
            return self._link.refusal(0, t_ns)
        start = self._departures[-1] if self._departures else t_ns
        crossing = self._link.crossing(start - t_ns, start, size_bytes, propagation_ns, key)
        self._departures.append(start + crossing.hop.serialisation_ns)
        return crossing
