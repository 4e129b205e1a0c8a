"""What edge and core twins share: letters that they pass on, and the bytes of what they hold."""

from collections.abc import Mapping
from typing import Any

from twin.wire.codec import encode_body
from twin.wire.messages import Ack, Envelope, Kind, Letter, Precoder, Replica


def replica_letter(kind: Kind, dst: str, replica: Replica, cause: Envelope) -> Letter:
    """A replica for another twin; the age of the data and the control cycle are those of the cause."""
    return Letter(kind, dst, replica, cause.t_data_ns, cause.trace_id, cause.msg_id)


def forward(cause: Envelope, body: Precoder | Ack, dst: str) -> Letter:
    """The same body for the next on the way, caused by the message that brought it."""
    return Letter(cause.kind, dst, body, cause.t_data_ns, cause.trace_id, cause.msg_id)


def held_bytes(replicas: Mapping[Any, Replica]) -> bytes:
    """Canonical bytes of the replicas that a twin holds, contents and all."""
    return b"".join(repr(key).encode() + encode_body(replica) for key, replica in sorted(replicas.items()))
