"""What a twin is told when it is made: everything it may know that did not arrive in a message.

No seed and no scenario, or a twin could compute the truth. The configurations travel in WELCOME as plain maps and are
validated on arrival.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from twin.errors import WireError
from twin.nodes.predictor import PredictorConfig

_STRICT = ConfigDict(strict=True, extra="forbid")

Role = Literal["edge", "core"]
EntityKind = Literal["transmitter", "user", "eavesdropper"]
Trigger = Literal["complete", "every", "periodic"]
Activation = Literal["on_arrival", "scheduled"]
Robust = Literal["none", "ball", "all_links", "both"]


@dataclass(frozen=True, slots=True)
class CoordinationConfig:
    """What the coordinator needs to solve and to send precoders out.

    `first_hop` says to whom the precoder of each transmitter goes first (its core twin, its edge twin, or itself);
    powers are budgets in mW, in the order of `transmitters`; `eavesdropper` names the row that is sensed. `robust`
    says which errors the solver allows for: the ball around the eavesdropper's channels, the error powers of all
    links, or both. `hold_ns` is how long a precoder is expected to stay on air until acknowledgements say so.
    """

    __pydantic_config__ = _STRICT

    transmitters: tuple[str, ...]
    receivers: tuple[str, ...]
    eavesdropper: str
    powers_mw: tuple[float, ...]
    first_hop: dict[str, str]
    trigger: Trigger
    period_ns: int
    activation: Activation
    activation_margin_ns: int
    solver: str
    robust: Robust
    max_iterations: int
    solve_ns: int
    hold_ns: int
    predictor: PredictorConfig


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One twin. `peer` is the other twin of the entity; `sensed_to` is who is told about the eavesdropper ("": nobody).

    `coordination` is None for every twin but the coordinator.
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
