"""An SEE that no beams can exceed: branch and bound on Bob's and Eve's SINRs, with certificates that are checked.

Say Bob's SINR is at least b and Eve's at most x. The least power for that, over matrices of any rank and worst cases
by their chords on the optimistic side (`Cases.OUTER`; exact where e = 0), is one semidefinite program. Its multipliers
y >= 0 make a certificate: for all matrices of at most P_1max and P_2max in trace

    P >= -y'c + sum over stations of P_max min(0, lambda_min(I - sum_i y_i R_i over the station's matrices)),

whatever the solver believes of its answer. The same y serves a whole box b <= b' <= B, X <= x' <= x, as a larger b' and
a smaller x' only add semidefinite parts to the matrices on the right:

    P(b', x') >= P + y_b (b' - b) + y_x (x - x').

So the SEE in the box is at most max [log2(1 + b') - log2(1 + x')] / (P(b', x') + P_0): in x' the ratio falls and then
rises, so that an end is best, in b' it is concave over affine. Boxes are split, the most promising first, until
none promises more than the tolerance over what beams are known to reach. Where no box is left, no beams meet the
constraints.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import brentq

from twin.errors import SolverError
from twin.signal.arrays import RealArray
from twin.solvers.result import Solution, Status
from twin.solvers.rsma.ascent import model
from twin.solvers.rsma.lifted import BOB
from twin.solvers.rsma.linear import Cases
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.program import ATTEMPTS, Goal, program

TOLERANCE: Final = 0.01
"""Relative gap at which the search ends."""
MOST_BOXES: Final = 400
_FEW_BOXES: Final = 50
"""Where there are errors a gap remains anyway, and splitting soon gains little."""
_LN2: Final = float(np.log(2.0))


@dataclass(frozen=True, slots=True, eq=False)
class UpperBound:
    """What the search found.

    Attributes:
        see: an SEE in bit/s/Hz/W that no beams exceed; 0 where none meet the constraints.
        boxes: boxes looked at, one semidefinite program each.
        closed: whether `see` is within the tolerance of what is known to be reached (or no beams can exist).
    """

    see: float
    boxes: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Box:
    """SINRs of Bob in [bob, bob_most] and of Eve in [eve, eve_most]."""

    bob: float
    bob_most: float
    eve: float
    eve_most: float

    def halves(self) -> Iterator["Box"]:
        """The two halves along the side that is longer in rate."""
        bob, eve = np.sqrt((1 + self.bob) * (1 + self.bob_most)) - 1, np.sqrt((1 + self.eve) * (1 + self.eve_most)) - 1
        if (1.0 + self.bob_most) * (1.0 + self.eve) >= (1.0 + self.eve_most) * (1.0 + self.bob):
            yield replace(self, bob_most=float(bob))
            yield replace(self, bob=float(bob))
        else:
            yield replace(self, eve_most=float(eve))
            yield replace(self, eve=float(eve))


@dataclass(frozen=True, slots=True)
class Certificate:
    """Power that a box needs: at least `power_w` + `per_bob` (b' - b) + `per_eve` (x - x') in W at (b', x')."""

    power_w: float
    per_bob: float
    per_eve: float

    def see(self, box: Box, circuit_w: float) -> float:
        """The greatest SEE that this leaves possible in the box."""
        return max(self._along(box, eve, circuit_w) for eve in (box.eve, box.eve_most))

    def _along(self, box: Box, eve: float, circuit_w: float) -> float:
        """The greatest for one x', over b'. The sign of the slope is that of a function that falls with b'."""
        base = self.power_w + self.per_eve * (box.eve_most - eve) + circuit_w

        def power(bob: float) -> float:
            return base + self.per_bob * (bob - box.bob)

        def rising(bob: float) -> float:
            return power(bob) / (1.0 + bob) - self.per_bob * float(np.log1p(bob) - np.log1p(eve))

        ends = [box.bob, box.bob_most]
        if rising(box.bob) > 0.0 > rising(box.bob_most):
            ends.append(float(brentq(rising, box.bob, box.bob_most, xtol=1e-12, rtol=1e-12)))
        return max(float(np.log1p(bob) - np.log1p(eve)) / power(bob) for bob in ends) / _LN2


class Powers:
    """Certificates of boxes of one problem."""

    def __init__(self, problem: HisacProblem) -> None:
        self._problem = problem
        self._of = model(problem, Cases.OUTER, 0.0)
        self._rows = self._of.terms.rows(Cases.OUTER, np.ones(9))
        self._forms = self._of.forms(np.ones(9))
        self._budget_w = problem.power_1_w + problem.power_2_w

    def certificate(self, box: Box) -> Certificate | None:
        """What the box needs; None if no solver gave usable multipliers."""
        rows, of = self._rows, self._of
        bob = rows.bob_data - box.bob * rows.bob_interference
        eve = box.eve_most * (rows.eve_sensing + rows.eve_interference) - rows.eve_data
        matrix = np.vstack([self._forms.matrix, bob, eve])
        offset = np.r_[self._forms.offset, -box.bob, box.eve_most]
        step = of.plain_step(matrix, offset, self._budget_w)
        compiled = program(of.lifted.dims, len(offset), Goal.POWER)
        tries = (compiled.solve(step, attempt) for attempt in range(ATTEMPTS + 1))
        y = next((answer.multipliers for answer in tries if answer is not None), None)
        if y is None:
            return None
        return Certificate(self._least_power(matrix, offset, y), float(y[-2]), float(y[-1]))

    def _least_power(self, matrix: RealArray, offset: RealArray, y: RealArray) -> float:
        """The certificate's constant in W for any y >= 0."""
        left = self._of.lifted.matrices(self._forms.sent - y @ matrix)
        least = [float(np.linalg.eigvalsh(part)[0]) for part in left]
        first, second = min(0.0, *least[:2]), min(0.0, *least[2:])
        return float(-y @ offset) + first * self._problem.power_1_w + second * self._problem.power_2_w

    def first_box(self) -> Box:
        """All that can be: Bob's SINR up to all power alone on his channel, Eve's below 1, for T_e >= S_e."""
        problem = self._problem
        most = problem.power_1_w * float(np.linalg.norm(problem.channels_1[BOB])) ** 2
        least = max(problem.threshold, float(np.exp2(problem.least_secrecy)) - 1.0)
        return Box(least, max(most, least), 0.0, 1.0)

    def promise(self, box: Box) -> float:
        """The greatest SEE that the box may hold; minus infinity if it can hold nothing."""
        if np.log2(1.0 + box.bob_most) - np.log2(1.0 + box.eve) < self._problem.least_secrecy:
            return -np.inf
        found = self.certificate(box)
        if found is None:
            return np.inf
        if found.power_w > self._budget_w:
            return -np.inf
        return found.see(box, self._problem.circuit_w)


def upper_bound(
    problem: HisacProblem, reached: float = 0.0, tolerance: float = TOLERANCE, most_boxes: int = MOST_BOXES
) -> UpperBound:
    """An SEE in bit/s/Hz/W that no beams of problem P1 exceed, whatever their rank.

    It closes where errors are 0, to any tolerance; elsewhere a gap remains that no splitting closes.

    Args:
        problem: the instance.
        reached: an SEE that some beams reach, 0 if none are known: where the search may end.
        tolerance: relative gap at which it ends.
        most_boxes: semidefinite programs, at most.
    """
    if most_boxes < 1:
        raise SolverError(f"most_boxes={most_boxes}: must be >= 1")
    powers, count = Powers(problem), 1
    whole = powers.first_box()
    heap = [(-powers.promise(whole), 0, whole)]
    while True:
        best = -heap[0][0]
        if best <= reached * (1.0 + tolerance) or best == -np.inf:
            return UpperBound(max(best, reached), count, closed=True)
        if count + 2 > most_boxes:
            return UpperBound(best, count, closed=False)
        for half in heapq.heappop(heap)[2].halves():
            # What held for the whole holds for its halves.
            heapq.heappush(heap, (-min(powers.promise(half), best), count, half))
            count += 1


def certified(problem: HisacProblem, solution: Solution) -> Solution:
    """The solution with what its search for an `upper_bound` found in its evidence.

    "upper_bound" is 0 where no beams meet the constraints, which proves an infeasible one; "gap" is what the bound
    leaves possible, relative to the SEE; "boxes" counts semidefinite programs.
    """
    reached = solution.objective if solution.status is Status.SOLVED else 0.0
    certain = not (problem.errors_1.any() or problem.errors_2.any())
    found = upper_bound(problem, reached, most_boxes=MOST_BOXES if certain else _FEW_BOXES)
    evidence = {**solution.evidence, "boxes": float(found.boxes)}
    if np.isfinite(found.see):
        evidence["upper_bound"] = found.see
    if np.isfinite(found.see) and reached > 0.0:
        evidence["gap"] = found.see / reached - 1.0
    return replace(solution, evidence=evidence)
