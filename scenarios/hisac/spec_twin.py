"""What the twins of the two stations do with what they know."""

from typing import Final, Literal

from pydantic import Field

from scenarios.spec_twin import CoordinatedTwinSection

SolverName = Literal[
    "fast",
    "reference",
    "paper",
    "rsma_unicast",
    "rsma_equal_split_unicast",
    "sdma_unicast",
    "sdma_multicast",
    "sdma_literal",
    "artificial_noise",
    "no_echo_filter",
]
"""Those of `twin.solvers.rsma.solve` whose beams the emulated receivers can use; the rule is in each name.

What needs other receivers (NOMA, OMA), or an eavesdropper who removes interference, is for `solve hisac` alone.
"""


CONVEX: Final = frozenset({"reference", "paper"})
"""The slow ones: seconds each."""


class HisacTwinSection(CoordinatedTwinSection):
    """One twin makes the beams of both stations, jointly."""

    coordinator: str = Field(default="core:bs1", description="twin that solves: edge:X or core:X of an entity X")
    solver: SolverName = Field(
        default="fast", description="method that makes the beams: the fast one, the convex yardsticks, or a baseline"
    )
    robust: Literal["none", "ball", "errors"] = Field(
        default="ball",
        description="errors of Bob's and the eavesdropper's channels that the solver allows for: none, the measured "
        "bounds, or these and the deviation of the prediction",
    )
    predictor: Literal["none", "one_tap", "wiener"] = Field(
        default="wiener",
        description="what a twin makes of reports and echoes: as they are, or channels and target when in use",
    )
    taps: int = Field(default=3, ge=1, le=16, description="reports that the Wiener predictor combines")
    rate_margin: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="what the twin demands of the rates of common and private streams on top, in bit/s/Hz",
    )
    echo_margin_db: float = Field(
        default=0.0, ge=0, le=40, description="by how much the twin means the echo to exceed its threshold"
    )
    target_acceleration_mps2: float = Field(
        default=5.0, ge=1e-3, le=1e4, description="what the Kalman filter takes the target to be capable of"
    )
