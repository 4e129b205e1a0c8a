"""One door to the methods for problem P1 of two stations."""

from typing import Final

from twin.errors import SolverError
from twin.solvers.result import Solution, WarmStart
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.scheme import SCHEMES

METHODS: Final = tuple(SCHEMES)
"""The product's own solver and, by the same solver, what RSMA is compared with: the rule is in each name and docstring."""


def solve(problem: HisacProblem, *, warm_start: WarmStart | None = None, method: str = "fast") -> Solution:
    """Solve P1 of Li et al., eq. (19), by one of `METHODS`.

    Args:
        problem: the instance.
        warm_start: beams of an earlier solve by the same method (`Solution.warm`).
        method: "fast", the product's own; or a baseline of twin.solvers.rsma.scheme, solved by the same kernels.

    Returns:
        A solution whose SEE and violation are re-evaluated from its beams, by the rule of the method. The same input
        gives the same bits.

    Raises:
        SolverError: an unknown method, or a warm start of another shape.
    """
    if method not in METHODS:
        raise SolverError(f"method={method!r}: must be one of {', '.join(METHODS)}")
    from twin.solvers.rsma.fast import solve_fast  # numba is not for those who do not use it

    return solve_fast(problem, warm_start=warm_start, scheme=SCHEMES[method](problem), method=method)


def prepare() -> None:
    """Compile what `solve` would compile, for problems of all shapes, so that a solve can be timed without it."""
    from twin.solvers.rsma.warm_up import warm_up

    warm_up()
