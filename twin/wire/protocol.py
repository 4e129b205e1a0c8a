"""What the kernel and a host say to each other about a batch: data only (the bytes: `codec`, the sockets: `transport`).

host -> kernel   HELLO(name, epoch, schema, version)   kernel -> host   WELCOME(run_id, node_configs, last) or REFUSED
kernel -> host   BATCH(n, deliveries)                  host -> kernel   RESULT(n, outcomes) or ERROR(text)
kernel -> host   SNAPSHOT                              host -> kernel   SNAPSHOT_STATE(last, state)
kernel -> host   PING                                  host -> kernel   PONG
kernel -> host   STOP                                  host -> kernel   STATE_HASH(node -> hash)

A host that was lost begins again: WELCOME, RESTORE(last, state) of its last snapshot if it has one, then REPLAY(batch)
for every batch since, each answered by REPLAYED(n, digest of the result), and the batch that was with it.
"""

from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from twin.wire.limits import MAX_ITEMS, Name, Natural
from twin.wire.messages import Envelope, Sealed

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
    LOSS_BURST = "loss_burst"
    PARTITIONED = "partitioned"


class Effect(StrEnum):
    """What a modelled fault does to a message."""

    LOST = "lost"
    DROPPED = "dropped"
    DUPLICATED = "duplicated"
    REPLAYED = "replayed"
    DELAYED = "delayed"
    SKEWED = "skewed"


class Flag(IntFlag):
    """What the log says of a message in `flags`: a copy that a fault made (its envelope says so too), or struck."""

    DUPLICATED = 1
    REPLAYED = 2
    DELAYED = 4
    SKEWED = 8


class Delivery(Struct, frozen=True, gc=False):
    """A message (or, when `sealed` is None, the timer `timer`) that reaches `node` at `t_ns`.

    The message is as it was sent: what its delivery makes of it (`mailer.delivered`) follows from `t_ns`.
    """

    node: str
    t_ns: int
    sealed: Sealed | None
    timer: str = ""

    @property
    def envelope(self) -> Envelope | None:
        """The envelope of the message, as it was sent."""
        return None if self.sealed is None else self.sealed.envelope


class TimerRequest(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Wake `node` with `name` at `at_ns`."""

    node: Name
    name: Name
    at_ns: Natural


class SolveReport(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One solve of a twin. Everything but `wall_us` is a fact of virtual time."""

    problem: Name
    method: Name
    trigger: Name
    version: Natural
    inputs: Annotated[tuple[Natural, ...], Meta(max_length=MAX_ITEMS)]
    status: Name
    iterations: Natural
    objective: float
    violation: float
    cost_ns: Natural
    wall_us: float


class Outcome(Struct, frozen=True, gc=False):
    """What a host made of one delivery: its fate, when handling began and finished, and what came out."""

    fate: Fate
    reason: Reason
    begin_ns: int
    finish_ns: int
    sends: tuple[Sealed, ...] = ()
    timers: tuple[TimerRequest, ...] = ()
    solves: tuple[SolveReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Hello:
    """A host introduces itself."""

    name: str
    epoch: int
    schema: int
    version: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """The kernel's answer: the run, the configurations of the host's nodes, and the last batch it has a result for."""

    run_id: str
    node_configs: tuple[dict[str, Any], ...]
    last: int


class Batch(Struct, frozen=True, gc=False):
    """Deliveries for one host, in canonical order. Batch numbers count from 1 without gaps."""

    number: int
    deliveries: tuple[Delivery, ...]


class Result(Struct, frozen=True, gc=False):
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


@dataclass(frozen=True, slots=True)
class Refused:
    """The kernel does not want this host, and why."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""


@dataclass(frozen=True, slots=True)
class Pong:
    """I am, though I may be at work."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hand out the state of all nodes as it is after the last batch."""


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """The state of a host after batch `last`; no bytes when the host cannot say."""

    last: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Restore:
    """Be as a host was after batch `last`; not answered."""

    last: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """A batch that a host of this name has answered before: apply it and say what came out."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replayed batch: `digest_of_result`, which leaves out what wall time says."""

    number: int
    digest: str


Control = (
    Hello | Welcome | Batch | Result | HostError | Stop | StateHash | Refused | Ping | Pong
    | Snapshot | SnapshotState | Restore | Replay | Replayed
)  # fmt: skip
