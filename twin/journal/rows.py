"""Rows of a table that come one by one, kept by columns: a row costs bytes, not objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_CHUNK: Final = 4096

Row = Mapping[str, Any]


class Rows:
    """Rows of one schema, in the order in which they were added."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows: list[Row] = []
        self._parts: list[pa.Table] = []

    def add(self, row: Row) -> None:
        """Take a row in; a column that it lacks is null, one that the schema lacks is left out."""
        self._rows.append(row)
        if len(self._rows) >= _CHUNK:
            self._pack()

    def table(self) -> pa.Table:
        """All rows."""
        self._pack()
        return pa.concat_tables([self._schema.empty_table(), *self._parts])

    def _pack(self) -> None:
        if self._rows:
            self._parts.append(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


def table_of(rows: Iterable[Row], schema: pa.Schema) -> pa.Table:
    """The table of some rows, which are asked for one by one."""
    kept = Rows(schema)
    for row in rows:
        kept.add(row)
    return kept.table()


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table, of which only a few exist at a time."""
    for batch in table.to_batches(max_chunksize=_CHUNK):
        yield from batch.to_pylist()


def in_order(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows sorted by these columns; equal ones keep their order."""
    return table.take(pc.sort_indices(table, sort_keys=[(name, "ascending") for name in names]))


def parts_of(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of `size`; the last may be shorter."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
