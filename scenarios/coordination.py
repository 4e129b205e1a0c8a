"""What systems with a coordinator tell their twins in the same way: everything but the policy."""

from collections.abc import Callable, Mapping
from typing import Final

from scenarios.spec_coordinated import CoordinatedSpec
from scenarios.spec_twin import CoordinatedTwinSection
from twin.emulation.lives import Clock
from twin.nodes.config import CoordinationConfig, EntityKind, NodeConfig
from twin.nodes.coordinator import SOLVE_TIMER
from twin.nodes.policies import PolicyConfig

EAVESDROPPER: Final = "eavesdropper"
"""Her name in all systems: she reports nothing, and what is sensed of her goes to her edge twin."""

_MAILBOX_MAX: Final = 10_000


def clocks(twin: CoordinatedTwinSection) -> dict[str, Clock]:
    """A coordinator with a periodic trigger begins each life with its clock."""
    return {twin.coordinator: Clock(SOLVE_TIMER, twin.period_ns)} if twin.trigger == "periodic" else {}


def coordination_config(
    spec: CoordinatedSpec, transmitters: tuple[str, ...], policy: PolicyConfig
) -> CoordinationConfig:
    """What the coordinator is told."""
    twin = spec.twin
    return CoordinationConfig(
        transmitters=transmitters,
        first_hop={name: first_hop(twin.coordinator, name) for name in transmitters},
        trigger=twin.trigger,
        period_ns=twin.period_ns,
        activation=twin.activation,
        activation_margin_ns=twin.activation_margin_ns,
        solve_ns=twin.cost_us.solve_ns,
        hold_ns=spec.loop_ns,
        policy=policy,
    )


def node_configs(
    spec: CoordinatedSpec,
    ranks: Mapping[str, int],
    kind_of: Callable[[str], EntityKind],
    coordination: CoordinationConfig,
) -> dict[str, NodeConfig]:
    """The configuration of every twin, by name."""
    return {name: _node_config(spec, name, ranks[name], kind_of, coordination) for name in spec.twins}


def _node_config(
    spec: CoordinatedSpec,
    name: str,
    rank: int,
    kind_of: Callable[[str], EntityKind],
    coordination: CoordinationConfig,
) -> NodeConfig:
    side, _, entity = name.partition(":")
    return NodeConfig(
        name=name,
        role="edge" if side == "edge" else "core",
        entity=entity,
        entity_kind=kind_of(entity),
        rank=rank,
        peer=f"{'core' if side == 'edge' else 'edge'}:{entity}",
        coordinator=spec.twin.coordinator,
        eavesdropper=EAVESDROPPER,
        sensed_to=f"edge:{EAVESDROPPER}",
        handle_ns=spec.twin.cost_us.handle_ns,
        mailbox_max=_MAILBOX_MAX,
        coordination=coordination if name == spec.twin.coordinator else None,
    )


def first_hop(coordinator: str, transmitter: str) -> str:
    """To whom the coordinator hands a precoder: down through core and edge, from where it stands itself."""
    if coordinator == f"edge:{transmitter}":
        return transmitter
    if coordinator == f"core:{transmitter}":
        return f"edge:{transmitter}"
    return f"core:{transmitter}"
