"""The system of pairs: what it says of itself to all that runs scenarios (`scenarios.system`).

What takes long to import is imported when it is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from scenarios.interference.spec import InterferenceSpec
from scenarios.system import Row, System

if TYPE_CHECKING:
    import networkx as nx
    import pyarrow as pa

    from scenarios.interference.bench import InterferenceBench
    from scenarios.interference.physics import InterferencePhysics
    from twin.emulation.lives import Clock
    from twin.journal.facts import Fact
    from twin.nodes.config import NodeConfig


class InterferenceSystem(System[InterferenceSpec]):
    """Pairs in one band, each decided for by its own edge twin; the sum of their secrecy rates counts."""

    objective = "sum"
    names: ClassVar[Mapping[str, str]] = {"nominal": "selfish, fresh", "local_mrt": "local start"}

    @property
    def transmitters(self) -> tuple[str, ...]:
        """Who puts precoders on air."""
        return self.spec.pair_names

    def powers_mw(self) -> dict[str, float]:
        """Power budget of each transmitter in mW."""
        from scenarios.interference.configure import power_mw

        return dict.fromkeys(self.transmitters, power_mw(self.spec))

    @property
    def ports(self) -> tuple[str, ...]:
        """Both ends of each pair, and the eavesdropper."""
        from scenarios.interference.topology import ports

        return ports(self.spec)

    def shape(self, transmitter: str) -> tuple[int, ...]:  # noqa: ARG002 - all pairs are of one kind
        """Shape of [Q L]: (N_T, d_s + d_a)."""
        pairs = self.spec.pairs
        return (pairs.transmit_antennas, pairs.streams + pairs.noise_streams)

    @property
    def loop_ns(self) -> int:
        """Period of a pair's turns in ns."""
        return self.spec.twin.period_ns

    @property
    def slowness(self) -> int:
        """A round of turns has K (K - 1) prices in it."""
        return min(max(self.spec.pairs.count**2, 1), 80)

    def graph(self) -> "nx.Graph[str]":
        """The network graph with `LinkParams` on every edge."""
        from scenarios.interference.topology import make_graph

        return make_graph(self.spec)

    def sites(self) -> dict[str, str]:
        """The site of every end and twin."""
        from scenarios.interference.topology import sites

        return sites(self.spec)

    def ways(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Every edge twin must be reached by both ends of its pair and by the edge twins of the others."""
        site_of = self.sites()
        clouds = frozenset(site_of[f"edge:{name}"] for name in self.spec.pair_names)
        for name in self.spec.pair_names:
            yield site_of[f"edge:{name}"], clouds | {site_of[name], site_of[f"rx:{name}"]}

    def node_configs(self, ranks: Mapping[str, int]) -> "dict[str, NodeConfig]":
        """The configuration of every twin, by name."""
        from scenarios.interference.configure import node_configs

        return node_configs(self.spec, ranks)

    def clocks(self) -> "dict[str, Clock]":
        """Every edge twin's clock."""
        from scenarios.interference.configure import phase_ns
        from twin.emulation.lives import Clock
        from twin.nodes.pricing import UPDATE_TIMER

        names = enumerate(self.spec.pair_names)
        return {f"edge:{name}": Clock(UPDATE_TIMER, phase_ns(self.spec, index)) for index, name in names}

    @property
    def strike_ns(self) -> int:
        """Two turns of a pair are never closer than a period."""
        return self.spec.twin.period_ns

    def talks(self) -> Mapping[str, tuple[str, ...]]:
        """Both ends of a pair write to its edge twin. Only receivers move, whose one link is to their transmitter."""
        from entities.pairs_params import receiver_of

        pairs = self.spec.pair_names
        return {end: (f"edge:{name}",) for name in pairs for end in (name, receiver_of(name))}

    def physics(self, seed: int) -> "InterferencePhysics":
        """The physical world of a run."""
        from scenarios.interference.physics import InterferencePhysics

        return InterferencePhysics(self.spec, seed)

    def bench(self, seed: int, jobs: int) -> "InterferenceBench":
        """The judge's half of the system."""
        from scenarios.interference.bench import InterferenceBench

        return InterferenceBench(self.spec, seed, jobs)

    def attribute(self, seed: int, facts: "Iterable[Fact]", metrics: "pa.Table", jobs: int) -> list[Row]:
        """The loss of every sample divided among the legs of the loops (`scenarios.interference.attribution`)."""
        from scenarios.interference.attribution import attribute

        return attribute(self.spec, seed, facts, metrics, jobs)


SYSTEM = InterferenceSystem
