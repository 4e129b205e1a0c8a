"""The product's own solver for problem P1 of Yin et al., eq. (20): a compiled interior point on the vectors.

The mathematics is in interior_point.py and the ip_*.py files beside it. What is here turns problems into flat arrays
and what the kernel says into a `Solution` whose rates are evaluated anew.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sagin import RECEIVERS
from twin.solvers.result import Solution, Status, WarmStart
from twin.solvers.synergy.baselines import mrt
from twin.solvers.synergy.ip_solve import REPORT, solve_kernel
from twin.solvers.synergy.problem import LN2, SynergyProblem
from twin.solvers.synergy.uncertainty import Uncertainty, check_size, robust_rates
from twin.solvers.synergy.zero_forcing import zf_all, zf_eve

MAX_STEPS: Final = 100
"""Newton steps per ascent where the caller sets no limit."""
_POOR_RATE: Final = 0.05
"""In bit/s/Hz: below this the answer is compared with refined baselines."""
_EXACT: Final[RealArray] = np.zeros((3, 5))


def solve_fast(
    problem: SynergyProblem,
    *,
    warm_start: WarmStart | None = None,
    max_iterations: int | None = None,
    uncertainty: Uncertainty | None = None,
) -> Solution:
    """The best of the ascents from three starts, or the ascent from a warm start where that serves.

    Args:
        problem: the instance.
        warm_start: precoders of an earlier solve. Where their ascent does not converge, or ends below a baseline, the
            cold starts follow (`fell_back` in the evidence).
        max_iterations: Newton steps per ascent (>= 1); `MAX_STEPS` if None.
        uncertainty: optimise expected powers and worst cases instead of the nominal rates.

    Returns:
        Precoders at least as good as the warm start, MRT and zero forcing (with powers on a grid), by the rates that
        were optimised. `objective` and `rates` are nominal; with an uncertainty the least rate that was optimised is
        `robust` in the evidence. Equal input gives equal bits. "failed" if there was no finite answer.
    """
    limit = MAX_STEPS if max_iterations is None else max_iterations
    if limit < 1:
        raise SolverError(f"max_iterations={limit}: must be >= 1")
    sizes = [matrix.shape[1] for matrix in problem.channels]
    errors = _EXACT if uncertainty is None else _stacked(problem, uncertainty)
    x = np.zeros(sum(sizes), dtype=np.complex128) if warm_start is None else _joined(warm_start, sizes)
    report = np.zeros(len(REPORT))
    channels = np.concatenate([matrix.ravel() for matrix in problem.channels])
    powers = np.array(problem.powers_mw)
    solve_kernel(channels, np.array(sizes), powers, errors, warm_start is not None, limit, x, report)
    first, second = sizes[0], sizes[0] + sizes[1]
    solution = _solution(problem, (x[:first], x[first:second], x[second:]), report, uncertainty)
    if uncertainty is not None or solution.objective > _POOR_RATE or solution.evidence["upper_bound"] == 0.0:
        return solution
    return _or_baseline(problem, solution)


def _or_baseline(problem: SynergyProblem, solution: Solution) -> Solution:
    """The solution, or the baseline that beats it: where hardly a rate is to be had, ascents end at zero now and then.

    The kernel's own baselines have their powers on a coarse grid; these are refined, which takes 10 ms each and is
    worth it only where the rate is poor and some rate is to be had at all.
    """
    methods = [mrt, zf_eve] + ([zf_all] if min(m.shape[1] for m in problem.channels) >= len(RECEIVERS) else [])
    best = max((method(problem) for method in methods), key=lambda rival: rival.objective)
    if best.objective <= solution.objective:
        return solution
    return replace(
        best, method=solution.method, iterations=solution.iterations, evidence={**solution.evidence, **best.evidence}
    )


def _stacked(problem: SynergyProblem, uncertainty: Uncertainty) -> RealArray:
    check_size(problem, uncertainty)
    return np.hstack([uncertainty.error_var, uncertainty.radius[:, None]])


def _joined(warm_start: WarmStart, sizes: Sequence[int]) -> ComplexArray:
    """The warm start's precoders in one array of our own."""
    if [x.shape for x in warm_start.precoders] != [(size,) for size in sizes]:
        shapes = [x.shape for x in warm_start.precoders]
        raise SolverError(f"warm_start: precoders of shapes {shapes}: must be {[(size,) for size in sizes]}")
    x = np.concatenate(warm_start.precoders, dtype=np.complex128)
    if not np.isfinite(x).all():
        raise SolverError("warm_start: has a value that is not finite: all must be")
    return x


def _solution(
    problem: SynergyProblem,
    precoders: tuple[ComplexArray, ...],
    report: RealArray,
    uncertainty: Uncertainty | None,
) -> Solution:
    steps, ascents, converged, bound, _, violation, fell_back, rescued = report.tolist()
    rates = problem.rates(precoders)
    objective = min(rates.tolist())
    evidence = {
        "upper_bound": bound / LN2,
        "gap": bound / LN2 - objective,
        "ascents": ascents,
        "converged": converged,
        "fell_back": fell_back,
        "rescued": rescued,
    }
    if uncertainty is not None:
        evidence["robust"] = float(robust_rates(problem, precoders, uncertainty).min())
    return Solution(
        problem="sagin",
        method="fast",
        status=Status.SOLVED if np.isfinite(objective) else Status.FAILED,
        objective=objective,
        precoders=precoders,
        rates=rates,
        violation=violation,
        iterations=int(steps),
        warm=WarmStart(precoders),
        evidence=evidence,
    )


def solve_many(
    problems: Sequence[SynergyProblem],
    jobs: int = 2,
    *,
    max_iterations: int | None = None,
    uncertainties: Sequence[Uncertainty | None] | None = None,
) -> list[Solution]:
    """Cold solves of many problems in `jobs` threads; the answers are those of `solve_fast`, in order, for any `jobs`.

    The kernel holds no lock of the interpreter's and threads share nothing. `uncertainties` has one entry per problem.
    """
    if jobs < 1:
        raise SolverError(f"jobs={jobs}: must be >= 1")
    known = uncertainties if uncertainties is not None else [None] * len(problems)
    if len(known) != len(problems):
        raise SolverError(f"uncertainties={len(known)}: must be one per problem, {len(problems)}")

    def one(index: int) -> Solution:
        return solve_fast(problems[index], max_iterations=max_iterations, uncertainty=known[index])

    if jobs == 1:
        return [one(index) for index in range(len(problems))]
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, range(len(problems))))
