"""One door to the methods for the interference channel's pairs."""

from collections.abc import Callable
from typing import Final

from twin.errors import SolverError
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.pricing.variants import Variant
from twin.solvers.result import Solution, WarmStart

_VARIANTS: Final = tuple(variant.value for variant in Variant)
METHODS: Final = ("fast", "reference", *_VARIANTS, "selfish", "mmse", "mmse_eve", "alignment", "central")
_WARM: Final = frozenset({"fast", "reference", *_VARIANTS})


def solve(problem: InterferenceProblem, *, warm_start: WarmStart | None = None, method: str = "fast") -> Solution:
    """Solve problem P1 of Kong et al., eq. (22), by one of `METHODS`.

    Args:
        problem: the instance.
        warm_start: precoders of an earlier solve (`Solution.warm`), for all but the baselines.
        method: "fast", pricing turns in closed form with restarts; "plug_in", "stat", "gram" or "scenario", the same
            with a given treatment of the error ("fast" takes the estimates where they are certain, scenarios elsewhere,
            "gram" with more than eight pairs); "reference", the paper's algorithm; or a baseline: "selfish", "mmse",
            "mmse_eve", "alignment", "central".

    Returns:
        A solution whose rates are re-evaluated from its precoders on draws of the error that no climb has seen;
        among a few ends of climbs these draws choose. The same input gives the same bits.

    Raises:
        SolverError: an unknown method, or a warm start for a method that has no use for one.
    """
    if method not in METHODS:
        raise SolverError(f"method={method!r}: must be one of {', '.join(METHODS)}")
    if warm_start is not None and method not in _WARM:
        raise SolverError(f"method={method!r}: takes no warm start; {', '.join(sorted(_WARM))} do")
    if method == "reference":
        from twin.solvers.pricing.reference import reference

        return reference(problem, warm_start=warm_start)
    if method in _WARM:
        from twin.solvers.pricing.fast import solve_fast  # numba is not for those who do not use it

        variant = None if method == "fast" else Variant(method)
        return solve_fast(problem, warm_start=warm_start, variant=variant, method=method)
    return _baseline(method)(problem)


def _baseline(method: str) -> Callable[[InterferenceProblem], Solution]:
    from twin.solvers.pricing.alignment import alignment
    from twin.solvers.pricing.central import central
    from twin.solvers.pricing.selfish import selfish
    from twin.solvers.pricing.total_mse import mmse, mmse_eve

    table = {"selfish": selfish, "mmse": mmse, "mmse_eve": mmse_eve, "alignment": alignment, "central": central}
    return table[method]


def prepare(method: str) -> None:
    """Compile what `solve` would compile, for problems of all shapes, so that a solve can be timed without it."""
    if method not in {"mmse", "mmse_eve", "alignment"}:
        from twin.solvers.pricing.warm_up import warm_up

        warm_up()
