"""What entities and twins say to each other: plain data, no sockets.

Each kind of message has one body type (`BODY_OF`). Arrays are C-contiguous and read-only once they have crossed
the wire. Channels are noise-normalised (noise power 1 at every receiver) and powers are in milliwatts, so that
only P/sigma^2 enters a rate.

Messages are frozen msgspec structs: made, changed (`msgspec.structs.replace`) and encoded in C, since every message
of a run passes here several times. None of them can be part of a reference cycle.
"""

from enum import StrEnum
from typing import Annotated, Final

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from twin.wire.limits import Epoch, Flags, Instant, Name, Natural, Payload, Positive

RealArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SCHEMA: Final = 1


class Kind(StrEnum):
    """Kinds of message (architecture, "The message plane")."""

    STATE = "state"
    CSI = "csi"
    SYNC = "sync"
    SHARE = "share"
    PRECODER = "precoder"
    ACK = "ack"
    COMMAND = "command"
    PRICE = "price"
    COVARIANCE = "covariance"
    ECHO = "echo"


class State(Struct, frozen=True, eq=False, gc=False):
    """What a user reports of itself: position in m (3,), velocity in m/s (3,), downlink SINR in dB."""

    position_m: RealArray
    velocity_mps: RealArray
    quality_db: float


class Csi(Struct, frozen=True, eq=False, gc=False):
    """Estimates of channels, from pilots: a transmitter's, or what a receiver with several antennas estimates itself.

    `channels` is (R, N), one row per name in `receivers`; `error_var` (R,) is the variance per antenna of the pilot
    noise in each row; `radius` (R,) bounds ||delta|| of a row whose error is bounded (the eavesdropper's), else 0. A
    receiver with n antennas has n adjacent rows, all under its name. In the report of a receiver the rows are those
    of its own antennas, and each is named after the transmitter that it is the channel from.
    """

    receivers: tuple[str, ...]
    channels: ComplexArray
    error_var: RealArray
    radius: RealArray


class Sensed(Struct, frozen=True, eq=False, gc=False):
    """What one transmitter senses of an entity that reports nothing: channel (N,) and its error radius."""

    transmitter: str
    channel: ComplexArray
    radius: float


class Covariance(Struct, frozen=True, eq=False, gc=False):
    """What a receiver hears while its own transmitter is silent: covariance (N_R, N_R) of interference and noise I.

    `doppler_hz` is the Doppler spread of its channels as it estimates it.
    """

    receiver: str
    matrix: ComplexArray
    doppler_hz: float


class Echo(Struct, frozen=True, eq=False, gc=False):
    """A radar return: where a station takes a target to be, which says nothing itself.

    `beams` (M, streams) are what the target was lit up with; `place` (3,) is its range in m and the cosines of its
    direction to the y and the z axis, along which the array stands; `error_var` (3,) are their variances, in m^2 and 1;
    `scnr_db` is the echo over clutter and noise.
    """

    target: str
    beams: ComplexArray
    place: RealArray
    error_var: RealArray
    scnr_db: float


Report = State | Csi | Sensed | Covariance | Echo


class Replica(Struct, frozen=True, eq=False, gc=False):
    """A report passed on between twins: which entity it describes and the `seq` of the report it came from."""

    entity: str
    report_seq: int
    report: Report


class Precoder(Struct, frozen=True, eq=False, gc=False):
    """A versioned precoder for one transmitter, (N,) or (N, streams); `activate_at_ns` 0 means on arrival."""

    transmitter: str
    version: int
    vector: ComplexArray
    activate_at_ns: int


class Ack(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A transmitter applied a version at this instant of virtual time."""

    transmitter: Name
    version: Natural
    applied_ns: Natural


class Command(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """An order between entities: `activate` says that the sender has `version` on air from `at_ns` on."""

    version: Natural
    name: Name
    at_ns: Natural


class Price(Struct, frozen=True, eq=False, gc=False):
    """What a little more interference costs one pair: Pi = F F^H >= 0 in nat, of the state at the message's t_data_ns.

    `factor` is F (N_R, r) for everybody who interferes; with a `payer` it is H^H F (N_T, r), projected by the channel H
    from that transmitter alone. `trace` is tr(Pi). `version` names the precoder that the pair was about to use, `quote`
    counts the prices that it has made: of two, the one with the higher number is newer, whatever way they came.
    `doppler_hz` is the Doppler spread of its receiver's channels, so that whoever pays knows how prices age.
    Kong et al., eq. (24) with its sign corrected.
    """

    pair: str
    version: int
    quote: int
    payer: str
    trace: float
    doppler_hz: float
    factor: ComplexArray


Body = State | Csi | Replica | Precoder | Ack | Command | Price | Covariance | Echo

BODY_OF: Final[dict[Kind, type[Body]]] = {
    Kind.STATE: State,
    Kind.CSI: Csi,
    Kind.SYNC: Replica,
    Kind.SHARE: Replica,
    Kind.PRECODER: Precoder,
    Kind.ACK: Ack,
    Kind.COMMAND: Command,
    Kind.PRICE: Price,
    Kind.COVARIANCE: Covariance,
    Kind.ECHO: Echo,
}


class Letter(Struct, frozen=True, gc=False):
    """What a sender wants said: to whom, and which data and cause it goes back to."""

    kind: Kind
    dst: str
    body: Body
    t_data_ns: int
    trace_id: int
    parent_id: int = 0


class Envelope(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One message. Times are integer nanoseconds of virtual time; `body` is encoded (`codec.decode_body`).

    `seq` counts from 1 per (src, dst); `trace_id` names a control cycle; `parent_id` is the message that caused
    this one (0: none); `t_data_ns` is when the oldest measurement inside was taken; `t_deliver_ns` is -1 until the
    network has delivered the message.
    """

    schema: Annotated[int, Meta(ge=SCHEMA, le=SCHEMA)]
    run_id: Name
    kind: Kind
    src: Name
    dst: Name
    seq: Positive
    msg_id: Positive
    trace_id: Natural
    parent_id: Natural
    t_send_ns: Natural
    t_deliver_ns: Instant
    t_data_ns: Natural
    epoch: Epoch
    flags: Flags
    body: Payload


class Sealed(Struct, frozen=True, gc=False):
    """A message as it was sent, and its frame, which says the same: made by `codec.seal` and `codec.unseal` only.

    The frame goes from the sender's host through the journal to the receiver's host as it is: no message is encoded
    twice.
    """

    envelope: Envelope
    frame: bytes
