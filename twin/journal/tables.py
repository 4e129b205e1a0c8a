"""The tables of a run folder as functions of the facts, and of the instant at which the run ended.

The tables of a run that closed and of one that was recovered from its journal are the same, row for row: they
are sorted by virtual time, whatever the order in which the facts were decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from twin.errors import RunFolderError
from twin.journal.facts import Applied, Fact, Solved
from twin.journal.folder import RunFolder
from twin.journal.lineage import Log, Message, build_log, origin_of
from twin.journal.schemas import CONTROL, HOP, LATENCY_PARTS, MESSAGES, METRICS, SOLVES
from twin.wire.protocol import Fate

_HOP_COLUMNS = tuple(field.name for field in HOP)


@dataclass(frozen=True, slots=True)
class RunTables:
    """The four tables of a run."""

    messages: pa.Table
    control: pa.Table
    solves: pa.Table
    metrics: pa.Table


def build_tables(facts: Iterable[Fact], metrics_rows: Sequence[Mapping[str, Any]], end_ns: int) -> RunTables:
    """All tables of a run that ended at `end_ns`: what the facts tell of later instants is left out (`build_log`).

    `metrics_rows` come from the judge: one per instant and user, as `schemas.METRICS` says.
    """
    log = build_log(facts, end_ns)
    return RunTables(message_table(log), control_table(log), solve_table(log), metrics_table(metrics_rows))


def write_tables(
    folder: RunFolder, facts: Iterable[Fact], metrics_rows: Sequence[Mapping[str, Any]], end_ns: int
) -> RunTables:
    """Build all tables (`build_tables`) and write them into the folder, each atomically."""
    tables = build_tables(facts, metrics_rows, end_ns)
    folder.write_table(folder.messages_path, tables.messages)
    folder.write_table(folder.control_path, tables.control)
    folder.write_table(folder.solves_path, tables.solves)
    folder.write_table(folder.metrics_path, tables.metrics)
    return tables


def read_tables(folder: RunFolder) -> RunTables:
    """All tables of a run folder; a missing or truncated one, or one of another schema, is a RunFolderError."""
    return RunTables(
        messages=_read(folder, folder.messages_path, MESSAGES),
        control=_read(folder, folder.control_path, CONTROL),
        solves=_read(folder, folder.solves_path, SOLVES),
        metrics=_read(folder, folder.metrics_path, METRICS),
    )


def _read(folder: RunFolder, path: Path, schema: pa.Schema) -> pa.Table:
    table = folder.read_table(path)
    if missing := [name for name in schema.names if name not in table.column_names]:
        raise RunFolderError(f"{path} has no column {missing[0]}; run: run-twin recover {folder.path}")
    return table


def is_intra_twin(src: str, dst: str) -> bool:
    """Whether a message stays with one entity: between it and its own twins, or between its two twins.

    A twin is named after its entity: `edge:uav` and `core:uav` belong to `uav`.
    """
    return src.rpartition(":")[2] == dst.rpartition(":")[2]


def message_table(log: Log) -> pa.Table:
    """One row per message that was sent (`schemas.MESSAGES`)."""
    messages = sorted(log.messages.values(), key=lambda m: (m.envelope.t_send_ns, m.envelope.msg_id))
    rows = [_message_row(message) for message in messages]
    names = [name for name in MESSAGES.names if name != "hops"]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    arrays = [pa.array(column, MESSAGES.field(name).type) for name, column in zip(names, columns, strict=True)]
    return pa.Table.from_arrays([*arrays, _hops_array(messages)], schema=MESSAGES)


def _message_row(message: Message) -> tuple[Any, ...]:
    """The columns of `schemas.MESSAGES` but the last, in order."""
    sent, end = message.envelope, message.end
    fate = Fate.IN_FLIGHT if end is None else end.fate
    return (
        sent.msg_id,
        sent.trace_id,
        sent.parent_id,
        sent.kind,
        sent.src,
        sent.dst,
        sent.seq,
        sent.epoch,
        sent.flags,
        sent.t_data_ns,
        sent.t_send_ns,
        None if end is None else end.t_ns,
        None if end is None or end.begin_ns < 0 else end.begin_ns,
        None if end is None or end.finish_ns < 0 else end.finish_ns,
        fate,
        "" if end is None else end.reason,
        message.size,
        is_intra_twin(sent.src, sent.dst),
        *_latency_totals(message),
        None if end is None or fate != Fate.DELIVERED else end.t_ns - sent.t_send_ns,
    )


def _latency_totals(message: Message) -> tuple[int | None, ...]:
    if message.end is None:
        return (None,) * len(LATENCY_PARTS)
    return tuple(sum(getattr(hop, part) for hop in message.end.hops) for part in LATENCY_PARTS)


def _hops_array(messages: Sequence[Message]) -> pa.Array:
    """The hops of each message as list<struct>, null while it is in flight."""
    paths = [None if message.end is None else message.end.hops for message in messages]
    hops = list(chain.from_iterable(path for path in paths if path))
    columns = [pa.array([getattr(hop, name) for hop in hops], HOP.field(name).type) for name in _HOP_COLUMNS]
    offsets = [0, *accumulate(len(path or ()) for path in paths)]
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()),
        pa.StructArray.from_arrays(columns, fields=list(HOP)),
        mask=pa.array([path is None for path in paths], pa.bool_()),
    )


def control_table(log: Log) -> pa.Table:
    """One row per application of a precoder, with the milestones of its life (`schemas.CONTROL`)."""
    ordered = sorted(log.applied, key=lambda a: (a.t_ns, a.transmitter, a.version))
    return pa.Table.from_pylist([_control_row(applied, log) for applied in ordered], schema=CONTROL)


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
