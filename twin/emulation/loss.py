"""Which messages a link loses: independent losses, and bursts of them after Gilbert and Elliott.

A link with bursts is in one of two states, good and bad, that follow each other for exponential times: a two-state
Markov chain in continuous time (E. N. Gilbert 1960, E. O. Elliott 1963). With means g and b of the two times,

    P(bad) = b / (g + b)                                  stationary, and the law of the state at t = 0
    loss rate = P(good) loss_good + P(bad) loss_bad
    Cov(lost at t, lost at t + u) = P(good) P(bad) (loss_bad - loss_good)^2 exp(-u (1/g + 1/b))

The state is a function of time and of (seed, link) alone: who sends, how much and when changes nothing. The two
directions of a link have states of their own.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.emulation.streams import Streams
from twin.errors import KernelError

_BLOCK: Final = 256


@dataclass(frozen=True, slots=True)
class Burst:
    """A Gilbert-Elliott chain: mean times in the two states in ns, and the probability of loss in each."""

    mean_good_ns: float
    mean_bad_ns: float
    loss_good: float
    loss_bad: float

    def __post_init__(self) -> None:
        for name in ("mean_good_ns", "mean_bad_ns"):
            if not getattr(self, name) > 0:
                raise KernelError(f"burst {name}={getattr(self, name)!r}: must be > 0")
        for name in ("loss_good", "loss_bad"):
            if not 0 <= getattr(self, name) <= 1:
                raise KernelError(f"burst {name}={getattr(self, name)!r}: must lie in [0, 1]")

    @property
    def bad_share(self) -> float:
        """Share of time in the bad state, b / (g + b)."""
        return self.mean_bad_ns / (self.mean_good_ns + self.mean_bad_ns)


class BurstTimeline:
    """When one direction of a link is in its bad state.

    The times of change are drawn as they are needed and forgotten when they are old, so a long run takes no more
    memory. A question about a time that was forgotten starts over from 0 and gets the same answer.

    Args:
        name: the link's direction; key of the draws.
        burst: the chain.
        streams: the draws of the run.
    """

    def __init__(self, name: str, burst: Burst, streams: Streams) -> None:
        self._name = name
        self._burst = burst
        self._streams = streams
        self._restart()

    def bad(self, t_ns: int) -> bool:
        """Whether the state is bad at `t_ns` (from a time of change on, it is the new state)."""
        if t_ns < self._known_from_ns:
            self._restart()
        while self._changes[-1] <= t_ns:
            self._extend()
        return self._bad_first != bool(bisect_right(self._changes, t_ns) & 1)

    def loss(self, t_ns: int) -> float:
        """Probability that a message which departs at `t_ns` is lost."""
        return self._burst.loss_bad if self.bad(t_ns) else self._burst.loss_good

    def _restart(self) -> None:
        self._generator = self._streams.generator("burst", self._name)
        self._bad_first = bool(self._generator.random() < self._burst.bad_share)
        self._last_ns = 0.0
        self._changes: list[int] = []
        self._known_from_ns = 0
        self._extend()

    def _extend(self) -> None:
        """Draw the next changes, and forget all but the last block (an even number, so that parity is kept)."""
        if len(self._changes) > _BLOCK:
            del self._changes[: len(self._changes) - _BLOCK]
            self._known_from_ns = self._changes[0]
        means = (self._burst.mean_bad_ns, self._burst.mean_good_ns)
        first, second = means if self._bad_first else means[::-1]
        spans = self._generator.standard_exponential(_BLOCK) * np.tile((first, second), _BLOCK // 2)
        times = self._last_ns + np.cumsum(spans)
        self._last_ns = float(times[-1])
        self._changes.extend(int(t) for t in np.ceil(times))
