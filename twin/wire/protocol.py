"""What the kernel and a host say to each other about a batch: data only (the bytes: `codec`, the sockets: `transport`).

host -> kernel   HELLO(name, epoch, schema)         kernel -> host   WELCOME(run_id, node_configs, last)
kernel -> host   BATCH(n, deliveries)               host -> kernel   RESULT(n, outcomes) or ERROR(text)
kernel -> host   STOP                               host -> kernel   STATE_HASH(node -> hash)
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from twin.wire.messages import Envelope

LEAST_COST_NS: Final = 1_000
"""No handling of a message costs less: without it the kernel could never run ahead of a twin."""

CRASH: Final = "!crash"
"""A timer that no twin ever sees: it tells the host, in its place among the deliveries, that the twin's life ends."""


class Fate(StrEnum):
    """What became of a message. Exclusive."""

    DELIVERED = "delivered"
    LOST = "lost"
    DROPPED = "dropped"
    IN_FLIGHT = "in_flight"


class Reason(StrEnum):
    """Why a message was lost or dropped; NONE otherwise."""

    NONE = ""
    LOSS = "loss"
    QUEUE_FULL = "queue_full"
    STALE = "stale"
    DEDUPLICATED = "deduplicated"
    MALFORMED = "malformed"
    NO_ROUTE = "no_route"
    OUTAGE = "outage"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message (or, when `envelope` is None, the timer `timer`) that reaches `node` at `t_ns`."""

    node: str
    t_ns: int
    envelope: Envelope | None
    timer: str = ""


@dataclass(frozen=True, slots=True)
class TimerRequest:
    """Wake `node` with `name` at `at_ns`."""

    node: str
    name: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class SolveReport:
    """One solve of a twin. Everything but `wall_us` is a fact of virtual time."""

    problem: str
    method: str
    trigger: str
    version: int
    inputs: tuple[int, ...]
    status: str
    iterations: int
    objective: float
    violation: float
    cost_ns: int
    wall_us: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a host made of one delivery: its fate, when handling began and finished, and what came out."""

    fate: Fate
    reason: Reason
    begin_ns: int
    finish_ns: int
    sends: tuple[Envelope, ...] = ()
    timers: tuple[TimerRequest, ...] = ()
    solves: tuple[SolveReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Hello:
    """A host introduces itself."""

    name: str
    epoch: int
    schema: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """The kernel's answer: the run, the configurations of the host's nodes, and the last batch it has a result for."""

    run_id: str
    node_configs: tuple[dict[str, Any], ...]
    last: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries for one host, in canonical order. Batch numbers count from 1 without gaps."""

    number: int
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The outcomes of a batch, in the order of its deliveries."""

    number: int
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class HostError:
    """The host could not apply a batch (a gap in the numbers, an unknown node)."""

    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The run is over; answer with the state hash."""


@dataclass(frozen=True, slots=True)
class StateHash:
    """BLAKE2b-256 (hex) of each node's state at the end."""

    hashes: dict[str, str] = field(default_factory=dict)


Control = Hello | Welcome | Batch | Result | HostError | Stop | StateHash
