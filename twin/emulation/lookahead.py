"""How far the kernel may run ahead of the twins: how long each delivery may wait before its twin must have handled it.

What a twin makes of a delivery at t has its first effect when an output of it enters a queue that somebody else feeds,
or when a timer strikes. So the outcome of the delivery must be known by t + L, with

    L = cost + min over what may come of it of  egress (for a letter)  and  timer (for a timer)

`cost` is the least time that the twin takes for such a message, which it declares and its host asserts. `egress` is the
least latency of the link that takes the letter away, where only this twin feeds it: what it puts there, nobody else
notices before the far end. Where another twin, an entity, or a message in transit may use the same link, or the
addressee lives on the same site, egress counts 0. `timer` is the least time from the delivery to a timer that is asked
for then, over and above the cost. A twin sends nothing to itself: what it would say to itself is a timer.

A twin may declare what comes of which kind of message (`reactions`). Nothing comes of some: their outcomes may be known
at any time. Of a twin that does not, anything may come of anything. Who feeds a link is known where everybody's
addressees are, and no route ever changes (`Traffic`); otherwise only a link that is the only one of a site with a
single inhabitant is that twin's own.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import networkx as nx

from twin.emulation.links import LinkParams
from twin.errors import UsageError
from twin.wire.protocol import CRASH, LEAST_COST_NS, Delivery
from twin.wire.reactions import TIMER, Reaction, Reactions

_ANYTHING: Final = Reaction(frozenset("?"), wakes=True)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a twin declares: the least cost of a handling and, if it asks for timers, their least delay, in ns.

    The delay counts from the arrival of the delivery that asks, over and above the cost. `reactions` is None where
    anything may come of anything.
    """

    cost_ns: int
    timer_ns: int | None = None
    reactions: Reactions | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who in the physical world writes to whom, and the sites on the way from one to another, the same at all times."""

    talks: Mapping[str, Iterable[str]]
    route: Callable[[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Bound:
    """How long a delivery may wait for its twin, and why no longer."""

    window_ns: int
    node: str
    why: str


class Lookahead:
    """How long each delivery may wait, and the longest window that is valid for all.

    Args:
        bounds: by twin and kind of input; None stands for all kinds that are not named. What is missing has no bound.
    """

    def __init__(self, bounds: Mapping[str, Mapping[str | None, Bound]]) -> None:
        self._ns = {node: {kind: bound.window_ns for kind, bound in mine.items()} for node, mine in bounds.items()}
        self.least = min(
            (bound for node in sorted(bounds) for bound in bounds[node].values()),
            key=lambda bound: bound.window_ns,
            default=Bound(LEAST_COST_NS, "", "nobody answers"),
        )

    def horizon(self, delivery: Delivery) -> int | None:
        """How long this delivery may wait, in ns; None for one of which nothing comes."""
        mine, sealed = self._ns[delivery.node], delivery.sealed
        if delivery.timer == CRASH:
            return None
        found = mine.get(TIMER if sealed is None else sealed.envelope.kind)
        return mine.get(None) if found is None else found

    @property
    def window_ns(self) -> int:
        """The longest window that is valid for all deliveries."""
        return self.least.window_ns

    def check(self, window_ns: int) -> int:
        """A window for all deliveries, or a UsageError that says which twin forbids it."""
        least = self.least
        if not 1 <= window_ns <= least.window_ns:
            # Every digit: who types what this says must not be refused again.
            most = f"must be 1e-09 to {least.window_ns / 1e9:.15g} s: {least.node} {least.why}"
            raise UsageError(f"window={window_ns / 1e9:.15g} s: {most}")
        return window_ns


def lookahead(
    graph: "nx.Graph[str]",
    site_of: Mapping[str, str],
    declared: Mapping[str, Declared],
    traffic: Traffic | None = None,
) -> Lookahead:
    """How long the deliveries of these twins may wait in this network.

    Args:
        graph: sites and links, as in `Layout`.
        site_of: the site of every entity and twin.
        declared: what every hosted twin declares.
        traffic: of everybody else; None where it is not known, or routes may change.
    """
    inhabitants = Counter(site_of.values())
    alone_ns = {site: _only_link_ns(graph, site) if inhabitants[site] == 1 else 0 for site in inhabitants}
    known = traffic is not None and all(twin.reactions is not None for twin in declared.values())
    feeders = _feeders(site_of, declared, traffic) if known and traffic is not None else None
    bounds: dict[str, dict[str | None, Bound]] = {}
    for node, twin in declared.items():
        alone = alone_ns[site_of[node]]
        if twin.reactions is None:
            bounds[node] = {None: _bound(node, twin, _ANYTHING, alone)}
            continue
        bounds[node] = {}
        for kind, reaction in twin.reactions.items():
            egress_ns = alone if feeders is None else max(alone, feeders.egress_ns(graph, node, reaction.to))
            bounds[node][kind] = _bound(node, twin, reaction, egress_ns)
    return Lookahead(bounds)


def _bound(node: str, declared: Declared, reaction: Reaction, egress_ns: int) -> Bound:
    """The first effect of an input: of a letter behind the way out of its site, or of a timer."""
    least_ns = max(declared.cost_ns, LEAST_COST_NS)
    cost_ns = least_ns + reaction.cost_ns
    way = f"its own link takes {egress_ns} ns" if egress_ns else "shares its way out"
    letter = Bound(cost_ns + egress_ns, node, f"handles a message in {cost_ns} ns and {way}")
    if not reaction.wakes or declared.timer_ns is None:
        return letter
    why = f"sets a timer {declared.timer_ns} ns after {least_ns} ns"
    timer = Bound(least_ns + declared.timer_ns, node, why)
    return min(letter, timer, key=lambda bound: bound.window_ns) if reaction.to else timer


def _only_link_ns(graph: "nx.Graph[str]", site: str) -> int:
    """Least latency of the only link out of a site; 0 where there is a second, which may have messages in transit."""
    neighbours = list(graph[site]) if site in graph else []
    return _least_ns(graph, site, neighbours[0]) if len(neighbours) == 1 else 0


def _least_ns(graph: "nx.Graph[str]", here: str, there: str) -> int:
    """Least latency of a link: its fixed part and the time that the smallest frame takes.

    A link that has to choose whom to serve counts 0: what it does depends on more than the offers before.
    """
    params: LinkParams = graph.edges[here, there]["params"]
    return params.latency_ns + params.serialisation_ns(1) if params.plain else 0


@dataclass(frozen=True, slots=True)
class _Feeders:
    """Who puts messages on which direction of which link, from whichever site."""

    site_of: Mapping[str, str]
    route: Callable[[str, str], Sequence[str]]
    names: Mapping[tuple[str, str], set[str]]

    def egress_ns(self, graph: "nx.Graph[str]", node: str, to: Iterable[str]) -> int:
        """Least latency of the first link to any of these addressees, 0 where one of them is not this twin's own."""
        links = {tuple(self.route(self.site_of[node], self.site_of[dst])[:2]) for dst in to}
        return min((self._own_ns(graph, node, link) for link in links), default=0)

    def _own_ns(self, graph: "nx.Graph[str]", node: str, link: tuple[str, ...]) -> int:
        match link:
            case (here, there) if self.names[here, there] == {node}:
                return _least_ns(graph, here, there)
            case _:
                return 0


def _feeders(site_of: Mapping[str, str], declared: Mapping[str, Declared], traffic: Traffic) -> _Feeders:
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for src, dst in _talks(declared, traffic):
        for link in pairwise(traffic.route(site_of[src], site_of[dst])):
            names[link].add(src)
    return _Feeders(site_of, traffic.route, names)


def _talks(declared: Mapping[str, Declared], traffic: Traffic) -> Iterator[tuple[str, str]]:
    """Everybody who writes, and to whom."""
    for src, to in traffic.talks.items():
        yield from ((src, dst) for dst in to)
    for src, twin in declared.items():
        reactions: Iterable[Reaction] = (twin.reactions or {}).values()
        yield from ((src, dst) for reaction in reactions for dst in reaction.to)
