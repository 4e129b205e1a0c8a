"""The modelled crashes of twins: when each is down, and which of its lives an instant belongs to.

A crash is a scenario event in virtual time. At its instant, before anything else, the twin loses its state and its
mail; what it was working on never leaves it. While it is down everything that reaches it is dropped. It begins its next
life at the restart, empty, with the clock that it had at the start of the run.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from twin.errors import KernelError


@dataclass(frozen=True, slots=True)
class Crash:
    """Down from `down_ns` on, up again at `up_ns`; fault `number` of the scenario, if it is one."""

    down_ns: int
    up_ns: int
    number: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.down_ns < self.up_ns:
            raise KernelError(f"crash {self.down_ns}..{self.up_ns} ns: must begin at 0 or later and last")


@dataclass(frozen=True, slots=True)
class Clock:
    """A timer that a twin starts each life with: its name and when it first strikes, in ns after the beginning."""

    name: str
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Lives:
    """Crashes and clocks of the twins that have any."""

    crashes: Mapping[str, tuple[Crash, ...]] = field(default_factory=dict)
    clocks: Mapping[str, Clock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node, crashes in self.crashes.items():
            for before, after in pairwise(crashes):
                if after.down_ns <= before.up_ns:
                    raise KernelError(f"{node}: crash at {after.down_ns} ns: must follow the restart at {before.up_ns}")

    def events(self) -> Iterator[tuple[str, Crash]]:
        """Every crash, in canonical order."""
        for node in sorted(self.crashes):
            for crash in self.crashes[node]:
                yield node, crash

    def is_down(self, node: str, t_ns: int) -> bool:
        """Whether the twin is down at `t_ns`: from the instant of the crash to before that of the restart."""
        return self.crash_at(node, t_ns) is not None

    def crash_at(self, node: str, t_ns: int) -> Crash | None:
        """The crash that has the twin down at `t_ns`, if any."""
        crashes = self.crashes.get(node)
        return next((crash for crash in crashes if crash.down_ns <= t_ns < crash.up_ns), None) if crashes else None

    def life(self, node: str, t_ns: int) -> int:
        """Which life `t_ns` belongs to, from 0; a twin that is down still counts as in the life that ended."""
        crashes = self.crashes.get(node)
        return bisect_right(crashes, t_ns, key=lambda crash: crash.up_ns) if crashes else 0

    def end_of_life_ns(self, node: str, t_ns: int) -> int | None:
        """The first crash after `t_ns`, or None."""
        crashes = self.crashes.get(node)
        return next((crash.down_ns for crash in crashes if crash.down_ns > t_ns), None) if crashes else None
