"""The control table: every application of a precoder with the milestones of its life, and what it cost.

A precoder on air is walked back by `parent_id` from the message that brought it to the solve that it left. The messages
that carry precoders, or that a solve used, are picked out of all the others as those pass (`Lineage`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.journal.attribution import losses_on_air
from twin.journal.join import Outline
from twin.journal.rows import in_order, rows_of, table_of
from twin.journal.schemas import CONTROL
from twin.wire.messages import Kind

MAX_HOPS: Final = 64
"""Most messages that may carry one precoder from the coordinator to its transmitter."""

Integers = NDArray[np.int64]

_CARRIED: Final = ("msg_id", "trace_id", "parent_id", "kind", "src", "t_send_ns")
_USED: Final = ("msg_id", "dst", "t_end_ns")


class _Found:
    """Some columns of the messages that were picked out, to be looked up by id."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = list(names)
        self._parts: list[pa.Table] = []

    def take(self, part: pa.Table, mask: NDArray[np.bool_]) -> None:
        """Keep the rows of a part where the mask says so."""
        self._parts.append(part.select(self._names).filter(pa.array(mask)))

    @cached_property
    def table(self) -> pa.Table:
        """What was picked out, by id."""
        return pa.concat_tables(self._parts).sort_by("msg_id").combine_chunks()

    @cached_property
    def _ids(self) -> Integers:
        return np.asarray(self.table["msg_id"].to_numpy())

    def place(self, msg_id: int) -> int | None:
        """The row of a message in `table`; None if it was not picked out."""
        if not self._parts:
            return None
        place = bisect_left(self._ids, msg_id)
        return place if place < len(self._ids) and self._ids[place] == msg_id else None

    def value(self, name: str, place: int) -> Any:  # noqa: ANN401 - a column may hold numbers or names
        """One value of `table`."""
        return self.table[name][place].as_py()


class Lineage:
    """Where the precoders of a run came from, found among its messages as these pass."""

    def __init__(self, known: Outline) -> None:
        """Of the run with this outline."""
        self._solves = known.solves
        pairs = zip(*(known.solves[name].to_pylist() for name in ("node", "version")), strict=True)
        self._by_version = {pair: row for row, pair in enumerate(pairs)}
        self._used_ids = np.unique(pc.list_flatten(known.solves["inputs"]).to_numpy())
        self._applied_ids = np.unique(known.applied["msg_id"].to_numpy())
        self._carried, self._used = _Found(_CARRIED), _Found(_USED)

    def watch(self, parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Pass parts of the messages on, and pick out what is needed."""
        for part in parts:
            ids = part["msg_id"].to_numpy()
            precoders = pc.equal(part["kind"], Kind.PRECODER.value).to_numpy()
            self._carried.take(part, precoders | np.isin(ids, self._applied_ids))
            self._used.take(part, np.isin(ids, self._used_ids))
            yield part

    def row(self, msg_id: int, version: int) -> dict[str, Any]:
        """What is known of a version that a message brought: its milestones, null where there is none.

        Nothing is known of local MRT, and where a journal that was cut short no longer holds the way.
        """
        first = self._carried.place(msg_id)
        row: dict[str, Any] = {"trace_id": None if first is None else self._carried.value("trace_id", first)}
        place = first
        for _ in range(MAX_HOPS):
            if place is None or self._carried.value("kind", place) != Kind.PRECODER.value:
                return row
            solve = self._by_version.get((self._carried.value("src", place), version))
            if solve is not None:
                return row | self._milestones(solve) | {"sent_ns": self._carried.value("t_send_ns", place)}
            place = self._carried.place(self._carried.value("parent_id", place))
        return row

    def _milestones(self, solve: int) -> dict[str, Any]:
        node, begin, done, inputs = (
            self._solves[name][solve].as_py() for name in ("node", "begin_ns", "finish_ns", "inputs")
        )
        places = [place for place in map(self._used.place, inputs) if place is not None]
        # When the coordinator had received the last of the messages that the solve used.
        ends = [self._used.value("t_end_ns", place) for place in places if self._used.value("dst", place) == node]
        received_ns = max((end for end in ends if end is not None), default=None)
        return {"received_ns": received_ns, "solve_begin_ns": begin, "solve_done_ns": done, "inputs": inputs}


def control_table(known: Outline, lineage: Lineage, attribution: pa.Table) -> pa.Table:
    """One row per application of a precoder (`schemas.CONTROL`); the lineage must have seen all messages."""
    applied = in_order(known.applied, ("t_ns", "transmitter", "version"))
    losses = losses_on_air(applied["t_ns"].to_numpy(), applied["transmitter"].to_pylist(), attribution)
    rows = (_control_row(row, lineage) | loss for row, loss in zip(rows_of(applied), losses, strict=True))
    return table_of(rows, CONTROL)


def _control_row(applied: dict[str, Any], lineage: Lineage) -> dict[str, Any]:
    return {
        "t_applied_ns": applied["t_ns"],
        "transmitter": applied["transmitter"],
        "version": applied["version"],
        "msg_id": applied["msg_id"] or None,
        "t_data_ns": applied["t_data_ns"],
        "age_at_application_ns": applied["t_ns"] - applied["t_data_ns"],
        "measured_ns": applied["t_data_ns"],
        "power_mw": applied["power_mw"],
    } | lineage.row(applied["msg_id"], applied["version"])
