"""One direction of one link: a bounded FIFO in front of a transmitter of fixed rate, then propagation, jitter, loss.

A message that is offered at t waits for those before it, takes 8 size / rate to serialise, and reaches the far end
after the fixed latency, the geometric propagation delay and a jitter draw. Jitter is exponential with the given mean,
cut at ten times the mean, and never negative, so the least latency of a route is a true bound. A lost message uses the
link like any other and vanishes at its far end.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from twin.emulation.streams import Streams
from twin.journal.facts import Hop

_NS_PER_S: Final = 1_000_000_000
_JITTER_CUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class LinkParams:
    """A link as configured: `latency_ns` is fixed, `jitter_ns` is a mean, `queue_max` bounds waiting + in service.

    A `direct` link carries what its two ends say to each other, and nothing in transit.
    """

    kind: str
    latency_ns: int
    jitter_ns: int
    rate_bps: float
    loss: float
    queue_max: int
    direct: bool = False

    def serialisation_ns(self, size_bytes: int) -> int:
        """Time to put `size_bytes` on the link: 8 size / rate, rounded up to whole ns."""
        return math.ceil(8 * size_bytes * _NS_PER_S / self.rate_bps)


@dataclass(frozen=True, slots=True)
class Crossing:
    """What one message meets on one link: the parts of its latency, when it arrives, and whether it survives."""

    hop: Hop
    arrive_ns: int
    lost: bool


class LinkQueue:
    """The queue of one direction of a link; its state changes only when a message is offered.

    Departure times are fixed on arrival (the server is work-conserving and first in, first out), so no event is
    needed when service begins or ends.
    """

    def __init__(self, name: str, params: LinkParams, streams: Streams) -> None:
        self.name = name
        self.params = params
        self._streams = streams
        self._departures: deque[int] = deque()

    def backlog(self, t_ns: int) -> int:
        """Messages waiting or in service at `t_ns`."""
        while self._departures and self._departures[0] <= t_ns:
            self._departures.popleft()
        return len(self._departures)

    def offer(self, t_ns: int, size_bytes: int, propagation_ns: int, key: tuple[str, str, int]) -> Crossing | None:
        """Take a message in at `t_ns`; None when the queue is full.

        Args:
            t_ns: now. Calls must come in order of time.
            size_bytes: of the frame.
            propagation_ns: from geometry, at `t_ns`; the link's fixed latency is added here.
            key: (src, dst, seq) of the message. Loss and jitter are functions of the seed, the link and this key, so
                the draws of one pair do not depend on what others send.
        """
        if self.backlog(t_ns) >= self.params.queue_max:
            return None
        start = self._departures[-1] if self._departures else t_ns
        serialisation = self.params.serialisation_ns(size_bytes)
        depart = start + serialisation
        self._departures.append(depart)
        jitter = self._jitter_ns(key)
        flight = self.params.latency_ns + propagation_ns
        hop = Hop(self.name, start - t_ns, serialisation, flight, jitter)
        return Crossing(hop, depart + flight + jitter, self._lost(key))

    def _jitter_ns(self, key: tuple[str, str, int]) -> int:
        if self.params.jitter_ns == 0:
            return 0
        draw = -math.log1p(-self._streams.uniform("jitter", self.name, *key))
        return round(self.params.jitter_ns * min(draw, _JITTER_CUT))

    def _lost(self, key: tuple[str, str, int]) -> bool:
        return self.params.loss > 0.0 and self._streams.uniform("loss", self.name, *key) < self.params.loss
