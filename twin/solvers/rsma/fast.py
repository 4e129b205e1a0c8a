"""The product's own solver for problem P1 of Li et al., eq. (19): all beams at once, by an augmented Lagrangian.

The kernels are in fast_*.py: a climb from one start takes 6 to 12 outer iterations of L-BFGS steps that begin with a
Gauss-Newton approximation of the Hessian. What is here: several starts, the best end, and what is said when none is
allowed. Thresholds are tightened by a margin, so that the answer keeps them without tolerance.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import RealArray
from twin.solvers.result import Solution, WarmStart
from twin.solvers.rsma.evaluate import evaluated
from twin.solvers.rsma.fast_entries import EFFICIENCY, EVALUATIONS, LEAST_SLACK, climb_kernel
from twin.solvers.rsma.problem import Beams, HisacProblem
from twin.solvers.rsma.reduced import Reduced, reduced
from twin.solvers.rsma.scheme import Scheme, Split, rsma
from twin.solvers.rsma.starts import make_starts, without_common


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard `solve_fast` tries.

    Attributes:
        starts: climbs of a cold solve.
        warm_starts: cold climbs beside the warm one.
        more_starts: further climbs where none of the first ended in what is allowed.
        outer: outer iterations of a climb, at most.
        inner: steps of each, at most.
    """

    starts: int = 4
    warm_starts: int = 1
    more_starts: int = 8
    outer: int = 14
    inner: int = 100

    def __post_init__(self) -> None:
        for name, least in (("starts", 1), ("warm_starts", 0), ("more_starts", 0), ("outer", 0), ("inner", 1)):
            if getattr(self, name) < least:
                raise SolverError(f"{name}={getattr(self, name)}: must be >= {least}")


NORMAL: Final = Effort()
LARGE: Final = Effort(starts=8)
_STAY: Final = Effort(outer=0)
"""A warm start is a candidate itself."""
_LARGE_ANTENNAS: Final = 16
_MARGIN: Final = 1e-6
"""By which thresholds are tightened, relative (rates: in bit/s/Hz)."""
_TOLERANCE: Final = 1e-7
_SMOOTH: Final = 1e-3
_SMOOTHEST: Final = 1e-9
_WARM_SMOOTH: Final = 1e-5
_AGAIN: Final = ((1e-5, 1e-10), (1e-4, 1e-10))
"""Margins and smoothings for an end that misses something by next to nothing."""


def solve_fast(
    problem: HisacProblem,
    *,
    warm_start: WarmStart | None = None,
    scheme: Scheme | None = None,
    method: str = "fast",
    effort: Effort | None = None,
) -> Solution:
    """Solve P1, or what a scheme makes of it.

    Args:
        problem: the instance.
        warm_start: beams of an earlier solve of a problem of this shape. They are climbed from, and stay if they are
            allowed here and nothing better is found.
        scheme: what station 2 does for its users; None for RSMA as in eq. (19d).
        method: name to put into the solution.
        effort: how hard to try; None leaves it to the size of the problem.

    Returns:
        A solution whose SEE and violation are re-evaluated from its beams; evidence has "starts", climbs from them, and
        "agreeing", how many ended within a thousandth of the best. Infeasible, it has the beams that miss least.
    """
    scheme = rsma(problem) if scheme is None else scheme
    if effort is None:
        effort = LARGE if max(problem.antennas) >= _LARGE_ANTENNAS else NORMAL
    small = reduced(problem, scheme)
    report, points = _first_climbs(problem, scheme, small, warm_start, effort)
    if not _allowed(report).any() and effort.more_starts:
        done = effort.starts if warm_start is None else effort.warm_starts
        later = make_starts(problem, done + effort.more_starts, scheme.columns)[done:]
        more = _climbs(small, later, effort, _SMOOTH)
        report, points = np.concatenate([report, more[0]]), np.concatenate([points, more[1]])
    best = _best(report)
    if not _allowed(report)[best]:
        _mend(small, report, points, best, effort)
    allowed = _allowed(report)
    agreeing = allowed & (report[:, EFFICIENCY] >= 0.999 * report[best, EFFICIENCY])
    evidence = {"starts": float(len(report)), "agreeing": float(agreeing.sum()) if allowed[best] else 0.0}
    beams = small.beams(points[best])
    return evaluated(problem, scheme, method, beams, int(report[:, EVALUATIONS].sum()), evidence)


def _first_climbs(
    problem: HisacProblem, scheme: Scheme, small: Reduced, warm_start: WarmStart | None, effort: Effort
) -> tuple[RealArray, RealArray]:
    if warm_start is None:
        starts = make_starts(problem, effort.starts, scheme.columns)
        if scheme.split is not Split.NONE:
            starts.append(without_common(starts[0]))
        return _climbs(small, starts, effort, _SMOOTH)
    warm = [_checked(problem, scheme, warm_start)]
    ends = [_climbs(small, warm, _STAY, _WARM_SMOOTH), _climbs(small, warm, effort, _WARM_SMOOTH)]
    if effort.warm_starts:
        ends.append(_climbs(small, make_starts(problem, effort.warm_starts, scheme.columns), effort, _SMOOTH))
    return np.concatenate([end[0] for end in ends]), np.concatenate([end[1] for end in ends])


def _checked(problem: HisacProblem, scheme: Scheme, warm_start: WarmStart) -> Beams:
    wanted = [(problem.antennas[0], 2), (problem.antennas[1], scheme.columns)]
    found = [x.shape for x in warm_start.precoders]
    if found != wanted:
        raise SolverError(f"warm_start: precoders of shapes {found}: must be {wanted}")
    w, o = warm_start.precoders
    if not (np.isfinite(w).all() and np.isfinite(o).all()):
        raise SolverError("warm_start: has a value that is not finite: all must be")
    return w, o


def _climbs(small: Reduced, starts: list[Beams], effort: Effort, smooth: float) -> tuple[RealArray, RealArray]:
    """Reports and ends of climbs."""
    points = np.array([small.vector(beams) for beams in starts])
    report = np.zeros((len(points), 5))
    climb_kernel(small.model, points, _MARGIN, smooth, _SMOOTHEST, effort.outer, effort.inner, _TOLERANCE, report)
    return report, points


def _allowed(report: RealArray) -> RealArray:
    """Which ends meet all constraints."""
    return np.asarray(report[:, LEAST_SLACK] >= 0.0)


def _best(report: RealArray) -> int:
    """The end with the greatest SEE of those that are allowed; if none is, the one that misses least."""
    allowed = _allowed(report)
    if allowed.any():
        return int(np.argmax(np.where(allowed, report[:, EFFICIENCY], -np.inf)))
    return int(np.argmax(np.where(np.isfinite(report[:, LEAST_SLACK]), report[:, LEAST_SLACK], -np.inf)))


def _mend(small: Reduced, report: RealArray, points: RealArray, best: int, effort: Effort) -> None:
    """Climb on with wider margins from an end that misses next to nothing; replaces it if that helps."""
    for margin, smoothest in _AGAIN:
        if not -10.0 * margin <= report[best, LEAST_SLACK] < 0.0:
            continue
        point, found = points[best : best + 1].copy(), np.zeros((1, 5))
        climb_kernel(small.model, point, margin, _WARM_SMOOTH, smoothest, effort.outer, effort.inner, _TOLERANCE, found)
        if found[0, LEAST_SLACK] > report[best, LEAST_SLACK]:
            found[0, EVALUATIONS] += report[best, EVALUATIONS]
            points[best], report[best] = point[0], found[0]
