"""A scenario as validated data: frozen, strict, every key with a range, a unit and a meaning.

`Spec()` is the default scenario. `scenarios.load` reads one from TOML and `--set`, and turns what pydantic
says into one clear line. Times are in ms or s at this edge; the `_ns` properties are for inside.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from scenarios.cross_field import cross_field
from scenarios.spec_base import Point3, Section, ms_to_ns
from scenarios.spec_faults import FaultSection
from scenarios.spec_network import NetworkSection, TwinSection
from scenarios.spec_orbit import OrbitingSatelliteSection
from scenarios.spec_world import (
    BaseStationSection,
    EavesdropperSection,
    RadioSection,
    UavSection,
    UsersSection,
)
from twin.signal.sagin import RECEIVERS, TRANSMITTERS
from twin.signal.units import to_ns

RESERVED_NAMES = ("gateway",)  # sites of the network that an entity's own site must not be mistaken for


class ScenarioSection(Section):
    """What is run, and for how long."""

    name: str = Field(
        default="sagin",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$",
        description="name of the scenario, in its run folders",
    )
    duration_s: float = Field(default=10.0, ge=0.01, le=3600, description="virtual time that a run takes")

    @property
    def duration_ns(self) -> int:
        """Virtual duration in ns."""
        return to_ns(self.duration_s)


class ReportSection(Section):
    """How often entities report to their edge twins."""

    period_ms: float = Field(default=10.0, ge=0.1, le=1000, description="time between two reports of an entity")

    @property
    def period_ns(self) -> int:
        """Time between reports in ns."""
        return ms_to_ns(self.period_ms)


class MetricsSection(Section):
    """The fixed grid on which the judge looks at both worlds."""

    period_ms: float = Field(default=7.0, ge=0.1, le=60_000, description="time between two samples of the metrics")
    warmup_ms: float = Field(
        default=200.0,
        ge=0,
        le=3_600_000,
        description="time of the first sample; must be less than the duration",
    )
    age_limit_ms: float = Field(
        default=25.0, ge=0, le=3_600_000, description="age of information that counts as a violation when exceeded"
    )
    attribution: Literal["telescoping", "shapley", "none"] = Field(
        default="telescoping",
        description="how the loss is divided among the legs of the control loop: from the latest delay to the first, "
        "by the mean over all orders (five times the work), or not at all",
    )
    attribution_samples: int = Field(
        default=2000,
        ge=20,
        le=1_000_000,
        description="samples that are divided, spread evenly, where there are more; fewer with slower solvers",
    )

    @property
    def age_limit_ns(self) -> int:
        """Limit of the age in ns."""
        return ms_to_ns(self.age_limit_ms)

    @property
    def period_ns(self) -> int:
        """Time between samples in ns."""
        return ms_to_ns(self.period_ms)

    @property
    def warmup_ns(self) -> int:
        """Time of the first sample in ns."""
        return ms_to_ns(self.warmup_ms)


class Spec(Section):
    """One scenario, valid by construction."""

    scenario: ScenarioSection = ScenarioSection()
    report: ReportSection = ReportSection()
    metrics: MetricsSection = MetricsSection()
    radio: RadioSection = RadioSection()
    satellite: OrbitingSatelliteSection = OrbitingSatelliteSection()
    uav: UavSection = UavSection()
    base_station: BaseStationSection = BaseStationSection()
    users: UsersSection = UsersSection()
    eavesdropper: EavesdropperSection = EavesdropperSection()
    network: NetworkSection = NetworkSection()
    twin: TwinSection = TwinSection()
    fault: Annotated[tuple[FaultSection, ...], Field(strict=False)] = Field(
        default=(), max_length=1000, description="what goes wrong: tables with kind, twin, from_s and to_s"
    )

    unsaid: ClassVar[frozenset[str]] = frozenset({"fault"})

    @property
    def entities(self) -> tuple[str, ...]:
        """Names of all entities, bystanders last. Each has an edge twin and a core twin."""
        return (*TRANSMITTERS, *RECEIVERS, *(user.name for user in self.users.extra))

    def as_dict(self) -> dict[str, Any]:
        """The whole scenario as plain TOML and JSON types; `load.from_dict` makes an equal Spec of it."""
        return self.model_dump(mode="json")

    @model_validator(mode="after")
    def _check_warmup(self) -> Self:
        if self.metrics.warmup_ns >= self.scenario.duration_ns:
            allowed = f"must be less than scenario.duration_s, {self.scenario.duration_s * 1e3:g} ms"
            raise cross_field(("metrics", "warmup_ms"), self.metrics.warmup_ms, allowed)
        return self

    @model_validator(mode="after")
    def _check_extra_users(self) -> Self:
        taken = {*TRANSMITTERS, *RECEIVERS, *RESERVED_NAMES}
        for index, user in enumerate(self.users.extra):
            if user.name in taken:
                path = ("users", "extra", index, "name")
                raise cross_field(path, user.name, "must be a name that nothing else has")
            taken.add(user.name)
        return self

    @model_validator(mode="after")
    def _check_heights(self) -> Self:
        """Nobody is as high as the UAV: the model looks down, and no distance may be 0."""
        places: dict[tuple[str | int, ...], Point3] = {
            ("users", "positions_m", "su"): self.users.positions_m.su,
            ("users", "positions_m", "au"): self.users.positions_m.au,
            ("users", "positions_m", "gu"): self.users.positions_m.gu,
            ("eavesdropper", "position_m"): self.eavesdropper.position_m,
        }
        for index, user in enumerate(self.users.extra):
            places[("users", "extra", index, "position_m")] = user.position_m
        for path, position_m in places.items():
            if position_m[2] >= self.uav.altitude_m:
                allowed = f"must have z below uav.altitude_m, {self.uav.altitude_m:g} m"
                raise cross_field(path, position_m, allowed)
        return self

    @model_validator(mode="after")
    def _check_robust(self) -> Self:
        if self.twin.robustness != "none" and self.twin.solver != "fast":
            allowed = f'must be none or auto with twin.solver = "{self.twin.solver}": only "fast" allows for errors'
            raise cross_field(("twin", "robust"), self.twin.robust, allowed)
        return self

    @model_validator(mode="after")
    def _check_zero_forcing(self) -> Self:
        for name in TRANSMITTERS if self.twin.solver == "zf_all" else ():
            antennas = getattr(self, name).antennas
            if antennas < len(RECEIVERS):
                allowed = f'must be at least {len(RECEIVERS)} with twin.solver = "zf_all"'
                raise cross_field((name, "antennas"), antennas, allowed)
        return self

    @model_validator(mode="after")
    def _check_coordinator(self) -> Self:
        self._check_twin(("twin", "coordinator"), self.twin.coordinator)
        return self

    def _check_twin(self, path: tuple[str | int, ...], name: str) -> None:
        side, _, entity = name.partition(":")
        if side not in {"edge", "core"} or entity not in self.entities:
            names = ", ".join((*TRANSMITTERS, *RECEIVERS))
            allowed = f"must be edge:X or core:X with X an entity of the scenario ({names}"
            raise cross_field(path, name, allowed + (", ...)" if self.users.extra else ")"))

    @model_validator(mode="after")
    def _check_faults(self) -> Self:
        """A fault lasts, and a twin that is down cannot crash: it begins anew first."""
        spans: dict[str, list[FaultSection]] = {}
        for index, fault in enumerate(self.fault):
            self._check_twin(("fault", index, "twin"), fault.twin)
            if fault.to_ns <= fault.from_ns:
                raise cross_field(("fault", index, "to_s"), fault.to_s, f"must be more than from_s, {fault.from_s:g} s")
            for other in spans.setdefault(fault.twin, []):
                if fault.from_ns <= other.to_ns and other.from_ns <= fault.to_ns:
                    allowed = f"must not meet its other fault, {other.from_s:g} to {other.to_s:g} s"
                    raise cross_field(("fault", index, "from_s"), fault.from_s, allowed)
            spans[fault.twin].append(fault)
        return self
