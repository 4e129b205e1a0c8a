"""The edge twin of a transmitter-receiver pair: it decides for its own pair, and asks others for what they cost it.

    input                       from              what it does
    --------------------------  ----------------  --------------------------------------------------------------
    csi                         its transmitter   keep: channels to its own receiver, the others', the eavesdropper
    csi                         its receiver      keep: channels from the others, to project prices by
    covariance                  its receiver      keep; quote anew (requote "report") and send the price
    price                       edge twins, or    keep, the newest of each pair
                                its core twin
    ack                         its transmitter   forward to the core twin
    timer "update"              itself            take a turn: an update against the prices that are held; precoder to
                                                  the transmitter, price to the others; ask for the next timer

Reports are synced to the core twin as `synced` says. Prices go to the other edge twins, or (price_route "core") up to
the core twin, which hands them on. Input that is older than what the twin holds is dropped as stale, repeated input as
deduplicated; prices are ordered by the number that their sender gave them, whatever way they came.

In the sequential schedule every pair has a slot in the period of a common clock, (i - 1) / K of it after the first. A
token that travels with the price would need no clock, but is lost with the message that carries it: the play stops
until somebody times out, and a time-out that was too short makes two tokens. A slot costs nothing when a message is
lost: the pair then answers to the price that it has. When reports and prices take less than a slot each turn answers
to prices that were quoted after the turn before it, and the turns are those of sequential play at one place.
"""

from twin.nodes.base import Freshness, Incoming, Outputs, Wake
from twin.nodes.config import NodeConfig
from twin.nodes.pricing_book import Book, Known, held
from twin.nodes.pricing_config import PricingConfig, others
from twin.nodes.pricing_play import Play, Turn
from twin.nodes.relay import forward, replica_letter
from twin.wire.messages import Ack, Covariance, Csi, Envelope, Kind, Letter, Precoder, Price, Replica
from twin.wire.packing import check_arity
from twin.wire.plain import Plain
from twin.wire.protocol import Reason, SolveReport

PROBLEM = "ic"
UPDATE_TIMER = "update"


class PricingTwin:
    """The edge twin of one pair."""

    def __init__(self, config: NodeConfig, pricing: PricingConfig, life: int = 0) -> None:
        self.name = config.name
        self.config = config
        self.pricing = pricing
        self.receiver = f"rx:{config.entity}"
        self.others = others(pricing, config.entity)
        self.book = Book(pricing, config.entity)
        self.play = Play(pricing, config.entity, life)
        self._fresh = Freshness()

    def handle(self, incoming: Incoming) -> Outputs:
        """Take one input in (see the table above)."""
        envelope, body = incoming.envelope, incoming.body
        if envelope is None:
            return self._on_timer(incoming)
        match body:
            case Csi() if envelope.src == self.config.entity:
                return self._on_csi(envelope, body)
            case Csi() if envelope.src == self.receiver:
                return self._on_downlink(envelope, body)
            case Covariance() if envelope.src == self.receiver:
                return self._on_covariance(envelope, body)
            case Price() if self._is_for_me(envelope.src, body):
                return self._on_price(envelope, body)
            case Ack() if envelope.src == self.config.entity:
                return self._on_ack(envelope, body)
            case _:
                return self._dropped(Reason.MALFORMED)

    def state(self) -> Plain:
        """What is news, what is held, and where the pair stands."""
        return self._fresh.state(), self.book.state(), self.play.state()

    def restore(self, state: object) -> None:
        """Become what a twin of this configuration was when it said `state`."""
        fresh, book, play = check_arity(state, 3, "PricingTwin")
        self._fresh.restore(fresh)
        self.book.restore(book)
        self.play.restore(play)

    def _on_csi(self, envelope: Envelope, csi: Csi) -> Outputs:
        if reason := self._fresh.admit((envelope.src, envelope.kind), envelope.seq):
            return self._dropped(reason)
        if not self.book.keep_csi(held(envelope, csi)):
            return self._dropped(Reason.MALFORMED)
        return Outputs(self.config.handle_ns, self._synced(envelope, csi))

    def _on_downlink(self, envelope: Envelope, csi: Csi) -> Outputs:
        if reason := self._fresh.admit((envelope.src, envelope.kind), envelope.seq):
            return self._dropped(reason)
        self.book.downlink = held(envelope, csi)
        return Outputs(self.config.handle_ns, self._synced(envelope, csi))

    def _on_covariance(self, envelope: Envelope, covariance: Covariance) -> Outputs:
        if reason := self._fresh.admit((envelope.src, envelope.kind), envelope.seq):
            return self._dropped(reason)
        self.book.keep_heard(held(envelope, covariance))
        letters = self._synced(envelope, covariance)
        if self.pricing.requote == "report" and self.book.known is not None:
            letters = (*letters, *self._prices(self.book.known, envelope.trace_id, envelope.msg_id))
        return Outputs(self.config.handle_ns, letters)

    def _on_price(self, envelope: Envelope, price: Price) -> Outputs:
        if reason := self._fresh.admit(("price", price.pair), price.quote):
            return self._dropped(reason)
        self.book.prices[price.pair] = held(envelope, price)
        return Outputs(self.config.handle_ns)

    def _on_ack(self, envelope: Envelope, ack: Ack) -> Outputs:
        if reason := self._fresh.admit(("ack",), ack.version):
            return self._dropped(reason)
        return Outputs(self.config.handle_ns, (forward(envelope, ack, self.config.peer),))

    def _on_timer(self, incoming: Incoming) -> Outputs:
        if incoming.timer != UPDATE_TIMER:
            return self._dropped(Reason.MALFORMED)
        known, csi = self.book.known, self.book.csi
        if known is None or csi is None or not self._is_due(incoming.t_ns):
            return Outputs(self.config.handle_ns, wakes=(self._next(incoming, self.config.handle_ns),))
        cost_ns = self.config.handle_ns + self.pricing.update_ns
        turn = self.play.take_turn(self.book, known, incoming.begin_ns + cost_ns)
        used = self.book.inputs(known)
        precoder = Precoder(self.config.entity, turn.version, self.play.precoder(), 0)
        letter = Letter(
            Kind.PRECODER,
            self.config.entity,
            precoder,
            min(each.t_data_ns for each in used),
            csi.trace_id,
            csi.msg_id,
        )
        prices = self._prices(known, csi.trace_id, csi.msg_id)
        report = self._report(turn, tuple(each.msg_id for each in used))
        return Outputs(cost_ns, (letter, *prices), (self._next(incoming, cost_ns),), (report,))

    def _prices(self, known: Known, trace_id: int, parent_id: int) -> tuple[Letter, ...]:
        """The price for everybody who pays it, by the route that prices take."""
        if not self.pricing.priced or not self.others:
            return ()
        t_data_ns = min(each.t_data_ns for each in self.book.measured)
        through_core = self.pricing.price_route == "core"
        letters = []
        for price in self.play.quote(self.book, known):
            payers = [price.payer] if price.payer else self.others
            places = [self.config.peer] if through_core else [f"edge:{name}" for name in payers]
            letters += [Letter(Kind.PRICE, place, price, t_data_ns, trace_id, parent_id) for place in places]
        return tuple(letters)

    def _synced(self, envelope: Envelope, report: Csi | Covariance) -> tuple[Letter, ...]:
        if self.pricing.synced == "covariance" and isinstance(report, Csi):
            return ()
        replica = Replica(envelope.src, envelope.seq, report)
        return (replica_letter(Kind.SYNC, self.config.peer, replica, envelope),)

    def _is_for_me(self, src: str, price: Price) -> bool:
        is_way = src in {f"edge:{price.pair}", self.config.peer}
        return is_way and price.payer in {"", self.config.entity} and price.pair in self.others

    def _is_due(self, t_ns: int) -> bool:
        """Whether it is the pair's turn: a twin that begins anew waits for the common clock."""
        return self._is_free() or (t_ns - self.pricing.phase_ns) % self.pricing.period_ns == 0

    def _is_free(self) -> bool:
        """Whether the twin has a clock of its own."""
        return self.pricing.schedule == "asynchronous"

    def _next(self, incoming: Incoming, cost_ns: int) -> Wake:
        """The next slot on the common clock, or a period from now on."""
        finish_ns, period_ns, phase_ns = incoming.begin_ns + cost_ns, self.pricing.period_ns, self.pricing.phase_ns
        at_ns = incoming.begin_ns + period_ns
        if not self._is_free():
            at_ns = phase_ns + ((finish_ns - phase_ns) // period_ns + 1) * period_ns
        return Wake(UPDATE_TIMER, max(at_ns - finish_ns, 1))

    def _report(self, turn: Turn, inputs: tuple[int, ...]) -> SolveReport:
        return SolveReport(
            problem=PROBLEM,
            method=self.pricing.variant if self.pricing.priced else "selfish",
            trigger=self.pricing.schedule,
            version=turn.version,
            inputs=inputs,
            status=turn.status,
            iterations=self.pricing.inner,
            objective=turn.rate,
            violation=turn.excess,
            cost_ns=self.pricing.update_ns,
            wall_us=0.0,
        )

    def _dropped(self, reason: Reason) -> Outputs:
        return Outputs(self.config.handle_ns, reason=reason)
