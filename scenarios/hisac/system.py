"""The two stations: what the system says of itself to all that runs scenarios (`scenarios.system`).

What takes long to import is imported when it is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenarios.hisac.spec import HisacSpec
from scenarios.hisac.spec_twin import CONVEX
from scenarios.system import CoordinatedSystem, Row
from twin.signal.isac import EAVESDROPPER, STATIONS, TARGET
from twin.signal.units import to_db

if TYPE_CHECKING:
    import networkx as nx
    import pyarrow as pa

    from scenarios.hisac.bench import HisacBench
    from scenarios.hisac.counterfactual import HisacCounterfactual
    from scenarios.hisac.physics import HisacPhysics
    from scenarios.record import Knowledge, Vectors
    from twin.journal.facts import Fact
    from twin.nodes.config import CoordinationConfig, NodeConfig
    from twin.nodes.coordinator import Coordinator

_SLOWNESS: Final = 10
_SLOWNESS_CONVEX: Final = 2000
"""How much longer a sample takes to divide than with the fastest solver of all systems; by the convex solvers."""


class HisacSystem(CoordinatedSystem[HisacSpec]):
    """One station senses a target and serves Bob, the other multicasts; Bob's secrecy per joule counts."""

    silent = frozenset({EAVESDROPPER, TARGET})

    @property
    def transmitters(self) -> tuple[str, ...]:
        """Who puts beams on air."""
        return STATIONS

    def powers_mw(self) -> dict[str, float]:
        """Power budget of each station in mW."""
        from scenarios.hisac.configure import powers_mw

        return powers_mw(self.spec)

    def shape(self, transmitter: str) -> tuple[int, ...]:
        """Shape of a station's beams: antennas, streams."""
        from scenarios.hisac.configure import shapes

        return shapes(self.spec)[transmitter]

    @property
    def slowness(self) -> int:
        """By how much fewer samples are divided than could be."""
        return _SLOWNESS_CONVEX if self.spec.twin.solver in CONVEX else _SLOWNESS

    def graph(self) -> "nx.Graph[str]":
        """The network graph with `LinkParams` on every edge."""
        from scenarios.hisac.topology import make_graph

        return make_graph(self.spec)

    def sites(self) -> dict[str, str]:
        """The site of every entity and twin."""
        from scenarios.hisac.topology import sites

        return sites(self.spec)

    def node_configs(self, ranks: Mapping[str, int]) -> "dict[str, NodeConfig]":
        """The configuration of every twin, by name."""
        from scenarios.hisac.configure import node_configs

        return node_configs(self.spec, ranks)

    def physics(self, seed: int) -> "HisacPhysics":
        """The physical world of a run."""
        from scenarios.hisac.physics import HisacPhysics

        return HisacPhysics(self.spec, seed)

    def bench(self, seed: int, jobs: int) -> "HisacBench":
        """The judge's half of the system."""
        from scenarios.hisac.bench import HisacBench

        return HisacBench(self.spec, seed, jobs)

    @property
    def quantities(self) -> tuple[str, ...]:
        """SEE, SCNR and the rates of the multicast."""
        from scenarios.hisac.quantities import QUANTITIES

        return QUANTITIES

    def summary(self, metrics: "pa.Table") -> dict[str, Any]:
        """The same in summary.json."""
        from scenarios.hisac.quantities import summary

        demands = self.spec.demands
        scnr_db = float(to_db(demands.threshold))
        wanted = {"scnr_db": scnr_db, "common_rate": demands.common, "private_rate": demands.private}
        return summary(metrics, wanted)

    def nominal(self) -> "CoordinationConfig | None":
        """The coordinator that believes its last reports; None where it does so anyway."""
        from scenarios.hisac.configure import coordination, nominal

        policy = nominal(self.spec)
        return None if policy == coordination(self.spec) else policy

    def link_memories(self, coordinator: "Coordinator") -> tuple[Any, ...]:
        """What the predictor knows, once for each station."""
        from twin.nodes.hisac_policy import HisacPolicy

        policy = coordinator.policy
        assert isinstance(policy, HisacPolicy)  # noqa: S101 - the coordinator was made of this system's configuration
        return (policy.predictor.state(),) * len(STATIONS)

    def counterfactual(self, seed: int, known: "Sequence[Knowledge]", on_air: "Vectors") -> "HisacCounterfactual":
        """The coordinator's policy, to be asked what it would have done."""
        from scenarios.hisac.counterfactual import HisacCounterfactual

        return HisacCounterfactual(self.spec, seed, known, on_air)

    def attribute(self, seed: int, facts: "Iterable[Fact]", metrics: "pa.Table", jobs: int) -> list[Row]:
        """The loss of Bob's secrecy rate in every sample divided among the legs of the loop."""
        from scenarios.attribution import attribute

        return attribute(self, seed, facts, metrics, jobs)


SYSTEM = HisacSystem
