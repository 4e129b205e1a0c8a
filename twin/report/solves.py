"""The solves of a run, and which of them somebody means: by version, or as the worst, the median or the last lost.

12                the solve with this version
core:uav/12       the same, of this twin, where several twins solve
worst             of what went on air the oldest: greatest age of its data as it was applied
median            of median age at application (of an even number the older of the two in the middle)
last-lost         the last of which a precoder was lost or dropped on its way
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from twin.errors import UsageError
from twin.journal.tables import RunTables
from twin.report.steps import Steps
from twin.wire.messages import Kind
from twin.wire.protocol import Fate, Reason

NAMES: Final = ("worst", "median", "last-lost")


@dataclass(frozen=True, slots=True)
class Solve:
    """One solve. Times in ns of virtual time; `wall_us` is wall time; `inputs` are the messages that it used."""

    node: str
    version: int
    problem: str
    method: str
    trigger: str
    status: str
    iterations: int
    objective: float
    violation: float
    begin_ns: int
    finish_ns: int
    cost_ns: int
    wall_us: float | None
    inputs: tuple[int, ...]


def find_solve(tables: RunTables, which: str) -> Solve:
    """The solve that `which` means (see the table above).

    Raises:
        UsageError: there is none, or more than one.
    """
    if not tables.solves.num_rows:
        raise UsageError(f"version={which}: this run has no solve, so no precoder of a twin has a story")
    match which:
        case "worst":
            return _by_age(tables, 1.0)
        case "median":
            return _by_age(tables, 0.5)
        case "last-lost":
            return _last_lost(tables)
        case _:
            return _by_version(tables.solves, which)


def _by_version(solves: pa.Table, which: str) -> Solve:
    node, _, number = which.rpartition("/")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise UsageError(f"version={which}: must be a version ({_known(solves)}), or {_names()}")
    rows = _rows(solves, version=int(number))
    nodes = sorted({solves["node"][row].as_py() for row in rows})
    if node:
        rows = [row for row in rows if solves["node"][row].as_py() == node]
    elif len(nodes) > 1:
        raise UsageError(f"version={which}: {' and '.join(nodes)} solved for one each: say {nodes[0]}/{number}")
    if not rows:
        why = "version 0 is local MRT, from a measurement of its own" if int(number) == 0 else f"of {_known(solves)}"
        raise UsageError(f"version={which}: no twin solved for it: {why}; or take {_names()}")
    return solve_at(solves, rows[-1])


def _by_age(tables: RunTables, quantile: float) -> Solve:
    """The solve behind the application at this quantile of the ages at application; of equals the later one."""
    control, solves = tables.control, tables.solves
    ages = control["age_at_application_ns"].to_numpy()
    rows = np.flatnonzero((control["version"].to_numpy() > 0) & control["solve_done_ns"].is_valid().to_numpy())
    if not rows.size:
        raise UsageError(f"no precoder of a twin went on air in this run: say which version ({_known(solves)})")
    ordered = rows[np.argsort(ages[rows], kind="stable")]
    row = int(ordered[int(quantile * (ordered.size - 1) + 0.5)])
    version, done_ns = control["version"][row].as_py(), control["solve_done_ns"][row].as_py()
    return solve_at(solves, _rows(solves, version=version, finish_ns=done_ns)[0])


def _last_lost(tables: RunTables) -> Solve:
    steps, solves = Steps(tables.messages), tables.solves
    for lost in steps.newest(Kind.PRECODER, (Fate.LOST, Fate.DROPPED)):
        if lost.reason == Reason.DEDUPLICATED:  # a copy of it arrived
            continue
        step = lost
        while (parent := steps.get(step.parent_id)) is not None and parent.kind == Kind.PRECODER:
            step = parent
        for row in _rows(solves, finish_ns=step.sent_ns):
            solve = solve_at(solves, row)
            if solve.node == step.src:
                return solve
    raise UsageError("no precoder was lost or dropped in this run: take worst or median")


def _rows(solves: pa.Table, **wanted: int) -> list[int]:
    mask = np.ones(solves.num_rows, dtype=bool)
    for name, value in wanted.items():
        mask &= solves[name].to_numpy() == value
    return [int(row) for row in np.flatnonzero(mask)]


def solve_at(solves: pa.Table, row: int) -> Solve:
    """A row of the table."""
    record: dict[str, Any] = solves.slice(row, 1).select(list(Solve.__slots__)).to_pylist()[0]
    return Solve(**{**record, "inputs": tuple(record["inputs"])})


def _known(solves: pa.Table) -> str:
    versions = np.unique(solves["version"].to_numpy())
    text = f"{versions[0]}" if versions.size == 1 else f"{versions[0]} to {versions[-1]}"
    return text if versions[-1] - versions[0] + 1 == versions.size else f"{text}, {versions.size} of them"


def _names() -> str:
    return f"{', '.join(NAMES[:-1])} or {NAMES[-1]}"
