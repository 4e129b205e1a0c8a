"""How far the kernel may run ahead of the twins: the length L of a conservative window.

What a twin makes of a delivery at t has its first effect when an output of it enters a queue that somebody else feeds,
or when a timer strikes:

    L = min over twins of  cost + egress   and   cost + timer

`cost` is the least time that the twin takes for a message, which it declares and its host asserts. `egress` is the
least latency of the links out of its site where only this twin feeds them: what it puts there, nobody else notices
before the far end. Where another twin, an entity, or a message in transit may use the same link, or a neighbour lives
on the same site, egress counts 0. `timer` is the least delay of the timers that the twin asks for. A twin sends nothing
to itself: what it would say to itself is a timer.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from twin.emulation.links import LinkParams
from twin.errors import UsageError
from twin.wire.protocol import LEAST_COST_NS


@dataclass(frozen=True, slots=True)
class Declared:
    """What a twin declares: the least cost of a handling and, if it asks for timers, their least delay, in ns."""

    cost_ns: int
    timer_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Lookahead:
    """The longest valid window, the twin that forbids a longer one, and why."""

    window_ns: int
    node: str
    why: str

    def check(self, window_ns: int) -> int:
        """The window itself, or a UsageError that says which twin forbids it."""
        if not 1 <= window_ns <= self.window_ns:
            # Every digit: who types what this says must not be refused again.
            most = f"must be 1e-09 to {self.window_ns / 1e9:.15g} s: {self.node} {self.why}"
            raise UsageError(f"window={window_ns / 1e9:.15g} s: {most}")
        return window_ns


def lookahead(graph: "nx.Graph[str]", site_of: Mapping[str, str], declared: Mapping[str, Declared]) -> Lookahead:
    """The longest valid window for these twins in this network.

    Args:
        graph: sites and links, as in `Layout`.
        site_of: the site of every entity and twin.
        declared: what every hosted twin declares.
    """
    inhabitants = Counter(site_of.values())
    egress_ns = {site: _unshared_egress_ns(graph, site) if inhabitants[site] == 1 else 0 for site in inhabitants}
    bounds = [_bound(node, declared[node], egress_ns[site_of[node]]) for node in sorted(declared)]
    return min(bounds, key=lambda bound: bound.window_ns)


def _bound(node: str, declared: Declared, egress_ns: int) -> Lookahead:
    cost_ns = max(declared.cost_ns, LEAST_COST_NS)
    way = f"its own link takes {egress_ns} ns" if egress_ns else "shares its way out"
    effect = Lookahead(cost_ns + egress_ns, node, f"handles a message in {cost_ns} ns and {way}")
    if declared.timer_ns is None or declared.timer_ns >= egress_ns:
        return effect
    return Lookahead(cost_ns + declared.timer_ns, node, f"sets a timer {declared.timer_ns} ns after {cost_ns} ns")


def _unshared_egress_ns(graph: "nx.Graph[str]", site: str) -> int:
    """Least latency of the only link out of a site: its fixed part and the time that the smallest frame takes.

    A site with a second link may have messages in transit, whose routes follow the geometry: those count as shared. So
    does a link that has to choose whom to serve: what it does depends on more than the offers before.
    """
    neighbours = list(graph[site]) if site in graph else []
    if len(neighbours) != 1:
        return 0
    params: LinkParams = graph.edges[site, neighbours[0]]["params"]
    return params.latency_ns + params.serialisation_ns(1) if params.plain else 0
