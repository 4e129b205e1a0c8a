"""How the space-air-ground coordinator decides: predict the twelve channels, and solve for the worst user.

The solver gets the channels that the predictor expects when the precoders are in use, and their error powers; it starts
from the precoders of the solve before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import ConfigDict

from twin.nodes.policy import Decision
from twin.nodes.predictor import Prediction, Predictor, PredictorConfig
from twin.solvers.result import Solution, WarmStart
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve
from twin.solvers.synergy.uncertainty import Uncertainty
from twin.wire.messages import ComplexArray, Report
from twin.wire.packing import check_arity
from twin.wire.plain import Plain, take_array

Robust = Literal["none", "ball", "all_links", "both"]


@dataclass(frozen=True, slots=True)
class SaginPolicyConfig:
    """What the policy is told.

    `powers_mw` are the budgets in mW, in the order of the transmitters. `robust` says which errors the solver allows
    for: the ball around the eavesdropper's channels, the error powers of all links, or both.
    """

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    powers_mw: tuple[float, ...]
    solver: str
    robust: Robust
    max_iterations: int
    predictor: PredictorConfig
    problem: Literal["sagin"] = "sagin"


class SaginPolicy:
    """Predictor and solver of the space-air-ground system."""

    problem = "sagin"

    def __init__(self, config: SaginPolicyConfig) -> None:
        self.config = config
        self.method = config.solver
        self.predictor = Predictor(config.predictor)
        self._warm: WarmStart | None = None

    def note_report(self, entity: str, t_data_ns: int, report: Report) -> None:
        """Take in what was measured of an entity."""
        self.predictor.note_report(entity, t_data_ns, report)

    def decide(self, targets_ns: Sequence[int]) -> Decision:
        """Solve for the channels as they will be when the precoders are in use."""
        prediction = self.predictor.predict(targets_ns)
        solution = solve_for(self.config, prediction, self._warm)
        if solution.status == "solved":
            self._warm = solution.warm
        return Decision(
            solution.precoders, str(solution.status), solution.iterations, solution.objective, solution.violation
        )

    def state(self) -> Plain:
        """What the predictor remembers, and the warm start."""
        return self.predictor.state(), None if self._warm is None else self._warm.precoders

    def restore(self, state: object) -> None:
        """Become what another of this configuration was when it said `state`."""
        predictor, warm = check_arity(state, 2, "SaginPolicy")
        self.predictor.restore(predictor)
        self._warm = None if warm is None else WarmStart(_precoders(warm, len(self.config.powers_mw)))


def _precoders(state: object, count: int) -> tuple[ComplexArray, ...]:
    what = "SaginPolicy.warm"
    return tuple(take_array(vector, what, "<c16", (-1,)) for vector in check_arity(state, count, what))


def solve_for(config: SaginPolicyConfig, prediction: Prediction, warm_start: WarmStart | None) -> Solution:
    """What the configured solver makes of a prediction.

    Raises:
        InstanceError: the prediction makes no valid problem.
        SolverError: the solver could not.
    """
    return solve(
        SynergyProblem(prediction.channels, config.powers_mw),
        warm_start=warm_start,
        method=config.solver,
        max_iterations=config.max_iterations,
        uncertainty=uncertainty(config.robust, prediction),
    )


def uncertainty(robust: Robust, prediction: Prediction) -> Uncertainty | None:
    """What the solver is told of a prediction's errors; None for a solver that is to believe the means."""
    zero_var, zero_radius = np.zeros_like(prediction.error_var), np.zeros_like(prediction.radius)
    match robust:
        case "ball":
            return Uncertainty(zero_var, prediction.radius)
        case "all_links":
            return Uncertainty(prediction.error_var, zero_radius)
        case "both":
            return Uncertainty(prediction.fading_var, prediction.radius)
        case _:
            return None
