"""Who sends what which way: routes of least latency, as functions of time.

Routes are computed from the links that are up at the start of an epoch of 100 ms, so they depend on time alone and not
on what is sent. Most sites hang on the network by one link: they are left out of the search and put back at the ends
of its answer, so that a thousand users cost no more to route than ten.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

import networkx as nx

from twin.emulation.links import LinkParams

Propagation = Callable[[str, str, int], int]
IsUp = Callable[[str, str, int], bool]
Route = tuple[str, ...]
Tree = tuple[dict[str, int], dict[str, list[str]]]

ROUTE_EPOCH_NS: Final = 100_000_000
"""Routes are computed from the geometry at multiples of this time."""

_NOMINAL_BYTES: Final = 512


def always_up(_a: str, _b: str, _t_ns: int) -> bool:
    """A network whose links never fail."""
    return True


class Routes:
    """Routes over a graph of sites.

    Args:
        graph: sites, with `LinkParams` as the attribute `params` of each link.
        propagation_ns: the geometric delay between two sites at an instant, in ns.
        is_up: whether the link between two sites is up at an instant.
    """

    def __init__(self, graph: "nx.Graph[str]", propagation_ns: Propagation, is_up: IsUp) -> None:
        self._graph = graph
        self._propagation_ns = propagation_ns
        self._is_up = is_up
        self._leaves = {site: ways[0] for site in graph if len(ways := _ways(graph, site)) == 1}
        # Two sites that have nothing but each other are no leaves of anything.
        self._leaves = {site: way for site, way in self._leaves.items() if way not in self._leaves}
        self._trunk: nx.Graph[str] = graph.subgraph([site for site in graph if site not in self._leaves]).copy()
        # A direct link, whose length may change, competes with the way through the network.
        self._has_choice = any(params.direct for _, _, params in _links(graph))
        self._epoch = -1
        self._edition = 0
        self._weights: dict[tuple[str, str], int | None] = {}
        self._trees: dict[str, Tree] = {}
        self._found: dict[tuple[str, str], Route] = {}

    def route(self, src: str, dst: str, t_ns: int) -> Route:
        """Sites on the way of least latency at `t_ns`, both ends included; empty when there is no way."""
        self.edition(t_ns)
        found = self._found.get((src, dst))
        if found is None:
            found = self._found[src, dst] = self._search(src, dst)
        return found

    def edition(self, t_ns: int) -> int:
        """Numbers the sets of routes: as long as this is the same, so are the routes."""
        epoch = t_ns // ROUTE_EPOCH_NS
        if epoch != self._epoch:
            self._begin(epoch)
        return self._edition

    def _begin(self, epoch: int) -> None:
        """Forget the routes of the epoch before, unless nothing has moved and nothing has failed."""
        self._epoch = epoch
        links = _links(self._trunk)
        weights = {(a, b): None if params.direct else self._weight(a, b, params) for a, b, params in links}
        if weights == self._weights and self._is_up is always_up and not self._has_choice:
            return
        self._edition += 1
        self._weights = weights
        self._trees.clear()
        self._found.clear()

    def _weight(self, a: str, b: str, params: LinkParams) -> int | None:
        """Latency of a link at the start of the epoch; None while it is down."""
        t_ns = self._epoch * ROUTE_EPOCH_NS
        if not self._is_up(a, b, t_ns):
            return None
        return params.latency_ns + params.serialisation_ns(_NOMINAL_BYTES) + self._propagation_ns(a, b, t_ns)

    def _search(self, src: str, dst: str) -> Route:
        if src == dst:
            return (src,)
        if src not in self._graph or dst not in self._graph:
            return ()
        length, route = self._through(src, dst)
        params = self._graph.get_edge_data(src, dst, {}).get("params")
        if params is not None and params.direct:
            straight = self._weight(src, dst, params)
            if straight is not None and (not route or straight < length):
                return (src, dst)
        return route

    def _through(self, src: str, dst: str) -> tuple[int, Route]:
        """Length and sites of the way through the trunk, the ends of the way put back."""
        length, head, tail = 0, src, dst
        for leaf in {src, dst} & self._leaves.keys():
            weight = self._weight(leaf, self._leaves[leaf], self._graph.edges[leaf, self._leaves[leaf]]["params"])
            if weight is None:
                return 0, ()
            length += weight
        head, tail = self._leaves.get(src, src), self._leaves.get(dst, dst)
        if head == dst or tail == src:
            return length, (src, dst)
        lengths, paths = self._tree(head)
        if tail not in paths:
            return 0, ()
        first, last = (src,) if head != src else (), (dst,) if tail != dst else ()
        return length + lengths[tail], (*first, *paths[tail], *last)

    def _tree(self, root: str) -> Tree:
        """Lengths and paths from a site of the trunk to all others, searched for once per epoch."""
        found = self._trees.get(root)
        if found is None:
            answer = nx.single_source_dijkstra(self._trunk, root, weight=self._looked_up)
            found = self._trees[root] = cast("Tree", answer)
        return found

    def _looked_up(self, a: str, b: str, _data: Mapping[str, LinkParams]) -> int | None:
        return self._weights[a, b] if (a, b) in self._weights else self._weights[b, a]


def _ways(graph: "nx.Graph[str]", site: str) -> list[str]:
    """The neighbours over links that carry messages in transit."""
    return [other for other, data in graph[site].items() if not data["params"].direct]


def _links(graph: "nx.Graph[str]") -> Iterable[tuple[str, str, LinkParams]]:
    links: Iterable[tuple[str, str, LinkParams]] = graph.edges(data="params")
    return links
