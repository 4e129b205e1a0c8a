"""One door to the methods for problem P1 of two stations."""

from collections.abc import Sequence
from typing import Final

from twin.errors import SolverError
from twin.solvers.result import Solution, WarmStart
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.scheme import SCHEMES

CONVEX: Final = ("reference", "paper")
"""Methods on CVXPY."""
METHODS: Final = ("fast", *CONVEX, "certified", *(name for name in SCHEMES if name != "fast"))
"""The product's own solver, its yardsticks and, solved by it too, what RSMA is compared with; rules are in names."""


def solve(
    problem: HisacProblem,
    *,
    warm_start: WarmStart | None = None,
    method: str = "fast",
    starts: Sequence[str] | None = None,
) -> Solution:
    """Solve P1 of Li et al., eq. (19), by one of `METHODS`.

    Args:
        problem: the instance.
        warm_start: beams of an earlier solve by the same method (`Solution.warm`); "paper" takes none.
        method: "fast", the product's own; "reference", joint sequential SDPs; "paper", the paper's alternating ones;
            "certified", the answer of "fast" with an "upper_bound" in its evidence, proved and, where errors are 0,
            within a per cent; or a baseline of twin.solvers.rsma.scheme, solved by the kernels of "fast".
        starts: names of starts for "reference"; None means all of them, or the warm start alone.

    Returns:
        A solution whose SEE and violation are re-evaluated from its beams, by the rule of the method. The same input
        gives the same bits.

    Raises:
        SolverError: an unknown method, a warm start of another shape, or one or starts where a method takes none.
    """
    if method not in METHODS:
        raise SolverError(f"method={method!r}: must be one of {', '.join(METHODS)}")
    if starts is not None and method != "reference":
        raise SolverError(f"method={method!r}: its starts have no names; those of 'reference' do")
    if method in CONVEX:
        return _convex(problem, warm_start, method, starts)
    from twin.solvers.rsma.fast import solve_fast  # numba is not for those who do not use it

    if method == "certified":
        from twin.solvers.rsma.bound import certified

        return certified(problem, solve_fast(problem, warm_start=warm_start, method=method))
    return solve_fast(problem, warm_start=warm_start, scheme=SCHEMES[method](problem), method=method)


def _convex(problem: HisacProblem, warm_start: WarmStart | None, method: str, starts: Sequence[str] | None) -> Solution:
    if method == "reference":
        from twin.solvers.rsma.reference import reference

        return reference(problem, warm_start=warm_start, starts=starts)
    if warm_start is not None:
        raise SolverError(f"method={method!r}: takes no warm start")
    from twin.solvers.rsma.paper import paper

    return paper(problem)


def prepare_convex(problem: HisacProblem, method: str) -> None:
    """Compile the convex programs of a method of `CONVEX` for problems of this shape, by solving this one, or half."""
    if method == "reference":
        from twin.solvers.rsma.reference import STARTS, reference

        reference(problem, max_iterations=1, starts=STARTS[:1])
    else:
        solve(problem, method=method)


def prepare() -> None:
    """Compile what `solve` would compile, for problems of all shapes, so that a solve can be timed without it."""
    from twin.solvers.rsma.warm_up import warm_up

    warm_up()
