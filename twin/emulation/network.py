"""The network between entities and twins: a graph of sites, least-latency routes, a hop-by-hop journey per message.

Sites (an entity, a gateway, an edge cloud, a core cloud) are the nodes of a networkx graph and links its edges. A
message takes one kernel event per hop over a plain link (`links.LinkQueue`), and one more per attempt where it has to
be decided who is served next (`served.ServedQueue`): queues change only in event order, or, where a departure depends
on the offers alone, in the order of the offers' instants. Propagation and outages come from functions that are
injected, so the network knows no geometry.

A link that fails within an epoch of routes (see `routes`) loses what is offered to it (see `links`), and from the next
epoch on it is avoided. With no way left a message is dropped as `no_route`, or as `partitioned` where a partition has
cut the way. A message keeps the route that it began. Copies that a fault makes (see `faults`) begin where it strikes.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from twin.emulation.faults import MAX_COPIES, Cuts, Strike
from twin.emulation.kernel import Kernel
from twin.emulation.links import Crossing, LinkQueue
from twin.emulation.routes import ROUTE_EPOCH_NS, Routes
from twin.emulation.served import Job
from twin.emulation.streams import Key, Streams
from twin.emulation.ways import Layout, Way, Ways, make_queues
from twin.errors import KernelError
from twin.journal.facts import Hop, Struck
from twin.wire.codec import seal
from twin.wire.mailer import copy_of
from twin.wire.messages import Envelope, Sealed
from twin.wire.protocol import Effect, Fate, Flag, Reason

_COPY_SHIFT: Final = 48  # above every seq: the order and the draws of a copy are its own
_FLAGS: Final = {Effect.DUPLICATED: Flag.DUPLICATED, Effect.REPLAYED: Flag.REPLAYED}


class FaultLog(Protocol):
    """Who is told what faults do."""

    def copied(self, sealed: Sealed) -> None:
        """A fault has sent a copy of a message."""

    def struck(self, struck: Struck) -> None:
        """A fault has struck a message."""


class Transit(Struct, eq=False):
    """A message on its way: how many legs of it lie behind, and the hops (attempts) that it took.

    `copy` numbers the copies of a message, which is 0 itself; `copies` counts those that were made of it.
    """

    sealed: Sealed
    size_bytes: int
    way: Way
    order: int
    hops: list[Hop] = field(default_factory=list)
    crossed: int = 0
    copy: int = 0
    copies: int = 0

    @property
    def envelope(self) -> Envelope:
        """The envelope of the message, as it was sent."""
        return self.sealed.envelope

    @property
    def key(self) -> Key:
        """What draws are keyed by."""
        envelope = self.sealed.envelope
        return envelope.src, envelope.dst, envelope.seq + (self.copy << _COPY_SHIFT)


class Network:
    """Carries messages between sites.

    Args:
        kernel: virtual time.
        layout: sites, links, and who is where.
        streams: source of loss and jitter draws.
        arrived: called when a message reaches its destination.
        ended: called with the instant when a message is lost or dropped on the way.
        fault_log: told what faults do.
    """

    def __init__(
        self,
        kernel: Kernel,
        layout: Layout,
        streams: Streams,
        arrived: Callable[[Transit], None],
        ended: Callable[[Transit, int, Fate, Reason], None],
        fault_log: FaultLog | None = None,
    ) -> None:
        self._kernel = kernel
        self._site_of = layout.site_of
        self._arrived = arrived
        self._ended = ended
        self._fault_log = fault_log
        self._cuts = Cuts(layout.faults)
        routes = Routes(layout.graph, layout.propagation_ns, self._cuts.allow(layout.is_up))
        self._routes_without_faults = routes
        if self._cuts:
            self._routes_without_faults = Routes(layout.graph, layout.propagation_ns, layout.is_up)
        self.queues = make_queues(layout, streams, self._at)
        self._ways = Ways(layout, routes, self.queues, kernel.order)

    def send(self, sealed: Sealed, t_ns: int) -> None:
        """Hand a message to the first link of its route at `t_ns`.

        That is now or, over a plain link, an earlier instant whose offers are all made in order
        and whose arrival is not before now.
        """
        envelope = sealed.envelope
        way = self._ways.way(envelope.src, envelope.dst, t_ns)
        transit = Transit(sealed, len(sealed.frame), way, way.order + envelope.seq)
        if way.legs:
            self._cross(transit, t_ns)
        elif way.sites:  # both ends live on one site: no link, but never a short cut past the kernel
            self._kernel.at(t_ns, transit.order, lambda: self._arrived(transit))
        else:
            self._ended(transit, t_ns, Fate.DROPPED, self._no_route(transit, t_ns))

    def _no_route(self, transit: Transit, t_ns: int) -> Reason:
        """Why a message has no route: because of a fault on the one that it would have."""
        if not self._cuts:
            return Reason.NO_ROUTE
        src, dst = (self._site_of[name] for name in (transit.envelope.src, transit.envelope.dst))
        route = self._routes_without_faults.route(src, dst, t_ns)
        fault = next(self._cuts.on(route, t_ns // ROUTE_EPOCH_NS * ROUTE_EPOCH_NS), None)
        if fault is None:
            return Reason.NO_ROUTE
        self._tell(transit.envelope, t_ns, Strike(fault, Effect.DROPPED))
        return Reason.PARTITIONED if fault.kind == "partition" else Reason.NO_ROUTE

    def _cross(self, transit: Transit, t_ns: int) -> None:
        """Offer the message to the next link of its route."""
        leg = transit.way.legs[transit.crossed]
        queue, propagation_ns, size_bytes = leg.queue, leg.propagation_ns, transit.size_bytes
        if isinstance(queue, LinkQueue):
            crossing = queue.offer(t_ns, size_bytes, propagation_ns(t_ns), transit.key)
            self._crossed(transit, t_ns, crossing)
            return
        if t_ns != self._kernel.now_ns:
            raise KernelError(f"link {queue.name}: offered at {t_ns} ns, the clock shows {self._kernel.now_ns} ns")
        done = partial(self._crossed, transit)
        kind = transit.envelope.kind
        queue.offer(t_ns, Job(transit.key, kind, size_bytes, propagation_ns, transit.hops, done))

    def _crossed(self, transit: Transit, t_ns: int, crossing: Crossing | None) -> None:
        """What the link did is decided, at `t_ns`: come back when the message reaches the far end."""
        if crossing is None:
            self._ended(transit, t_ns, Fate.DROPPED, Reason.QUEUE_FULL)
            return
        transit.hops.append(crossing.hop)
        transit.crossed += 1
        if crossing.strikes:
            self._strike(transit, t_ns, crossing)
        if crossing.lost:
            self._lose(transit, t_ns, crossing)
        else:
            self._go_on(transit, crossing.arrive_ns)

    def _lose(self, transit: Transit, t_ns: int, crossing: Crossing) -> None:
        """A message ends on a link: at its far end or, where it was refused, at once."""
        reason = crossing.reason
        fate = Fate.DROPPED if reason is Reason.PARTITIONED else Fate.LOST
        if crossing.refused:
            self._ended(transit, t_ns, fate, reason)
            return
        arrive_ns = crossing.arrive_ns
        self._kernel.at(arrive_ns, transit.order, lambda: self._ended(transit, arrive_ns, fate, reason))

    def _strike(self, transit: Transit, t_ns: int, crossing: Crossing) -> None:
        """Make the copies that faults ask for, and tell of what else they did."""
        for strike in crossing.strikes:
            if strike.effect in _FLAGS:
                self._copy(transit, t_ns, crossing, strike)
            else:
                self._tell(transit.envelope, t_ns, strike)

    def _go_on(self, transit: Transit, t_ns: int) -> None:
        """At `t_ns` a message reaches the far end of the last link that it crossed."""
        if transit.crossed < len(transit.way.legs):
            self._kernel.at(t_ns, transit.order, lambda: self._cross(transit, t_ns))
        else:
            self._kernel.at(t_ns, transit.order, lambda: self._arrived(transit))

    def _copy(self, transit: Transit, t_ns: int, crossing: Crossing, strike: Strike) -> None:
        """Send a copy of a message that left a link: over the link again, or later on from its far end."""
        if transit.copy or transit.copies == MAX_COPIES:
            return
        transit.copies += 1
        sealed = seal(copy_of(transit.envelope, transit.copies, _FLAGS[strike.effect]))
        order = transit.order + (transit.copies << _COPY_SHIFT)
        copy = Transit(sealed, transit.size_bytes, transit.way, order, copy=transit.copies)
        if self._fault_log is not None:
            self._fault_log.copied(sealed)
        self._tell(sealed.envelope, t_ns, strike)
        if strike.effect is Effect.DUPLICATED:
            copy.crossed = transit.crossed - 1
            copy.hops = [*transit.hops[:-1], *_waited(crossing, t_ns)]
            self._cross(copy, t_ns)
            return
        copy.crossed = transit.crossed
        copy.hops = [*transit.hops, Hop(crossing.hop.link, strike.fault.delay_ns, 0, 0, 0)]
        self._go_on(copy, crossing.arrive_ns + strike.fault.delay_ns)

    def _tell(self, envelope: Envelope, t_ns: int, strike: Strike) -> None:
        if self._fault_log is not None:
            self._fault_log.struck(Struck(envelope.msg_id, t_ns, strike.fault.number, strike.effect))

    def _at(self, t_ns: int, key: Key, action: Callable[[], None]) -> None:
        src, dst, seq = key
        self._kernel.at(t_ns, self._kernel.order(dst, src, seq), action)


def _waited(crossing: Crossing, t_ns: int) -> tuple[Hop, ...]:
    """What a message has spent on a link until `t_ns`: nothing at its offer, all but the flight at its departure."""
    hop = crossing.hop
    parts = hop.queue_ns + hop.serialisation_ns + hop.propagation_ns + hop.jitter_ns
    return () if t_ns == crossing.arrive_ns - parts else (replace(hop, propagation_ns=0, jitter_ns=0),)
