"""A scenario of transmitter-receiver pairs: what it has beside the sections of all systems."""

from typing import Self

from pydantic import Field, model_validator

from scenarios.cross_field import cross_field
from scenarios.interference.spec_twin import PricingTwinSection
from scenarios.interference.spec_world import PairsEavesdropperSection, PairsRadioSection, PairsSection
from scenarios.spec import Spec
from scenarios.spec_network import JitterMs, LatencyMs, LinkSection, NetworkSection, RateMbps
from twin.errors import ScenarioError
from twin.wire.fields import MAX_RECEIVERS

EAVESDROPPER = "eavesdropper"
LEAST_SLOT_NS = 1000
"""Least time between the turns of two pairs."""


class EdgeLink(LinkSection):
    """Between the edge clouds of two pairs."""

    latency_ms: LatencyMs = 1.0
    jitter_ms: JitterMs = 0.1
    rate_mbps: RateMbps = 1000.0


class PairsNetworkSection(NetworkSection):
    """The links of all systems, and those between edge clouds."""

    edge: EdgeLink = EdgeLink()

    @property
    def classes(self) -> dict[str, LinkSection]:
        """The sections of the classes of links by name."""
        return super().classes | {"edge": self.edge}


class InterferenceSpec(Spec):
    """K pairs and an eavesdropper. `InterferenceSpec()` names another system: a file says which it is of."""

    system = "interference"

    pairs: PairsSection = PairsSection()
    radio: PairsRadioSection = PairsRadioSection()
    eavesdropper: PairsEavesdropperSection = PairsEavesdropperSection()
    network: PairsNetworkSection = PairsNetworkSection()
    twin: PricingTwinSection = Field(default=PricingTwinSection())

    @property
    def pair_names(self) -> tuple[str, ...]:
        """The names of the pairs, in order."""
        return tuple(f"pair{number}" for number in range(1, self.pairs.count + 1))

    @property
    def entities(self) -> tuple[str, ...]:
        """The pairs, each one entity with two ends, and the eavesdropper."""
        return (*self.pair_names, EAVESDROPPER)

    @property
    def twins(self) -> tuple[str, ...]:
        """An edge and a core twin of each pair. What pairs sense of the eavesdropper stays with their own twins."""
        return tuple(f"{side}:{name}" for name in self.pair_names for side in ("edge", "core"))

    @model_validator(mode="after")
    def _check_streams(self) -> Self:
        pairs = self.pairs
        if pairs.streams + pairs.noise_streams > pairs.transmit_antennas:
            allowed = f"must be at most pairs.transmit_antennas = {pairs.transmit_antennas} with pairs.noise_streams"
            found = f"{pairs.streams} + {pairs.noise_streams}"
            raise cross_field(("pairs", "streams"), pairs.streams, f"{allowed} ({found})")
        return self

    @model_validator(mode="after")
    def _check_rows(self) -> Self:
        """A transmitter's report has a row for every antenna that hears it."""
        rows = self.pairs.count * self.pairs.receive_antennas + self.eavesdropper.antennas
        if rows > MAX_RECEIVERS:
            found = f"{self.pairs.count} times that, and {self.eavesdropper.antennas} of the eavesdropper, are {rows}"
            allowed = f"must leave a report at most {MAX_RECEIVERS} rows: {found}"
            raise cross_field(("pairs", "receive_antennas"), self.pairs.receive_antennas, allowed)
        return self

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        places = self.pairs.place
        if places and len(places) != self.pairs.count:
            allowed = f"must have pairs.count = {self.pairs.count} tables, or none"
            raise cross_field(("pairs", "place"), len(places), allowed)
        return self

    @model_validator(mode="after")
    def _check_slots(self) -> Self:
        least_ms = LEAST_SLOT_NS * self.pairs.count / 1e6
        if self.twin.schedule == "sequential" and self.twin.period_ns < LEAST_SLOT_NS * self.pairs.count:
            allowed = f"must be at least {least_ms:g} ms, 1 us for every pair in turn"
            raise cross_field(("twin", "period_ms"), self.twin.period_ms, allowed)
        return self


SPEC = InterferenceSpec


def only_interference(spec: Spec) -> InterferenceSpec:
    """The scenario, if it is one of this system.

    Raises:
        ScenarioError: it is another system's.
    """
    if not isinstance(spec, InterferenceSpec):
        raise ScenarioError(f'scenario.system = "{spec.system}": must be "interference" here')
    return spec
