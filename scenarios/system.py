"""The seam between a system and all that runs, judges and divides scenarios: what a system has to say of itself.

A system (space-air-ground, interference pairs, ...) is a package of its own. Everything outside of it knows a system
by these classes only:

    System          a scenario of the system: who there is, how they are joined, what the twins are told
    Physics         the physical world of one run: where everybody is, the entities, what is on air
    Bench           the system's half of the judge: rates of what is on air in the true channels
    Counterfactual  the system's half of the loss attribution: what its policy would have done
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, TypeVar

from scenarios.spec import Spec
from scenarios.spec_coordinated import CoordinatedSpec

if TYPE_CHECKING:
    import networkx as nx
    import pyarrow as pa

    from entities.entity import Entity
    from scenarios.record import Knowledge, Precoders, Record, Vectors
    from twin.emulation.lives import Clock
    from twin.emulation.plane import MessagePlane
    from twin.emulation.routes import IsUp, Propagation
    from twin.journal.facts import Fact
    from twin.nodes.config import CoordinationConfig, NodeConfig
    from twin.nodes.coordinator import Coordinator
    from twin.signal.arrays import Instants
    from twin.wire.messages import ComplexArray, Envelope, RealArray

S_co = TypeVar("S_co", bound=Spec, covariant=True)
C_co = TypeVar("C_co", bound=CoordinatedSpec, covariant=True)

Row = dict[str, Any]


class Physics(Protocol):
    """The physical world of one run, a function of (scenario, seed, time) and of what is on air."""

    @property
    def propagation(self) -> "Propagation":
        """Propagation delay between two sites at an instant."""

    @property
    def visible(self) -> "IsUp":
        """Whether geometry lets the link between two sites be up at an instant."""

    def entities(self, plane: "MessagePlane", run_id: str) -> "Mapping[str, Entity]":
        """The entities by name, each with its ports on the plane."""

    def age_ns(self, t_ns: int) -> int:
        """Age of the oldest measurement behind what is on air."""

    def rate(self, t_ns: int) -> float:
        """What the system aims at (`System.objective`) in bit/s/Hz, with what is on air."""


class Bench(Protocol):
    """The system's half of the judge: the only one that sees true channels and applied precoders."""

    def local(self, envelope: "Envelope") -> "ComplexArray | None":
        """What the sender would put on air without twins from this report of its own; None for other messages."""

    def rows(self, record: "Record", instants_ns: Sequence[int]) -> Iterator[Row]:
        """The rows of metrics.parquet of some instants, in order."""


class Counterfactual(Protocol):
    """The system's half of the loss attribution. Calls may come from several threads where `parallel` says so.

    A case is a row of 3 T integers for T transmitters: whose histories (places among the `Knowledge` it was made with),
    by how many ns later everything is measured, and the instants that the solve aims at.
    """

    parallel: bool

    def answers(self, cases: "Instants") -> "list[Precoders | None]":
        """What the policy sends out in each case (C, 3 T); None where the solver has no answer."""

    def rates(self, t_ns: int, answers: "Sequence[Precoders | None]") -> "RealArray":
        """The objective at an instant in the true channels with each of the answers; NaN for None."""


class System(ABC, Generic[S_co]):
    """A scenario of a system."""

    objective: ClassVar[Literal["min", "sum"]] = "min"
    """What the users' secrecy rates are combined to: the worst one, or their sum."""

    names: ClassVar[Mapping[str, str] | None] = None
    """What the rates "nominal" and "local_mrt" are called here, where these are not the usual ones."""

    def __init__(self, spec: S_co) -> None:
        self.spec = spec

    # --- before anything is built

    def check(self) -> None:
        """Refuse what is valid key by key and can't be run all the same.

        Raises:
            ScenarioError: it can't be run.
        """

    def warnings(self) -> Iterator[str]:
        """What a person should know before a scenario is run: it can be run all the same."""
        yield from ()

    @property
    def coordinator(self) -> str | None:
        """The twin that solves for all transmitters; None where every transmitter's twin solves for itself."""
        return None

    @property
    @abstractmethod
    def transmitters(self) -> tuple[str, ...]:
        """Who puts precoders on air."""

    @property
    def ports(self) -> tuple[str, ...]:
        """Every address in the physical world: the entities', and further ones of theirs."""
        return self.spec.entities

    def powers_mw(self) -> dict[str, float]:
        """Power budget of each transmitter in mW."""
        return {}

    def shape(self, transmitter: str) -> tuple[int, ...]:  # noqa: ARG002 - the interface of all systems
        """Shape of a transmitter's precoder: (N,), or (N, streams)."""
        return (-1,)

    @property
    def loop_ns(self) -> int:
        """Period of the control loop in ns: of reports, or of solves."""
        return self.spec.report.period_ns

    @property
    def slowness(self) -> int:
        """By how much fewer samples are divided than could be: a slow solver may need it."""
        return 1

    # --- network and twins

    @abstractmethod
    def graph(self) -> "nx.Graph[str]":
        """The network graph with `LinkParams` on every edge."""

    @abstractmethod
    def sites(self) -> dict[str, str]:
        """The site of every port and twin."""

    @abstractmethod
    def ways(self) -> Iterable[tuple[str, frozenset[str]]]:
        """Sites that must have a way to a site, at the start of some epoch of routes at least: (goal, senders)."""

    @abstractmethod
    def node_configs(self, ranks: Mapping[str, int]) -> "dict[str, NodeConfig]":
        """The configuration of every twin, by name."""

    def clocks(self) -> "dict[str, Clock]":
        """The clocks with which twins begin each life."""
        return {}

    @property
    def strike_ns(self) -> int:
        """Least time in ns between two strikes of the clock of a twin that does not crash."""
        return 1

    def talks(self) -> Mapping[str, tuple[str, ...]] | None:
        """Whom every port writes to, where geometry moves no route; None where it may, or where that is not said."""
        return None

    # --- the run, and the judgement

    @abstractmethod
    def physics(self, seed: int) -> Physics:
        """The physical world of a run."""

    @abstractmethod
    def bench(self, seed: int, jobs: int) -> Bench:
        """The system's half of the judge; `jobs` threads may be used and change no number."""

    @property
    def quantities(self) -> tuple[str, ...]:
        """Further columns of metrics.parquet, numbers: what the system has besides secrecy."""
        return ()

    def summary(self, metrics: "pa.Table") -> dict[str, Any]:  # noqa: ARG002 - the interface of all systems
        """Further parts of summary.json, of its further columns."""
        return {}

    def nominal(self) -> "CoordinationConfig | None":
        """The coordinator that believes its last reports, to compare with; None where there is none, or it is that."""
        return None

    @abstractmethod
    def attribute(self, seed: int, facts: "Iterable[Fact]", metrics: "pa.Table", jobs: int) -> list[Row]:
        """The rows of attribution.parquet, one per sample that is divided. `facts` are asked for more than once."""


class CoordinatedSystem(System[C_co]):
    """A system in which one twin, the coordinator, solves for all transmitters."""

    silent: ClassVar[frozenset[str]] = frozenset({"eavesdropper"})
    """Entities that report nothing."""

    @property
    def coordinator(self) -> str:
        """The twin that solves."""
        return self.spec.twin.coordinator

    @property
    def loop_ns(self) -> int:
        """Period of the control loop in ns: of reports, or of solves."""
        return self.spec.loop_ns

    def clocks(self) -> "dict[str, Clock]":
        """The coordinator's clock."""
        from scenarios.coordination import clocks

        return clocks(self.spec.twin)

    def ways(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Everybody who reports must reach the coordinator."""
        site_of = self.sites()
        yield site_of[self.coordinator], frozenset(site for name, site in site_of.items() if name not in self.silent)

    @abstractmethod
    def link_memories(self, coordinator: "Coordinator") -> tuple[Any, ...]:
        """What the policy knows of each transmitter's channels, for `counterfactual` to take again."""

    @abstractmethod
    def counterfactual(self, seed: int, known: "Sequence[Knowledge]", on_air: "Vectors") -> Counterfactual:
        """The policy, to be asked what it would have done: what it knew at some solves, and what was then on air."""
