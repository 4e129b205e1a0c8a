"""From a configuration to a twin."""

from twin.nodes.base import Node
from twin.nodes.config import NodeConfig
from twin.nodes.core import CoreTwin
from twin.nodes.edge import EdgeTwin


def make_node(config: NodeConfig, life: int = 0) -> Node:
    """The twin that a configuration describes; `life` counts the crashes that it has behind it."""
    if config.pricing is None:
        return EdgeTwin(config, life) if config.role == "edge" else CoreTwin(config, life)
    if config.role == "edge":
        from twin.nodes.pricing import PricingTwin  # compiled kernels are not for those who do not use them

        return PricingTwin(config, config.pricing, life)
    from twin.nodes.pricing_core import PricingCoreTwin

    return PricingCoreTwin(config, config.pricing)
