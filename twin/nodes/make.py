"""From a configuration to a twin."""

from twin.nodes.base import Node
from twin.nodes.config import NodeConfig
from twin.nodes.core import CoreTwin
from twin.nodes.edge import EdgeTwin


def make_node(config: NodeConfig) -> Node:
    """The twin that a configuration describes."""
    return EdgeTwin(config) if config.role == "edge" else CoreTwin(config)
