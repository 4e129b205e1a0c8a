"""What may come of the inputs of a twin, from its configuration alone: the columns "what it does" of the twins' tables.

The kernel runs ahead of a twin as far as this allows (`emulation.lookahead`); the twin's host holds it to its word.
"""

from twin.nodes.config import NodeConfig
from twin.nodes.pricing_config import PricingConfig, others
from twin.wire.messages import Kind
from twin.wire.reactions import TIMER, Reaction, Reactions


def reactions(config: NodeConfig) -> Reactions | None:
    """What the twin may answer to what; None where anything may come of anything."""
    if config.pricing is None:
        return None
    if config.role == "edge":
        return _of_pricing_twin(config, config.pricing)
    return _of_pricing_core_twin(config, config.pricing)


def _of_pricing_twin(config: NodeConfig, pricing: PricingConfig) -> Reactions:
    """See the table in `pricing`."""
    core, payers = {config.peer}, others(pricing, config.entity)
    prices: set[str] = set()
    if pricing.priced and payers:
        prices = core if pricing.price_route == "core" else {f"edge:{name}" for name in payers}
    found = {
        Kind.CSI: core if pricing.synced == "all" else set(),
        Kind.COVARIANCE: core | (prices if pricing.requote == "report" else set()),
        Kind.ACK: core,
    }
    turn = Reaction(frozenset({config.entity} | prices), wakes=True, cost_ns=pricing.update_ns)
    return {TIMER: turn} | {kind: Reaction(frozenset(to)) for kind, to in found.items() if to}


def _of_pricing_core_twin(config: NodeConfig, pricing: PricingConfig) -> Reactions:
    """See the table in `pricing_core`."""
    if pricing.price_route != "core":
        return {}
    payers = {f"core:{name}" for name in others(pricing, config.entity)}
    return {Kind.PRICE: Reaction(frozenset({config.peer} | payers))}
