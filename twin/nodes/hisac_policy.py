"""How the coordinator of the two stations decides: predict every channel and the target, and solve for both jointly.

The solver gets the channels that the predictor expects when the beams are in use; it starts from the beams of the solve
before. Where no beams meet every demand the answer is "infeasible", and what is on air stays there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from pydantic import ConfigDict

from twin.nodes.hisac_predictor import HisacPrediction, HisacPredictor, HisacPredictorConfig
from twin.nodes.policy import Decision
from twin.solvers.result import Solution, WarmStart
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.solve import solve
from twin.wire.messages import ComplexArray, RealArray, Report
from twin.wire.packing import check_arity
from twin.wire.plain import Plain, take_array

Robust = Literal["none", "ball", "errors"]

_MW_PER_W: Final = 1e3
_LARGEST_ERROR: Final = 0.9
"""A radius is at most so much of the channel's norm: a problem with a larger one has no answer, or makes no sense."""


@dataclass(frozen=True, slots=True)
class HisacPolicyConfig:
    """What the policy is told. Powers in W, of bs1 and bs2; thresholds as in `twin.solvers.rsma.problem`.

    `robust` says which errors of Bob's and Eve's channels the solver allows for: none, the balls around what was
    measured, or balls that have the deviation of the prediction's error on top.
    """

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    powers_w: tuple[float, float]
    circuit_w: float
    echo_gain: float
    threshold: float
    least_secrecy: float
    least_common: float
    least_private: float
    solver: str
    robust: Robust
    predictor: HisacPredictorConfig
    problem: Literal["hisac"] = "hisac"


class HisacPolicy:
    """Predictor and solver of the two stations."""

    problem = "hisac"

    def __init__(self, config: HisacPolicyConfig) -> None:
        self.config = config
        self.method = config.solver
        self.predictor = HisacPredictor(config.predictor)
        self._warm: WarmStart | None = None

    def note_report(self, entity: str, t_data_ns: int, report: Report) -> None:
        """Take in what was measured of an entity."""
        self.predictor.note_report(entity, t_data_ns, report)

    def decide(self, targets_ns: Sequence[int]) -> Decision:
        """Solve for the channels as they will be when the beams are in use."""
        solution = solve_for(self.config, self.predictor.predict(targets_ns), self._warm)
        if solution.status == "solved":
            self._warm = solution.warm
        return Decision(
            in_mw(solution.precoders),
            str(solution.status),
            solution.iterations,
            solution.objective,
            solution.violation,
        )

    def state(self) -> Plain:
        """What is remembered, warm start included."""
        return self.predictor.state(), None if self._warm is None else tuple(x.copy() for x in self._warm.precoders)

    def restore(self, state: object) -> None:
        """Remember what another of this configuration did when it said `state`."""
        predictor, warm = check_arity(state, 2, "HisacPolicy")
        self.predictor.restore(predictor)
        self._warm = None
        if warm is not None:
            pair = check_arity(warm, 2, "HisacPolicy.warm")
            shape = (-1, -1)
            self._warm = WarmStart(tuple(take_array(beams, "HisacPolicy.warm", "<c16", shape) for beams in pair))


def solve_for(config: HisacPolicyConfig, prediction: HisacPrediction, warm_start: WarmStart | None) -> Solution:
    """What the configured solver makes of a prediction.

    Raises:
        SolverError: the prediction makes no valid problem, or the solver could not.
    """
    radii = _radii(config.robust, prediction)
    start = None if config.solver == "paper" else warm_start  # it alternates from starts of its own
    return solve(problem_of(config, prediction.channels, radii), warm_start=start, method=config.solver)


def problem_of(
    config: HisacPolicyConfig, channels: Sequence[ComplexArray], radii: Sequence[RealArray] | None = None
) -> HisacProblem:
    """The problem of channels over sigma in sqrt(mW), as they travel, and radii (2,) of Bob and Eve; None: exact."""
    scale = np.sqrt(_MW_PER_W)
    errors = [np.zeros(2)] * 2 if radii is None else [scale * radius for radius in radii]
    return HisacProblem(
        channels_1=scale * channels[0],
        channels_2=scale * channels[1],
        errors_1=errors[0],
        errors_2=errors[1],
        power_1_w=config.powers_w[0],
        power_2_w=config.powers_w[1],
        circuit_w=config.circuit_w,
        echo_gain=config.echo_gain,
        threshold=config.threshold,
        least_secrecy=config.least_secrecy,
        least_common=config.least_common,
        least_private=config.least_private,
    )


def in_mw(beams: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
    """Beams in sqrt(W), as solvers have them, in sqrt(mW), as they travel."""
    return tuple(np.ascontiguousarray(np.sqrt(_MW_PER_W) * streams) for streams in beams)


def in_w(beams: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
    """Beams in sqrt(mW) in sqrt(W)."""
    return tuple(np.ascontiguousarray(streams / np.sqrt(_MW_PER_W)) for streams in beams)


def _radii(robust: Robust, prediction: HisacPrediction) -> list[RealArray] | None:
    """Radii (2,) of Bob's and the eavesdropper's errors, per station; None where none are allowed for."""
    if robust == "none":
        return None
    found = []
    for channels, error_var, radius in zip(*prediction, strict=True):
        rows = slice(0, len(radius))
        spread = error_var[rows] * channels.shape[1] if robust == "errors" else 0.0
        norms = np.linalg.norm(channels[rows], axis=-1)
        found.append(np.minimum(np.sqrt(radius**2 + spread), _LARGEST_ERROR * norms))
    return found
