"""What the twins of pairs do with what they know: whose turn it is, what a price is and how it is believed."""

from typing import Annotated, Literal

from pydantic import Field

from scenarios.spec_base import ms_to_ns
from scenarios.spec_twin import CostSection, TwinSection

CostUs = Annotated[float, Field(ge=1, le=60_000_000)]


class TurnCostSection(CostSection):
    """A turn is a few matrices of one pair."""

    solve: CostUs = Field(default=100.0, description="time that a twin spends on a turn, on top")


class PricingTwinSection(TwinSection):
    """Every pair's edge twin decides for its own pair."""

    cost_us: TurnCostSection = TurnCostSection()
    schedule: Literal["sequential", "simultaneous", "asynchronous"] = Field(
        default="sequential",
        description="turns: one pair after the other within the period, all at once, or each by a clock of its own",
    )
    period_ms: float = Field(default=10.0, ge=0.1, le=10_000, description="time between two turns of one pair")
    prices: Literal["on", "off"] = Field(
        default="on", description="whether pairs ask and pay prices; off: selfish play, every pair for itself"
    )
    price_form: Literal["factor", "projected"] = Field(
        default="factor",
        description="what is sent: one factor for all, or one for each that pays, projected by the channel from it",
    )
    price_route: Literal["edge", "core"] = Field(
        default="edge", description="way of a price: between edge twins, or up, across between core twins, and down"
    )
    requote: Literal["report", "update"] = Field(
        default="report",
        description="when a pair asks anew: as its receiver reports what it hears, or after turns",
    )
    variant: Literal["plug_in", "stat", "gram", "scenario"] = Field(
        default="gram",
        description="what uncertain channels are taken for: the estimates, with errors as noise, the same with gain "
        "from the own error, or draws of them",
    )
    inner: int = Field(default=3, ge=1, le=100, description="iterations per turn")
    age_aware: Literal["off", "reported", "configured"] = Field(
        default="reported",
        description="whether old prices are believed less: never, by the Doppler spread that they name, or by that of "
        "pairs.speed_mps",
    )
    wake_snr: float = Field(
        default=0.01,
        ge=0,
        le=100,
        description="receive SNR (linear) from which a signal that has died away begins again; 0: never",
    )
    damping: Literal["off", "aged", "always"] = Field(
        default="aged",
        description="whether a turn goes only part of the way: never, while prices are old and channels still, always",
    )
    damping_share: float = Field(
        default=0.5, ge=0, lt=1, description="share of the old precoders that is kept where turns are damped"
    )
    synced: Literal["covariance", "all"] = Field(
        default="covariance", description="which reports go on to the core twin: the receiver's alone, or all"
    )

    @property
    def period_ns(self) -> int:
        """Time between two turns of one pair in ns."""
        return ms_to_ns(self.period_ms)
