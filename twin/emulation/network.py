"""The network between entities and twins: a graph of sites, least-latency routes, a hop-by-hop journey per message.

Sites (an entity, a gateway, an edge cloud, a core cloud) are the nodes of a networkx graph and links its edges. A
message takes one kernel event per hop: queues change only in event order. Propagation comes from a function that is
injected, so the network knows no geometry.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import networkx as nx

from twin.emulation.kernel import Kernel
from twin.emulation.links import LinkParams, LinkQueue
from twin.emulation.streams import Streams
from twin.errors import KernelError
from twin.journal.facts import Hop
from twin.wire.messages import Envelope
from twin.wire.protocol import Fate, Reason

Propagation = Callable[[str, str, int], int]
IsUp = Callable[[str, str, int], bool]

# Routes are computed from the geometry at multiples of this time, so that they are a function of time alone.
_ROUTE_EPOCH_NS: Final = 100_000_000
_NOMINAL_BYTES: Final = 512


@dataclass(slots=True)
class Transit:
    """A message on its way: the queues that it still has to cross and the hops behind it."""

    envelope: Envelope
    size_bytes: int
    queues: tuple[LinkQueue, ...]
    sites: tuple[str, ...]
    hops: list[Hop] = field(default_factory=list)


def always_up(_a: str, _b: str, _t_ns: int) -> bool:
    """The `is_up` of a network whose links never fail."""
    return True


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is.

    `graph` has sites as nodes and `LinkParams` as the attribute `params` of each edge; `site_of` and `host_of` name
    the site of every entity and twin and the host of every twin; `propagation_ns` is the geometric delay between two
    sites at an instant, in ns; `is_up` says whether the link between two sites is up at an instant. Routes avoid links
    that are down when they are computed; what is offered to one that is down, or is on it when it goes down, is lost.
    """

    graph: "nx.Graph[str]"
    site_of: Mapping[str, str]
    host_of: Mapping[str, str]
    propagation_ns: Propagation
    is_up: IsUp = always_up


class Network:
    """Carries messages between sites.

    Args:
        kernel: virtual time.
        layout: sites, links, and who is where.
        streams: source of loss and jitter draws.
        arrived: called when a message reaches its destination.
        ended: called when a message is lost or dropped on the way.
    """

    def __init__(
        self,
        kernel: Kernel,
        layout: Layout,
        streams: Streams,
        arrived: Callable[[Transit], None],
        ended: Callable[[Transit, Fate, Reason], None],
    ) -> None:
        self._kernel = kernel
        self._graph = layout.graph
        self._site_of = layout.site_of
        self._propagation_ns = layout.propagation_ns
        self._is_up = layout.is_up
        self._arrived = arrived
        self._ended = ended
        self._routes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._route_epoch = -1
        self.queues = self._make_queues(streams)

    def send(self, envelope: Envelope, size_bytes: int) -> None:
        """Hand a message to the first link of its route, now."""
        sites = self.route(self._site_of[envelope.src], self._site_of[envelope.dst], self._kernel.now_ns)
        queues = tuple(self.queues[pair] for pair in pairwise(sites))
        transit = Transit(envelope, size_bytes, queues, sites)
        if not sites:
            self._ended(transit, Fate.DROPPED, Reason.NO_ROUTE)
        elif not queues:  # both ends live on one site: no link, but never a short cut past the kernel
            self._at(self._kernel.now_ns, transit, lambda: self._arrived(transit))
        else:
            self._cross(transit)

    def route(self, src: str, dst: str, t_ns: int) -> tuple[str, ...]:
        """Sites on the way of least latency at `t_ns`, both ends included; empty when there is no way."""
        epoch = t_ns // _ROUTE_EPOCH_NS
        if epoch != self._route_epoch:
            self._routes.clear()
            self._route_epoch = epoch
        found = self._routes.get((src, dst))
        if found is None:
            found = self._routes[src, dst] = self._shortest(src, dst, epoch * _ROUTE_EPOCH_NS)
        return found

    def _make_queues(self, streams: Streams) -> dict[tuple[str, str], LinkQueue]:
        queues = {}
        edges: Iterable[tuple[str, str, object]] = self._graph.edges(data="params")
        for a, b, params in edges:
            if not isinstance(params, LinkParams):
                raise KernelError(f"link {a} - {b}: has no parameters")
            for src, dst in ((a, b), (b, a)):
                queues[src, dst] = LinkQueue(f"{params.kind}:{src}>{dst}", params, streams)
        return queues

    def _shortest(self, src: str, dst: str, t_ns: int) -> tuple[str, ...]:
        def weight(a: str, b: str, data: Mapping[str, LinkParams]) -> int | None:
            params = data["params"]
            if (params.direct and {a, b} != {src, dst}) or not self._is_up(a, b, t_ns):
                return None
            return params.latency_ns + params.serialisation_ns(_NOMINAL_BYTES) + self._propagation_ns(a, b, t_ns)

        try:
            return tuple(nx.dijkstra_path(self._graph, src, dst, weight=weight))
        except nx.NetworkXNoPath:
            return ()

    def _cross(self, transit: Transit) -> None:
        """Offer the message to the next link of its route and come back when it reaches the far end."""
        now, place = self._kernel.now_ns, len(transit.hops)
        queue, envelope = transit.queues[place], transit.envelope
        here, there = transit.sites[place], transit.sites[place + 1]
        if not self._is_up(here, there, now):
            self._ended(transit, Fate.LOST, Reason.OUTAGE)
            return
        flight = self._propagation_ns(here, there, now)
        crossing = queue.offer(now, transit.size_bytes, flight, (envelope.src, envelope.dst, envelope.seq))
        if crossing is None:
            self._ended(transit, Fate.DROPPED, Reason.QUEUE_FULL)
            return
        transit.hops.append(crossing.hop)
        if crossing.lost:
            action: Callable[[], None] = lambda: self._ended(transit, Fate.LOST, Reason.LOSS)  # noqa: E731
        elif not self._is_up(here, there, now + crossing.hop.queue_ns + crossing.hop.serialisation_ns):
            action = lambda: self._ended(transit, Fate.LOST, Reason.OUTAGE)  # noqa: E731
        elif place + 1 < len(transit.queues):
            action = lambda: self._cross(transit)  # noqa: E731
        else:
            action = lambda: self._arrived(transit)  # noqa: E731
        self._at(crossing.arrive_ns, transit, action)

    def _at(self, t_ns: int, transit: Transit, action: Callable[[], None]) -> None:
        envelope = transit.envelope
        self._kernel.at(t_ns, self._kernel.order(envelope.dst, envelope.src, envelope.seq), action)
