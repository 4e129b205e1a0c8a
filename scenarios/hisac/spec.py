"""A scenario of the two stations: what it has beside the sections of all systems."""

from typing import Self

from pydantic import Field, model_validator

from scenarios.cross_field import cross_field
from scenarios.hisac.spec_twin import HisacTwinSection
from scenarios.hisac.spec_world import (
    BobSection,
    ChannelsSection,
    CircuitSection,
    DemandsSection,
    IsacEavesdropperSection,
    IsacRadioSection,
    MulticastStationSection,
    MulticastUsersSection,
    SensingSection,
    SensingStationSection,
    TargetSection,
)
from scenarios.spec import MetricsSection, ReportSection, ScenarioSection, SystemName
from scenarios.spec_coordinated import CoordinatedSpec
from twin.signal.isac import BOB, EAVESDROPPER, STATIONS, TARGET, user_names


class HisacScenarioSection(ScenarioSection):
    """What is run, and for how long."""

    system: SystemName = Field(
        default="hisac", description="the system that is emulated, and so which sections there are"
    )


class HisacReportSection(ReportSection):
    """How often entities report to their edge twins."""

    period_ms: float = Field(default=5.0, ge=0.1, le=1000, description="time between two reports of an entity")


class HisacSpec(CoordinatedSpec):
    """Two stations, Bob, the eavesdropper, a target and users. `HisacSpec()` is its default scenario."""

    system = "hisac"

    scenario: ScenarioSection = HisacScenarioSection(name="hisac")
    report: ReportSection = HisacReportSection()
    metrics: MetricsSection = MetricsSection()
    radio: IsacRadioSection = IsacRadioSection()
    channels: ChannelsSection = ChannelsSection()
    bs1: SensingStationSection = SensingStationSection()
    bs2: MulticastStationSection = MulticastStationSection()
    bob: BobSection = BobSection()
    eavesdropper: IsacEavesdropperSection = IsacEavesdropperSection()
    target: TargetSection = TargetSection()
    sensing: SensingSection = SensingSection()
    users: MulticastUsersSection = MulticastUsersSection()
    demands: DemandsSection = DemandsSection()
    circuit: CircuitSection = CircuitSection()
    twin: HisacTwinSection = HisacTwinSection()

    @property
    def user_names(self) -> tuple[str, ...]:
        """The multicast users."""
        return user_names(len(self.users.positions_m))

    @property
    def entities(self) -> tuple[str, ...]:
        """Names of all entities. Each has an edge twin and a core twin."""
        return (*STATIONS, BOB, EAVESDROPPER, TARGET, *self.user_names)

    @model_validator(mode="after")
    def _check_demands(self) -> Self:
        """N private streams through M antennas reach SINRs x with N x / (1 + x) < min(M, N) at any power."""
        users, antennas = len(self.users.positions_m), self.bs2.columns * self.bs2.rows
        private = self.demands.private + self.twin.rate_margin
        rank = min(users, antennas)
        if users * (1.0 - 2.0**-private) >= rank:
            allowed = (
                f"contradicts {users} users at {antennas} antennas of bs2 at any power: "
                f"users (1 - 2^-private) must be below {rank}, with twin.rate_margin on top of private"
            )
            raise cross_field(("demands", "private"), self.demands.private, allowed)
        return self

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        """Nobody stands in a station: there is no gain at no distance."""
        places: dict[tuple[str | int, ...], tuple[float, float, float]] = {
            ("bob", "position_m"): self.bob.position_m,
            ("eavesdropper", "position_m"): self.eavesdropper.position_m,
            **{("users", "positions_m", index): place for index, place in enumerate(self.users.positions_m)},
        }
        for path, place in places.items():
            for name in STATIONS:
                if place == getattr(self, name).position_m:
                    raise cross_field(path, place, f"must not be where {name} stands")
        return self


SPEC = HisacSpec
