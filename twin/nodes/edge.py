"""The edge twin: the replica that lives near its entity.

    input                       from              what it does
    --------------------------  ----------------  --------------------------------------------------------------
    csi, state, echo            its entity        keep as the replica; `sync` to the core twin; what a transmitter
                                                  senses of the eavesdropper goes to the eavesdropper's edge twin,
                                                  an echo to the edge twin of the target
    share (sensed, echo)        edge twins        (eavesdropper, target) keep; `sync` to the core twin
    share (replica)             core twins        (coordinator) take in; solve when the trigger says so
    precoder                    core, coordinator forward to the entity, newest version only
    ack                         its entity        forward towards the coordinator, or take in when it is that
    timer "solve"               itself            (coordinator) solve if there is news; ask for the next

Input that is older than what the twin holds is dropped as stale, repeated input as deduplicated.
"""

from typing import Final

from msgspec.structs import replace

from twin.errors import WireError
from twin.nodes.base import Freshness, Incoming, Outputs
from twin.nodes.config import NodeConfig
from twin.nodes.coordinator import Coordinator
from twin.nodes.relay import forward, replica_letter, replica_of, replica_state
from twin.wire.messages import Ack, Csi, Echo, Envelope, Kind, Letter, Precoder, Replica, Sensed, State
from twin.wire.packing import check_arity, check_name
from twin.wire.plain import Plain, take_pairs
from twin.wire.protocol import Reason

_SILENT: Final = frozenset({"eavesdropper", "target"})
"""Kinds of entities that report nothing: their twins hold what others sense of them."""


class EdgeTwin:
    """The edge twin of one entity."""

    def __init__(self, config: NodeConfig, life: int = 0) -> None:
        self.name = config.name
        self.config = config
        self.coordinator = Coordinator(config.coordination, life) if config.coordination else None
        self.replica: dict[str, Replica] = {}
        self._fresh = Freshness()

    def handle(self, incoming: Incoming) -> Outputs:
        """Take one input in (see the table above)."""
        envelope, body = incoming.envelope, incoming.body
        if envelope is None:
            return self._on_timer(incoming)
        match body:
            case Csi() | State() | Echo() if envelope.src == self.config.entity:
                return self._on_report(incoming, envelope, body)
            case Replica(report=Sensed() | Echo()) if self.config.entity_kind in _SILENT:
                return self._on_sensed(incoming, envelope, body)
            case Replica() if self.coordinator is not None:
                return self.coordinator.take_in(incoming, envelope, body, self.config.handle_ns)
            case Precoder():
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
        fresh, held, coordinated = check_arity(state, 3, "EdgeTwin")
        self._fresh.restore(fresh)
        pairs = take_pairs(held, "EdgeTwin.replica")
        self.replica = {check_name(source, "EdgeTwin.replica"): replica_of(replica) for source, replica in pairs}
        if self.coordinator is not None:
            self.coordinator.restore(coordinated)
        elif coordinated is not None:
            raise WireError(f"{self.name}: must not coordinate")

    def _on_timer(self, incoming: Incoming) -> Outputs:
        if self.coordinator is None:
            return Outputs(self.config.handle_ns, reason=Reason.MALFORMED)
        return self.coordinator.on_timer(incoming, self.config.handle_ns)

    def _on_report(self, incoming: Incoming, envelope: Envelope, report: Csi | State | Echo) -> Outputs:
        if reason := self._fresh.admit((envelope.src, envelope.kind), envelope.seq):
            return Outputs(self.config.handle_ns, reason=reason)
        replica = Replica(self.config.entity, envelope.seq, report)
        self.replica[envelope.kind] = replica
        sync = replica_letter(Kind.SYNC, self.config.peer, replica, envelope)
        return self._pass_on(incoming, envelope, replica, [sync, *self._sensed(report, envelope)])

    def _sensed(self, report: Csi | State | Echo, envelope: Envelope) -> list[Letter]:
        if isinstance(report, Echo):
            replica = Replica(report.target, envelope.seq, report)
            return [replica_letter(Kind.SHARE, f"edge:{report.target}", replica, envelope)]
        eavesdropper = self.config.eavesdropper
        if not isinstance(report, Csi) or not self.config.sensed_to or eavesdropper not in report.receivers:
            return []
        row = report.receivers.index(eavesdropper)
        sensed = Sensed(self.config.entity, report.channels[row], float(report.radius[row]))
        replica = Replica(eavesdropper, envelope.seq, sensed)
        return [replica_letter(Kind.SHARE, self.config.sensed_to, replica, envelope)]

    def _on_sensed(self, incoming: Incoming, envelope: Envelope, replica: Replica) -> Outputs:
        source = replica.report.transmitter if isinstance(replica.report, Sensed) else "echo"
        if reason := self._fresh.admit(("sensed", source), replica.report_seq):
            return Outputs(self.config.handle_ns, reason=reason)
        self.replica[source] = replica
        sync = replica_letter(Kind.SYNC, self.config.peer, replica, envelope)
        return self._pass_on(incoming, envelope, replica, [sync])

    def _pass_on(self, incoming: Incoming, envelope: Envelope, replica: Replica, letters: list[Letter]) -> Outputs:
        """Send `letters`, and let the coordinator have the replica when this twin is the coordinator."""
        if self.coordinator is None:
            return Outputs(self.config.handle_ns, tuple(letters))
        outputs = self.coordinator.take_in(incoming, envelope, replica, self.config.handle_ns)
        return replace(outputs, letters=(*letters, *outputs.letters), reason=Reason.NONE)

    def _on_precoder(self, envelope: Envelope, precoder: Precoder) -> Outputs:
        if precoder.transmitter != self.config.entity:
            return Outputs(self.config.handle_ns, reason=Reason.MALFORMED)
        if reason := self._fresh.admit(("precoder",), precoder.version):
            return Outputs(self.config.handle_ns, reason=reason)
        return Outputs(self.config.handle_ns, (forward(envelope, precoder, self.config.entity),))

    def _on_ack(self, envelope: Envelope, ack: Ack) -> Outputs:
        if reason := self._fresh.admit(("ack", ack.transmitter), ack.version):
            return Outputs(self.config.handle_ns, reason=reason)
        if self.coordinator is not None:
            return self.coordinator.on_ack(ack, self.config.handle_ns)
        return Outputs(self.config.handle_ns, (forward(envelope, ack, self.config.peer),))
