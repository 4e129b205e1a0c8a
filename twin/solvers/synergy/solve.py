"""One door to the methods for problem P1."""

from collections.abc import Callable, Sequence
from typing import Final

from twin.errors import SolverError
from twin.solvers.result import Solution, WarmStart
from twin.solvers.synergy.baselines import local, mrt
from twin.solvers.synergy.problem import SynergyProblem, reduce
from twin.solvers.synergy.reference import reference
from twin.solvers.synergy.surrogate import Goal, surrogate
from twin.solvers.synergy.uncertainty import Uncertainty
from twin.solvers.synergy.zero_forcing import zf_all, zf_eve

METHODS: Final = ("fast", "reference", "mrt", "zf_eve", "zf_all", "local")

_BASELINES: Final[dict[str, Callable[[SynergyProblem], Solution]]] = {
    "mrt": mrt,
    "zf_eve": zf_eve,
    "zf_all": zf_all,
    "local": local,
}


def solve(
    problem: SynergyProblem,
    *,
    warm_start: WarmStart | None = None,
    method: str = "fast",
    max_iterations: int | None = None,
    starts: Sequence[str] | None = None,
    uncertainty: Uncertainty | None = None,
) -> Solution:
    """Solve P1 of Yin et al., eq. (20), by one of `METHODS`.

    Args:
        problem: the instance.
        warm_start: precoders of an earlier solve (`Solution.warm`), for "fast" and "reference".
        method: "fast", the product's own interior point; "reference", the paper's algorithm; or a baseline: "mrt",
            "zf_eve", "zf_all" with powers optimised, "local" for MRT at full power.
        max_iterations: convex problems per start of "reference"; None leaves it to the method.
        starts: names of starts for "reference"; None means all, or the warm start alone where there is one.
        uncertainty: errors that "fast" is to allow for.

    Returns:
        A solution whose objective is re-evaluated from its precoders. The same input gives the same bits.

    Raises:
        SolverError: an unknown method, or one that cannot allow for errors although it is told of them.
    """
    if method not in METHODS:
        raise SolverError(f"method={method!r}: must be one of {', '.join(METHODS)}")
    if method == "fast":
        from twin.solvers.synergy.fast import solve_fast  # numba is not for those who do not use it

        return solve_fast(problem, warm_start=warm_start, uncertainty=uncertainty)
    if uncertainty is not None:
        raise SolverError(f"method={method!r}: cannot allow for errors; only 'fast' can")
    if method == "reference":
        return reference(problem, warm_start, max_iterations, starts)
    return _BASELINES[method](problem)


def prepare(problem: SynergyProblem, method: str) -> None:
    """Compile what `solve` would compile for a problem of this shape, so that a solve can be timed without it."""
    if method == "fast":
        solve(problem, method=method)
    elif method == "reference":
        for goal in Goal:
            surrogate(reduce(problem).dims, goal)
