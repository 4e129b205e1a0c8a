"""The convex problem of one SCA step: P3 of Yin et al. with (42)-(45), and P4 with the same constraints.

With W, F, V in units of their budgets, every line of (41b)-(41k) reads e^level <= or >= 1 + sum of received powers.
All ten are written relative to a point l~ = (x~, z~, y~, t~), i.e. divided by e^level~, and with their distance from
it as the variable, delta = level - level~; otherwise the cones are so unequal that the solver gives out:

    (41b)-(41d), (41h)-(41j)   e^delta      <= e^-l~ (1 + sum tr)     x and z, exponential cones
    (42)-(45)                  1 + delta    >= e^-l~ (1 + sum tr)     y and t, linearised
    (32), (36), (40)           phi ln 2     <= x - y + z - t

1 + delta <= e^delta for every l~, so any l~ gives an inner approximation of P2's relaxation.
"""

import warnings
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.hermitian import embedding, from_vector, power_forms
from twin.solvers.synergy.problem import Reduced

_EVE: Final = 3
_SETTINGS: Final[tuple[dict[str, Any], ...]] = (
    {"tol_gap_abs": 1e-7, "tol_gap_rel": 1e-7, "tol_feas": 1e-7, "max_iter": 100},
    {"tol_gap_abs": 1e-7, "tol_gap_rel": 1e-7, "tol_feas": 1e-7, "max_iter": 100, "equilibrate_enable": False},
)
"""Clarabel's settings: the usual ones, then those of a second attempt at the same step."""
ATTEMPTS: Final = len(_SETTINGS)
_USABLE: Final = frozenset({"optimal", "optimal_inaccurate"})


def _incidence() -> RealArray:
    """(10, 3, 4): which received powers p[j, k] enter the levels x (3), z (3), y (3) and t; eqs (28)-(39)."""
    table = np.zeros((10, 3, 4))
    for k in range(3):
        others = [j for j in range(3) if j != k]
        table[k, :, k] = 1.0
        table[3 + k, others, _EVE] = 1.0
        table[6 + k, others, k] = 1.0
    table[9, :, _EVE] = 1.0
    return table


INCIDENCE: Final[RealArray] = _incidence()


def levels(powers: RealArray) -> RealArray:
    """Levels (10,) in nat at which (41b)-(41k) are tight: x (3), z (3), y (3), t of received powers (3, 4)."""
    return np.asarray(np.log1p(np.einsum("rjk,jk->r", INCIDENCE, powers)))


class Goal(StrEnum):
    """What is optimised: the rate phi (P3), or the power in units of the budgets at a least rate (P4, eq. 46)."""

    RATE = "rate"
    POWER = "power"


class Surrogate:
    """One compiled CVXPY problem; channels and linearisation point are its parameters (DPP).

    The object holds parameter values between solves, so it is for one thread at a time. Clarabel starts cold each
    time: an answer depends on the arguments alone.
    """

    def __init__(self, dims: tuple[int, ...], goal: Goal) -> None:
        import cvxpy

        cp: Any = cvxpy
        self._dims = dims
        self._vectors: list[Any] = [cp.Variable(dim * dim) for dim in dims]
        self._forms = [cp.Parameter((10, dim * dim)) for dim in dims]
        self._noise = cp.Parameter(10, nonneg=True)
        self._offset = cp.Parameter(3)
        delta = cp.Variable(10)
        scaled = self._noise
        used = []
        constraints: list[Any] = []
        for dim, vector, form in zip(dims, self._vectors, self._forms, strict=True):
            block = cp.reshape(embedding(dim) @ vector, (2 * dim, 2 * dim), order="F")
            used.append(cp.sum(vector[:dim]))
            constraints += [block >> 0, used[-1] <= 1.0]  # (41l), (27c)-(27e)
            scaled = scaled + form @ vector
        rates = self._offset + delta[:3] + delta[3:6] - delta[6:9] - delta[9]
        constraints += [cp.constraints.ExpCone(delta[:6], np.ones(6), scaled[:6]), scaled[6:] <= 1.0 + delta[6:]]
        if goal is Goal.RATE:
            self._floor = None
            rate = cp.Variable()
            self.program = cp.Problem(cp.Maximize(rate), [*constraints, rate <= rates])
        else:
            self._floor = cp.Parameter()
            self.program = cp.Problem(cp.Minimize(sum(used)), [*constraints, self._floor <= rates])

    def solve(
        self, reduced: Reduced, point: RealArray, floor_nats: float = 0.0, attempt: int = 0
    ) -> tuple[ComplexArray, ...] | None:
        """W, F, V (d_j, d_j) in units of the budgets, projected to be feasible; None if the solver gave out.

        Args:
            reduced: the channels.
            point: the levels l~ (10,) in nat at which (42)-(45) are linearised.
            floor_nats: phi ln 2 of (46b), for the goal POWER.
            attempt: which of the solver's settings, below `ATTEMPTS`.
        """
        from cvxpy.error import SolverError as SolverGaveOut

        noise = np.exp(-point)
        for form, incidence, channels in zip(self._forms, INCIDENCE.swapaxes(0, 1), reduced.channels, strict=True):
            form.value = (noise[:, None] * incidence) @ power_forms(channels)
        self._noise.value = noise
        self._offset.value = point[:3] + point[3:6] - point[6:9] - point[9]
        if self._floor is not None:
            self._floor.value = floor_nats
        try:
            with warnings.catch_warnings():
                # An inaccurate answer is no surprise here: what it is worth is evaluated, never believed.
                warnings.simplefilter("ignore", UserWarning)
                self.program.solve(solver="CLARABEL", warm_start=False, **_SETTINGS[attempt])
        except SolverGaveOut:
            return None
        values = [vector.value for vector in self._vectors]
        if self.program.status not in _USABLE or not all(np.isfinite(value).all() for value in values):
            return None
        return tuple(_feasible(from_vector(u, dim)) for u, dim in zip(values, self._dims, strict=True))


def _feasible(matrix: ComplexArray) -> ComplexArray:
    """The matrix with its negative eigenvalues cut off and its trace scaled down to 1 where it exceeds 1."""
    values, vectors = np.linalg.eigh(matrix)
    values = np.maximum(values, 0.0)
    values = values / max(float(values.sum()), 1.0)
    return np.asarray((vectors * values) @ vectors.conj().T)


@lru_cache(maxsize=128)
def surrogate(dims: tuple[int, ...], goal: Goal) -> Surrogate:
    """The compiled problem for reduced dimensions d_j <= 4; built once per process (4^3 dimensions, 2 goals)."""
    return Surrogate(dims, goal)
