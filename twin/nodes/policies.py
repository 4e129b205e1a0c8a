"""The policies by their configurations."""

from twin.nodes.policy import Policy
from twin.nodes.sagin_policy import SaginPolicy, SaginPolicyConfig

PolicyConfig = SaginPolicyConfig


def make_policy(config: PolicyConfig) -> Policy:
    """The policy that a configuration describes."""
    return SaginPolicy(config)
