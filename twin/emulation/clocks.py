"""Clocks that are wrong for a time: what an entity believes the time to be, and when it does what it has planned.

A clock that is skewed from t0 on by an offset o and a drift d (parts per billion) shows

    c(t) = t + o + floor((t - t0) d / 10^9)        t0 <= t < t1

and the true time before and after: it is set wrong at t0 and right at t1. What an entity measures bears the time of its
clock, and what it does by its clock (a report every so often) it does when the clock shows so: a clock that is set back
makes it wait, one that is set forward wakes it at once. Nobody else has a wrong clock, and nobody notices.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from twin.errors import KernelError

_BILLION: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Skew:
    """One time in which a clock is wrong: fault `number` of the scenario, span in ns, offset in ns, drift in 1e-9."""

    number: int
    from_ns: int
    to_ns: int
    offset_ns: int
    drift_ppb: int

    def __post_init__(self) -> None:
        if not 0 <= self.from_ns < self.to_ns:
            raise KernelError(f"skew {self.from_ns}..{self.to_ns} ns: must begin at 0 or later and last")
        if self.drift_ppb <= -_BILLION:
            raise KernelError(f"skew drift_ppb={self.drift_ppb}: must be above {-_BILLION}: a clock runs forward")

    def reading_ns(self, t_ns: int) -> int:
        """What the clock shows at an instant of the span."""
        return t_ns + self.offset_ns + (t_ns - self.from_ns) * self.drift_ppb // _BILLION

    def when_ns(self, reading_ns: int) -> int:
        """The first instant at which a clock that is so for ever shows `reading_ns` or more."""
        ahead = reading_ns - self.offset_ns - self.from_ns
        return self.from_ns - (-ahead * _BILLION // (_BILLION + self.drift_ppb))


class SkewedClock:
    """The clock of one entity.

    Args:
        skews: when it is wrong; these times follow one another.
    """

    def __init__(self, skews: Sequence[Skew]) -> None:
        for before, after in pairwise(skews):
            if after.from_ns < before.to_ns:
                raise KernelError(f"skew from {after.from_ns} ns: must follow the one until {before.to_ns}")
        self._skews = tuple(skews)
        self._begins = [skew.from_ns for skew in skews]

    def skew(self, t_ns: int) -> Skew | None:
        """How the clock is wrong at an instant; None while it is right."""
        place = bisect_right(self._begins, t_ns)
        return self._skews[place - 1] if place and t_ns < self._skews[place - 1].to_ns else None

    def reading_ns(self, t_ns: int) -> int:
        """What the clock shows at an instant."""
        skew = self.skew(t_ns)
        return t_ns if skew is None else skew.reading_ns(t_ns)

    def after_ns(self, t_ns: int, delay_ns: int) -> int:
        """The first instant, not before `t_ns`, at which the clock shows `delay_ns` more than at `t_ns`."""
        wanted = self.reading_ns(t_ns) + delay_ns
        now = t_ns
        while True:
            skew, change = self.skew(now), self._next_change(now)
            found = max(now, wanted if skew is None else skew.when_ns(wanted))
            if change is None or found < change:
                return found
            now = change

    def _next_change(self, t_ns: int) -> int | None:
        """The next instant at which the clock is set."""
        skew = self.skew(t_ns)
        if skew is not None:
            return skew.to_ns
        place = bisect_right(self._begins, t_ns)
        return self._begins[place] if place < len(self._begins) else None
