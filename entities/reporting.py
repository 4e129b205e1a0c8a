"""How entities report: on a common grid of time, one control cycle after the other."""

from dataclasses import dataclass

import numpy as np

from entities.air import Air
from entities.world import World
from twin.wire.messages import Kind, Letter, RealArray, State


@dataclass(frozen=True, slots=True)
class Reporting:
    """The report loop's grid: cycle k begins at k `period_ns`."""

    period_ns: int

    def cycle(self, t_ns: int) -> int:
        """The control cycle of an instant, from 1 (it is the `trace_id` of what is measured then)."""
        return t_ns // self.period_ns + 1


def state_letter(world: World, air: Air, name: str, t_ns: int, trace_id: int) -> Letter:
    """What `name` reports of itself at `t_ns`: position, velocity and, as quality, what the air says of it in dB."""
    state = State(
        position_m=_vector(world.position_m(name, t_ns)),
        velocity_mps=_vector(world.velocity_mps(name, t_ns)),
        quality_db=air.quality_db(name, t_ns),
    )
    return Letter(Kind.STATE, f"edge:{name}", state, t_ns, trace_id)


def _vector(values: RealArray) -> RealArray:
    return np.ascontiguousarray(values, dtype=np.float64)
