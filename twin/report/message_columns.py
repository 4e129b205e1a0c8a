"""The message table as columns for the page: what can be predicted is not stored.

Rows keep their order (t_send_ns, msg_id). A reply is sent when its cause has been handled, so the send time of a
message with a parent is stored as its distance to that; the latency is the sum of its parts; parts, sizes and ids are
stored as differences to the message before on the same route or of the same sender. What is left is mostly jitter: a
million messages with times to the nanosecond take about 4 bytes each.

The table is read a part at a time, and again for every column: in memory there are at most a few columns, not all.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from twin.journal.schemas import LATENCY_PARTS
from twin.journal.tables import Tables
from twin.report.columns import Columns, Integers, Narrow, joined, narrow, steps_within
from twin.report.message_quantiles import LatencyQuantiles
from twin.report.message_routes import MISSING, Hops, Routes, first_parts, integers, read_routes

LOAD_STRIDE: Final = 31
LOAD_SLOTS: Final = 65536
"""Hops are told apart by (LOAD_STRIDE link + bytes) modulo LOAD_SLOTS when serialisation is predicted."""


class Rows:
    """From ids of messages to rows of the table."""

    def __init__(self, ids: Integers) -> None:
        order = np.argsort(ids, kind="stable")
        self._sorted = ids[order]
        self._order = order.astype(np.int32)

    def find(self, ids: Integers) -> Integers:
        """The row of each id, -1 where there is none."""
        if not self._sorted.size:
            return np.full(ids.shape, MISSING, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._sorted, ids), self._sorted.size - 1)
        return np.where(self._sorted[place] == ids, self._order[place], MISSING).astype(np.int64)


@dataclass(frozen=True, slots=True)
class MessageColumns:
    """What the page is told of the messages beside the columns, and where each message stands."""

    header: dict[str, Any]
    row_of: Rows


def add_messages(columns: Columns, tables: Tables) -> MessageColumns:
    """Add the columns of the messages, of which the first `message_routes.MAX_MESSAGES` are kept."""
    routes = read_routes(tables)
    quantiles = _quantiles(tables, routes)
    ids = _whole(tables, "msg_id")
    rows = Rows(ids)
    cause = _add_parents(columns, tables, rows)
    columns.add("route", routes.route)
    bases = _add_ids(columns, ids, routes)
    del ids
    _add_send(columns, tables, cause)
    _add_data(columns, tables, cause)
    del cause
    _add_ends(columns, tables, routes)
    _add_sizes(columns, tables, routes)
    _add_hops(columns, tables, routes)
    columns.add("fate", routes.fate)
    header = {
        "count": routes.route.size,
        "left_out": sum(part.num_rows for part in tables.message_parts("msg_id")) - routes.route.size,
        "kinds": routes.kinds,
        "nodes": routes.nodes,
        "id_bases": [str(base) for base in bases],
        "links": routes.links,
        "fates": [text.split("/", 1) for text in routes.fates],
        "legs": [list(leg) for leg in routes.legs],
        "routes": [[leg, list(route.links)] for leg, route in zip(routes.leg_of, routes.routes, strict=True)],
        **quantiles,
    }
    return MessageColumns(header, rows)


def _quantiles(tables: Tables, routes: Routes) -> dict[str, Any]:
    """The latencies of each leg, of each kind and of all."""
    latency = LatencyQuantiles(_whole(tables, "latency_ns"), routes)
    return {
        "leg_quantiles": latency.by(routes.leg_of, len(routes.legs)),
        "kind_quantiles": latency.by([route.kind for route in routes.routes], len(routes.kinds)),
        "latency": latency.by([0 for _ in routes.routes], 1)[0]["quantiles"],
    }


def _whole(tables: Tables, name: str) -> Narrow:
    """A column of all messages."""
    return joined([narrow(integers(part[name])) for _, part in first_parts(tables, name)])


def _add_parents(columns: Columns, tables: Tables, rows: Rows) -> Narrow:
    """How many rows before a message its parent lies; returns the row of each parent that lies before, else -1."""
    before, cause = [], []
    for at, part in first_parts(tables, "parent_id"):
        parent, own = rows.find(integers(part["parent_id"])), np.arange(at.start, at.stop)
        before.append(narrow(np.where(parent == MISSING, 0, own - parent)))
        cause.append(narrow(np.where(parent < own, parent, MISSING)))
    columns.add_parts("parent", before)
    return joined(cause)


def _add_ids(columns: Columns, ids: Narrow, routes: Routes) -> Integers:
    """The ids of every sender as differences; returns the first of each, 0 where a node sends nothing."""
    bases = np.zeros(len(routes.nodes), dtype=np.int64)
    sender = narrow(np.array([route.src for route in routes.routes], dtype=np.int64))[routes.route]
    bases[sender[::-1]] = ids[::-1]
    last = bases.copy()
    size = 1 << 14
    blocks = (slice(begin, begin + size) for begin in range(0, ids.size, size))
    columns.add_parts("id", [narrow(steps_within(ids[at], sender[at], last)) for at in blocks])
    return bases


def _add_send(columns: Columns, tables: Tables, cause: Narrow) -> None:
    """From when its cause was handled until a message was sent; of one without a cause, since the last of these."""
    finish, residuals, last = _whole(tables, "finish_ns"), [], 0
    for at, part in first_parts(tables, "t_send_ns"):
        sent, handled = integers(part["t_send_ns"]), finish[cause[at]]
        roots = (cause[at] == MISSING) | (handled == MISSING)
        residual = sent - handled
        residual[roots] = np.diff(sent[roots], prepend=np.int64(last))
        last = int(sent[roots][-1]) if roots.any() else last
        residuals.append(narrow(residual))
    columns.add_parts("send", residuals)


def _add_data(columns: Columns, tables: Tables, cause: Narrow) -> None:
    """How much fresher a message's datum is than its cause's; of one without a cause, how old it is when sent."""
    data, residuals = _whole(tables, "t_data_ns"), []
    for at, part in first_parts(tables, "t_send_ns"):
        own, sent = data[at].astype(np.int64), integers(part["t_send_ns"])
        residuals.append(narrow(np.where(cause[at] != MISSING, own - data[cause[at]], sent - own)))
    columns.add_parts("data", residuals)


def _add_ends(columns: Columns, tables: Tables, routes: Routes) -> None:
    """What is left of a message's latency, how long it then waited, and how long it was handled."""
    late, wait, cost = [], [], []
    names = ("t_send_ns", "t_end_ns", "begin_ns", "finish_ns")
    for at, part in first_parts(tables, *names):
        sent, end, begin, finish = (integers(part[name]) for name in names)
        handled = begin != MISSING
        late.append(narrow(np.where(end != MISSING, end - sent - routes.ways_ns[at] + 1, 0)))
        wait.append(narrow(np.where(handled, begin - end + 1, 0)))
        cost.append(narrow(np.where(handled, finish - begin, 0)))
    columns.add_parts("late", late)
    columns.add_parts("wait", wait)
    columns.add_parts("cost", cost)


def _add_sizes(columns: Columns, tables: Tables, routes: Routes) -> None:
    last, residuals = np.zeros(len(routes.routes), dtype=np.int64), []
    for at, part in first_parts(tables, "bytes"):
        residuals.append(narrow(steps_within(integers(part["bytes"]), routes.route[at], last)))
    columns.add_parts("bytes", residuals)


def _add_hops(columns: Columns, tables: Tables, routes: Routes) -> None:
    """The parts of each hop.

    Propagation is compared with the same hop of the message before on the same route, serialisation with the hop
    before over the same link of as many bytes; the other two are random or nearly always 0.
    """
    most = max((len(route.links) for route in routes.routes), default=0) + 1
    taken = np.full((len(routes.routes), most), MISSING, dtype=np.int64)
    for row, known in zip(taken, routes.routes, strict=True):
        row[: len(known.links)] = known.links
    slots = {"serialisation_ns": LOAD_SLOTS, "propagation_ns": len(routes.routes) * most}
    last = {name: np.zeros(count, dtype=np.int64) for name, count in slots.items()}
    residuals: dict[str, list[Narrow]] = {name: [] for name in LATENCY_PARTS}
    for at, part in first_parts(tables, "bytes", "hops"):
        hops = Hops(part["hops"])
        counts = hops.counts
        route = np.repeat(routes.route[at].astype(np.int64), counts)
        position = np.arange(hops.starts[-1]) - np.repeat(hops.starts[:-1], counts)
        load = (taken[route, position] * LOAD_STRIDE + np.repeat(integers(part["bytes"]), counts)) % LOAD_SLOTS
        group = {"serialisation_ns": load, "propagation_ns": route * most + position}
        for name, found in residuals.items():
            values = hops.part(name)
            found.append(narrow(steps_within(values, group[name], last[name]) if name in group else values))
    for name in LATENCY_PARTS:
        columns.add_parts(name, residuals.pop(name))
