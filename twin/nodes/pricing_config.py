"""What the twins of a pair are told when they are made, besides what every twin is told (`config`)."""

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from twin.errors import InstanceError

Schedule = Literal["sequential", "simultaneous", "asynchronous"]
PriceForm = Literal["factor", "projected"]
PriceRoute = Literal["edge", "core"]
Requote = Literal["report", "update"]
AgeAware = Literal["off", "reported", "configured"]
Damping = Literal["off", "aged", "always"]
Synced = Literal["covariance", "all"]
VariantName = Literal["plug_in", "stat", "gram", "scenario"]


@dataclass(frozen=True, slots=True)
class PricingConfig:
    """How a pair's twins play.

    Attributes:
        pairs: names of all pairs, in order; a twin finds its own place among them.
        eavesdropper: name of her rows in reports of channels.
        streams: d_s, columns of Q.
        noise_streams: d_a, columns of L.
        budget_mw: P_i.
        schedule: "sequential" and "simultaneous" update at `phase_ns` in every period of a common clock, "asynchronous"
            `period_ns` after the last time by a clock of its own.
        period_ns: time between two updates of one pair.
        phase_ns: instant of the first update; in the sequential schedule the pairs' slots divide the period.
        priced: False is selfish play: the pair asks nothing and pays nothing.
        price_form: the factor for all, or projected by the channel from each that pays.
        price_route: from edge twin to edge twin, or up through the core twins and down again.
        requote: a new price whenever the receiver has reported what it hears, or only after an update.
        variant: what uncertain channels are taken for.
        inner: iterations per update.
        age_aware: whether old prices are believed less, by the Doppler spread that they name or by `doppler_hz`.
        doppler_hz: of all channels, where it is configured.
        wake_snr: receive SNR (linear) below which Q is seeded again before an update; 0: never.
        damping: whether an update goes only part of the way: never, while prices are old and channels still, always.
        damping_share: the part of the old precoders that is kept then, in [0, 1).
        synced: what of its receiver's and transmitter's reports the edge twin passes on to the core twin.
        update_ns: what an update costs on top of handling the timer.
    """

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    pairs: tuple[str, ...]
    eavesdropper: str
    streams: int
    noise_streams: int
    budget_mw: float
    schedule: Schedule
    period_ns: int
    phase_ns: int
    priced: bool
    price_form: PriceForm
    price_route: PriceRoute
    requote: Requote
    variant: VariantName
    inner: int
    age_aware: AgeAware
    doppler_hz: float
    wake_snr: float
    damping: Damping
    damping_share: float
    synced: Synced
    update_ns: int

    def __post_init__(self) -> None:
        for name in ("streams", "period_ns", "inner"):
            if getattr(self, name) < 1:
                raise InstanceError(f"{name}={getattr(self, name)}: must be >= 1")
        if not 0.0 <= self.damping_share < 1.0:
            raise InstanceError(f"damping_share={self.damping_share}: must lie in [0, 1)")


def others(config: PricingConfig, pair: str) -> tuple[str, ...]:
    """The pairs that this one plays with."""
    return tuple(name for name in config.pairs if name != pair)
