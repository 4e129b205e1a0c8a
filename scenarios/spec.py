"""A scenario as validated data: frozen, strict, every key with a range, a unit and a meaning.

`Spec` is what scenarios of all systems have; each system adds its own sections (`scenarios.<system>.spec`).
`scenarios.load` reads one from TOML and `--set`, and turns what pydantic says into one clear line. Times are in ms or s
at this edge; the `_ns` properties are for inside.
"""

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from scenarios.cross_field import cross_field
from scenarios.problems import Source
from scenarios.spec_base import Section, ms_to_ns
from scenarios.spec_faults import FaultSection, check_faults
from scenarios.spec_hosts import HostsSection
from scenarios.spec_network import NetworkSection
from scenarios.spec_twin import TwinSection
from twin.signal.units import to_ns

SystemName = Literal["sagin", "interference", "hisac"]


_SHOWN = 7  # entities named in an error


class ScenarioSection(Section):
    """What is run, and for how long."""

    system: SystemName = Field(
        default="sagin", description="the system that is emulated, and so which sections there are"
    )
    name: str = Field(
        default="sagin",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$",
        description="name of the scenario, in its run folders",
    )
    duration_s: float = Field(default=10.0, ge=0.01, le=3600, description="virtual time that a run takes")

    unsaid: ClassVar[frozenset[str]] = frozenset({"system"})

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
    """One scenario, valid by construction. A system's own class names the system."""

    system: ClassVar[str]

    scenario: ScenarioSection = ScenarioSection()
    report: ReportSection = ReportSection()
    metrics: MetricsSection = MetricsSection()
    network: NetworkSection = NetworkSection()
    twin: TwinSection = TwinSection()
    hosts: HostsSection = HostsSection()
    fault: Annotated[tuple[FaultSection, ...], Field(strict=False)] = Field(
        default=(),
        max_length=1000,
        description="what goes wrong: tables with kind, from_s, to_s, and what faults of that kind have",
    )

    unsaid: ClassVar[frozenset[str]] = frozenset({"fault"})

    @property
    def idle_keys(self) -> frozenset[str]:
        """How many hosts share the work is no part of what a run is."""
        return super().idle_keys | {"hosts"}

    @property
    @abstractmethod
    def entities(self) -> tuple[str, ...]:
        """Names of all entities, bystanders last. Each has an edge twin and a core twin."""

    @property
    def twins(self) -> tuple[str, ...]:
        """Every twin: an edge and a core twin of each entity."""
        return tuple(f"{side}:{entity}" for entity in self.entities for side in ("edge", "core"))

    def as_dict(self) -> dict[str, Any]:
        """The whole scenario as plain TOML and JSON types; `load.from_dict` makes an equal Spec of it."""
        return self.model_dump(mode="json")

    @classmethod
    def read_files(cls, source: Source[Self], folder: Path) -> None:
        """Put what is in files that a scenario names into its values, so that it needs no file from there on.

        Args:
            source: the values; changed.
            folder: of the scenario's file.
        """

    @model_validator(mode="after")
    def _check_system(self) -> Self:
        if self.scenario.system != self.system:
            raise cross_field(("scenario", "system"), self.scenario.system, f'must be "{self.system}" here')
        return self

    @model_validator(mode="after")
    def _check_warmup(self) -> Self:
        if self.metrics.warmup_ns >= self.scenario.duration_ns:
            allowed = f"must be less than scenario.duration_s, {self.scenario.duration_s * 1e3:g} ms"
            raise cross_field(("metrics", "warmup_ms"), self.metrics.warmup_ms, allowed)
        return self

    def check_twin(self, path: tuple[str | int, ...], name: str) -> None:
        """Refuse a name in the scenario that is no twin's."""
        if name not in self.twins:
            entities = self.entities
            names = ", ".join(entities[:_SHOWN]) + (", ..." if len(entities) > _SHOWN else "")
            raise cross_field(path, name, f"must be edge:X or core:X with X an entity of the scenario ({names})")

    @model_validator(mode="after")
    def _check_faults(self) -> Self:
        for index, fault in enumerate(self.fault):
            if fault.kind == "twin_crash":
                self.check_twin(("fault", index, "twin"), fault.twin)
        check_faults(self.fault, self.entities)
        return self
