"""Virtual time: a SimPy environment in integer nanoseconds whose order of events is canonical.

SimPy breaks ties at one instant by insertion order, and lets the clock run backwards when a delay is negative. Here
every event carries an integer priority built from (dst, src, seq), so that two runs which insert the same events in
another order execute them in the same order, and a delay below zero is an error.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from heapq import heappop, heappush
from typing import Any, Final, cast

import simpy

from twin.emulation.clocks import SkewedClock
from twin.errors import KernelError

# SimPy's own events (process starts and ends) have priorities 0 and 1; ours come after them within an instant.
_FIRST_PRIORITY: Final = 2
_BARRIER_PRIORITY: Final = -1
_SEQ_BITS: Final = 64
_RANK_BITS: Final = 24

Process = Generator[simpy.Event, Any, None]


Action = Callable[[], None]


class Timeline(simpy.Environment):
    """SimPy's environment with plain calls among its events: of a message's way they are most of the events.

    Attributes:
        now_ns: the current instant, SimPy's `now`.
        entries: what is to come, as a heap: (time in ns, order, number, what).
    """

    def __init__(self) -> None:
        super().__init__(initial_time=0)  # integers stay integers
        self.now_ns = 0
        self.entries: list[tuple[int, int, int, Action | simpy.Event]] = cast("Any", self._queue)

    def put(self, t_ns: int, order: int, what: Action | simpy.Event) -> None:
        """Make this call, or process this event, at `t_ns`.

        Raises:
            KernelError: `t_ns` is not an integer or lies in the past.
        """
        if type(t_ns) is not int or t_ns < self.now_ns:
            raise KernelError(f"event at {t_ns!r} ns: must be an integer >= {self.now_ns} ns, which the clock shows")
        heappush(self.entries, (t_ns, order, next(self._eid), what))

    def step(self) -> None:
        """Make the next call, or process the next event as SimPy does."""
        self.now_ns, _, _, what = self.entries[0]
        if isinstance(what, simpy.Event):
            super().step()
        else:
            self._now = self.now_ns
            heappop(self.entries)
            what()


class Sleep(simpy.Event):
    """An event for a process to yield; already triggered, so it only needs a place in time."""

    def __init__(self, env: simpy.Environment) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None


class Kernel:
    """Runs events in the order (time, dst, src, seq) and counts every step of the SimPy environment.

    Args:
        names: every entity and twin of the run. Ranks follow the sorted names, so adding one leaves the relative order
            of the others as it was.
        clocks: of those whose clock is not always right.
    """

    def __init__(self, names: Iterable[str], clocks: Mapping[str, SkewedClock] | None = None) -> None:
        self.env = Timeline()
        self.events = 0
        self._rank = {name: rank for rank, name in enumerate(sorted(names), start=1)}
        self._pairs: dict[tuple[str, str], int] = {}
        self._wakes = {name: self._pair(name, name) for name in self._rank}
        self._clocks = clocks or {}
        self._stopped = False

    @property
    def now_ns(self) -> int:
        """The current instant of virtual time in ns."""
        return self.env.now_ns

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def clock(self, name: str) -> SkewedClock | None:
        """The clock of a name; None for one that is always right."""
        return self._clocks.get(name)

    def rank(self, name: str) -> int:
        """The place of a name in the sorted list of names, from 1."""
        return self._rank[name]

    def order(self, dst: str, src: str, seq: int) -> int:
        """The canonical priority of the event (dst, src, seq) within its instant."""
        pair = self._pairs.get((dst, src))
        return (self._pair(dst, src) if pair is None else pair) + seq

    def _pair(self, dst: str, src: str) -> int:
        """The priority of event 0 of a pair; the events of a pair are numbered on from there."""
        pair = (self._rank[dst] << _RANK_BITS) | self._rank[src]
        found = self._pairs[dst, src] = _FIRST_PRIORITY + (pair << _SEQ_BITS)
        return found

    def at(self, t_ns: int, order: int, action: Action) -> None:
        """Call `action` at `t_ns`, after the events of that instant with a smaller `order`.

        Raises:
            KernelError: `t_ns` is not an integer or lies in the past.
        """
        self.env.put(t_ns, order, action)

    def first(self, t_ns: int, action: Action) -> None:
        """Call `action` at `t_ns`, before every other event of that instant: barriers go here."""
        self.env.put(t_ns, _BARRIER_PRIORITY, action)

    def wake(self, owner: str, t_ns: int, action: Action) -> None:
        """Call `action` at `t_ns` on behalf of `owner`, in the order in which `owner` asked."""
        self.at(t_ns, self._next_wake(owner), action)

    def sleep(self, owner: str, delay_ns: int) -> simpy.Event:
        """An event for the process of `owner` to yield: it fires after `delay_ns`, by the clock of `owner`."""
        event = Sleep(self.env)
        t_ns = self.now_ns + delay_ns if type(delay_ns) is int else delay_ns
        if owner in self._clocks and t_ns >= self.now_ns:
            t_ns = self._clocks[owner].after_ns(self.now_ns, delay_ns)
        self.env.put(t_ns, self._next_wake(owner), event)
        return event

    def process(self, generator: Process) -> None:
        """Start a SimPy process."""
        self.env.process(generator)

    def run(self, until_ns: int) -> bool:
        """Execute every event before `until_ns`; returns False when `stop` ended the run early."""
        entries, step = self.env.entries, self.env.step
        while entries and entries[0][0] < until_ns and not self._stopped:
            step()
            self.events += 1
        return not self._stopped

    def stop(self) -> None:
        """Leave `run` before the next event (safe to call from a signal handler)."""
        self._stopped = True

    def _next_wake(self, owner: str) -> int:
        self._wakes[owner] += 1
        return self._wakes[owner]
