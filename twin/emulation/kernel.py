"""Virtual time: a SimPy environment in integer nanoseconds whose order of events is canonical.

SimPy breaks ties at one instant by insertion order, and lets the clock run backwards when a delay is negative. Here
every event carries an integer priority built from (dst, src, seq), so that two runs which insert the same events in
another order execute them in the same order, and a delay below zero is an error.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Final

import simpy

from twin.emulation.clocks import SkewedClock
from twin.errors import KernelError

# SimPy's own events (process starts and ends) have priorities 0 and 1; ours come after them within an instant.
_FIRST_PRIORITY: Final = 2
_BARRIER_PRIORITY: Final = -1
_SEQ_BITS: Final = 64
_RANK_BITS: Final = 24

Process = Generator[simpy.Event, Any, None]


class Instant:
    """An event that calls `action` when SimPy processes it.

    SimPy asks of an event its callbacks and whether it went well; this one has nothing else, because most of the cost
    of a message that crosses a link is the cost of its events.
    """

    __slots__ = ("action", "callbacks")

    _ok: Final = True

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action
        self.callbacks: tuple[Callable[[Instant], None], ...] | None = _CALL


def _call(instant: Instant) -> None:
    instant.action()


_CALL: Final = (_call,)


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
        self.env = simpy.Environment(initial_time=0)  # integers stay integers
        self.events = 0
        self._rank = {name: rank for rank, name in enumerate(sorted(names), start=1)}
        self._pairs: dict[tuple[str, str], int] = {}
        self._wakes = {name: self._pair(name, name) for name in self._rank}
        self._clocks = clocks or {}
        self._stopped = False

    @property
    def now_ns(self) -> int:
        """The current instant of virtual time in ns."""
        return int(self.env.now)

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

    def at(self, t_ns: int, order: int, action: Callable[[], None]) -> None:
        """Call `action` at `t_ns`, after the events of that instant with a smaller `order`.

        Raises:
            KernelError: `t_ns` is not an integer or lies in the past.
        """
        self._schedule(Instant(action), t_ns, order)

    def first(self, t_ns: int, action: Callable[[], None]) -> None:
        """Call `action` at `t_ns`, before every other event of that instant: barriers go here."""
        self._schedule(Instant(action), t_ns, _BARRIER_PRIORITY)

    def wake(self, owner: str, t_ns: int, action: Callable[[], None]) -> None:
        """Call `action` at `t_ns` on behalf of `owner`, in the order in which `owner` asked."""
        self.at(t_ns, self._next_wake(owner), action)

    def sleep(self, owner: str, delay_ns: int) -> simpy.Event:
        """An event for the process of `owner` to yield: it fires after `delay_ns`, by the clock of `owner`."""
        event = Sleep(self.env)
        t_ns = self.now_ns + delay_ns if type(delay_ns) is int else delay_ns
        if owner in self._clocks and t_ns >= self.now_ns:
            t_ns = self._clocks[owner].after_ns(self.now_ns, delay_ns)
        self._schedule(event, t_ns, self._next_wake(owner))
        return event

    def process(self, generator: Process) -> None:
        """Start a SimPy process."""
        self.env.process(generator)

    def run(self, until_ns: int) -> bool:
        """Execute every event before `until_ns`; returns False when `stop` ended the run early."""
        peek, step = self.env.peek, self.env.step
        while not self._stopped and peek() < until_ns:
            step()
            self.events += 1
        return not self._stopped

    def stop(self) -> None:
        """Leave `run` before the next event (safe to call from a signal handler)."""
        self._stopped = True

    def _next_wake(self, owner: str) -> int:
        self._wakes[owner] += 1
        return self._wakes[owner]

    def _schedule(self, event: Instant | simpy.Event, t_ns: int, order: int) -> None:
        env = self.env
        if type(t_ns) is not int or t_ns < env.now:
            raise KernelError(f"event at {t_ns!r} ns: must be an integer >= {env.now} ns, which the clock shows")
        env.schedule(event, order, t_ns - env.now)  # type: ignore[arg-type]
