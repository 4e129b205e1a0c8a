"""Which sites there are, which links join them, and which twin lives where.

    receiver 1 - transmitter 1 -------- edge cloud 1 ------- core cloud 1
              radio            fronthaul      | edge   backhaul    | core   (each two pairs)
    receiver 2 - transmitter 2 -------- edge cloud 2 ------- core cloud 2

Each pair has an edge and a core cloud of its own. The edge clouds are joined pairwise, and so are the core clouds. What
a receiver reports reaches its edge twin over the radio link and its transmitter. The eavesdropper is attached to
nothing.
"""

from itertools import combinations

import networkx as nx

from entities.pairs_params import receiver_of
from entities.pairs_world import PairsWorld
from scenarios.interference.spec import EAVESDROPPER, InterferenceSpec
from scenarios.sites import link_classes, twin_site
from twin.emulation.routes import Propagation
from twin.signal.units import SPEED_OF_LIGHT_MPS


def ports(spec: InterferenceSpec) -> tuple[str, ...]:
    """Every address in the physical world: both ends of each pair, and the eavesdropper."""
    return (*spec.entities, *map(receiver_of, spec.pair_names))


def sites(spec: InterferenceSpec) -> dict[str, str]:
    """The site of every end (its own) and twin (a cloud of its pair)."""
    home = {name: name for name in spec.pair_names}
    return {port: port for port in ports(spec)} | {twin: twin_site(twin, home) for twin in spec.twins}


def make_graph(spec: InterferenceSpec) -> "nx.Graph[str]":
    """The network graph with `LinkParams` on every edge."""
    radio, fronthaul, backhaul, core, edge = link_classes(spec.network)
    graph: nx.Graph[str] = nx.Graph()
    for name in spec.pair_names:
        graph.add_edge(name, receiver_of(name), params=radio)
        graph.add_edge(name, f"edge-cloud:{name}", params=fronthaul)
        graph.add_edge(f"edge-cloud:{name}", f"core-cloud:{name}", params=backhaul)
    for a, b in combinations(spec.pair_names, 2):
        graph.add_edge(f"edge-cloud:{a}", f"edge-cloud:{b}", params=edge)
        graph.add_edge(f"core-cloud:{a}", f"core-cloud:{b}", params=core)
    graph.add_node(EAVESDROPPER)
    return graph


def propagation(world: PairsWorld) -> Propagation:
    """Propagation delay in ns: distance over the speed of light between the ends of a pair, else 0.

    A link's `latency_ms` stands for everything else: processing, framing, and the way of a wire.
    """
    radio = {(name, receiver_of(name)) for name in world.params.names}
    radio |= {(receiver, name) for name, receiver in radio}

    def propagation_ns(a: str, b: str, t_ns: int) -> int:
        if (a, b) not in radio:
            return 0
        return round(world.distance_m(a, b, t_ns) / SPEED_OF_LIGHT_MPS * 1e9)

    return propagation_ns
