"""The message table as columns for the page: what can be predicted is not stored.

Rows keep their order (t_send_ns, msg_id). A reply is sent when its cause has been handled, so the send time of a
message with a parent is stored as its distance to that; the latency is the sum of its parts; parts, sizes and ids are
stored as differences to the message before on the same route or of the same sender. What is left is mostly jitter: a
million messages with times to the nanosecond take about 4 bytes each.

A *leg* is (kind, src, dst); a *route* is a leg with the links that the message took.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.journal.schemas import LATENCY_PARTS
from twin.report.columns import Columns, Integers, steps_within

MAX_MESSAGES: Final = 4_000_000
"""Most messages that a page shows: a browser holds about 100 bytes for each."""

LOAD_STRIDE: Final = 31
LOAD_SLOTS: Final = 65536
"""Hops are told apart by (LOAD_STRIDE link + bytes) modulo LOAD_SLOTS when serialisation is predicted."""

_QUANTILES: Final = (0.5, 0.95, 0.99)
_MISSING: Final = -1


@dataclass(frozen=True, slots=True)
class Names:
    """A column of texts as codes into a list."""

    texts: list[str]
    codes: Integers


@dataclass(frozen=True, slots=True)
class Hops:
    """The hops of all messages, one after another; `starts` has one entry more than there are messages."""

    starts: Integers
    links: Names
    parts: dict[str, Integers]

    @property
    def counts(self) -> Integers:
        """Hops of each message."""
        return np.diff(self.starts)

    def totals(self) -> Integers:
        """Sum of all parts of each message, in ns."""
        every = np.sum([self.parts[name] for name in LATENCY_PARTS], axis=0, dtype=np.int64)
        sums = np.concatenate([[0], np.cumsum(every)]).astype(np.int64)
        return np.asarray(sums[self.starts[1:]] - sums[self.starts[:-1]])


@dataclass(frozen=True, slots=True)
class MessageColumns:
    """What the page is told of the messages beside the columns, and where each message stands."""

    header: dict[str, Any]
    row_of: "Rows"


class Rows:
    """From ids of messages to rows of the table."""

    def __init__(self, ids: Integers) -> None:
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def find(self, ids: Integers) -> Integers:
        """The row of each id, -1 where there is none."""
        if not self._sorted.size:
            return np.full(ids.shape, _MISSING, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._sorted, ids), self._sorted.size - 1)
        return np.where(self._sorted[place] == ids, self._order[place], _MISSING).astype(np.int64)


def add_messages(columns: Columns, messages: pa.Table) -> MessageColumns:
    """Add the columns of a message table, of which the first `MAX_MESSAGES` rows are kept."""
    table = messages.slice(0, MAX_MESSAGES)
    kinds, nodes = _names(table["kind"]), _node_names(table)
    src, dst = np.split(nodes.codes, 2)
    hops = _hops(table)
    leg, legs = _grouped(kinds.codes, src, dst)
    route, routes = _grouped(leg, _paths(hops))
    first = _firsts(route)
    ids = integers(table["msg_id"])
    rows = Rows(ids)
    bases = np.zeros(len(nodes.texts), dtype=np.int64)
    bases[src[::-1]] = ids[::-1]
    parent = _parents(table, rows, columns)
    columns.add("route", route)
    columns.add("id", steps_within(ids - bases[src], src))
    _add_times(columns, table, hops, parent)
    size = integers(table["bytes"])
    columns.add("bytes", steps_within(size, route))
    _add_hops(columns, hops, route, size)
    fates = _names(pc.binary_join_element_wise(table["fate"], table["reason"], "/"))
    columns.add("fate", fates.codes)
    header = {
        "count": table.num_rows,
        "left_out": messages.num_rows - table.num_rows,
        "kinds": kinds.texts,
        "nodes": nodes.texts,
        "id_bases": [str(base) for base in bases],
        "links": hops.links.texts,
        "fates": [text.split("/", 1) for text in fates.texts],
        "legs": [list(map(int, key)) for key in legs],
        "routes": [[int(key[0]), _path(hops, first[index])] for index, key in enumerate(routes)],
        "leg_quantiles": _grouped_quantiles(table, leg, len(legs)),
        "kind_quantiles": _grouped_quantiles(table, kinds.codes, len(kinds.texts)),
        "latency": _grouped_quantiles(table, np.zeros_like(leg), 1)[0]["quantiles"],
    }
    return MessageColumns(header, rows)


def integers(column: pa.ChunkedArray, missing: int = _MISSING) -> Integers:
    """An integer column; null becomes `missing`."""
    return np.asarray(pc.fill_null(column, missing).to_numpy(), dtype=np.int64)


def names_of(column: pa.ChunkedArray) -> Names:
    """A text column as codes, the texts in order of appearance."""
    return _names(column)


def _names(column: pa.ChunkedArray | pa.Array) -> Names:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = array.dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return Names(encoded.dictionary.to_pylist(), np.asarray(encoded.indices.to_numpy(), dtype=np.int64))


def _node_names(table: pa.Table) -> Names:
    """Senders, then receivers, as codes into one list."""
    return _names(pa.chunked_array([*table["src"].chunks, *table["dst"].chunks], pa.string()))


def _hops(table: pa.Table) -> Hops:
    array = table["hops"].combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    starts = np.asarray(array.offsets.to_numpy(), dtype=np.int64)
    values = array.values.slice(int(starts[0]), int(starts[-1] - starts[0]))
    parts = {name: np.asarray(values.field(name).to_numpy(), dtype=np.int64) for name in LATENCY_PARTS}
    return Hops(starts - starts[0], _names(values.field("link")), parts)


def _grouped(*keys: Integers) -> tuple[Integers, list[tuple[int, ...]]]:
    """A code for every combination of the keys that occurs, and the combinations."""
    code = np.zeros(keys[0].shape, dtype=np.int64)
    for key in keys:
        _, code = np.unique(code * (int(key.max(initial=0)) + 2) + key + 1, return_inverse=True)
    first = _firsts(code)
    combinations = [tuple(int(key[first[index]]) for key in keys) for index in range(len(first))]
    return np.asarray(code, dtype=np.int64), combinations


def _firsts(codes: Integers) -> Integers:
    """The row at which each code occurs first."""
    return np.unique(codes, return_index=True)[1].astype(np.int64)


def _paths(hops: Hops) -> Integers:
    """A code for the sequence of links of each message."""
    counts, code = hops.counts, np.zeros(hops.counts.shape, dtype=np.int64)
    for position in range(int(counts.max(initial=0))):
        there = counts > position
        link = np.full(counts.shape, _MISSING, dtype=np.int64)
        link[there] = hops.links.codes[hops.starts[:-1][there] + position]
        code, _ = _grouped(code, link)
    return code


def _path(hops: Hops, row: int) -> list[int]:
    return [int(link) for link in hops.links.codes[hops.starts[row] : hops.starts[row + 1]]]


def _parents(table: pa.Table, rows: Rows, columns: Columns) -> Integers:
    """The row of each message's parent, -1 where there is none; stored as how many rows it lies before."""
    parent = rows.find(integers(table["parent_id"]))
    columns.add("parent", np.where(parent == _MISSING, 0, np.arange(table.num_rows) - parent))
    return parent


def _add_times(columns: Columns, table: pa.Table, hops: Hops, parent: Integers) -> None:
    sent, end = integers(table["t_send_ns"]), integers(table["t_end_ns"])
    begin, finish, data = (integers(table[name]) for name in ("begin_ns", "finish_ns", "t_data_ns"))
    handled = begin != _MISSING
    earlier = (parent != _MISSING) & (parent < np.arange(len(parent)))
    cause = np.where(earlier, parent, 0)
    caused = earlier & (finish[cause] != _MISSING) if len(cause) else earlier
    roots = ~caused
    send_residual = sent - finish[cause] if len(cause) else sent
    send_residual[roots] = np.diff(sent[roots], prepend=np.int64(0))
    columns.add("send", send_residual)
    columns.add("data", np.where(earlier, data - data[cause], sent - data) if len(cause) else data)
    ended = end != _MISSING
    columns.add("late", np.where(ended, end - sent - hops.totals() + 1, 0))
    columns.add("wait", np.where(handled, begin - end + 1, 0))
    columns.add("cost", np.where(handled, finish - begin, 0))


def _add_hops(columns: Columns, hops: Hops, route: Integers, size: Integers) -> None:
    """The parts of each hop.

    Propagation is compared with the same hop of the message before on the same route, serialisation with the hop
    before over the same link of as many bytes; the other two are random or nearly always 0.
    """
    position = np.arange(hops.starts[-1]) - np.repeat(hops.starts[:-1], hops.counts)
    place = np.repeat(route, hops.counts) * (int(hops.counts.max(initial=0)) + 1) + position
    load = (hops.links.codes * LOAD_STRIDE + np.repeat(size, hops.counts)) % LOAD_SLOTS
    columns.add("queue_ns", hops.parts["queue_ns"])
    columns.add("serialisation_ns", steps_within(hops.parts["serialisation_ns"], load))
    columns.add("propagation_ns", steps_within(hops.parts["propagation_ns"], place))
    columns.add("jitter_ns", hops.parts["jitter_ns"])


def _grouped_quantiles(table: pa.Table, group: Integers, groups: int) -> list[dict[str, Any]]:
    """Of each group: messages sent, those not delivered, and quantiles of the latency in ns, linear between samples."""
    latency = integers(table["latency_ns"])
    delivered = latency != _MISSING
    sent = np.bincount(group, minlength=groups)
    arrived = np.bincount(group[delivered], minlength=groups)
    failed = np.bincount(group[np.isin(np.asarray(table["fate"]), ("lost", "dropped"))], minlength=groups)
    order = np.lexsort((latency[delivered], group[delivered]))
    values = latency[delivered][order]
    starts = np.cumsum(arrived) - arrived
    found = np.zeros((len(_QUANTILES), groups))
    some = arrived > 0
    for index, q in enumerate(_QUANTILES):
        place = q * (arrived[some] - 1)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, arrived[some] - 1)
        below, above = values[starts[some] + low], values[starts[some] + high]
        found[index, some] = below + (place - low) * (above - below)
    return [
        {
            "count": int(sent[index]),
            "failed": int(failed[index]),
            "quantiles": [round(float(value), 1) for value in found[:, index]] if some[index] else None,
        }
        for index in range(groups)
    ]
