"""How entities report: on a common grid of time, one control cycle after the other."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from twin.wire.messages import Kind, Letter, RealArray, State


class Places(Protocol):
    """Where everybody is: what a state is read off, in any world."""

    def position_m(self, name: str, t_ns: int) -> RealArray:
        """Position (3,) in m."""

    def velocity_mps(self, name: str, t_ns: int) -> RealArray:
        """Velocity (3,) in m/s."""


class Hearing(Protocol):
    """What is on air, as everybody hears it."""

    def quality_db(self, name: str, t_ns: int) -> float:
        """SINR in dB of a served user; transmit power over budget in dB of a transmitter."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """The report loop's grid: cycle k begins at k `period_ns`."""

    period_ns: int

    def cycle(self, t_ns: int) -> int:
        """The control cycle of an instant, from 1 (it is the `trace_id` of what is measured then)."""
        return t_ns // self.period_ns + 1


def state_letter(world: Places, air: Hearing, name: str, t_ns: int, trace_id: int) -> Letter:
    """What `name` reports of itself at `t_ns`: position, velocity and, as quality, what the air says of it in dB."""
    state = State(
        position_m=_vector(world.position_m(name, t_ns)),
        velocity_mps=_vector(world.velocity_mps(name, t_ns)),
        quality_db=air.quality_db(name, t_ns),
    )
    return Letter(Kind.STATE, f"edge:{name}", state, t_ns, trace_id)


def _vector(values: RealArray) -> RealArray:
    return np.ascontiguousarray(values, dtype=np.float64)
