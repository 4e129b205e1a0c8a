"""The message plane: entities and twins on one side, network, barrier and journal on the other.

Everything that is sent passes `_dispatch` and everything that ends passes `_end`, so conservation (sent = delivered +
lost + dropped + in flight) holds by construction and is counted in one place.
"""

from collections import Counter
from collections.abc import Callable
from itertools import compress

from msgspec.structs import replace

from twin.emulation.barrier import Barrier, Settle, Settled
from twin.emulation.keeper import Recorder
from twin.emulation.kernel import Kernel
from twin.emulation.lives import Lives
from twin.emulation.network import Network, Transit
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.errors import WireError
from twin.journal.facts import Applied, Ended, Handled, Handling, Sent, Solved, Struck, Wall, Woken
from twin.wire.codec import decode_body
from twin.wire.mailer import Mailer, delivered
from twin.wire.messages import Body, ComplexArray, Envelope, Letter, Sealed
from twin.wire.protocol import CRASH, Delivery, Effect, Fate, Outcome, Reason, SolveReport, TimerRequest

Receive = Callable[[Envelope, Body], str]
Departure = tuple[Sealed, ...]  # messages that leave a twin together


class EntityPort:
    """An entity's socket: sends its messages, hands it those that arrive, records what it puts on air."""

    def __init__(self, plane: "MessagePlane", mailer: Mailer) -> None:
        self._plane = plane
        self._mailer = mailer
        self._clock = plane.kernel.clock(mailer.name)

    def send(self, letter: Letter) -> int:
        """Send now; returns the id of the message."""
        now = self._plane.kernel.now_ns
        skew = None if self._clock is None or letter.parent_id else self._clock.skew(letter.t_data_ns)
        if skew is not None:  # what has no cause was measured by the entity itself, at the time of its clock
            letter = replace(letter, t_data_ns=max(0, skew.reading_ns(letter.t_data_ns)))
        (sealed,) = self._mailer.send((letter,), now)
        self._plane.send_from_entity(sealed, None if skew is None else skew.number)
        return sealed.envelope.msg_id

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
        couple: makes the barrier that hands this plane's deliveries to the hosts.
        lives: crashes and clocks of the twins.
    """

    def __init__(
        self,
        kernel: Kernel,
        layout: Layout,
        streams: Streams,
        recorder: Recorder,
        couple: Callable[[Settle], Barrier],
        lives: Lives | None = None,
    ) -> None:
        self.kernel = kernel
        self.recorder = recorder
        self.receivers: dict[str, Receive] = {}
        self.counts: Counter[str] = Counter()
        self.network = Network(kernel, layout, streams, self._arrive, self._end_on_the_way, self)
        self._host_of = layout.host_of
        self._lives = lives or Lives()
        self._barrier = couple(self)
        self._transits: dict[int, Transit] = {}

    def port(self, name: str, run_id: str) -> EntityPort:
        """A port for the entity `name`."""
        return EntityPort(self, Mailer(run_id, name, self.kernel.rank(name)))

    def start(self) -> None:
        """Set the clocks of the twins, and schedule their crashes."""
        for node in sorted(self._lives.clocks):
            self._begin(node, 0)
        for node, crash in self._lives.events():
            self._schedule_crash(node, crash.down_ns, crash.up_ns)

    def finish(self, end_ns: int) -> None:
        """Have everything handled that was delivered before the end of the run, and let happen what comes of it.

        Over a link of its own a twin may send before the end what a window that reaches beyond it has held back: that
        arrives after the end, but a link that refuses it does so before.
        """
        self._barrier.flush()
        self.kernel.run(end_ns)

    def send_from_entity(self, sealed: Sealed, skewed: int | None = None) -> None:
        """An entity sends now, by a clock that fault `skewed` has made wrong if that is a number."""
        self._journal_sent(sealed)
        if skewed is not None:
            self.struck(Struck(sealed.envelope.msg_id, self.kernel.now_ns, skewed, Effect.SKEWED))
        self.network.send(sealed, self.kernel.now_ns)

    def copied(self, sealed: Sealed) -> None:
        """A fault has sent a copy of a message."""
        self._journal_sent(sealed)

    def struck(self, struck: Struck) -> None:
        """A fault has struck a message."""
        self.recorder.record(struck)

    def before(self) -> None:
        """Everything that led to a batch is on disk before the batch leaves."""
        self.recorder.commit()

    def after(self, settled: Settled) -> None:
        """Journal all outcomes in one write, then act on them: messages leave when their handler has finished."""
        living = [self._survives(delivery, outcome) for delivery, outcome in settled]
        kept = list(compress(settled, living))
        for delivery, outcome in kept:
            self._journal_outcome(delivery, outcome)
        self.recorder.record(Handled(tuple(map(_handling, settled, living))))
        self.recorder.commit()
        for delivery, outcome in kept:
            for timer in outcome.timers:
                self._set_timer(timer, outcome.finish_ns)
            if outcome.sends:
                self._leave(delivery.node, outcome.finish_ns, outcome.sends)

    def _survives(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Whether the twin lived to the end of the handling; if not, the message ends with the twin."""
        crash_ns = self._lives.end_of_life_ns(delivery.node, delivery.t_ns)
        if crash_ns is None or outcome.finish_ns < crash_ns:
            return True
        if delivery.sealed is not None:
            self._crash(self._transits.pop(delivery.sealed.envelope.msg_id), crash_ns)
        return False

    def _crash(self, transit: Transit, t_ns: int) -> None:
        """A message ends with the twin that it has reached, or at one that is down."""
        crash = self._lives.crash_at(transit.envelope.dst, t_ns)
        if crash is not None and crash.number is not None:
            self.struck(Struck(transit.envelope.msg_id, t_ns, crash.number, Effect.DROPPED))
        self._end(transit, t_ns, Fate.DROPPED, Reason.CRASHED, (-1, -1))

    def _journal_outcome(self, delivery: Delivery, outcome: Outcome) -> None:
        if delivery.sealed is not None:
            transit = self._transits.pop(delivery.sealed.envelope.msg_id)
            self._end(transit, delivery.t_ns, outcome.fate, outcome.reason, (outcome.begin_ns, outcome.finish_ns))
        for solve in outcome.solves:
            self._journal_solve(delivery.node, outcome, solve)
        for sealed in outcome.sends:
            self._journal_sent(sealed)

    def _leave(self, node: str, finish_ns: int, departure: Departure) -> None:
        """What a twin sends enters the network at its finish time.

        Where that lies before the barrier, the lookahead vouches for a link that nobody else feeds: to enter it late is
        to enter it on time.
        """
        if finish_ns < self.kernel.now_ns:
            self._depart(departure, finish_ns)
        else:
            self.kernel.wake(node, finish_ns, lambda: self._depart(departure, finish_ns))

    def _set_timer(self, timer: TimerRequest, set_ns: int) -> None:
        """Deliver a timer to a twin, if it lives until then."""
        life = self._lives.life(timer.node, set_ns)

        def strike() -> None:
            lives, now = self._lives, self.kernel.now_ns
            if lives.life(timer.node, now) == life and not lives.is_down(timer.node, now):
                self._barrier.submit(Delivery(timer.node, now, None, timer.name))

        self.kernel.wake(timer.node, timer.at_ns, strike)

    def _begin(self, node: str, t_ns: int) -> None:
        clock = self._lives.clocks.get(node)
        if clock is not None:
            self._set_timer(TimerRequest(node, clock.name, t_ns + clock.delay_ns), t_ns)

    def _schedule_crash(self, node: str, down_ns: int, up_ns: int) -> None:
        """Tell the host, in the place where the crash stands among the deliveries; at the restart a clock starts again.

        The crash is the first event of its instant: what arrives at that instant finds the twin down.
        """
        self.kernel.first(down_ns, lambda: self._barrier.submit(Delivery(node, down_ns, None, CRASH)))
        self.kernel.first(up_ns, lambda: self._begin(node, up_ns))

    def _depart(self, departure: Departure, t_ns: int) -> None:
        for sealed in departure:
            self.network.send(sealed, t_ns)

    def _arrive(self, transit: Transit) -> None:
        now, envelope = self.kernel.now_ns, transit.sealed.envelope
        if envelope.dst in self._host_of:
            self._arrive_at_twin(transit, now)
            return
        reason = self._hand_to_entity(delivered(envelope, now))
        fate = Fate.DROPPED if reason else Fate.DELIVERED
        self._end(transit, now, fate, Reason(reason), (now, now))

    def _arrive_at_twin(self, transit: Transit, now: int) -> None:
        sealed, twin = transit.sealed, transit.sealed.envelope.dst
        if self._lives.is_down(twin, now):
            self._crash(transit, now)
            return
        self._transits[sealed.envelope.msg_id] = transit
        self._barrier.submit(Delivery(twin, now, sealed))

    def _hand_to_entity(self, envelope: Envelope) -> str:
        try:
            body = decode_body(envelope.kind, envelope.body)
        except WireError:
            return Reason.MALFORMED
        return self.receivers[envelope.dst](envelope, body)

    def _end_on_the_way(self, transit: Transit, t_ns: int, fate: Fate, reason: Reason) -> None:
        self._end(transit, t_ns, fate, reason, (-1, -1))

    def _end(self, transit: Transit, t_ns: int, fate: Fate, reason: Reason, handled_ns: tuple[int, int]) -> None:
        self.counts[fate] += 1
        msg_id, hops = transit.sealed.envelope.msg_id, tuple(transit.hops)
        self.recorder.record(Ended(msg_id, t_ns, fate, reason, *handled_ns, hops))

    def _journal_sent(self, sealed: Sealed) -> None:
        self.counts["sent"] += 1
        self.recorder.record(Sent(sealed.frame))

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


def _handling(pair: tuple[Delivery, Outcome], lives: bool) -> Handling:
    """An outcome as the journal has it; nothing leaves a twin that did not live to the end of the handling."""
    _, outcome = pair
    sends, solves, timers = (outcome.sends, outcome.solves, outcome.timers) if lives else ((), (), ())
    woken = tuple([Woken(timer.name, timer.at_ns) for timer in timers])
    return Handling(outcome.fate, outcome.reason, outcome.begin_ns, outcome.finish_ns, len(sends), len(solves), woken)
