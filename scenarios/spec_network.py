"""The network's links in a scenario."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from scenarios.cross_field import cross_field
from scenarios.spec_base import Section, ms_to_ns
from scenarios.spec_links import LINK_CLASSES, ArqSection, BurstSection, KindName, OutageSection

LatencyMs = Annotated[
    float, Field(ge=0, le=10_000, description="fixed latency; way over the distance and jitter come on top")
]
JitterMs = Annotated[
    float,
    Field(ge=0, le=10_000, description="mean of the exponential jitter, which is cut at ten times that"),
]
RateMbps = Annotated[float, Field(ge=0.001, le=1_000_000, description="rate that a message is serialised at")]


class LinkSection(Section):
    """One class of links. The subclasses carry the defaults, so that a partial section keeps its own."""

    latency_ms: LatencyMs
    jitter_ms: JitterMs
    rate_mbps: RateMbps
    loss: float = Field(default=0.0, ge=0, le=1, description="probability that the link loses a message")
    queue_max: int = Field(
        default=1000, ge=1, le=1_000_000, description="messages waiting or in service; one more is dropped"
    )
    loss_burst: BurstSection = BurstSection()
    priority: Annotated[tuple[KindName, ...], Field(strict=False)] = Field(
        default=(), max_length=16, description="kinds of message that go first, the most urgent first; others after"
    )
    arq: ArqSection = ArqSection()

    unsaid: ClassVar[frozenset[str]] = frozenset({"loss_burst", "priority", "arq"})

    @property
    def latency_ns(self) -> int:
        """Fixed latency in ns."""
        return ms_to_ns(self.latency_ms)

    @property
    def jitter_ns(self) -> int:
        """Mean jitter in ns."""
        return ms_to_ns(self.jitter_ms)

    @property
    def rate_bps(self) -> float:
        """Rate in bit/s."""
        return self.rate_mbps * 1e6


class RadioLink(LinkSection):
    """Over the air: user to transmitter, satellite to gateway, UAV to ground station."""

    latency_ms: LatencyMs = 1.0
    jitter_ms: JitterMs = 0.1
    rate_mbps: RateMbps = 50.0


class FronthaulLink(LinkSection):
    """Base station, gateway or ground station to its edge cloud."""

    latency_ms: LatencyMs = 0.5
    jitter_ms: JitterMs = 0.05
    rate_mbps: RateMbps = 1000.0


class BackhaulLink(LinkSection):
    """Edge cloud to core cloud."""

    latency_ms: LatencyMs = 2.0
    jitter_ms: JitterMs = 0.2
    rate_mbps: RateMbps = 1000.0


class CoreLink(LinkSection):
    """Between the core clouds of two networks."""

    latency_ms: LatencyMs = 1.0
    jitter_ms: JitterMs = 0.1
    rate_mbps: RateMbps = 10_000.0


class NetworkSection(Section):
    """The four classes of links between entities, edge twins and core twins, and when links are down."""

    radio: RadioLink = RadioLink()
    fronthaul: FronthaulLink = FronthaulLink()
    backhaul: BackhaulLink = BackhaulLink()
    core: CoreLink = CoreLink()
    outage: Annotated[tuple[OutageSection, ...], Field(strict=False)] = Field(
        default=(), max_length=1000, description="scheduled outages: tables with link, from_s and to_s"
    )

    unsaid: ClassVar[frozenset[str]] = frozenset({"outage"})

    @property
    def classes(self) -> dict[str, LinkSection]:
        """The sections of the classes of links by name."""
        return {name: getattr(self, name) for name in LINK_CLASSES}

    @model_validator(mode="after")
    def _check_priorities(self) -> Self:
        for name, section in self.classes.items():
            if len(set(section.priority)) < len(section.priority):
                raise cross_field(("network", name, "priority"), section.priority, "must name a kind once only")
        return self

    @model_validator(mode="after")
    def _check_outages(self) -> Self:
        for index, outage in enumerate(self.outage):
            if outage.to_ns <= outage.from_ns:
                path = ("network", "outage", index, "to_s")
                raise cross_field(path, outage.to_s, f"must be more than from_s, {outage.from_s:g} s")
        return self
