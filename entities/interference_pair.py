"""A transmitter-receiver pair: one process that plays both ends, each with a port and a site of its own.

The transmitter estimates its channels to all receivers and to the eavesdropper from their uplink pilots, reports them,
and puts precoders [Q L] on air. The receiver measures the covariance of what it hears beside its own transmitter, and
reports it to its transmitter's edge twin; where prices travel projected it reports its channels, too. Until the first
precoder arrives the transmitter serves its receiver by a local start, anew with each report: little power, from its own
estimate.
"""

from dataclasses import dataclass

import numpy as np

from entities.entity import ACCEPTED, MALFORMED, Entity, Port
from entities.pairs_air import PairsAir, used_mw
from entities.pairs_measurement import mean_gain, receiver_csi, transmitter_csi
from entities.pairs_params import receiver_of
from entities.pairs_world import PairsWorld
from entities.reporting import Reporting
from entities.shelf import Pending, Shelf
from twin.emulation.kernel import Kernel, Process
from twin.signal.local_start import local_start
from twin.wire.messages import Ack, Body, ComplexArray, Covariance, Csi, Envelope, Kind, Letter, Precoder

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class PairRadio:
    """What a pair stands in: the world it measures, the air it shares, its power budget.

    With `receiver_reports` the receiver reports the channels that it hears others through.
    """

    world: PairsWorld
    air: PairsAir
    power_mw: float
    receiver_reports: bool = False


class InterferencePair(Entity):
    """Both ends of a pair; `port` is the transmitter's, `receiver_port` the receiver's."""

    def __init__(
        self, name: str, kernel: Kernel, ports: tuple[Port, Port], radio: PairRadio, reporting: Reporting
    ) -> None:
        super().__init__(name, kernel, ports[0])
        self.receiver = receiver_of(name)
        self.receiver_port = ports[1]
        self.receiver_port.listen(self.receive_at_receiver)
        self.radio = radio
        self.reporting = reporting
        self.number = radio.world.params.names.index(name)
        self.shelf = Shelf()

    def start(self) -> None:
        """Begin to live; all pairs are on air before any of them measures what it hears."""
        self._act_alone(transmitter_csi(self.radio.world, self.number, self.kernel.now_ns))
        super().start()

    def run(self) -> Process:
        """Both ends measure and report, once per cycle."""
        while True:
            self._report()
            yield self.kernel.sleep(self.name, self.reporting.period_ns)

    def receive(self, envelope: Envelope, body: Body) -> str:
        """Take a precoder in; one that breaks the budget or has another shape is malformed."""
        if not isinstance(body, Precoder) or body.transmitter != self.name or not self._is_sound(body.vector):
            return MALFORMED
        return self._on_precoder(Pending(body, envelope))

    def receive_at_receiver(self, envelope: Envelope, body: Body) -> str:  # noqa: ARG002 - the interface of all ports
        """Nobody has anything to say to a receiver."""
        return MALFORMED

    def _is_sound(self, both: ComplexArray) -> bool:
        if both.shape != self.radio.air.shape:
            return False
        return used_mw(both) <= self.radio.power_mw * (1.0 + _ROUNDING)

    def _report(self) -> None:
        now, world = self.kernel.now_ns, self.radio.world
        trace_id = self.reporting.cycle(now)
        csi = transmitter_csi(world, self.number, now)
        self.port.send(Letter(Kind.CSI, self.edge_twin, csi, now, trace_id))
        if self.version == 0 and now > 0:
            self._act_alone(csi)
        if self.radio.receiver_reports:  # first, so that prices that answer to the covariance are projected by it
            heard = receiver_csi(world, self.number, now)
            self.receiver_port.send(Letter(Kind.CSI, self.edge_twin, heard, now, trace_id))
        covariance = Covariance(
            self.receiver, self.radio.air.covariance(self.number, now), world.doppler_hz(self.receiver)
        )
        self.receiver_port.send(Letter(Kind.COVARIANCE, self.edge_twin, covariance, now, trace_id))

    def _act_alone(self, csi: Csi) -> None:
        """Put the local start from the transmitter's own estimate of its own channel on air."""
        params = self.radio.world.params
        first = self.number * params.receive
        own = csi.channels[first : first + params.receive]
        gain = mean_gain(own, float(csi.error_var[first]))
        both = local_start(own, gain, self.radio.power_mw, params.streams, params.noise_streams)
        self._transmit(np.ascontiguousarray(np.concatenate(both, axis=1)), None, self.kernel.now_ns)

    @property
    def version(self) -> int:
        """The version that is on air; 0 for the local start."""
        return self.shelf.version

    def _on_precoder(self, pending: Pending) -> str:
        reason, at_ns = self.shelf.put(pending), pending.precoder.activate_at_ns
        if reason == ACCEPTED and at_ns > self.kernel.now_ns:
            self.kernel.wake(self.name, at_ns, self._activate)
        elif reason == ACCEPTED:
            self._activate()
        return reason

    def _activate(self) -> None:
        """Put the newest version on air that is due; forget what is older."""
        now = self.kernel.now_ns
        pending = self.shelf.take(now)
        if pending is None:
            return
        cause = pending.envelope
        self._transmit(pending.precoder.vector, cause, cause.t_data_ns)
        ack = Ack(self.name, self.version, now)
        self.port.send(Letter(Kind.ACK, self.edge_twin, ack, cause.t_data_ns, cause.trace_id, cause.msg_id))

    def _transmit(self, both: ComplexArray, cause: Envelope | None, t_data_ns: int) -> None:
        self.radio.air.put(self.name, both, t_data_ns)
        self.port.on_air(self.version, both, cause, t_data_ns)
