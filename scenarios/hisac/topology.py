"""Which sites there are, which links join them, and which twin lives where.

    bob - bs1 ---- edge cloud - core cloud     of the sensing station's network
     radio    fronthaul    backhaul   |  core
    userN - bs2 -- edge cloud - core cloud     of the multicast station's network

The eavesdropper and the target are attached to nothing: their twins live in the clouds of the sensing station.
"""

import math

import networkx as nx

from entities.isac_world import IsacWorld
from scenarios.hisac.spec import HisacSpec
from scenarios.sites import link_classes, twin_site
from twin.emulation.routes import Propagation
from twin.signal.isac import BOB, EAVESDROPPER, MULTICAST, SENSING, STATIONS, TARGET
from twin.signal.units import SPEED_OF_LIGHT_MPS


def home_networks(spec: HisacSpec) -> dict[str, str]:
    """The network (named by its station) in whose clouds the twins of each entity live."""
    home = {name: name for name in STATIONS}
    home.update(dict.fromkeys((BOB, EAVESDROPPER, TARGET), SENSING))
    return home | dict.fromkeys(spec.user_names, MULTICAST)


def sites(spec: HisacSpec) -> dict[str, str]:
    """The site of every entity (its own) and twin (a cloud of its home network)."""
    home = home_networks(spec)
    return {entity: entity for entity in spec.entities} | {twin: twin_site(twin, home) for twin in spec.twins}


def make_graph(spec: HisacSpec) -> "nx.Graph[str]":
    """The network graph with `LinkParams` on every edge."""
    radio, fronthaul, backhaul, core = link_classes(spec.network)
    graph: nx.Graph[str] = nx.Graph()
    for name in STATIONS:
        graph.add_edge(name, f"edge-cloud:{name}", params=fronthaul)
        graph.add_edge(f"edge-cloud:{name}", f"core-cloud:{name}", params=backhaul)
    graph.add_edge(*(f"core-cloud:{name}" for name in STATIONS), params=core)
    graph.add_edge(BOB, SENSING, params=radio)
    for user in spec.user_names:
        graph.add_edge(user, MULTICAST, params=radio)
    return graph


def propagation(spec: HisacSpec, world: IsacWorld) -> Propagation:
    """Propagation delay in ns: distance over the speed of light where both sites have a place, else 0."""
    placed = frozenset(spec.entities)

    def propagation_ns(a: str, b: str, t_ns: int) -> int:
        if a not in placed or b not in placed:
            return 0
        pairs = zip(world.position_m(a, t_ns).tolist(), world.position_m(b, t_ns).tolist(), strict=True)
        return round(math.sqrt(sum((p - q) ** 2 for p, q in pairs)) / SPEED_OF_LIGHT_MPS * 1e9)

    return propagation_ns
