"""The facts of a run: what the journal holds and what the tables are built from.

Every fact but `Wall`, `Handled`, `HostState` and `Closed` is a fact of virtual time and enters the digest. Facts are
recorded as soon as they are decided, which may be before the instant they speak of (a reply is journalled before it is
acted upon), so their order in the file is not an order in time: the digest does not depend on it. `Handled` and
`HostState` say nothing new: they are what it takes to go on with a run that was killed (`resume`).

Facts are frozen msgspec structs. Of `Sent`, `Ended` and `Handled`, of which there are many, the encoding is the record
(`records`) and the tag is the record's code.
"""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

MAX_RECORD: Final = 1 << 24
"""Most bytes that one record may have."""

MAX_ITEMS: Final = 1 << 16
"""Most inputs of a solve, hops of a message and state hashes of a run."""

MAX_INT: Final = (1 << 63) - 1
"""Integers are 64-bit signed, in the journal and in the tables."""

Integer = Annotated[int, Meta(le=MAX_INT)]


class Opened(Struct, frozen=True):
    """First record: the manifest as it was when the run began (resolved scenario, seed, versions)."""

    manifest: dict[str, Any]


class Hop(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One link on a message's way and the four parts of its latency there."""

    link: str
    queue_ns: Integer
    serialisation_ns: Integer
    propagation_ns: Integer
    jitter_ns: Integer


class Sent(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag=1):
    """A message was handed to the network. `frame` is the encoded envelope (its `t_deliver_ns` is -1)."""

    frame: Annotated[bytes, Meta(max_length=MAX_RECORD)]


class Ended(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag=2):
    """The fate of a message. `begin_ns`/`finish_ns`: when its handler ran (both `t_ns` for an entity, -1 if none)."""

    msg_id: Integer
    t_ns: Integer
    fate: str
    reason: str
    begin_ns: Integer
    finish_ns: Integer
    hops: Annotated[tuple[Hop, ...], Meta(max_length=MAX_ITEMS)]


class Solved(Struct, frozen=True, gc=False):
    """One solve by the twin `node`, with the ids of all the messages it used."""

    node: str
    begin_ns: int
    finish_ns: int
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


class Applied(Struct, frozen=True, gc=False):
    """A transmitter put a precoder on air. Version 0 is local MRT, from its own measurement (`msg_id` 0).

    `vector` is the little-endian complex128 bytes of the precoder, in sqrt(mW).
    """

    t_ns: int
    transmitter: str
    version: int
    msg_id: int
    t_data_ns: int
    vector: bytes


class Struck(Struct, frozen=True, gc=False):
    """What fault `fault` (its place in the scenario) did to a message, decided at `t_ns`; `effect` is an `Effect`.

    Of a copy that a fault makes this is said of the copy.
    """

    msg_id: int
    t_ns: int
    fault: int
    effect: str


class Wall(Struct, frozen=True, gc=False):
    """Wall time of a solve (outside the digest)."""

    node: str
    version: int
    begin_ns: int
    wall_us: float


class Woken(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A timer that a twin asked for: its name, and when it strikes."""

    name: str
    at_ns: Integer


class Handling(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What a host made of one delivery. `sends` and `solves` count the facts before this one that are part of it."""

    fate: str
    reason: str
    begin_ns: Integer
    finish_ns: Integer
    sends: Integer
    solves: Integer
    timers: Annotated[tuple[Woken, ...], Meta(max_length=MAX_ITEMS)]


class Handled(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag=7):
    """The hosts have answered: everything that came of one barrier is on file before this (outside the digest).

    With the `Sent`, `Solved` and `Wall` of the twins before it, in their order, this gives back the outcomes of all
    deliveries of the barrier, in theirs.
    """

    handlings: Annotated[tuple[Handling, ...], Meta(max_length=MAX_ITEMS)]


class HostState(Struct, frozen=True, gc=False):
    """A part of the snapshot of a host after its batch `number`: part `part` of `parts` (outside the digest)."""

    host: str
    number: int
    part: int
    parts: int
    data: bytes


class Closed(Struct, frozen=True):
    """Last record of a run that was closed properly (outside the digest)."""

    t_ns: int
    kernel_events: int
    wall_s: float
    interrupted: bool
    state_hashes: dict[str, str]


Fact = Opened | Sent | Ended | Solved | Applied | Struck | Wall | Handled | HostState | Closed
