"""The core twin: the replica that lives in the core cloud and meets the twins of other entities there.

    input                       from              what it does
    --------------------------  ----------------  --------------------------------------------------------------
    sync                        its edge twin     keep as the replica; `share` with the coordinator, or take it in
                                                  when it is the coordinator (an edge coordinator of the same entity
                                                  has it already)
    share                       core twins        (coordinator) take in; solve when the trigger says so
    precoder                    coordinator       forward to the edge twin, newest version only
    ack                         edge, core twins  forward to the coordinator, or take in when it is that
    timer "solve"               itself            (coordinator) solve if there is news; ask for the next

Input that is older than what the twin holds is dropped as stale, repeated input as deduplicated.
"""

from msgspec.structs import replace

from twin.errors import WireError
from twin.nodes.base import Freshness, Incoming, Outputs
from twin.nodes.config import NodeConfig
from twin.nodes.coordinator import Coordinator, source_of
from twin.nodes.relay import forward, replica_letter, replica_of, replica_state
from twin.wire.messages import Ack, Envelope, Kind, Precoder, Replica
from twin.wire.packing import check_arity
from twin.wire.plain import Plain, take_names, take_pairs
from twin.wire.protocol import Reason


class CoreTwin:
    """The core twin of one entity."""

    def __init__(self, config: NodeConfig, life: int = 0) -> None:
        self.name = config.name
        self.config = config
        self.coordinator = Coordinator(config.coordination, life) if config.coordination else None
        self.replica: dict[tuple[str, ...], Replica] = {}
        self._fresh = Freshness()

    def handle(self, incoming: Incoming) -> Outputs:
        """Take one input in (see the table above)."""
        envelope, body = incoming.envelope, incoming.body
        if envelope is None:
            return self._on_timer(incoming)
        match body:
            case Replica() if envelope.kind is Kind.SYNC:
                return self._on_sync(incoming, envelope, body)
            case Replica() if self.coordinator is not None:
                return self.coordinator.take_in(incoming, envelope, body, self.config.handle_ns)
            case Precoder() if body.transmitter == self.config.entity:
                return self._on_precoder(envelope, body)
            case Ack():
                return self._on_ack(envelope, body)
            case _:
                return Outputs(self.config.handle_ns, reason=Reason.MALFORMED)

    def state(self) -> Plain:
        """What is news, the replica and, where this twin is the coordinator, what that knows."""
        held = tuple((source, replica_state(replica)) for source, replica in sorted(self.replica.items()))
        return self._fresh.state(), held, self.coordinator.state() if self.coordinator else None

    def restore(self, state: object) -> None:
        """Become what a twin of this configuration was when it said `state`."""
        fresh, held, coordinated = check_arity(state, 3, "CoreTwin")
        self._fresh.restore(fresh)
        pairs = take_pairs(held, "CoreTwin.replica")
        self.replica = {take_names(source, "CoreTwin.replica"): replica_of(replica) for source, replica in pairs}
        if self.coordinator is not None:
            self.coordinator.restore(coordinated)
        elif coordinated is not None:
            raise WireError(f"{self.name}: must not coordinate")

    def _on_timer(self, incoming: Incoming) -> Outputs:
        if self.coordinator is None:
            return Outputs(self.config.handle_ns, reason=Reason.MALFORMED)
        return self.coordinator.on_timer(incoming, self.config.handle_ns)

    def _on_sync(self, incoming: Incoming, envelope: Envelope, replica: Replica) -> Outputs:
        source = source_of(replica)
        if reason := self._fresh.admit(source, replica.report_seq):
            return Outputs(self.config.handle_ns, reason=reason)
        self.replica[source] = replica
        if self.coordinator is not None:
            return replace(
                self.coordinator.take_in(incoming, envelope, replica, self.config.handle_ns),
                reason=Reason.NONE,
            )
        if self.config.coordinator == self.config.peer:
            return Outputs(self.config.handle_ns)
        letter = replica_letter(Kind.SHARE, self.config.coordinator, replica, envelope)
        return Outputs(self.config.handle_ns, (letter,))

    def _on_precoder(self, envelope: Envelope, precoder: Precoder) -> Outputs:
        if reason := self._fresh.admit(("precoder",), precoder.version):
            return Outputs(self.config.handle_ns, reason=reason)
        return Outputs(self.config.handle_ns, (forward(envelope, precoder, self.config.peer),))

    def _on_ack(self, envelope: Envelope, ack: Ack) -> Outputs:
        if reason := self._fresh.admit(("ack", ack.transmitter), ack.version):
            return Outputs(self.config.handle_ns, reason=reason)
        if self.coordinator is not None:
            return self.coordinator.on_ack(ack, self.config.handle_ns)
        return Outputs(self.config.handle_ns, (forward(envelope, ack, self.config.coordinator),))
