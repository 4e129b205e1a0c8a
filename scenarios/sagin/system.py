"""The space-air-ground system: what it says of itself to all that runs scenarios (`scenarios.system`).

What takes long to import is imported when it is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scenarios.sagin.satellite_pass import check_pass, warnings
from scenarios.sagin.spec import SaginSpec
from scenarios.system import CoordinatedSystem, Row
from twin.signal.sagin import TRANSMITTERS

if TYPE_CHECKING:
    import networkx as nx
    import pyarrow as pa

    from scenarios.record import Knowledge, Vectors
    from scenarios.sagin.bench import SaginBench
    from scenarios.sagin.counterfactual import SaginCounterfactual
    from scenarios.sagin.link_memory import LinkMemory
    from scenarios.sagin.physics import SaginPhysics
    from twin.journal.facts import Fact
    from twin.nodes.config import CoordinationConfig, NodeConfig
    from twin.nodes.coordinator import Coordinator

_SLOWNESS: Final = {"fast": 1, "local": 1, "mrt": 20, "zf_eve": 20, "zf_all": 20, "reference": 40}
"""These solvers take up to 200 times as long as the fastest."""


class SaginSystem(CoordinatedSystem[SaginSpec]):
    """Satellite, UAV and base station serve a user each, in secret from one eavesdropper; the worst user counts."""

    def check(self) -> None:
        """A satellite in orbit must be above its mask at some time of the run."""
        check_pass(self.spec)

    def warnings(self) -> Iterator[str]:
        """Element sets that are too old."""
        yield from warnings(self.spec)

    @property
    def transmitters(self) -> tuple[str, ...]:
        """Who puts precoders on air."""
        return TRANSMITTERS

    def powers_mw(self) -> dict[str, float]:
        """Power budget of each transmitter in mW."""
        from scenarios.sagin.configure import powers_mw

        return powers_mw(self.spec)

    @property
    def slowness(self) -> int:
        """By how much fewer samples are divided than could be."""
        return _SLOWNESS[self.spec.twin.solver]

    def graph(self) -> "nx.Graph[str]":
        """The network graph with `LinkParams` on every edge."""
        from scenarios.sagin.topology import make_graph

        return make_graph(self.spec)

    def sites(self) -> dict[str, str]:
        """The site of every entity and twin."""
        from scenarios.sagin.topology import sites

        return sites(self.spec)

    def node_configs(self, ranks: Mapping[str, int]) -> "dict[str, NodeConfig]":
        """The configuration of every twin, by name."""
        from scenarios.sagin.configure import node_configs

        return node_configs(self.spec, ranks)

    def physics(self, seed: int) -> "SaginPhysics":
        """The physical world of a run."""
        from scenarios.sagin.physics import SaginPhysics

        return SaginPhysics(self.spec, seed)

    def bench(self, seed: int, jobs: int) -> "SaginBench":
        """The judge's half of the system."""
        from scenarios.sagin.bench import SaginBench

        return SaginBench(self.spec, seed, jobs)

    def nominal(self) -> "CoordinationConfig | None":
        """The coordinator that believes its last reports; None where it does so anyway."""
        from scenarios.sagin.configure import coordination, nominal

        policy = nominal(self.spec)
        return None if policy == coordination(self.spec) else policy

    def link_memories(self, coordinator: "Coordinator") -> "tuple[LinkMemory, ...]":
        """What the predictor knows of each transmitter's channels."""
        from scenarios.sagin.link_memory import link_memory
        from twin.nodes.sagin_policy import SaginPolicy

        policy = coordinator.policy
        assert isinstance(policy, SaginPolicy)  # noqa: S101 - the coordinator was made of this system's configuration
        return tuple(link_memory(policy.predictor, name) for name in TRANSMITTERS)

    def counterfactual(self, seed: int, known: "Sequence[Knowledge]", on_air: "Vectors") -> "SaginCounterfactual":
        """The coordinator's policy, to be asked what it would have done."""
        from scenarios.sagin.counterfactual import SaginCounterfactual

        return SaginCounterfactual(self.spec, seed, known, on_air)

    def attribute(self, seed: int, facts: "Iterable[Fact]", metrics: "pa.Table", jobs: int) -> list[Row]:
        """The loss of every sample divided among the legs of the loop."""
        from scenarios.attribution import attribute

        return attribute(self, seed, facts, metrics, jobs)


SYSTEM = SaginSystem
