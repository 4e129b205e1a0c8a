"""Which sites there are, which links join them, and which twin lives where.

    su - satellite - gateway ------- edge cloud - core cloud     of the satellite's network
              |   radio     fronthaul         backhaul   |  core (each pair)
    au ----- uav - ground station -- edge cloud - core cloud     of the UAV's network
              |                                          |
    gu - base station -------------- edge cloud - core cloud     of the base station's network

Each of the three networks has an edge and a core cloud of its own; the core clouds are joined pairwise. The UAV has
radio links to the satellite and to the base station, for what they say to each other and nothing in transit. The
eavesdropper is attached to nothing: her twins live in the base station's clouds. A satellite in orbit may have several
gateways, each with a fronthaul link to the one edge cloud, and is seen from the ground above its mask only.
"""

import math
from dataclasses import replace
from itertools import combinations
from typing import Final

import networkx as nx

from entities.mobility.frames import great_circle_m
from entities.world import World
from scenarios.sagin.satellite_pass import GATEWAY, gateway_names
from scenarios.sagin.spec import SaginSpec
from scenarios.sites import link_classes, twin_site
from twin.emulation.routes import IsUp, Propagation, always_up
from twin.signal.sagin import EAVESDROPPER, SERVES, TRANSMITTERS
from twin.signal.units import SPEED_OF_LIGHT_MPS

GROUND_STATION: Final = "ground-station"

_GROUND_SITES: Final = {GATEWAY: (0.0, 0.0, 0.0), GROUND_STATION: (0.0, 0.0, 0.0)}
_SATELLITE_EDGE: Final = "edge-cloud:satellite"
_FIBRE_MPS: Final = 2.0 / 3.0 * SPEED_OF_LIGHT_MPS


def home_networks(spec: SaginSpec) -> dict[str, str]:
    """The network (named by its transmitter) in whose clouds the twins of each entity live."""
    home = {name: name for name in TRANSMITTERS}
    home.update({user: transmitter for transmitter, user in SERVES.items()})
    home[EAVESDROPPER] = "base_station"
    home.update({user.name: user.serving for user in spec.users.extra})
    return home


def sites(spec: SaginSpec) -> dict[str, str]:
    """The site of every entity (its own) and twin (a cloud of its home network)."""
    home = home_networks(spec)
    site_of = {entity: entity for entity in spec.entities}
    return site_of | {twin: twin_site(twin, home) for twin in spec.twins}


def make_graph(spec: SaginSpec) -> "nx.Graph[str]":
    """The network graph with `LinkParams` on every edge."""
    radio, fronthaul, backhaul, core = link_classes(spec.network)
    graph: nx.Graph[str] = nx.Graph()
    heads = {
        "satellite": gateway_names(spec.satellite),
        "uav": (GROUND_STATION,),
        "base_station": ("base_station",),
    }
    for name in TRANSMITTERS:
        for head in heads[name]:
            if head != name:
                graph.add_edge(name, head, params=radio)
            graph.add_edge(head, f"edge-cloud:{name}", params=fronthaul)
        graph.add_edge(f"edge-cloud:{name}", f"core-cloud:{name}", params=backhaul)
        graph.add_edge(name, SERVES[name], params=radio)
    for other in ("satellite", "base_station"):
        graph.add_edge("uav", other, params=replace(radio, direct=True))
    for a, b in combinations(TRANSMITTERS, 2):
        graph.add_edge(f"core-cloud:{a}", f"core-cloud:{b}", params=core)
    for user in spec.users.extra:
        graph.add_edge(user.name, user.serving, params=radio)
    return graph


def propagation(world: World) -> Propagation:
    """Propagation delay in ns: distance over the speed of light where both sites have a place, else 0.

    A link's `latency_ms` stands for everything else: processing, framing, and the way of a wire. The way from a gateway
    of a satellite in orbit to the edge cloud, which is at the origin, is a fibre over the great circle at 2/3 c.
    """
    fibres_ns = _fibres_ns(world)
    gateways = {gateway for gateway, _ in fibres_ns}
    ground = {site: place for site, place in _GROUND_SITES.items() if site not in gateways}

    def position(site: str, t_ns: int) -> tuple[float, float, float]:
        if site in ground:
            return ground[site]
        x, y, z = world.position_m(site, t_ns)
        return float(x), float(y), float(z)

    placed = {*TRANSMITTERS, *world.params.receivers, *ground, *gateways}

    def propagation_ns(a: str, b: str, t_ns: int) -> int:
        if a not in placed or b not in placed:
            return fibres_ns.get((a, b), fibres_ns.get((b, a), 0))
        pairs = zip(position(a, t_ns), position(b, t_ns), strict=True)
        distance_m = math.sqrt(sum((p - q) ** 2 for p, q in pairs))
        return round(distance_m / SPEED_OF_LIGHT_MPS * 1e9)

    return propagation_ns


def visibility(world: World) -> IsUp:
    """Whether the link between two sites is up at an instant in ns: only a satellite in orbit can be out of sight."""
    return always_up if world.params.satellite.orbit is None else world.is_visible


def _fibres_ns(world: World) -> dict[tuple[str, str], int]:
    """Delay in ns of the fibre from each gateway of a satellite in orbit to its edge cloud."""
    orbit = world.params.satellite.orbit
    if orbit is None:
        return {}
    return {
        (name, _SATELLITE_EDGE): round(great_circle_m(orbit.site_deg, point) / _FIBRE_MPS * 1e9)
        for name, point in orbit.gateways_deg.items()
    }
