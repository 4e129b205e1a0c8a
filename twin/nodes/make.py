"""From a configuration to a twin."""

from twin.nodes.base import Node
from twin.nodes.config import NodeConfig
from twin.nodes.core import CoreTwin
from twin.nodes.edge import EdgeTwin
from twin.nodes.pricing import PricingTwin
from twin.nodes.pricing_core import PricingCoreTwin


def make_node(config: NodeConfig, life: int = 0) -> Node:
    """The twin that a configuration describes; `life` counts the crashes that it has behind it."""
    if config.pricing is not None:
        return (
            PricingTwin(config, config.pricing, life)
            if config.role == "edge"
            else PricingCoreTwin(config, config.pricing)
        )
    return EdgeTwin(config, life) if config.role == "edge" else CoreTwin(config, life)
