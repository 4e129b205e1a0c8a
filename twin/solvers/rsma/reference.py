"""Joint sequential SDPs on CVXPY and Clarabel, in the spans of the channels: the yardstick.

All beams become matrices (lifted.py), worst cases linear forms (linear.py), R_S and its ratio to the power one concave
program per step (program.py): what Li et al. do in Algorithms 2 and 3 for one station at a time is done for both at
once, because nothing in it needs the other station fixed. First comes a program for matrices that lack nothing, then
the ascent (ascent.py), then principal vectors, their powers balanced (balance.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.result import Solution, Status, WarmStart
from twin.solvers.rsma.ascent import Model, Pace, ascend, meet, model
from twin.solvers.rsma.balance import balance
from twin.solvers.rsma.bound import upper_bound
from twin.solvers.rsma.evaluate import efficiency, evaluated, excesses, within_budgets
from twin.solvers.rsma.linear import STEEPEST
from twin.solvers.rsma.problem import Beams, HisacProblem
from twin.solvers.rsma.scheme import rsma

MAX_ITERATIONS: Final = 60
"""Convex programs per ascent where the caller sets no limit."""
TOLERANCE: Final = 1e-5
"""The ascent ends when three programs together raised the SEE by less than this share."""
STARTS: Final = ("null", "match")
NUMERICAL_RANK: Final = 1e-4
"""A matrix counts as rank one while its second eigenvalue is below this times the first."""
_STEEPER: Final = 1000.0
_CHARGES: Final = (1.0, 10.0, 100.0)
_TOLL_PROGRAMS: Final = 8
_BUDGET_SHARE: Final = 0.125
_REGULAR: Final = 0.1


def start(problem: HisacProblem, name: str) -> Beams:
    """Beams to begin from: only the SINRs and slopes that they have matter, not whether they are allowed.

    "null" sends Bob's data away from Eve, "match" straight at Bob. The sensing stream looks at Bob, the target and
    Eve; private streams are regularised zero forcing, the common one is their sum.
    """
    if name not in STARTS:
        raise SolverError(f"start={name!r}: must be one of {', '.join(STARTS)}")
    bob, eve, target = (_unit(row) for row in problem.channels_1[:3])
    away = bob - eve * np.vdot(eve, bob) if name == "null" else bob
    data = _unit(away) if np.linalg.norm(away) > 1e-6 else bob
    sensing = _unit(bob + 0.3 * target + 0.3 * eve)
    users = problem.channels_2[2:]
    gram = users.conj() @ users.T
    load = _REGULAR * max(float(np.trace(gram).real), 1e-12) / len(users)
    private = users.T @ np.linalg.inv(gram + load * np.eye(len(users)))
    private = np.stack([_unit(column) for column in private.T], axis=1)
    share_1, share_2 = np.sqrt(_BUDGET_SHARE * problem.power_1_w), np.sqrt(_BUDGET_SHARE * problem.power_2_w)
    streams = np.column_stack([_unit(private.sum(axis=1)), private / np.sqrt(len(users))])
    return share_1 * np.stack([data, sensing], axis=1), share_2 * streams


def _unit(vector: ComplexArray) -> ComplexArray:
    norm = float(np.linalg.norm(vector))
    return np.asarray(vector / norm) if norm > 0.0 else np.zeros_like(vector)


def reference(
    problem: HisacProblem,
    *,
    warm_start: WarmStart | None = None,
    max_iterations: int | None = None,
    starts: Sequence[str] | None = None,
) -> Solution:
    """The best of the joint ascents from some starts.

    Args:
        problem: the instance.
        warm_start: beams of an earlier solve, the only start unless others are named.
        max_iterations: convex programs per ascent (>= 1); `MAX_ITERATIONS` if None.
        starts: names out of `STARTS`. None means all of them, or none beside a warm start.

    Returns:
        Beams re-evaluated, "infeasible" with what could be met least where no start met everything. Evidence: what
        the matrices lack together over the noise power ("lacking"; 0 if nothing), the relaxed SEE, the rank gap; where
        nothing was found an "upper_bound" on the SEE, of which 0 is a proof that there is nothing to find.
    """
    limit = MAX_ITERATIONS if max_iterations is None else max_iterations
    if limit < 1:
        raise SolverError(f"max_iterations={limit}: must be >= 1")
    begins = [] if warm_start is None else [_checked(problem, warm_start)]
    named = starts if starts is not None else () if begins else STARTS
    begins += [start(problem, name) for name in named]
    if not begins:
        raise SolverError("starts=(): must name at least one, or give a warm start")
    of = model(problem)
    ends = [_climb(of, beams, limit) for beams in begins]
    best = max(ends, key=_End.worth)
    evidence = {"relaxed": best.relaxed, "rank_gap": best.rank_gap, "starts": float(len(ends))}
    if not best.allowed:
        evidence["upper_bound"] = upper_bound(problem, most_boxes=1).see
    programs = sum(end.programs for end in ends)
    return answered(problem, "reference", best.beams, programs, evidence, best.lacking)


def answered(
    problem: HisacProblem, method: str, beams: Beams, programs: int, evidence: dict[str, float], lacking: float
) -> Solution:
    """A solution from beams; "failed" where they miss something, no program told what, and nothing is proved."""
    told = {name: value for name, value in (*evidence.items(), ("lacking", lacking)) if np.isfinite(value)}
    solution = evaluated(problem, rsma(problem), method, beams, programs, told)
    unknown = not np.isfinite(lacking) and evidence.get("upper_bound") != 0.0
    failed = solution.status is Status.INFEASIBLE and unknown
    return replace(solution, status=Status.FAILED) if failed else solution


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """Where one start led to."""

    beams: Beams
    see: float
    allowed: bool
    lacking: float
    relaxed: float
    rank_gap: float
    programs: int

    def worth(self) -> tuple[bool, float]:
        """What makes one end better than another."""
        return self.allowed, self.see if self.allowed else -self.lacking


def _climb(of: Model, beams: Beams, limit: int) -> _End:
    """From one start: meet the demands, ascend, and once more with steeper tangents where there are errors."""
    everything = of.all_streams()
    u, lacking, programs = meet(of, of.lifted.lift(beams), everything)
    if lacking > 0.0:
        return _end(of, u, lacking, programs)
    ends = list[_End]()
    for steepest in (STEEPEST,) if not of.terms.errors.any() else (STEEPEST, _STEEPER):
        sharper = replace(of, steepest=steepest)
        ascent = ascend(sharper, u, everything, Pace(limit, TOLERANCE))
        u, more = to_rank_one(sharper, ascent.u, everything)
        programs += len(ascent.history) - 1 + more
        ends.append(_end(sharper, u, 0.0, programs))
    return replace(max(ends, key=_End.worth), programs=programs)


def _end(of: Model, u: RealArray, lacking: float, programs: int) -> _End:
    problem, scheme = of.lifted.problem, rsma(of.lifted.problem)
    beams, gap = beams_of(of, u)
    allowed = bool(excesses(problem, beams, scheme).max() <= 0.0)
    see = efficiency(problem, beams, scheme)
    return _End(beams, see, allowed, lacking, of.value(u) / float(np.log(2.0)), gap, programs)


def to_rank_one(of: Model, u: RealArray, free: Sequence[int]) -> tuple[RealArray, int]:
    """Matrices near u with hardly a second eigenvalue, and the programs it took.

    Where a matrix keeps one, power beside its principal vector v is charged for again and again: the toll
    c (tr X - v^H X v) is linear, 0 at rank one, and grows until it is paid no more.
    """
    programs = 0
    for charge in _CHARGES:
        principal, gap = of.lifted.principal(u)
        if gap <= NUMERICAL_RANK:
            break
        beside = sum(of.lifted.sent((stream,)) for stream in of.all_streams()) - of.lifted.along(principal)
        ascent = ascend(replace(of, toll=charge * beside), u, free, Pace(_TOLL_PROGRAMS, TOLERANCE))
        u, programs = ascent.u, programs + len(ascent.history) - 1
    return u, programs


def beams_of(of: Model, u: RealArray) -> tuple[Beams, float]:
    """The best allowed of the principal vectors of matrices and their balanced powers, and the matrices' rank gap."""
    beams, gap = of.lifted.principal(u)
    balanced = balance(of, beams)
    if balanced is None:
        return beams, gap
    problem, scheme = of.lifted.problem, rsma(of.lifted.problem)
    pairs = [(float(excesses(problem, rival, scheme).max()), rival) for rival in (beams, balanced)]
    allowed = [rival for excess, rival in pairs if excess <= 0.0]
    if not allowed:
        return min(pairs, key=lambda pair: pair[0])[1], gap
    return max(allowed, key=lambda rival: efficiency(problem, rival, scheme)), gap


def _checked(problem: HisacProblem, warm_start: WarmStart) -> Beams:
    """The warm start's beams within today's budgets."""
    shapes = tuple(x.shape for x in warm_start.precoders)
    if shapes != problem.beams_shape or not all(np.isfinite(x).all() for x in warm_start.precoders):
        raise SolverError(f"warm_start: beams of shapes {shapes}: must be finite, of shapes {problem.beams_shape}")
    w, o = warm_start.precoders
    return within_budgets(problem, (w, o))
