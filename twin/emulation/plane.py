"""The message plane: entities and twins on one side, network, barrier and journal on the other.

Everything that is sent passes `_dispatch` and everything that ends passes `_end`, so conservation (sent = delivered +
lost + dropped + in flight) holds by construction and is counted in one place.
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from twin.emulation.barrier import Hosts, Lockstep
from twin.emulation.kernel import Kernel
from twin.emulation.network import Layout, Network, Transit
from twin.emulation.streams import Streams
from twin.errors import WireError
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved, Wall
from twin.wire.codec import decode_body, encode_envelope
from twin.wire.mailer import Mailer
from twin.wire.messages import Body, ComplexArray, Envelope, Letter
from twin.wire.protocol import Delivery, Fate, Outcome, Reason, SolveReport, TimerRequest


class Recorder(Protocol):
    """The journal, as far as the plane needs it."""

    def record(self, fact: Fact) -> None:
        """Take a fact in."""

    def commit(self) -> None:
        """Write what was taken in before it is acted upon."""


Receive = Callable[[Envelope, Body], str]


class EntityPort:
    """An entity's socket: sends its messages, hands it those that arrive, records what it puts on air."""

    def __init__(self, plane: "MessagePlane", mailer: Mailer) -> None:
        self._plane = plane
        self._mailer = mailer

    def send(self, letter: Letter) -> int:
        """Send now; returns the id of the message."""
        envelope = self._mailer.envelope(letter, self._plane.kernel.now_ns)
        self._plane.send_from_entity(envelope)
        return envelope.msg_id

    def listen(self, receive: Receive) -> None:
        """Call `receive(envelope, body)` for every message; it returns "" or the reason why it drops the message."""
        self._plane.receivers[self._mailer.name] = receive

    def on_air(self, version: int, vector: ComplexArray, cause: Envelope | None, t_data_ns: int) -> None:
        """Record that this transmitter put `vector` on air; `cause` is the message that brought it."""
        self._plane.recorder.record(
            Applied(
                t_ns=self._plane.kernel.now_ns,
                transmitter=self._mailer.name,
                version=version,
                msg_id=0 if cause is None else cause.msg_id,
                t_data_ns=t_data_ns,
                vector=vector.astype("<c16").tobytes(),
            )
        )


class MessagePlane:
    """Wires kernel, network, barrier and journal together.

    Args:
        kernel: virtual time.
        layout: sites, links and hosts; names without a host are entities.
        streams: draws of the links.
        recorder: the journal.
        hosts: the link to the hosts.
    """

    def __init__(self, kernel: Kernel, layout: Layout, streams: Streams, recorder: Recorder, hosts: Hosts) -> None:
        self.kernel = kernel
        self.recorder = recorder
        self.receivers: dict[str, Receive] = {}
        self.counts: Counter[str] = Counter()
        self.network = Network(kernel, layout, streams, self._arrive, self._end_on_the_way)
        self._host_of = layout.host_of
        self._barrier = Lockstep(hosts, layout.host_of, self)
        self._transits: dict[int, Transit] = {}

    def port(self, name: str, run_id: str) -> EntityPort:
        """A port for the entity `name`."""
        return EntityPort(self, Mailer(run_id, name, self.kernel.rank(name)))

    def send_from_entity(self, envelope: Envelope) -> None:
        """An entity sends now."""
        size = self._journal_sent(envelope)
        self.network.send(envelope, size)

    def set_timer(self, timer: TimerRequest) -> None:
        """Deliver a timer to a twin."""
        delivery = Delivery(timer.node, timer.at_ns, None, timer.name)
        self.kernel.wake(timer.node, timer.at_ns, lambda: self._barrier.submit(delivery))

    def before(self) -> None:
        """Everything that led to a batch is on disk before the batch leaves."""
        self.recorder.commit()

    def after(self, delivery: Delivery, outcome: Outcome) -> None:
        """Journal an outcome, then act on it: its messages leave when the handler has finished."""
        if delivery.envelope is not None:
            transit = self._transits.pop(delivery.envelope.msg_id)
            self._end(transit, delivery.t_ns, outcome.fate, outcome.reason, (outcome.begin_ns, outcome.finish_ns))
        for solve in outcome.solves:
            self._journal_solve(delivery.node, outcome, solve)
        sizes = [self._journal_sent(envelope) for envelope in outcome.sends]
        self.recorder.commit()
        for timer in outcome.timers:
            self.set_timer(timer)
        if outcome.sends:
            pairs = tuple(zip(outcome.sends, sizes, strict=True))
            self.kernel.wake(delivery.node, outcome.finish_ns, lambda: self._depart(pairs))

    def _depart(self, pairs: tuple[tuple[Envelope, int], ...]) -> None:
        for envelope, size in pairs:
            self.network.send(envelope, size)

    def _arrive(self, transit: Transit) -> None:
        envelope = replace(transit.envelope, t_deliver_ns=self.kernel.now_ns)
        if envelope.dst in self._host_of:
            self._transits[envelope.msg_id] = transit
            self._barrier.submit(Delivery(envelope.dst, self.kernel.now_ns, envelope))
            return
        reason = self._hand_to_entity(envelope)
        fate = Fate.DROPPED if reason else Fate.DELIVERED
        now = self.kernel.now_ns
        self._end(transit, now, fate, Reason(reason), (now, now))

    def _hand_to_entity(self, envelope: Envelope) -> str:
        try:
            body = decode_body(envelope.kind, envelope.body)
        except WireError:
            return Reason.MALFORMED
        return self.receivers[envelope.dst](envelope, body)

    def _end_on_the_way(self, transit: Transit, fate: Fate, reason: Reason) -> None:
        self._end(transit, self.kernel.now_ns, fate, reason, (-1, -1))

    def _end(self, transit: Transit, t_ns: int, fate: Fate, reason: Reason, handled_ns: tuple[int, int]) -> None:
        self.counts[fate] += 1
        msg_id, hops = transit.envelope.msg_id, tuple(transit.hops)
        self.recorder.record(Ended(msg_id, t_ns, fate, reason, *handled_ns, hops))

    def _journal_sent(self, envelope: Envelope) -> int:
        frame = encode_envelope(envelope)
        self.counts["sent"] += 1
        self.recorder.record(Sent(frame))
        return len(frame)

    def _journal_solve(self, node: str, outcome: Outcome, solve: SolveReport) -> None:
        self.counts["solves"] += 1
        begin = outcome.finish_ns - solve.cost_ns
        self.recorder.record(
            Solved(
                node,
                begin,
                outcome.finish_ns,
                solve.problem,
                solve.method,
                solve.trigger,
                solve.version,
                solve.inputs,
                solve.status,
                solve.iterations,
                solve.objective,
                solve.violation,
                solve.cost_ns,
            )
        )
        self.recorder.record(Wall(node, solve.version, begin, solve.wall_us))
