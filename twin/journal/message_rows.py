"""Rows of messages.parquet, built by columns: a run may have millions of them."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Final

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from twin.errors import RunFolderError
from twin.journal.facts import Ended
from twin.journal.schemas import HOP, LATENCY_PARTS, MESSAGES
from twin.wire.messages import Envelope
from twin.wire.protocol import Fate

Integers = NDArray[np.int64]

_SENT_INTEGERS: Final = (
    "msg_id", "trace_id", "parent_id", "seq", "epoch", "flags", "t_data_ns", "t_send_ns",
)  # fmt: skip
_IN_FLIGHT: Final = Ended(0, 0, Fate.IN_FLIGHT, "", -1, -1, ())
_MAX_PART_NS: Final = 1 << 53


class Message(Struct, frozen=True, gc=False):
    """A message that was sent (its envelope without the body), its size in bytes, and its end if the run saw it."""

    envelope: Envelope
    size: int
    end: Ended | None


@lru_cache(maxsize=1 << 16)
def is_intra_twin(src: str, dst: str) -> bool:
    """Whether a message stays with one entity: between it and its own twins, or between its two twins.

    A twin is named after its entity: `edge:uav` and `core:uav` belong to `uav`.
    """
    return src.rpartition(":")[2] == dst.rpartition(":")[2]


def message_table(messages: Sequence[Message]) -> pa.Table:
    """One row per message (`schemas.MESSAGES`), in the order given."""
    columns = _sent_columns(messages) | _end_columns(messages)
    return pa.Table.from_arrays([columns[name] for name in MESSAGES.names], schema=MESSAGES)


def _sent_columns(messages: Sequence[Message]) -> dict[str, pa.Array]:
    sent = [message.envelope for message in messages]
    columns = {name: pa.array(_integers(sent, name)) for name in _SENT_INTEGERS}
    columns |= {name: pa.array(list(map(attrgetter(name), sent)), pa.string()) for name in ("kind", "src", "dst")}
    columns["bytes"] = pa.array(_integers(messages, "size"))
    columns["intra"] = pa.array([is_intra_twin(envelope.src, envelope.dst) for envelope in sent], pa.bool_())
    return columns


def _end_columns(messages: Sequence[Message]) -> dict[str, pa.Array]:
    """What the ends tell; null for a message in flight, and where a time is not known."""
    ends = [_IN_FLIGHT if message.end is None else message.end for message in messages]
    flying = np.array([message.end is None for message in messages], bool)
    lost = np.array([end.fate != Fate.DELIVERED for end in ends], bool)
    times = {name: _integers(ends, name) for name in ("t_ns", "begin_ns", "finish_ns")}
    sent_ns = np.fromiter((message.envelope.t_send_ns for message in messages), np.int64, len(messages))
    lengths = np.fromiter((len(end.hops) for end in ends), np.int64, len(ends))
    hops = list(chain.from_iterable(end.hops for end in ends))
    parts = {name: _integers(hops, name) for name in LATENCY_PARTS}
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    links = pa.array(list(map(attrgetter("link"), hops)), pa.string())
    struct = pa.StructArray.from_arrays([links, *map(pa.array, parts.values())], fields=list(HOP))
    return {
        "t_end_ns": pa.array(times["t_ns"], mask=flying),
        "begin_ns": pa.array(times["begin_ns"], mask=flying | (times["begin_ns"] < 0)),
        "finish_ns": pa.array(times["finish_ns"], mask=flying | (times["finish_ns"] < 0)),
        "fate": pa.array(list(map(attrgetter("fate"), ends)), pa.string()),
        "reason": pa.array(list(map(attrgetter("reason"), ends)), pa.string()),
        **{name: pa.array(_sums(values, offsets), mask=flying) for name, values in parts.items()},
        "latency_ns": pa.array(times["t_ns"] - sent_ns, mask=lost),
        "hops": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct, mask=pa.array(flying)),
    }


def _integers(objects: Sequence[object], name: str) -> Integers:
    """The attribute `name` of each object."""
    return np.fromiter(map(attrgetter(name), objects), np.int64, len(objects))


def _sums(values: Integers, offsets: Integers) -> Integers:
    """The sum of `values` from each offset to the next."""
    if values.size and int(np.abs(values).max()) > _MAX_PART_NS:
        raise RunFolderError(f"journal: latency of a hop: must be at most {_MAX_PART_NS} ns")
    return np.diff(np.concatenate([[0], np.cumsum(values)])[offsets])
