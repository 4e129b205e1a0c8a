"""The policies by their configurations."""

from twin.nodes.hisac_policy import HisacPolicy, HisacPolicyConfig
from twin.nodes.policy import Policy
from twin.nodes.sagin_policy import SaginPolicy, SaginPolicyConfig

PolicyConfig = SaginPolicyConfig | HisacPolicyConfig


def make_policy(config: PolicyConfig) -> Policy:
    """The policy that a configuration describes."""
    return HisacPolicy(config) if isinstance(config, HisacPolicyConfig) else SaginPolicy(config)
