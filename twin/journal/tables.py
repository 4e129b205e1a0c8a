"""The tables of a run folder as functions of the facts, and of the instant at which the run ended.

The tables of a run that closed and of one that was recovered from its journal are the same, row for row: they
are sorted by virtual time, whatever the order in which the facts were decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.errors import RunFolderError
from twin.journal.attribution import losses_on_air
from twin.journal.facts import Applied, Ended, Fact, Solved
from twin.journal.folder import RunFolder
from twin.journal.lineage import Log, Message, build_log, origin_of
from twin.journal.schemas import ATTRIBUTION, CONTROL, HOP, LATENCY_PARTS, MESSAGES, METRICS, SOLVES
from twin.wire.protocol import Fate

Integers = NDArray[np.int64]

_SENT_INTEGERS: Final = (
    "msg_id", "trace_id", "parent_id", "seq", "epoch", "flags", "t_data_ns", "t_send_ns",
)  # fmt: skip
_IN_FLIGHT: Final = Ended(0, 0, Fate.IN_FLIGHT, "", -1, -1, ())
_MAX_PART_NS: Final = 1 << 53


@dataclass(frozen=True, slots=True)
class RunTables:
    """The five tables of a run."""

    messages: pa.Table
    control: pa.Table
    solves: pa.Table
    metrics: pa.Table
    attribution: pa.Table = field(default_factory=ATTRIBUTION.empty_table)


def build_tables(
    facts: Iterable[Fact],
    metrics_rows: Sequence[Mapping[str, Any]],
    end_ns: int,
    attribution_rows: Sequence[Mapping[str, Any]] = (),
) -> RunTables:
    """All tables of a run that ended at `end_ns`: what the facts tell of later instants is left out (`build_log`).

    `metrics_rows` come from the judge: one per instant and user, as `schemas.METRICS` says; `attribution_rows` one per
    instant that was divided, as `schemas.ATTRIBUTION` says.
    """
    log = build_log(facts, end_ns)
    attribution = pa.Table.from_pylist(list(attribution_rows), schema=ATTRIBUTION)
    control = control_table(log, attribution)
    return RunTables(message_table(log), control, solve_table(log), metrics_table(metrics_rows), attribution)


def write_tables(
    folder: RunFolder,
    facts: Iterable[Fact],
    metrics_rows: Sequence[Mapping[str, Any]],
    end_ns: int,
    attribution_rows: Sequence[Mapping[str, Any]] = (),
) -> RunTables:
    """Build all tables (`build_tables`) and write them into the folder, each atomically."""
    tables = build_tables(facts, metrics_rows, end_ns, attribution_rows)
    folder.write_table(folder.messages_path, tables.messages)
    folder.write_table(folder.control_path, tables.control)
    folder.write_table(folder.solves_path, tables.solves)
    folder.write_table(folder.metrics_path, tables.metrics)
    folder.write_table(folder.attribution_path, tables.attribution)
    return tables


def read_tables(folder: RunFolder) -> RunTables:
    """All tables of a run folder; a missing or truncated one, or one of another schema, is a RunFolderError.

    Without attribution.parquet, in a folder from before it was written, nothing counts as divided.
    """
    return RunTables(
        messages=_read(folder, folder.messages_path, MESSAGES),
        control=_read(folder, folder.control_path, CONTROL),
        solves=_read(folder, folder.solves_path, SOLVES),
        metrics=_read(folder, folder.metrics_path, METRICS),
        attribution=_attribution(folder),
    )


def _attribution(folder: RunFolder) -> pa.Table:
    path = folder.attribution_path
    return _read(folder, path, ATTRIBUTION) if path.exists() else ATTRIBUTION.empty_table()


def _read(folder: RunFolder, path: Path, schema: pa.Schema) -> pa.Table:
    table = folder.read_table(path)
    if missing := [name for name in schema.names if name not in table.column_names]:
        raise RunFolderError(f"{path} has no column {missing[0]}; run: run-twin recover {folder.path}")
    return table


@lru_cache(maxsize=1 << 16)
def is_intra_twin(src: str, dst: str) -> bool:
    """Whether a message stays with one entity: between it and its own twins, or between its two twins.

    A twin is named after its entity: `edge:uav` and `core:uav` belong to `uav`.
    """
    return src.rpartition(":")[2] == dst.rpartition(":")[2]


def message_table(log: Log) -> pa.Table:
    """One row per message that was sent (`schemas.MESSAGES`). Built by columns: a run may have millions of rows."""
    messages = sorted(log.messages.values(), key=_sending)
    columns = _sent_columns(messages) | _end_columns(messages)
    return pa.Table.from_arrays([columns[name] for name in MESSAGES.names], schema=MESSAGES)


def _sending(message: Message) -> tuple[int, int]:
    return message.envelope.t_send_ns, message.envelope.msg_id


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


def control_table(log: Log, attribution: pa.Table) -> pa.Table:
    """One row per application of a precoder: the milestones of its life, and what it cost (`schemas.CONTROL`)."""
    ordered = sorted(log.applied, key=lambda a: (a.t_ns, a.transmitter, a.version))
    losses = losses_on_air([(applied.t_ns, applied.transmitter) for applied in ordered], attribution)
    rows = [_control_row(applied, log) | loss for applied, loss in zip(ordered, losses, strict=True)]
    return pa.Table.from_pylist(rows, schema=CONTROL)


def _control_row(applied: Applied, log: Log) -> dict[str, Any]:
    vector = np.frombuffer(applied.vector, dtype="<c16")
    message = log.messages.get(applied.msg_id)
    row: dict[str, Any] = {
        "t_applied_ns": applied.t_ns,
        "transmitter": applied.transmitter,
        "version": applied.version,
        "msg_id": applied.msg_id or None,
        "trace_id": message.envelope.trace_id if message else None,
        "t_data_ns": applied.t_data_ns,
        "age_at_application_ns": applied.t_ns - applied.t_data_ns,
        "measured_ns": applied.t_data_ns,
        "power_mw": float(np.vdot(vector, vector).real),
    }
    origin = origin_of(applied, log)
    if origin is not None:
        row |= {
            "received_ns": origin.received_ns(log),
            "solve_begin_ns": origin.solve.begin_ns,
            "solve_done_ns": origin.solve.finish_ns,
            "sent_ns": origin.message.envelope.t_send_ns,
            "inputs": origin.solve.inputs,
        }
    return row


def solve_table(log: Log) -> pa.Table:
    """One row per solve (`schemas.SOLVES`)."""
    ordered = sorted(log.solve_list, key=lambda s: (s.begin_ns, s.node, s.version))
    return pa.Table.from_pylist([_solve_row(solve, log) for solve in ordered], schema=SOLVES)


def _solve_row(solve: Solved, log: Log) -> dict[str, Any]:
    row = {name: getattr(solve, name) for name in SOLVES.names if name != "wall_us"}
    return row | {"wall_us": log.wall_us.get((solve.node, solve.version, solve.begin_ns))}


def metrics_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The judge's rows as a table by time; every instant has the same users (`schemas.METRICS`)."""
    expected = set(METRICS.names)
    for index, row in enumerate(rows):
        if row.keys() != expected:
            wrong = ", ".join(sorted(row.keys() ^ expected))
            raise RunFolderError(f"metrics row {index}: {wrong}: missing or unknown column")
    users: dict[int, list[str]] = {}
    for row in rows:
        users.setdefault(row["t_ns"], []).append(row["user"])
    for t_ns, present in users.items():
        if present != next(iter(users.values())):
            raise RunFolderError(f"metrics at t_ns={t_ns}: every instant must have the same users, in order")
    ordered = sorted(rows, key=lambda row: row["t_ns"])
    return pa.Table.from_pylist(ordered, schema=METRICS)
