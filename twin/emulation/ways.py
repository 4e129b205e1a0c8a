"""The ways that messages take: one after the other the queues of a route, each with the delay over its link.

A way holds as long as the routes do, so what can be known of it once is looked up once: between two names it is found
by one question for as long as nothing moves and nothing fails.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import networkx as nx

from twin.emulation.faults import Direction, LinkFault, faults_of
from twin.emulation.links import Link, LinkParams, LinkQueue
from twin.emulation.routes import IsUp, Propagation, Route, Routes, always_up
from twin.emulation.served import ServedQueue
from twin.emulation.streams import Key, Streams
from twin.errors import KernelError

Queue = LinkQueue | ServedQueue


@dataclass(frozen=True, slots=True)
class Leg:
    """One direction of a link: its queue, and the geometric delay over it at an instant, in ns."""

    queue: Queue
    propagation_ns: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Way:
    """How messages get from one name to another: over these legs, from site to site.

    `order` is that of message 0 of the two within an instant. Without sites there is no way; without legs both names
    live on one site.
    """

    sites: Route
    legs: tuple[Leg, ...]
    order: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is.

    `graph` has sites as nodes and `LinkParams` as the attribute `params` of each edge; `site_of` and `host_of` name
    the site of every entity and twin and the host of every twin; `propagation_ns` is the geometric delay between two
    sites at an instant, in ns; `is_up` says whether the link from one site to another is up at an instant in ns;
    `faults` are those of links.
    """

    graph: "nx.Graph[str]"
    site_of: Mapping[str, str]
    host_of: Mapping[str, str]
    propagation_ns: Propagation
    is_up: IsUp = always_up
    faults: tuple[LinkFault, ...] = ()


class Ways:
    """The ways between all names, as functions of time.

    Args:
        layout: sites, links, and who is where.
        routes: over the sites.
        queues: of every direction.
        order: canonical priority of the event (dst, src, seq).
    """

    def __init__(
        self, layout: Layout, routes: Routes, queues: Mapping[Direction, Queue], order: Callable[[str, str, int], int]
    ) -> None:
        self._site_of = layout.site_of
        self._routes = routes
        self._order = order
        self._legs = {
            (here, there): Leg(queue, partial(layout.propagation_ns, here, there))
            for (here, there), queue in queues.items()
        }
        self._edition = routes.edition(0)
        self._found: dict[tuple[str, str], Way] = {}

    def way(self, src: str, dst: str, t_ns: int) -> Way:
        """The way from `src` to `dst` at `t_ns`."""
        edition = self._routes.edition(t_ns)
        if edition != self._edition:
            self._edition = edition
            self._found.clear()
        found = self._found.get((src, dst))
        if found is None:
            sites = self._routes.route(self._site_of[src], self._site_of[dst], t_ns)
            legs = tuple([self._legs[direction] for direction in pairwise(sites)])
            found = self._found[src, dst] = Way(sites, legs, self._order(dst, src, 0))
        return found


def make_queues(
    layout: Layout, streams: Streams, at: Callable[[int, Key, Callable[[], None]], None]
) -> dict[Direction, Queue]:
    """The queue of every direction; `at` calls an action at an instant, in the order of the message that it serves.

    Raises:
        KernelError: a link has no parameters.
    """
    queues: dict[Direction, Queue] = {}
    edges: Iterable[tuple[str, str, object]] = layout.graph.edges(data="params")
    for a, b, params in edges:
        if not isinstance(params, LinkParams):
            raise KernelError(f"link {a} - {b}: has no parameters")
        for src, dst in ((a, b), (b, a)):
            # a link that never fails is not asked, twice per hop, whether it has
            up = None if layout.is_up is always_up else partial(layout.is_up, src, dst)
            name = f"{params.kind}:{src}>{dst}"
            link = Link(name, params, streams, up, faults_of(layout.faults, (src, dst), name, streams))
            queues[src, dst] = LinkQueue(link) if params.plain else ServedQueue(link, at)
    return queues
