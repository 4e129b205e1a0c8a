"""One door to the methods for problem P1."""

from collections.abc import Sequence
from typing import Final

from twin.errors import SolverError
from twin.solvers.result import Solution, WarmStart
from twin.solvers.synergy.baselines import mrt
from twin.solvers.synergy.problem import SynergyProblem, reduce
from twin.solvers.synergy.reference import reference
from twin.solvers.synergy.surrogate import Goal, surrogate

METHODS: Final = ("reference", "mrt")


def solve(
    problem: SynergyProblem,
    *,
    warm_start: WarmStart | None = None,
    method: str = "reference",
    max_iterations: int | None = None,
    starts: Sequence[str] | None = None,
) -> Solution:
    """Solve P1 of Yin et al., eq. (20), by one of `METHODS`.

    Args:
        problem: the instance.
        warm_start: precoders of an earlier solve (`Solution.warm`); "mrt" has no use for it.
        method: "reference", the paper's algorithm, or "mrt", the paper's benchmark.
        max_iterations: convex problems per start; None leaves it to the method.
        starts: names of starts for "reference"; None means all, or the warm start alone where there is one.

    Returns:
        A solution whose objective is re-evaluated from its precoders. The same input gives the same bits.
    """
    if method == "reference":
        return reference(problem, warm_start, max_iterations, starts)
    if method == "mrt":
        return mrt(problem)
    raise SolverError(f"method={method!r}: must be one of {', '.join(METHODS)}")


def prepare(problem: SynergyProblem, method: str) -> None:
    """Compile what `solve` would compile for a problem of this shape, so that a solve can be timed without it."""
    if method == "reference":
        for goal in Goal:
            surrogate(reduce(problem).dims, goal)
