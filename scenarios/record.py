"""What judge and attribution keep of a run: what was on air when, and what the coordinator knew at its solves."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from twin.wire.messages import ComplexArray

Precoders = tuple[ComplexArray, ...]
"""One for each transmitter, in the order of the system's."""

Vectors = dict[tuple[str, int], ComplexArray]
"""Precoders by transmitter and version."""


@dataclass(slots=True)
class Timeline:
    """What one transmitter had on air, as a step function of time."""

    times_ns: list[int] = field(default_factory=list)
    vectors: list[ComplexArray] = field(default_factory=list)
    data_ns: list[int] = field(default_factory=list)

    def add(self, t_ns: int, vector: ComplexArray, t_data_ns: int) -> None:
        """From `t_ns` on, `vector` is on air."""
        self.times_ns.append(t_ns)
        self.vectors.append(vector)
        self.data_ns.append(t_data_ns)

    def at(self, t_ns: int) -> tuple[ComplexArray, int]:
        """The vector on air at `t_ns` and when the oldest measurement behind it was taken."""
        place = max(bisect_right(self.times_ns, t_ns) - 1, 0)
        return self.vectors[place], self.data_ns[place]

    def forget(self, t_ns: int) -> None:
        """Forget what was on air before what is at `t_ns`."""
        place = max(bisect_right(self.times_ns, t_ns) - 1, 0)
        for column in (self.times_ns, self.vectors, self.data_ns):
            del column[:place]


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal says about the radio, per transmitter: on air, nominal, the first real precoder, local MRT."""

    on_air: dict[str, Timeline]
    nominal: dict[str, Timeline]
    never_updated: dict[str, Timeline]
    local_mrt: dict[str, Timeline]

    def at(self, timelines: dict[str, Timeline], t_ns: int) -> tuple[Precoders, int]:
        """What all transmitters have on air at an instant, and when the oldest measurement behind it was taken."""
        parts = [timeline.at(t_ns) for timeline in timelines.values()]
        return tuple(vector for vector, _ in parts), min(data_ns for _, data_ns in parts)

    def timelines(self) -> Iterator[Timeline]:
        """All of them."""
        for part in (self.on_air, self.nominal, self.never_updated, self.local_mrt):
            yield from part.values()


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """One solve: its milestones, its aims and what it went by, transmitters in the order of the system's.

    `measured_ns` is when each transmitter's newest CSI was taken, `received_ns` when the coordinator got it.
    `links` is what the policy knew of each transmitter's channels, in the system's own form.
    """

    version: int
    measured_ns: tuple[int, ...]
    received_ns: tuple[int, ...]
    begin_ns: int
    done_ns: int
    aims_ns: tuple[int, ...]
    links: tuple[Any, ...]
