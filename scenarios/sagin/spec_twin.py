"""What the twins of the space-air-ground system do with what they know."""

from typing import Literal

from pydantic import Field

from scenarios.spec_twin import CoordinatedTwinSection


class SaginTwinSection(CoordinatedTwinSection):
    """One twin makes the precoders of satellite, UAV and base station."""

    coordinator: str = Field(
        default="core:base_station", description="twin that solves: edge:X or core:X of an entity X"
    )
    solver: Literal["fast", "reference", "mrt", "zf_eve", "zf_all", "local"] = Field(
        default="fast", description="method that makes the precoders"
    )
    robust: Literal["auto", "none", "ball", "all_links", "both"] = Field(
        default="auto",
        description="errors that the fast solver allows for: the ball around the eavesdropper's channels, the error "
        "powers of all links, or both; auto: all_links with a predictor, else none",
    )
    predictor: Literal["none", "one_tap", "wiener"] = Field(
        default="wiener", description="what a twin makes of reports: as they are, or the channels when in use"
    )
    taps: int = Field(default=3, ge=1, le=16, description="reports that the Wiener predictor combines")

    @property
    def robustness(self) -> Literal["none", "ball", "all_links", "both"]:
        """What `robust` comes to: "auto" allows for prediction errors where a solver can."""
        if self.robust != "auto":
            return self.robust
        return "all_links" if self.solver == "fast" and self.predictor != "none" else "none"
