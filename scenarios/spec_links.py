"""What a class of links may do besides queueing: lose messages in bursts, send again, fail for a time."""

from typing import Annotated, Final, Literal

from pydantic import Field

from scenarios.spec_base import Section, SpanSection, ms_to_ns
from twin.emulation.links import Arq
from twin.emulation.loss import Burst

LINK_CLASSES: Final = ("radio", "fronthaul", "backhaul", "core")

KindName = Literal["state", "csi", "sync", "share", "precoder", "ack", "command", "price", "covariance", "echo"]
Retries = Annotated[int, Field(ge=0, le=16, description="times that a lost message of this kind is sent again")]


class BurstSection(Section):
    """Losses in bursts (Gilbert-Elliott), on top of independent ones; off while nothing is lost in either state."""

    mean_good_ms: float = Field(default=1000.0, ge=0.01, le=3_600_000, description="mean time in the good state")
    mean_bad_ms: float = Field(default=10.0, ge=0.01, le=3_600_000, description="mean time in the bad state")
    loss_good: float = Field(default=0.0, ge=0, le=1, description="probability of loss in the good state")
    loss_bad: float = Field(default=0.0, ge=0, le=1, description="probability of loss in the bad state")

    @property
    def burst(self) -> Burst | None:
        """The chain; None when it loses nothing."""
        if self.loss_good == self.loss_bad == 0.0:
            return None
        return Burst(ms_to_ns(self.mean_good_ms), ms_to_ns(self.mean_bad_ms), self.loss_good, self.loss_bad)


class ArqSection(Section):
    """Retransmission: a limit for each kind of message."""

    timeout_ms: float = Field(
        default=0.0,
        ge=0,
        le=60_000,
        description="from the end of an attempt to the offer of the next; 0: a round trip over the link",
    )
    state: Retries = 0
    csi: Retries = 0
    sync: Retries = 0
    share: Retries = 0
    precoder: Retries = 0
    ack: Retries = 0
    command: Retries = 0
    price: Retries = 0
    covariance: Retries = 0
    echo: Retries = 0

    @property
    def arq(self) -> Arq:
        """The limits of the kinds that have one above 0, and the timeout."""
        limits = self.model_dump(exclude={"timeout_ms"})
        return Arq({kind: limit for kind, limit in limits.items() if limit}, ms_to_ns(self.timeout_ms))


class OutageSection(SpanSection):
    """A time in which links are down, both ways."""

    link: str = Field(max_length=200, description="class of links, or one link by its two sites")
