"""The kernel that is called from Python: climbs from all starts.

It is made by a function that is given the state of the source files that it calls into, and encloses it.
"""

from collections.abc import Callable
from typing import Final

from twin.signal.arrays import RealArray
from twin.solvers.compiled import entry, fingerprint
from twin.solvers.rsma.fast_climb import climb, exact
from twin.solvers.rsma.fast_descent import memory_for
from twin.solvers.rsma.fast_model import Model, work_for
from twin.solvers.rsma.fast_shape import shape_for

_SOURCES: Final = fingerprint(
    __file__,
    "fast_model",
    "fast_constraints",
    "fast_lagrangian",
    "fast_shape",
    "fast_descent",
    "fast_climb",
    "fast_entries",
)
(LEAST_SLACK, EFFICIENCY, EVALUATIONS, ROUNDS, MISSED) = range(5)
"""What a climb reports of its end: least slack and SEE without margin, its effort, and its worst violation."""


def _climb_entry(sources: int) -> Callable[..., None]:
    @entry
    def climb_kernel(
        model: Model,
        points: RealArray,
        margin: float,
        smooth: float,
        smoothest: float,
        outer: int,
        inner: int,
        tolerance: float,
        report: RealArray,
    ) -> None:
        if sources == 0:
            return
        size = points.shape[1]
        work, memory, shape = work_for(model), memory_for(size), shape_for(model, size)
        for start in range(points.shape[0]):
            x = points[start]
            evaluations, rounds, missed = climb(
                model, x, margin, smooth, smoothest, outer, inner, tolerance, work, memory, shape
            )
            report[start, EVALUATIONS] = evaluations
            report[start, ROUNDS] = rounds
            report[start, MISSED] = missed
            slack, efficiency = exact(model, x, work)
            report[start, LEAST_SLACK] = slack
            report[start, EFFICIENCY] = efficiency

    return climb_kernel


climb_kernel = _climb_entry(_SOURCES)
