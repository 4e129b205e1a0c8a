"""What of a run a trace shows: all of it, one control cycle, or the story of one precoder version."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.errors import UsageError
from twin.journal.tables import RunTables
from twin.report.solves import find_solve
from twin.report.steps import integers
from twin.report.story import tell


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the tables of a run that ended at `end_ns`; `name` is what messages to people call it.

    `spans` has every application of a precoder with its end (`until_ns`), which needs the next one.
    """

    name: str
    messages: pa.Table
    solves: pa.Table
    spans: pa.Table
    metrics: pa.Table
    end_ns: int

    def require_at_most(self, most: int, what: str) -> None:
        """Refuse a selection of more messages than `what` can hold."""
        count = self.messages.num_rows
        if count > most:
            advice = "choose one control cycle (--cycle N) or one precoder (--version V), or take perfetto or csv"
            raise UsageError(f"{self.name} has {count} messages: {what} holds at most {most}; {advice}")


def whole_run(tables: RunTables, end_ns: int) -> Selection:
    """All of a run."""
    spans = on_air_spans(tables.control, end_ns)
    return Selection("the run", tables.messages, tables.solves, spans, tables.metrics, end_ns)


def cycle(tables: RunTables, end_ns: int, number: int) -> Selection:
    """The messages of one control cycle, the solves that it was the newest of, and what of these went on air.

    Raises:
        UsageError: no message belongs to this cycle.
    """
    traces = integers(tables.messages["trace_id"])
    mask = traces == number
    if number == 0 or not mask.any():
        cycles = np.unique(traces[traces > 0])
        allowed = f"must be {cycles[0]} to {cycles[-1]}" if cycles.size else "this run has none"
        raise UsageError(f"cycle={number}: has no messages: {allowed}")
    solves = tables.solves.filter(pa.array(_trace_of_solves(tables) == number))
    return _part(tables, end_ns, f"cycle {number}", mask, solves)


def version(tables: RunTables, end_ns: int, which: str) -> Selection:
    """The messages of the story of one version (`twin.report.story`)."""
    solve = find_solve(tables, which)
    ids = tell(tables, solve, end_ns).message_ids
    mask = np.isin(integers(tables.messages["msg_id"]), np.fromiter(ids, dtype=np.int64))
    wanted = pc.and_(pc.equal(tables.solves["node"], solve.node), pc.equal(tables.solves["version"], solve.version))
    return _part(tables, end_ns, f"version {solve.version}", mask, tables.solves.filter(wanted))


def on_air_spans(control: pa.Table, end_ns: int) -> pa.Table:
    """Transmitter, version, age at application and the span on air (`since_ns`, `until_ns`), in order of time."""
    names = control["transmitter"].to_numpy(zero_copy_only=False)
    since = integers(control["t_applied_ns"])
    until = np.full(since.shape, end_ns)
    for name in set(names):
        rows = np.flatnonzero(names == name)
        until[rows[:-1]] = since[rows[1:]]
    columns = {name: control[name] for name in ("transmitter", "version", "age_at_application_ns", "msg_id")}
    return pa.table({**columns, "since_ns": control["t_applied_ns"], "until_ns": until})


def _part(tables: RunTables, end_ns: int, name: str, mask: NDArray[np.bool_], solves: pa.Table) -> Selection:
    """What belongs to some messages: the precoders that these brought, the metrics of their time."""
    whole, messages = whole_run(tables, end_ns), tables.messages.filter(pa.array(mask))
    spans = whole.spans.filter(pc.is_in(whole.spans["msg_id"], value_set=messages["msg_id"]))
    first_ns = pc.min(messages["t_send_ns"]).as_py() or 0
    ends_ns = (pc.max(spans["until_ns"]).as_py(), pc.max(messages["t_end_ns"]).as_py())
    last_ns = max((end for end in ends_ns if end is not None), default=first_ns)
    t_ns = whole.metrics["t_ns"]
    metrics = whole.metrics.filter(pc.and_(pc.greater_equal(t_ns, first_ns), pc.less_equal(t_ns, last_ns)))
    return replace(whole, name=name, messages=messages, solves=solves, spans=spans, metrics=metrics)


def _trace_of_solves(tables: RunTables) -> NDArray[np.int64]:
    """The control cycle of each solve, as the coordinator names it: the newest among its inputs (0: unknown)."""
    inputs = tables.solves["inputs"].combine_chunks()
    ids, traces = (integers(tables.messages[name]) for name in ("msg_id", "trace_id"))
    order = np.argsort(ids, kind="stable")
    used = pc.list_flatten(inputs).to_numpy()
    place = np.minimum(np.searchsorted(ids, used, sorter=order), max(ids.size - 1, 0))
    newest = np.zeros(len(inputs), dtype=np.int64)
    if ids.size:
        found = np.where(ids[order[place]] == used, traces[order[place]], 0)
        np.maximum.at(newest, pc.list_parent_indices(inputs).to_numpy(), found)
    return newest
