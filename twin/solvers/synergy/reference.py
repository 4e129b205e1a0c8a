"""Algorithm 1 of Yin et al. on CVXPY and Clarabel: the yardstick.

Each step solves P3 with (42)-(45) linearised at l~ and evaluates the matrices it gets; the iterate's own levels are
the next l~. The paper takes l~ from the last iterate alone, which converges linearly and, near the end, slowly. Any
l~ gives an inner approximation of the same problem, so we also look ahead along the last step, l~ = l + b (l - l'),
with b = 0, 1, 2, 4 ... as long as the objective rises. An iterate is taken only if its objective, evaluated and not
believed, rises. Any other answer is thrown away and costs a counted restart: first with b = 0, where the exact step
cannot fall, then with the solver's other settings. If that does not rise either, the ascent is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sinr import received_powers
from twin.solvers.result import Solution, Status, WarmStart
from twin.solvers.synergy.baselines import bounded, local_mrt
from twin.solvers.synergy.problem import LN2, Reduced, SynergyProblem, min_rate_nats, reduce, upper_bound
from twin.solvers.synergy.rank import extract, matrix_powers, rank_gap
from twin.solvers.synergy.starts import ALL_STARTS, start
from twin.solvers.synergy.surrogate import ATTEMPTS, Goal, levels, surrogate

MAX_ITERATIONS: Final = 60
"""Convex problems per start where the caller sets no limit."""
_WINDOW: Final = 8
_TOLERANCE: Final = 1e-4
"""The ascent ends when the last `_WINDOW` problems raised phi by less than this, relative to phi."""
_LEAST_SCALE_NATS: Final = 1e-2
_LONGEST_LOOK: Final = 16.0
_WARM_RIVALS: Final = ("slnr30-balanced", "slnr300-balanced")


@dataclass(frozen=True, slots=True, eq=False)
class Ascent:
    """Where an ascent ended: matrices in units of the budgets, phi in nat, and how it went."""

    matrices: tuple[ComplexArray, ...]
    rate_nats: float
    point: RealArray
    iterations: int
    restarts: int
    answered: bool
    history: tuple[float, ...]


def ascend(reduced: Reduced, begin: Sequence[ComplexArray], max_iterations: int) -> Ascent:
    """Algorithm 1 from reduced precoders: `history` is phi in nat after each convex problem and never falls.

    `answered` is False if the solver gave no usable answer at all.
    """
    program = surrogate(reduced.dims, Goal.RATE)
    matrices = tuple(np.outer(z, z.conj()) for z in begin)
    powers = received_powers(reduced.channels, begin)
    here = before = levels(powers)
    history = [float(min_rate_nats(powers))]
    look, restarts, attempt, answered = 0.0, 0, 0, False
    while len(history) <= max_iterations and not _settled(history):
        answer = program.solve(reduced, here + look * (here - before), attempt=attempt)
        if answer is not None:
            answered = True
            powers = matrix_powers(reduced, answer)
            rate = float(min_rate_nats(powers))
            if rate > history[-1]:
                matrices, before, here = answer, here, levels(powers)
                look, attempt = min(max(2.0 * look, 1.0), _LONGEST_LOOK), 0
                history.append(rate)
                continue
        history.append(history[-1])
        if look == 0.0 and attempt + 1 == ATTEMPTS:
            break
        attempt = 0 if look > 0.0 else attempt + 1
        restarts, look = restarts + 1, 0.0
    return Ascent(matrices, history[-1], here, len(history) - 1, restarts, answered, tuple(history))


def _settled(history: Sequence[float]) -> bool:
    if len(history) <= _WINDOW:
        return False
    scale = max(abs(history[-1]), _LEAST_SCALE_NATS)
    return history[-1] - history[-1 - _WINDOW] < _TOLERANCE * scale


def reference(
    problem: SynergyProblem,
    warm_start: WarmStart | None = None,
    max_iterations: int | None = None,
    starts: Sequence[str] | None = None,
) -> Solution:
    """The best of Algorithm 1 over its starts, re-evaluated from the vectors.

    Args:
        problem: the instance.
        warm_start: precoders of an earlier solve. Alone it gives one start: these precoders, or a quick start of
            ours if that already serves the present channels better.
        max_iterations: convex problems per start (>= 1); `MAX_ITERATIONS` if None. The rank may cost one more.
        starts: names out of `ALL_STARTS`; None means all of them, or none beside a warm start.

    Returns:
        A solution at least as good on these channels as the warm start and as local MRT at full power. Its status
        is "failed" if the solver gave no usable answer from any start.
    """
    limit = MAX_ITERATIONS if max_iterations is None else max_iterations
    if limit < 1:
        raise SolverError(f"max_iterations={limit}: must be >= 1")
    reduced = reduce(problem)
    names = starts if starts is not None else ALL_STARTS if warm_start is None else ()
    begins = [start(reduced, name) for name in names]
    candidates = [local_mrt(problem)]
    if warm_start is not None:
        candidates.append(_checked(problem, warm_start))
        begins.append(_quick_start(reduced, candidates[-1]))
    if not begins:
        raise SolverError("starts=(): must name at least one, or give a warm start")
    ascents = [ascend(reduced, begin, limit) for begin in begins]
    extracted = [extract(reduced, ascent.matrices, ascent.point) for ascent in ascents]
    candidates += [reduced.lift(vectors) for vectors in (*begins, *(vectors for vectors, _ in extracted))]
    evidence = _evidence(reduced, ascents)
    evidence["rank_solves"] = float(sum(solved for _, solved in extracted))
    return _best(problem, candidates, ascents, evidence)


def _checked(problem: SynergyProblem, warm_start: WarmStart) -> tuple[ComplexArray, ...]:
    """The warm start's precoders within today's budgets."""
    wanted = [(matrix.shape[1],) for matrix in problem.channels]
    shapes = [x.shape for x in warm_start.precoders]
    if shapes != wanted or not all(np.isfinite(x).all() for x in warm_start.precoders):
        raise SolverError(f"warm_start: precoders of shapes {shapes}: must be finite, of shapes {wanted}")
    return problem.within_budget(warm_start.precoders)


def _quick_start(reduced: Reduced, precoders: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
    """The reduced precoders, or the rival that serves these channels better before any ascent."""
    rivals = [reduced.lower(precoders), *(start(reduced, name) for name in _WARM_RIVALS)]
    return max(rivals, key=lambda z: float(min_rate_nats(received_powers(reduced.channels, z))))


def _evidence(reduced: Reduced, ascents: Sequence[Ascent]) -> dict[str, float]:
    best = max(ascents, key=lambda ascent: ascent.rate_nats)
    return {
        "upper_bound": upper_bound(reduced),
        "relaxed": best.rate_nats / LN2,
        "rank_gap": rank_gap(best.matrices),
        "starts": float(len(ascents)),
        "starts_failed": float(sum(not ascent.answered for ascent in ascents)),
        "restarts": float(sum(ascent.restarts for ascent in ascents)),
    }


def _best(
    problem: SynergyProblem,
    candidates: Sequence[tuple[ComplexArray, ...]],
    ascents: Sequence[Ascent],
    evidence: dict[str, float],
) -> Solution:
    """The best candidate by its own rates on the problem's channels, as a solution."""
    feasible = [problem.within_budget(precoders) for precoders in candidates]
    values = [float(min_rate_nats(received_powers(problem.channels, precoders))) for precoders in feasible]
    precoders = feasible[int(np.argmax(values))]
    rates = problem.rates(precoders)
    evidence |= bounded(evidence["upper_bound"], float(rates.min()))
    return Solution(
        problem="sagin",
        method="reference",
        status=Status.SOLVED if any(ascent.answered for ascent in ascents) else Status.FAILED,
        objective=float(rates.min()),
        precoders=precoders,
        rates=rates,
        violation=problem.violation(precoders),
        iterations=sum(ascent.iterations for ascent in ascents),
        warm=WarmStart(precoders),
        evidence=evidence,
    )
