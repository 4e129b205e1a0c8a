"""The core twin of a pair: it holds what the edge twin syncs, and meets the twins of the other pairs in the core cloud.

    input                       from              what it does
    --------------------------  ----------------  --------------------------------------------------------------
    sync                        its edge twin     keep as the replica
    price                       its edge twin     hand on to the core twin of everybody who pays it
    price                       core twins        hand down to its edge twin
    ack                         its edge twin     keep: which version is on air

Input that is older than what the twin holds is dropped as stale, repeated input as deduplicated. A projected price is
for one payer: of those that the edge twin quotes at one time none makes another one old.
"""

from twin.nodes.base import Freshness, Incoming, Outputs
from twin.nodes.config import NodeConfig
from twin.nodes.pricing_config import PricingConfig, others
from twin.nodes.relay import forward, replica_of, replica_state
from twin.wire.messages import Ack, Envelope, Kind, Price, Replica
from twin.wire.packing import check_arity, check_int
from twin.wire.plain import Plain, take_names, take_pairs
from twin.wire.protocol import Reason


class PricingCoreTwin:
    """The core twin of one pair."""

    def __init__(self, config: NodeConfig, pricing: PricingConfig) -> None:
        self.name = config.name
        self.config = config
        self.others = others(pricing, config.entity)
        self.replica: dict[tuple[str, ...], Replica] = {}
        self.on_air = 0
        self._fresh = Freshness()

    def handle(self, incoming: Incoming) -> Outputs:
        """Take one input in (see the table above)."""
        envelope, body = incoming.envelope, incoming.body
        if envelope is None:
            return self._dropped(Reason.MALFORMED)
        match body:
            case Replica() if envelope.kind is Kind.SYNC and envelope.src == self.config.peer:
                return self._on_sync(body)
            case Price() if envelope.src == self.config.peer and body.pair == self.config.entity:
                return self._on_own_price(envelope, body)
            case Price() if envelope.src == f"core:{body.pair}" and body.payer in {"", self.config.entity}:
                return self._on_price(envelope, body)
            case Ack() if envelope.src == self.config.peer:
                return self._on_ack(body)
            case _:
                return self._dropped(Reason.MALFORMED)

    def state(self) -> Plain:
        """What is news, the replica, and the version that is on air."""
        held = tuple((source, replica_state(replica)) for source, replica in sorted(self.replica.items()))
        return self._fresh.state(), held, self.on_air

    def restore(self, state: object) -> None:
        """Become what a twin of this configuration was when it said `state`."""
        fresh, held, on_air = check_arity(state, 3, "PricingCoreTwin")
        self._fresh.restore(fresh)
        pairs = take_pairs(held, "PricingCoreTwin.replica")
        self.replica = {take_names(source, "PricingCoreTwin.replica"): replica_of(replica) for source, replica in pairs}
        self.on_air = check_int(on_air, "PricingCoreTwin.on_air")

    def _on_sync(self, replica: Replica) -> Outputs:
        source = (replica.entity, type(replica.report).__name__)
        if reason := self._fresh.admit(source, replica.report_seq):
            return self._dropped(reason)
        self.replica[source] = replica
        return Outputs(self.config.handle_ns)

    def _on_own_price(self, envelope: Envelope, price: Price) -> Outputs:
        if reason := self._fresh.admit(("price", price.pair, price.payer), price.quote):
            return self._dropped(reason)
        payers = [price.payer] if price.payer else self.others
        return Outputs(self.config.handle_ns, tuple(forward(envelope, price, f"core:{name}") for name in payers))

    def _on_price(self, envelope: Envelope, price: Price) -> Outputs:
        if reason := self._fresh.admit(("price", price.pair), price.quote):
            return self._dropped(reason)
        return Outputs(self.config.handle_ns, (forward(envelope, price, self.config.peer),))

    def _on_ack(self, ack: Ack) -> Outputs:
        if reason := self._fresh.admit(("ack",), ack.version):
            return self._dropped(reason)
        self.on_air = ack.version
        return Outputs(self.config.handle_ns)

    def _dropped(self, reason: Reason) -> Outputs:
        return Outputs(self.config.handle_ns, reason=reason)
