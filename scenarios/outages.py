"""When links are down: the scenario's schedule, and whether it leaves everybody a way to the coordinator.

An outage [from_s, to_s) takes a link down in both directions. Several may overlap. Geometry (a satellite below its
mask) comes on top: a link is up while both say so.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

import networkx as nx

from scenarios.keys import Path
from scenarios.link_names import Pair, allowed_links, edges, links_named
from scenarios.spec import Spec
from scenarios.system import System
from twin.emulation.routes import ROUTE_EPOCH_NS, IsUp, always_up

_EPOCH_MS: Final = ROUTE_EPOCH_NS // 10**6

Span = tuple[int, int]


def is_up(spec: Spec, graph: "nx.Graph[str]", geometry: IsUp = always_up) -> IsUp:
    """Whether the link from a site to another is up at an instant in ns, by schedule and geometry."""
    if not spec.network.outage:
        return geometry
    spans = {pair: _joined(times) for pair, times in _spans(spec, graph).items()}
    begins = {pair: [begin for begin, _ in times] for pair, times in spans.items()}

    def up(a: str, b: str, t_ns: int) -> bool:
        pair = frozenset((a, b))
        if pair in spans:
            place = bisect_right(begins[pair], t_ns)
            if place and t_ns < spans[pair][place - 1][1]:
                return False
        return geometry(a, b, t_ns)

    return up


def problem(system: System[Spec]) -> tuple[Path, object, str] | None:
    """What is wrong with the network of a scenario: a key's path, its value and what is allowed; None if nothing is.

    Every site from which somebody sends must have, at the start of one epoch of routes at least, a way to where its
    messages are needed (`System.ways`).
    """
    spec, graph = system.spec, system.graph()
    for index, outage in enumerate(spec.network.outage):
        if not links_named(graph, outage.link):
            return ("network", "outage", index, "link"), outage.link, allowed_links(graph, outage.link)
    for goal, senders in system.ways():
        cut_off = without_route(graph, senders, goal, is_up(spec, graph), _looks(spec))
        if cut_off is not None:
            allowed = f"must leave {cut_off} a route to {goal}, at the start of some {_EPOCH_MS} ms of the run"
            return ("network", "outage"), [outage.link for outage in spec.network.outage], allowed
    return None


def without_route(
    graph: "nx.Graph[str]", senders: Iterable[str], goal: str, up: IsUp, instants_ns: Iterable[int]
) -> str | None:
    """The first of `senders` that has a route to `goal` at none of the instants; None when all have one at some."""
    missing = set(senders) - {goal}
    for t_ns in instants_ns:
        usable: nx.Graph[object] = nx.Graph()
        usable.add_node(goal)
        for a, b, params in edges(graph):
            if not params.direct and up(a, b, t_ns):
                usable.add_edge(a, b)
            elif goal in {a, b} and up(a, b, t_ns):  # a direct link carries nothing in transit
                missing -= {a, b}
        missing -= {str(site) for site in nx.node_connected_component(usable, goal)}
        if not missing:
            return None
    return min(missing)


def _looks(spec: Spec) -> list[int]:
    """Starts of epochs of routes, in ns, at which as much is up as ever is: the first, and those after an outage."""
    ends = {-(-outage.to_ns // ROUTE_EPOCH_NS) * ROUTE_EPOCH_NS for outage in spec.network.outage}
    return [0, *sorted(end for end in ends if end < spec.scenario.duration_ns)]


def _spans(spec: Spec, graph: "nx.Graph[str]") -> dict[Pair, list[Span]]:
    spans: dict[Pair, list[Span]] = {}
    for outage in spec.network.outage:
        for pair in links_named(graph, outage.link):
            spans.setdefault(pair, []).append((outage.from_ns, outage.to_ns))
    return spans


def _joined(times: list[Span]) -> list[Span]:
    """The times in order, those that overlap or touch as one."""
    joined: list[Span] = []
    for begin, end in sorted(times):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return joined
