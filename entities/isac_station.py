"""The two stations: they measure, report, and put beams on air; one of them senses, too.

Until its first beams arrive a station acts alone, from its own measurement (`twin.signal.local_beams`). Beams that have
come go on air when they are due, each station for itself.
"""

from dataclasses import dataclass
from typing import Final

from entities.entity import ACCEPTED, MALFORMED, Entity, Port
from entities.isac_air import IsacAir
from entities.isac_measurement import Pilots, sense, station_csi
from entities.isac_world import IsacWorld
from entities.reporting import Reporting, state_letter
from entities.shelf import Pending, Shelf
from twin.emulation.kernel import Kernel, Process
from twin.emulation.streams import Streams
from twin.signal.hisac import sent_power_w
from twin.signal.isac import BOB
from twin.signal.local_beams import multicast_beams, sensing_beams
from twin.wire.messages import Ack, Body, ComplexArray, Csi, Envelope, Kind, Letter, Precoder

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class StationRadio:
    """What a station stands in: the world it measures, the air it shares, how well it measures, its power budget."""

    world: IsacWorld
    air: IsacAir
    streams: Streams
    pilots: Pilots
    power_mw: float


class Station(Entity):
    """The multicast station; the one that senses is `SensingStation`. `shelf.version` is on air."""

    def __init__(self, name: str, kernel: Kernel, port: Port, radio: StationRadio, reporting: Reporting) -> None:
        super().__init__(name, kernel, port)
        self.radio = radio
        self.reporting = reporting
        self.shelf = Shelf()

    def start(self) -> None:
        """Begin to live; both stations are on air before anybody measures what it hears."""
        self._act_alone(self._measure())
        super().start()

    def run(self) -> Process:
        """Measure and report, once per cycle."""
        while True:
            self._report()
            yield self.kernel.sleep(self.name, self.reporting.period_ns)

    def receive(self, envelope: Envelope, body: Body) -> str:
        """Take beams in; those that break the budget or have another shape are malformed."""
        if not isinstance(body, Precoder) or body.transmitter != self.name or not self._is_sound(body.vector):
            return MALFORMED
        reason = self.shelf.put(Pending(body, envelope))
        if reason == ACCEPTED:
            if body.activate_at_ns > self.kernel.now_ns:
                self.kernel.wake(self.name, body.activate_at_ns, self._activate)
            else:
                self._activate()
        return reason

    def alone(self, csi: Csi) -> ComplexArray:
        """Beams from the station's own estimates."""
        count = len(self.radio.world.params.users)
        return multicast_beams(csi.channels[-count:], self.radio.power_mw, self._on_air.shape[1])

    @property
    def _on_air(self) -> ComplexArray:
        return self.radio.air.precoders[self.name]

    def _is_sound(self, beams: ComplexArray) -> bool:
        return beams.shape == self._on_air.shape and float(sent_power_w(beams)) <= self.radio.power_mw * (1 + _ROUNDING)

    def _measure(self) -> Csi:
        radio = self.radio
        return station_csi(radio.world, radio.streams, self.name, self.kernel.now_ns, radio.pilots)

    def _report(self) -> None:
        now = self.kernel.now_ns
        trace_id = self.reporting.cycle(now)
        csi = self._measure()
        self.port.send(Letter(Kind.CSI, self.edge_twin, csi, now, trace_id))
        self.port.send(state_letter(self.radio.world, self.radio.air, self.name, now, trace_id))
        if self.shelf.version == 0 and now > 0:
            self._act_alone(csi)

    def _act_alone(self, csi: Csi) -> None:
        self._transmit(self.alone(csi), None, self.kernel.now_ns)

    def _activate(self) -> None:
        """Put the newest beams that are due on air, if there are any."""
        now = self.kernel.now_ns
        pending = self.shelf.take(now)
        if pending is None:
            return
        cause = pending.envelope
        self._transmit(pending.precoder.vector, cause, cause.t_data_ns)
        ack = Ack(self.name, self.shelf.version, now)
        self.port.send(Letter(Kind.ACK, self.edge_twin, ack, cause.t_data_ns, cause.trace_id, cause.msg_id))

    def _transmit(self, beams: ComplexArray, cause: Envelope | None, t_data_ns: int) -> None:
        self.radio.air.put(self.name, beams, t_data_ns)
        self.port.on_air(self.shelf.version, beams, cause, t_data_ns)


class SensingStation(Station):
    """The station that serves Bob and looks for the target: it reports the echo of what is on air, if it sees one."""

    def alone(self, csi: Csi) -> ComplexArray:
        """Bob by maximum ratio; the sensing stream by one element, which lights up every direction alike."""
        return sensing_beams(csi.channels[csi.receivers.index(BOB)], self.radio.power_mw)

    def _report(self) -> None:
        super()._report()
        now, radio = self.kernel.now_ns, self.radio
        echo = sense(radio.world, radio.streams, self.name, now, self._on_air)
        if echo is not None:
            self.port.send(Letter(Kind.ECHO, self.edge_twin, echo, now, self.reporting.cycle(now)))
