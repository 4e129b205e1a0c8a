"""What satellite, UAV and base station have in common: measure, report, and put precoders on air.

A transmitter measures its channels to the four receivers from their uplink pilots (reciprocity) and reports them. Until
its first precoder arrives it serves its own user by local MRT, from its own measurement.

Versions go on air in an order that never puts satellite or base station before the UAV: the UAV is the *leader*. It
tells the others which version it has on air and from when on (for a scheduled activation: an instant still to come), by
a `command` from entity to entity; they hold a precoder until the leader has reached its version. A late UAV would cost
more than a late follower, because the UAV is strong and its old nulls are where the new ones are not.
"""

from dataclasses import dataclass

import numpy as np

from entities.air import Air
from entities.entity import ACCEPTED, DEDUPLICATED, MALFORMED, QUEUE_FULL, STALE, Entity, Port
from entities.measurement import estimate
from entities.reporting import Reporting, state_letter
from entities.shelf import Pending, Shelf
from entities.world import World
from twin.emulation.kernel import Kernel, Process
from twin.emulation.streams import Streams
from twin.signal.sagin import SERVES
from twin.wire.messages import Ack, Body, Command, ComplexArray, Csi, Envelope, Kind, Letter, Precoder

ACTIVATE = "activate"
_ANNOUNCED_MAX = 4096


@dataclass(frozen=True, slots=True)
class Radio:
    """What a transmitter stands in: the world it measures, the air it shares, its power budget.

    `pilot_snr` (linear) and `csi_error` (relative, of the eavesdropper's channel) say how well it measures.
    """

    world: World
    air: Air
    streams: Streams
    pilot_snr: float
    csi_error: float
    power_mw: float


class Transmitter(Entity):
    """A transmitter that follows the leader; the leader itself is `Leader`.

    `shelf` holds precoders that are not on air yet, `_announced` the versions that the leader has or will
    have on air, with their instants; of those that have come only the newest is kept.
    """

    def __init__(self, name: str, kernel: Kernel, port: Port, radio: Radio, reporting: Reporting) -> None:
        super().__init__(name, kernel, port)
        self.radio = radio
        self.reporting = reporting
        self.shelf = Shelf()
        self._announced: dict[int, int] = {}

    def run(self) -> Process:
        """Measure and report, once per cycle."""
        while True:
            self._report()
            yield self.kernel.sleep(self.name, self.reporting.period_ns)

    def receive(self, envelope: Envelope, body: Body) -> str:
        """Take a precoder or a command in."""
        match body:
            case Precoder() if body.transmitter == self.name and body.vector.shape == self._shape:
                return self._on_precoder(Pending(body, envelope))
            case Command() if body.name == ACTIVATE:
                return self._on_activate(body)
            case _:
                return MALFORMED

    @property
    def version(self) -> int:
        """The version that is on air; 0 for local MRT."""
        return self.shelf.version

    @property
    def _shape(self) -> tuple[int, ...]:
        return self.radio.air.precoders[self.name].shape

    def _report(self) -> None:
        now, air = self.kernel.now_ns, self.radio.air
        trace_id = self.reporting.cycle(now)
        csi = self._measure(now)
        self.port.send(Letter(Kind.CSI, self.edge_twin, csi, now, trace_id))
        self.port.send(state_letter(self.radio.world, air, self.name, now, trace_id))
        if self.version == 0:
            self._transmit(local_mrt(csi, SERVES[self.name], self.radio.power_mw), None, now)

    def _measure(self, t_ns: int) -> Csi:
        radio = self.radio
        return estimate(
            radio.world, radio.streams, self.name, t_ns, pilot_snr=radio.pilot_snr, csi_error=radio.csi_error
        )

    def _on_precoder(self, pending: Pending) -> str:
        reason = self.shelf.put(pending)
        if reason == ACCEPTED:
            self._announce(pending)
            self._activate_at(pending.precoder.activate_at_ns)
        return reason

    def _announce(self, pending: Pending) -> None:
        """Only the leader has something to announce."""

    def _on_activate(self, command: Command) -> str:
        if command.version in self._announced:
            return DEDUPLICATED
        if command.version < self._reached():
            return STALE
        if len(self._announced) >= _ANNOUNCED_MAX:
            return QUEUE_FULL
        self._announced[command.version] = command.at_ns
        self._activate_at(command.at_ns)
        return ACCEPTED

    def _activate_at(self, t_ns: int) -> None:
        if t_ns > self.kernel.now_ns:
            self.kernel.wake(self.name, t_ns, self._activate)
        else:
            self._activate()

    def _reached(self) -> int:
        """The newest version that the leader is known to have on air now."""
        now = self.kernel.now_ns
        return max((version for version, at_ns in self._announced.items() if at_ns <= now), default=0)

    def _activate(self) -> None:
        """Put the newest version on air that is due and that the leader has reached; forget what is older."""
        now, reached = self.kernel.now_ns, self._reached()
        self._announced = {version: at_ns for version, at_ns in self._announced.items() if version >= reached}
        pending = self.shelf.take(now, reached)
        if pending is None:
            return
        self._transmit(pending.precoder.vector, pending.envelope, pending.envelope.t_data_ns)
        ack = Ack(self.name, self.version, now)
        cause = pending.envelope
        self.port.send(Letter(Kind.ACK, self.edge_twin, ack, cause.t_data_ns, cause.trace_id, cause.msg_id))

    def _transmit(self, vector: ComplexArray, cause: Envelope | None, t_data_ns: int) -> None:
        self.radio.air.put(self.name, vector, t_data_ns)
        self.port.on_air(self.version, vector, cause, t_data_ns)


class Leader(Transmitter):
    """The transmitter that goes first, and tells its `followers` so."""

    def __init__(
        self,
        name: str,
        kernel: Kernel,
        port: Port,
        radio: Radio,
        reporting: Reporting,
        followers: tuple[str, ...],
    ) -> None:
        super().__init__(name, kernel, port, radio, reporting)
        self.followers = followers

    def _announce(self, pending: Pending) -> None:
        version, cause = pending.precoder.version, pending.envelope
        at_ns = max(pending.precoder.activate_at_ns, self.kernel.now_ns)
        self._announced[version] = at_ns
        for follower in self.followers:
            command = Command(version, ACTIVATE, at_ns)
            self.port.send(Letter(Kind.COMMAND, follower, command, cause.t_data_ns, cause.trace_id, cause.msg_id))


def local_mrt(csi: Csi, user: str, power_mw: float) -> ComplexArray:
    """Maximum ratio transmission from a transmitter's own estimate: x = sqrt(P) c / ||c||, shape (N,), sqrt(mW)."""
    row: ComplexArray = csi.channels[csi.receivers.index(user)]
    norm = float(np.linalg.norm(row))
    if norm == 0.0:
        return np.zeros_like(row)
    return np.ascontiguousarray(row * (np.sqrt(power_mw) / norm))
