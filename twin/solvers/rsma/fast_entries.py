"""The kernel that is called from Python: climbs from all starts, the best end."""

from collections.abc import Callable
from typing import Final

from twin.signal.arrays import RealArray
from twin.solvers.compiled import entry, fingerprint
from twin.solvers.rsma.fast_climb import climb, exact
from twin.solvers.rsma.fast_descent import memory_for
from twin.solvers.rsma.fast_model import Model, work_for
from twin.solvers.rsma.fast_shape import shape_for

_SOURCES: Final = fingerprint(
    __file__, "fast_model", "fast_lagrangian", "fast_descent", "fast_climb", "fast_entries"
)


def _climb_entry(sources: int) -> Callable[..., None]:
    @entry
    def climb_kernel(
        model: Model, starts: RealArray, margin: float, goal: float, outer: int, inner: int, tolerance: float, report: RealArray
    ) -> None:
        if sources == 0:
            return
        work, memory = work_for(model), memory_for(starts.shape[1])
        shape = shape_for(model, starts.shape[1])
        for s in range(starts.shape[0]):
            evaluations, rounds, missed = climb(model, starts[s], margin, goal, outer, inner, tolerance, work, memory, shape)
            slack, value = exact(model, starts[s], work, memory)
            report[s, 0] = slack
            report[s, 1] = value
            report[s, 2] = evaluations
            report[s, 3] = rounds
            report[s, 4] = missed

    return climb_kernel


climb_kernel = _climb_entry(_SOURCES)
