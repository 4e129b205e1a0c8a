"""What edge and core twins share: letters that they pass on, and replicas as a part of their state."""

from twin.errors import WireError
from twin.wire.codec import decode_body, encode_body
from twin.wire.messages import Ack, Envelope, Kind, Letter, Precoder, Price, Replica
from twin.wire.packing import show
from twin.wire.plain import Plain


def replica_letter(kind: Kind, dst: str, replica: Replica, cause: Envelope) -> Letter:
    """A replica for another twin; the age of the data and the control cycle are those of the cause."""
    return Letter(kind, dst, replica, cause.t_data_ns, cause.trace_id, cause.msg_id)


def forward(cause: Envelope, body: Precoder | Ack | Price, dst: str) -> Letter:
    """The same body for the next on the way, caused by the message that brought it."""
    return Letter(cause.kind, dst, body, cause.t_data_ns, cause.trace_id, cause.msg_id)


def replica_state(replica: Replica) -> Plain:
    """A replica as a part of a state: the bytes in which it travels."""
    return encode_body(replica)


def replica_of(state: object) -> Replica:
    """The replica that is this part of a state.

    Raises:
        WireError: it is none.
    """
    replica = decode_body(Kind.SYNC, state) if type(state) is bytes else None
    if not isinstance(replica, Replica):
        raise WireError(f"replica={show(state)}: must be the bytes of one")
    return replica
