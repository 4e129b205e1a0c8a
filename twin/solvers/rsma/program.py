"""One convex step on CVXPY and Clarabel: linear forms of positive semidefinite matrices and two logarithms.

With a = received powers of `Forms.received` + 1, R_S = log(a_0 / a_1) - log(a_2 / a_3) in nat. log a_1 and log a_2 are
concave on the wrong side; their tangents at a~ give

    R = log a_0 + log a_3 - a_1 / a~_1 - a_2 / a~_2 + 2 - log a~_1 - log a~_2  <=  R_S       for every a~ > 0.

Goals, with U for the stacked matrices in W:

    EFFICIENCY   max R / (P_1 + P_2 + P_0). Concave over affine: with tau = P~ / (P_1 + P_2 + P_0), x = tau U / P~ it is
                 max tau R(U / tau), convex as it stands (Charnes and Cooper); P~ is a power that makes x of order 1.
    RATE         max R at any power within the budgets.
    SHORTFALL    min the sum of what demands lack, over the noise power, and next to it the power. Budgets hold.
    POWER        min P_1 + P_2; rows alone, no R. Its multipliers are what it is for.

Everything that changes between steps is a parameter (DPP): a program is compiled once per process and shape.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import numpy as np

from twin.signal.arrays import RealArray
from twin.solvers.hermitian import embedding, from_vector, to_vector
from twin.solvers.rsma.linear import BUDGETS

_CLARABEL: Final = {
    "solver": "CLARABEL",
    "tol_gap_abs": 1e-8,
    "tol_gap_rel": 1e-8,
    "tol_feas": 1e-8,
    "static_regularization_constant": 1e-7,
}
"""Nulls and orderings make ill-conditioned steps: with less regularisation many of them give out, few are better."""
_SETTINGS: Final[tuple[dict[str, Any], ...]] = (
    {**_CLARABEL, "equilibrate_enable": False},
    _CLARABEL,
    {**_CLARABEL, "max_step_fraction": 0.9, "min_terminate_step_length": 1e-8},
    {"solver": "SCS", "eps_abs": 1e-6, "eps_rel": 1e-6, "max_iters": 5_000},
)
"""One attempt each. Rows come scaled: Clarabel's own scaling only costs digits."""
ATTEMPTS: Final = 3
"""Those with Clarabel; the one after them, SCS, is slow and coarse and finds its way nearly always."""
_USABLE: Final = frozenset({"optimal", "optimal_inaccurate"})
_SHORTFALL_WEIGHT: Final = 1e1
"""Of one noise power lacking, next to P~: above every multiplier, so that nothing lacks where nothing must."""


_SHORT_WEIGHT: Final = 1e4
"""Of what all rows of the goal POWER may lack, so that it has an optimum, and multipliers, where they contradict."""


class Goal(StrEnum):
    """What is optimised."""

    EFFICIENCY = "efficiency"
    RATE = "rate"
    SHORTFALL = "shortfall"
    POWER = "power"


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The numbers of one step, for free matrices U in W; what is fixed has gone into the constants.

    Attributes:
        matrix: rows r (m, n) of r'U + c >= 0.
        offset: c (m,).
        received: rows (4, n) of a.
        received_offset: constants (4,) of a, 1 and what is fixed.
        point: a~ (4,) > 0; a~_0 and a~_3 only scale.
        sent: row (n,) of the power.
        sent_offset: the power in W that is not free, P_0 included.
        floor_nats: least R.
        scale_w: P~ > 0 in W.
    """

    matrix: RealArray
    offset: RealArray
    received: RealArray
    received_offset: RealArray
    point: RealArray
    sent: RealArray
    sent_offset: float
    floor_nats: float
    scale_w: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a program found.

    Attributes:
        u: the free matrices in W, their negative eigenvalues cut off.
        lacking: (m - budgets + 1,) what each demand lacks over the noise power, R_S >= I_S last; of SHORTFALL only.
        multipliers: (m,) of the rows, >= 0, in W per unit of a row; of POWER only.
    """

    u: RealArray
    lacking: RealArray | None
    multipliers: RealArray | None


class Program:
    """One compiled problem. It holds parameter values between solves, so it is for one thread at a time.

    Clarabel starts cold each time: an answer depends on the arguments alone.
    """

    def __init__(self, dims: tuple[int, ...], rows: int, goal: Goal) -> None:
        import cvxpy

        self._dims, self._goal = dims, goal
        cp: Any = cvxpy
        size = sum(dim * dim for dim in dims)
        self._x, self._tau = cp.Variable(size), cp.Variable()
        self._matrix, self._offset = cp.Parameter((rows, size)), cp.Parameter(rows)
        self._sent, self._sent_offset = cp.Parameter(size), cp.Parameter(nonneg=True)
        self._lacking = cp.Variable(rows - BUDGETS + 1, nonneg=True) if goal is Goal.SHORTFALL else None
        self._weights = cp.Parameter(rows - BUDGETS + 1, nonneg=True)
        constraints = self._definite(cp)
        slack = self._matrix @ self._x + self._offset * self._tau
        if goal is Goal.EFFICIENCY:
            constraints.append(self._sent @ self._x + self._sent_offset * self._tau == 1.0)
        else:
            constraints.append(self._tau == 1.0)
        aim: Any = -(self._sent @ self._x)
        if self._lacking is not None:
            slack = slack + cp.hstack([np.zeros(BUDGETS), self._lacking[:-1]])
        if goal is Goal.POWER:
            short = cp.Variable(nonneg=True)
            slack = slack + short * np.r_[np.zeros(BUDGETS), np.ones(rows - BUDGETS)]
            aim = aim - _SHORT_WEIGHT * short
        self._rows = slack >= 0.0
        constraints.append(self._rows)
        if goal is not Goal.POWER:
            rate, reach = self._rate(cp)
            constraints += reach
            aim = rate if self._lacking is None else aim - self._weights @ self._lacking
        self.program = cp.Problem(cp.Maximize(aim), constraints)

    def _definite(self, cp: Any) -> list[Any]:  # noqa: ANN401 - CVXPY has no types
        blocks, start = [], 0
        for dim in self._dims:
            part = self._x[start : start + dim * dim]
            blocks.append(cp.reshape(embedding(dim) @ part, (2 * dim, 2 * dim), order="F") >> 0)
            start += dim * dim
        return blocks

    def _rate(self, cp: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401
        size = sum(dim * dim for dim in self._dims)
        self._received, self._received_offset = cp.Parameter((3, size)), cp.Parameter(3)
        self._constant, self._floor = cp.Parameter(), cp.Parameter()
        logs = cp.Variable(2)
        values = self._received @ self._x + self._received_offset * self._tau
        rate = logs[0] + logs[1] - values[2] + self._constant * self._tau
        given = rate - self._floor * self._tau
        if self._lacking is not None:
            given = given + self._lacking[-1]
        cones = cp.constraints.ExpCone(logs, cp.hstack([self._tau, self._tau]), values[:2])
        return rate, [cones, given >= 0.0]

    def solve(self, step: Step, attempt: int = 0) -> Answer | None:
        """The optimum of a step; None if the solver gave out or no matrices fulfil it.

        Args:
            step: its numbers.
            attempt: which of the solvers' settings, up to `ATTEMPTS`.
        """
        from cvxpy.error import SolverError as SolverGaveOut

        scales = self._assign(step)
        try:
            with warnings.catch_warnings():
                # An inaccurate answer is no surprise here: what it is worth is evaluated, never believed.
                warnings.simplefilter("ignore", UserWarning)
                self.program.solve(warm_start=False, **_SETTINGS[attempt])
        except SolverGaveOut:
            return None
        if self.program.status not in _USABLE or not np.isfinite(self._x.value).all() or self._tau.value <= 0.0:
            return None
        return self._answer(step, scales)

    def _assign(self, step: Step) -> RealArray:
        """Parameter values; returns what the rows were divided by."""
        matrix = step.matrix * step.scale_w
        scales = np.asarray(np.maximum(np.abs(matrix).max(axis=1), np.abs(step.offset)))
        scales[scales == 0.0] = 1.0
        self._matrix.value, self._offset.value = matrix / scales[:, None], step.offset / scales
        self._sent.value, self._sent_offset.value = step.sent, step.sent_offset / step.scale_w
        if self._goal is Goal.SHORTFALL:
            self._weights.value = _SHORTFALL_WEIGHT * np.r_[scales[BUDGETS:], 1.0]
        if self._goal is not Goal.POWER:
            rows, offsets, point = step.received * step.scale_w, step.received_offset, step.point
            slopes = rows[1] / point[1] + rows[2] / point[2]
            self._received.value = np.array([rows[0] / point[0], rows[3] / point[3], slopes])
            over = offsets / point
            self._received_offset.value = np.array([over[0], over[3], over[1] + over[2]])
            logs = np.log(point)
            self._constant.value = 2.0 + logs[0] + logs[3] - logs[1] - logs[2]
            self._floor.value = step.floor_nats
        return scales

    def _answer(self, step: Step, scales: RealArray) -> Answer:
        u = positive_part(np.asarray(self._x.value) * (step.scale_w / float(self._tau.value)), self._dims)
        lacking = multipliers = None
        if self._lacking is not None:
            lacking = np.asarray(self._lacking.value) * np.r_[scales[BUDGETS:], 1.0]
        if self._goal is Goal.POWER:
            multipliers = np.maximum(np.asarray(self._rows.dual_value), 0.0) * step.scale_w / scales
        return Answer(u, lacking, multipliers)


def positive_part(u: RealArray, dims: Sequence[int]) -> RealArray:
    """The stacked matrices with their negative eigenvalues cut off."""
    parts, start = [], 0
    for dim in dims:
        values, vectors = np.linalg.eigh(from_vector(u[start : start + dim * dim], dim))
        parts.append(to_vector((vectors * np.maximum(values, 0.0)) @ vectors.conj().T))
        start += dim * dim
    return np.concatenate(parts)


@lru_cache(maxsize=32)
def program(dims: tuple[int, ...], rows: int, goal: Goal) -> Program:
    """The compiled program for matrices of these sizes and so many rows."""
    return Program(dims, rows, goal)
