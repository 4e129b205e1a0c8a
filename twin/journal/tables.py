"""The tables of a run folder as functions of the facts, and of the instant at which the run ended.

The tables of a run that closed and of one that was recovered from its journal are the same, row for row: they
are sorted by virtual time, whatever the order in which the facts were decided. The messages, which are many, are
written and read a part at a time; all else is small.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from twin.errors import RunFolderError
from twin.journal.control import Lineage, control_table
from twin.journal.facts import Fact
from twin.journal.folder import RunFolder
from twin.journal.join import Outline, message_parts, outline
from twin.journal.rows import in_order, rows_of, table_of
from twin.journal.schemas import ATTRIBUTION, CONTROL, MESSAGES, METRICS, SOLVES

_WALL: Final = ("node", "version", "begin_ns")


class Tables(Protocol):
    """The tables of a run, of which the messages may be on disk."""

    @property
    def control(self) -> pa.Table:
        """One row per application of a precoder."""

    @property
    def solves(self) -> pa.Table:
        """One row per solve."""

    @property
    def metrics(self) -> pa.Table:
        """One row per instant and user."""

    @property
    def attribution(self) -> pa.Table:
        """One row per instant that was divided."""

    @property
    def struck(self) -> Mapping[tuple[int, str], int]:
        """How many messages each fault (its place in the scenario) struck with which effect, where that is known."""

    def message_parts(self, *names: str) -> Iterator[pa.Table]:
        """Some columns of the messages, a part after the other."""


@dataclass(frozen=True, slots=True)
class RunTables:
    """The five tables of a run."""

    messages: pa.Table
    control: pa.Table
    solves: pa.Table
    metrics: pa.Table
    attribution: pa.Table = field(default_factory=ATTRIBUTION.empty_table)
    struck: Mapping[tuple[int, str], int] = field(default_factory=dict)

    def message_parts(self, *names: str) -> Iterator[pa.Table]:
        """Some columns of the messages, all in one part."""
        yield self.messages.select(list(names))


@dataclass(frozen=True, slots=True)
class StoredTables:
    """The tables of a run folder, its messages left on disk."""

    folder: RunFolder
    control: pa.Table
    solves: pa.Table
    metrics: pa.Table
    attribution: pa.Table
    struck: Mapping[tuple[int, str], int] = field(default_factory=dict)

    def message_parts(self, *names: str) -> Iterator[pa.Table]:
        """Some columns of the messages, read part by part; errors as those of `read_tables`."""
        return self.folder.read_parts(self.folder.messages_path, names)


def build_tables(
    facts: Iterable[Fact], metrics: pa.Table, end_ns: int, attribution: pa.Table | None = None
) -> RunTables:
    """All tables of a run that ended at `end_ns`: what the facts tell of later instants is left out (`join.outline`).

    `facts` are asked for twice. `metrics` come from the judge (`metrics_table`), as does `attribution`: one row per
    instant that was divided, as `schemas.ATTRIBUTION` says.
    """
    known = outline(facts, end_ns)
    lineage = Lineage(known)
    messages = pa.concat_tables([MESSAGES.empty_table(), *lineage.watch(message_parts(facts, known, end_ns))])
    legs = ATTRIBUTION.empty_table() if attribution is None else attribution
    return RunTables(messages, control_table(known, lineage, legs), solve_table(known), metrics, legs, known.struck)


def write_tables(
    folder: RunFolder, facts: Iterable[Fact], metrics: pa.Table, end_ns: int, attribution: pa.Table | None = None
) -> StoredTables:
    """Write all tables (those of `build_tables`) into the folder, each atomically, in bounded memory."""
    known = outline(facts, end_ns)
    lineage = Lineage(known)
    folder.write_parts(folder.messages_path, MESSAGES, lineage.watch(message_parts(facts, known, end_ns)))
    legs = ATTRIBUTION.empty_table() if attribution is None else attribution
    made = (control_table(known, lineage, legs), solve_table(known), metrics, legs)
    tables = StoredTables(folder, *made, known.struck)
    folder.write_table(folder.control_path, tables.control)
    folder.write_table(folder.solves_path, tables.solves)
    folder.write_table(folder.metrics_path, tables.metrics)
    folder.write_table(folder.attribution_path, tables.attribution)
    return tables


def read_tables(folder: RunFolder) -> RunTables:
    """All tables of a run folder; a missing or truncated one, or one of another schema, is a RunFolderError.

    Without attribution.parquet, in a folder from before it was written, nothing counts as divided.
    """
    messages = _read(folder, folder.messages_path, MESSAGES)
    stored = open_tables(folder)
    return RunTables(messages, stored.control, stored.solves, stored.metrics, stored.attribution)


def open_tables(folder: RunFolder) -> StoredTables:
    """The same with the messages left on disk: what is wrong with them is an error when they are asked for."""
    return StoredTables(
        folder,
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
    folder.require_columns(path, table.schema, schema.names)
    return table


def solve_table(known: Outline) -> pa.Table:
    """One row per solve (`schemas.SOLVES`), with the wall time that was told of it last."""
    wall_us = {tuple(row[name] for name in _WALL): row["wall_us"] for row in rows_of(known.walls)}
    solves = in_order(known.solves, ("begin_ns", "node", "version"))
    found = [wall_us.get(key) for key in zip(*(solves[name].to_pylist() for name in _WALL), strict=True)]
    return solves.set_column(SOLVES.get_field_index("wall_us"), SOLVES.field("wall_us"), pa.array(found, pa.float64()))


def metrics_table(rows: Iterable[Mapping[str, Any]], quantities: Sequence[str] = ()) -> pa.Table:
    """The judge's rows, one per instant and user, as a table by time; every instant has the same users.

    `quantities` are further columns of numbers: what the system has besides secrecy.
    """
    schema = METRICS
    for name in quantities:
        schema = schema.append(pa.field(name, pa.float64(), nullable=False))
    table = table_of(_checked(rows, frozenset(schema.names)), schema)
    times = table["t_ns"].to_numpy()
    if np.any(np.diff(times) < 0):
        table = in_order(table, ("t_ns",))
    users: list[str] | None = None
    for t_ns, group in groupby(zip(table["t_ns"].to_pylist(), table["user"].to_pylist(), strict=True), _instant):
        present = [user for _, user in group]
        users = present if users is None else users
        if present != users:
            raise RunFolderError(f"metrics at t_ns={t_ns}: every instant must have the same users, in order")
    return table


def _instant(pair: tuple[int, str]) -> int:
    return pair[0]


def _checked(rows: Iterable[Mapping[str, Any]], expected: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    for index, row in enumerate(rows):
        if row.keys() != expected:
            wrong = ", ".join(sorted(row.keys() ^ expected))
            raise RunFolderError(f"metrics row {index}: {wrong}: missing or unknown column")
        yield row
