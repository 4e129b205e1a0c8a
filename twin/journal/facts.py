"""The facts of a run: what the journal holds and what the tables are built from.

Every fact but `Wall` and `Closed` is a fact of virtual time and enters the digest. Facts are recorded as soon as they
are decided, which may be before the instant they speak of (a reply is journalled before it is acted upon), so their
order in the file is not an order in time: the digest does not depend on it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Opened:
    """First record: the manifest as it was when the run began (resolved scenario, seed, versions)."""

    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hop:
    """One link on a message's way and the four parts of its latency there."""

    link: str
    queue_ns: int
    serialisation_ns: int
    propagation_ns: int
    jitter_ns: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A message was handed to the network. `frame` is the encoded envelope (its `t_deliver_ns` is -1)."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The fate of a message. `begin_ns`/`finish_ns`: when its handler ran (both `t_ns` for an entity, -1 if none)."""

    msg_id: int
    t_ns: int
    fate: str
    reason: str
    begin_ns: int
    finish_ns: int
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Solved:
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


@dataclass(frozen=True, slots=True)
class Applied:
    """A transmitter put a precoder on air. Version 0 is local MRT, from its own measurement (`msg_id` 0).

    `vector` is the little-endian complex128 bytes of the precoder, in sqrt(mW).
    """

    t_ns: int
    transmitter: str
    version: int
    msg_id: int
    t_data_ns: int
    vector: bytes


@dataclass(frozen=True, slots=True)
class Wall:
    """Wall time of a solve (outside the digest)."""

    node: str
    version: int
    begin_ns: int
    wall_us: float


@dataclass(frozen=True, slots=True)
class Closed:
    """Last record of a run that was closed properly (outside the digest)."""

    t_ns: int
    kernel_events: int
    wall_s: float
    interrupted: bool
    state_hashes: dict[str, str]


Fact = Opened | Sent | Ended | Solved | Applied | Wall | Closed
