"""From a configuration to a twin."""

from twin.nodes.base import Node
from twin.nodes.config import NodeConfig
from twin.nodes.core import CoreTwin
from twin.nodes.edge import EdgeTwin


def make_node(config: NodeConfig, life: int = 0) -> Node:
    """The twin that a configuration describes; `life` counts the crashes that it has behind it."""
    return EdgeTwin(config, life) if config.role == "edge" else CoreTwin(config, life)
