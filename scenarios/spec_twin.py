"""What twins do with what they know, as far as systems have it in common."""

from typing import Annotated, Literal

from pydantic import Field

from scenarios.spec_base import Section, ms_to_ns, us_to_ns

CostUs = Annotated[float, Field(ge=1, le=60_000_000)]


class CostSection(Section):
    """Compute time of the twins in virtual time: fixed, whatever the method that computes."""

    handle: CostUs = Field(default=20.0, description="time that a twin spends on any message")
    solve: CostUs = Field(default=1000.0, description="time that a twin spends on a solve, on top")

    @property
    def handle_ns(self) -> int:
        """Cost of a message in ns."""
        return us_to_ns(self.handle)

    @property
    def solve_ns(self) -> int:
        """Cost of a solve in ns."""
        return us_to_ns(self.solve)


class TwinSection(Section):
    """What every twin has."""

    cost_us: CostSection = CostSection()


class CoordinatedTwinSection(TwinSection):
    """Twins of which one, the coordinator, solves for all transmitters."""

    coordinator: str = Field(description="twin that solves: edge:X or core:X of an entity X")
    trigger: Literal["complete", "every", "periodic"] = Field(
        default="complete",
        description="when it solves: on news from all transmitters, on every report, or every period",
    )
    period_ms: float = Field(default=10.0, ge=0.1, le=10_000, description="time between solves (trigger = periodic)")
    activation: Literal["on_arrival", "scheduled"] = Field(
        default="on_arrival",
        description="when a precoder goes on air: as it arrives, or at one instant for all",
    )
    activation_margin_ms: float = Field(
        default=10.0,
        ge=0,
        le=10_000,
        description="from the end of the solve to that instant (activation = scheduled)",
    )
    max_iterations: int = Field(
        default=10, ge=1, le=1000, description="convex problems that a solve of the reference may take"
    )

    @property
    def period_ns(self) -> int:
        """Time between solves in ns, for the periodic trigger."""
        return ms_to_ns(self.period_ms)

    @property
    def activation_margin_ns(self) -> int:
        """Time from the end of a solve to a scheduled activation in ns."""
        return ms_to_ns(self.activation_margin_ms)
