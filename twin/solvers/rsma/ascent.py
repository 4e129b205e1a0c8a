"""Sequential convex programs over the lifted problem: each step raises the SEE of the matrices it starts from.

A step linearises at a point: the powers a~ of the two logarithms and the slopes of the worst cases. Any point gives an
inner approximation, so besides the last iterate's own we look ahead along the last step, in logarithms, as long as
the value rises: the plain iteration converges linearly, and slowly at the end. Values are evaluated, not believed; an
answer that does not raise them is thrown away and the next step is the plain one, which cannot fall.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from twin.signal.arrays import RealArray
from twin.signal.hisac import Reception
from twin.solvers.rsma.lifted import Lifted, lifted
from twin.solvers.rsma.linear import MARGIN, STEEPEST, Cases, Forms, Terms, forms, terms
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.program import ATTEMPTS, Answer, Goal, Step, program

_EXCESS: Final = 1e-4
"""What an iterate may lack in a row, relative to the row's largest part: what solvers leave, and balancing mends."""
_LACKING: Final = 1e-4
"""What all demands together may lack over the noise power and still count as met: the margins cover as much."""
_MOST_SHORTFALLS: Final = 12
_MENDED: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Where a step is linearised: a~ (4,) of `Step`, slopes (9,) of `Terms`."""

    received: RealArray
    slopes: RealArray

    def beyond(self, before: "Point", look: float, steepest: float) -> "Point":
        """This point moved on by `look` times its distance from another, in logarithms; slopes within their bounds."""
        return Point(
            self.received * (self.received / before.received) ** look,
            np.clip(self.slopes * (self.slopes / before.slopes) ** look, 1.0 / steepest, steepest),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A lifted problem under one choice of linear worst cases."""

    lifted: Lifted
    terms: Terms
    cases: Cases = Cases.TANGENT
    margin: float = MARGIN
    steepest: float = STEEPEST
    toll: RealArray | None = None
    """Row (n,) of what is added to the power, in W; None for nothing."""

    def forms(self, slopes: RealArray) -> Forms:
        """Rows and received powers, linearised at these slopes."""
        found = forms(self.lifted, self.terms.rows(self.cases, slopes), self.margin)
        return found if self.toll is None else replace(found, sent=found.sent + self.toll)

    def reception(self, u: RealArray) -> Reception:
        """Worst cases of the matrices u."""
        if self.cases is Cases.TANGENT:
            return self.terms.exact(u)
        return Reception(*(np.array(self.terms.rows(self.cases, np.ones(9))) @ u))

    def point(self, u: RealArray) -> Point:
        """The point at which linear forms are exact for u."""
        heard = self.reception(u)
        bob, eve = heard.bob_interference + 1.0, heard.eve_sensing + heard.eve_interference + 1.0
        received = np.array([heard.bob_data + bob, bob, heard.eve_data + eve, eve])
        return Point(np.maximum(received, 1e-9), self.terms.slopes(u, self.steepest))

    def secrecy_nats(self, u: RealArray) -> float:
        """R_S ln 2 of the matrices, not clipped."""
        logs = np.log(self.point(u).received)
        return float(logs[0] - logs[1] - logs[2] + logs[3])

    def power_w(self, u: RealArray) -> float:
        """P_1 + P_2 + P_0, and the toll."""
        sent = sum(self.lifted.sent((stream,)) @ u for stream in self.all_streams())
        return float(sent + (0.0 if self.toll is None else self.toll @ u)) + self._circuit

    @property
    def _circuit(self) -> float:
        return self.lifted.problem.circuit_w

    def value(self, u: RealArray) -> float:
        """SEE of the matrices in nat/s/Hz/W."""
        return self.secrecy_nats(u) / self.power_w(u)

    def excess(self, u: RealArray) -> float:
        """Worst lack of a constraint, relative to the largest part of its row; <= 0 when all hold."""
        found = self.forms(self.terms.slopes(u, self.steepest))
        parts = np.abs(found.matrix * u).max(axis=1) + np.abs(found.offset)
        lack = -(found.matrix @ u + found.offset) / np.maximum(parts, 1e-12)
        floor = np.log(2.0) * self.lifted.problem.least_secrecy - self.secrecy_nats(u)
        return float(max(lack.max(), floor))

    def step(self, point: Point, u: RealArray, free: Sequence[int]) -> Step:
        """The step at a point, with the matrices outside `free` held as they are in u."""
        found = self.forms(point.slopes)
        columns = np.concatenate([np.arange(self.lifted.size)[self.lifted.place(stream)] for stream in free])
        held = np.array(u)
        held[columns] = 0.0
        return Step(
            matrix=found.matrix[:, columns],
            offset=found.offset + found.matrix @ held,
            received=found.received[:, columns],
            received_offset=1.0 + found.received @ held,
            point=point.received,
            sent=found.sent[columns],
            sent_offset=self._circuit + float(found.sent @ held),
            floor_nats=float(np.log(2.0)) * self.lifted.problem.least_secrecy * (1.0 + self.margin),
            scale_w=self.power_w(u),
        )

    def plain_step(self, matrix: RealArray, offset: RealArray, scale_w: float) -> Step:
        """A step of the goal POWER: rows alone, all matrices free."""
        none = np.zeros((4, self.lifted.size))
        sent = sum(self.lifted.sent((stream,)) for stream in self.all_streams())
        return Step(matrix, offset, none, np.ones(4), np.ones(4), np.asarray(sent), 0.0, 0.0, scale_w)

    def solve(
        self, goal: Goal, point: Point, u: RealArray, free: Sequence[int], attempt: int = 0
    ) -> tuple[RealArray, Answer] | None:
        """All matrices after one convex program over the free ones, and its answer; None if it gave out."""
        step = self.step(point, u, free)
        dims = tuple(self.lifted.dims[stream] for stream in free)
        answer = program(dims, len(step.offset), goal).solve(step, attempt)
        if answer is None:
            return None
        full, start = np.array(u), 0
        for stream, dim in zip(free, dims, strict=True):
            full[self.lifted.place(stream)] = answer.u[start : start + dim * dim]
            start += dim * dim
        return full, answer

    def all_streams(self) -> tuple[int, ...]:
        """Every matrix is free."""
        return tuple(range(len(self.lifted.dims)))


def model(problem: HisacProblem, cases: Cases = Cases.TANGENT, margin: float = MARGIN) -> Model:
    """The lifted problem with its terms."""
    lifted_problem = lifted(problem)
    return Model(lifted_problem, terms(lifted_problem), cases, margin)


@dataclass(frozen=True, slots=True, eq=False)
class Ascent:
    """Where an ascent ended: matrices, the SEE after each program in nat/s/Hz/W, how many were thrown away."""

    u: RealArray
    history: tuple[float, ...]
    restarts: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How long an ascent goes on.

    Attributes:
        programs: convex programs, at most.
        tolerance: it ends when `window` programs together raised the value by less than this share of it.
        window: see there.
        longest_look: how far a step may look ahead, in steps; 0 for the plain iteration.
    """

    programs: int
    tolerance: float
    window: int = 3
    longest_look: float = 16.0


def ascend(of: Model, u: RealArray, free: Sequence[int], pace: Pace) -> Ascent:
    """Steps from matrices that fulfil the constraints; `history` never falls.

    Args:
        of: the model.
        u: where to begin.
        free: which matrices move.
        pace: how long.
    """
    here = before = of.point(u)
    history, look, attempt, restarts = [of.value(u) if of.excess(u) <= _EXCESS else -np.inf], 0.0, 0, 0
    while len(history) <= pace.programs and not _settled(history, pace):
        found = of.solve(Goal.EFFICIENCY, here.beyond(before, look, of.steepest), u, free, attempt)
        if found is not None and of.excess(found[0]) <= _EXCESS:
            value = of.value(found[0])
            if value > history[-1]:
                u, before, here = found[0], here, of.point(found[0])
                look, attempt = min(max(2.0 * look, 1.0), pace.longest_look), 0
                history.append(value)
                continue
        history.append(history[-1])
        restarts += 1
        if look == 0.0 and attempt + 1 == ATTEMPTS:
            break
        attempt = 0 if look > 0.0 else attempt + 1
        look = 0.0
    return Ascent(u, tuple(history), restarts)


def _settled(history: Sequence[float], pace: Pace) -> bool:
    if len(history) <= pace.window:
        return False
    return history[-1] - history[-1 - pace.window] < pace.tolerance * abs(history[-1])


def meet(of: Model, u: RealArray, free: Sequence[int]) -> tuple[RealArray, float, int]:
    """Matrices that lack least from these on: they, what they lack together over the noise power, programs taken.

    At e = 0 all but R_S >= I_S is linear in the matrices, and one program tells what can be met; where tangents stand
    for worst cases, each program starts from where the last one ended, until nothing lacks or nothing gets better.
    """
    lacks = np.inf
    for count in range(1, _MOST_SHORTFALLS + 1):
        tries = (of.solve(Goal.SHORTFALL, of.point(u), u, free, attempt) for attempt in range(ATTEMPTS + 1))
        found = next((answer for answer in tries if answer is not None), None)
        if found is None or found[1].lacking is None:
            return u, lacks, count
        u, now = found[0], float(found[1].lacking.sum())
        if now <= _LACKING:
            return u, 0.0, count
        if now > lacks * (1.0 - _MENDED):
            return u, now, count
        lacks = now
    return u, lacks, _MOST_SHORTFALLS
