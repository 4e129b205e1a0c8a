"""What a twin is told when it is made: everything it may know that did not arrive in a message.

No seed and no scenario, or a twin could compute the truth. The configurations travel in WELCOME as plain maps and are
validated on arrival.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from twin.errors import WireError
from twin.nodes.policies import PolicyConfig
from twin.nodes.pricing_config import PricingConfig

_STRICT = ConfigDict(strict=True, extra="forbid")

Role = Literal["edge", "core"]
EntityKind = Literal["transmitter", "user", "eavesdropper", "target"]
Trigger = Literal["complete", "every", "periodic"]
Activation = Literal["on_arrival", "scheduled"]


@dataclass(frozen=True, slots=True)
class CoordinationConfig:
    """What the coordinator needs to know when to solve, and to send precoders out.

    `first_hop` says to whom the precoder of each transmitter goes first (its core twin, its edge twin, or itself).
    `hold_ns` is how long a precoder is expected to stay on air until acknowledgements say so. `policy` is what the
    system's own policy is told.
    """

    __pydantic_config__ = _STRICT

    transmitters: tuple[str, ...]
    first_hop: dict[str, str]
    trigger: Trigger
    period_ns: int
    activation: Activation
    activation_margin_ns: int
    solve_ns: int
    hold_ns: int
    policy: PolicyConfig


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One twin. `peer` is the other twin of the entity; `sensed_to` is who is told about the eavesdropper ("": nobody).

    `coordination` is None for every twin but the coordinator; `pricing` is what the twins of a pair are told.
    """

    __pydantic_config__ = _STRICT

    name: str
    role: Role
    entity: str
    entity_kind: EntityKind
    rank: int
    peer: str
    coordinator: str
    eavesdropper: str
    sensed_to: str
    handle_ns: int
    mailbox_max: int
    coordination: CoordinationConfig | None
    pricing: PricingConfig | None = None


_ADAPTER = TypeAdapter(NodeConfig)


def to_wire(config: NodeConfig) -> dict[str, Any]:
    """The configuration as a plain map."""
    return asdict(config)


def from_wire(data: dict[str, Any]) -> NodeConfig:
    """A validated configuration.

    Raises:
        WireError: a field is missing, unknown or of the wrong type.
    """
    try:
        return _ADAPTER.validate_json(json.dumps(data))
    except (TypeError, ValueError) as error:
        if not isinstance(error, ValidationError):
            raise WireError(f"node configuration: {error}") from error
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WireError(f"node configuration: {where}: {first['msg']}") from error
