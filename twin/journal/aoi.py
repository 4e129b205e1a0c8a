"""Age of information of every entity at its twins and at the coordinator, and of every transmitter's precoder on air.

    edge           what the entity's edge twin holds of it: `csi` and `state`, or what is sensed of the eavesdropper
    core           what its core twin holds of it: `sync`
    coordinator    what the twin that solves holds of it: whatever brings it there
    on_air         (transmitters) the oldest measurement behind the precoder on air

A twin holds a report from the instant at which it begins to handle it. An entity may tell several things: a transmitter
its channels and its state, and the eavesdropper's channels are sensed by each transmitter apart. Its age is that of the
one told longest ago, so all that the twin holds of the entity is at most as old. Only reports that were delivered
count: what a twin drops as stale or repeated changes nothing that it holds.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.journal.ages import AgeSteps, oldest_steps
from twin.journal.tables import RunTables
from twin.wire.messages import Kind
from twin.wire.protocol import Fate

EDGE: Final = "edge"
CORE: Final = "core"
COORDINATOR: Final = "coordinator"
ON_AIR: Final = "on_air"
PLACES: Final = (EDGE, CORE, COORDINATOR)

_FIRST: Final = (Kind.CSI.value, Kind.STATE.value)
_REPORTS: Final = (*_FIRST, Kind.SYNC.value, Kind.SHARE.value)
_MAX_HOPS: Final = 16
_MS: Final = 1e-6

Told = list[tuple[int, str, int]]


def ages_of_information(
    tables: RunTables, coordinator: str | None, end_ns: int, limit_ns: int | None
) -> dict[str, dict[str, Any]]:
    """Age of every entity that anything was told of, by place: numbers as `age_numbers` has them.

    None where nothing of the entity ever arrived. Ages count from the first sample of the metrics on, as that of the
    system does. Without a `coordinator` its place is None.
    """
    begin_ns = pc.min(tables.metrics["t_ns"]).as_py() or 0
    found = {
        entity: {
            place: age_numbers(oldest_steps(told, end_ns), begin_ns, limit_ns) if told else None
            for place, told in places.items()
        }
        for entity, places in sorted(_told(tables.messages, coordinator).items())
    }
    for transmitter, steps in sorted(on_air_steps(tables.control, end_ns).items()):
        none: dict[str, Any] = dict.fromkeys(PLACES)
        found.setdefault(transmitter, none)[ON_AIR] = age_numbers(steps, begin_ns, limit_ns)
    return found


def age_numbers(steps: AgeSteps, begin_ns: int, limit_ns: int | None) -> dict[str, float | None]:
    """Mean, mean peak and 95 % quantile of an age in ms, and the share of time in which it exceeds the limit."""
    numbers = {
        "mean_ms": steps.mean_ns(begin_ns),
        "peak_mean_ms": steps.peak_mean_ns(begin_ns),
        "p95_ms": steps.quantile_ns(begin_ns, 0.95),
    }
    in_ms: dict[str, float | None] = {name: None if ns is None else ns * _MS for name, ns in numbers.items()}
    return in_ms | {"violation": None if limit_ns is None else steps.violation(begin_ns, limit_ns)}


def on_air_steps(control: pa.Table, end_ns: int) -> dict[str, AgeSteps]:
    """Age of what each transmitter has on air, from a control table."""
    told: dict[str, Told] = {}
    columns = (control[name].to_pylist() for name in ("t_applied_ns", "transmitter", "t_data_ns"))
    for t_ns, transmitter, data_ns in zip(*columns, strict=True):
        told.setdefault(transmitter, []).append((t_ns, transmitter, data_ns))
    return {transmitter: oldest_steps(rows, end_ns) for transmitter, rows in told.items()}


def _told(messages: pa.Table, coordinator: str | None) -> dict[str, dict[str, Told]]:
    """What arrived at each place of each entity, in order of time."""
    found: dict[str, dict[str, Told]] = {}
    for begin_ns, source, dst, entity, data_ns in _reports(messages):
        places = found.setdefault(entity, {place: [] for place in PLACES})
        if begin_ns is None:
            continue
        for place, twin in ((EDGE, f"edge:{entity}"), (CORE, f"core:{entity}"), (COORDINATOR, coordinator)):
            if dst == twin:
                places[place].append((begin_ns, source, data_ns))
    for places in found.values():
        for told in places.values():
            told.sort()
    return found


def _reports(messages: pa.Table) -> Iterator[tuple[int | None, str, str, str, int]]:
    """(handled, source, dst, entity, measured) of every message that tells of an entity; None: not delivered."""
    sources = _sources(messages)
    delivered = pc.equal(messages["fate"], Fate.DELIVERED.value).to_pylist()
    columns = [messages[name].to_pylist() for name in ("kind", "src", "dst", "begin_ns", "t_data_ns")]
    for source, arrived, kind, src, dst, begin_ns, data_ns in zip(sources, delivered, *columns, strict=True):
        if kind in _REPORTS:
            yield begin_ns if arrived else None, source, dst, _told_of(kind, src, dst), data_ns


def _told_of(kind: str, src: str, dst: str) -> str:
    """Of whom a report tells: of its sender's entity, but for what an edge twin shares, which it sensed of another."""
    side, _, entity = src.rpartition(":")
    return dst.rpartition(":")[2] if kind == Kind.SHARE.value and side == EDGE else entity


def _sources(messages: pa.Table) -> list[str]:
    """Entity and kind of the report that each message goes back to, by `parent_id`."""
    ids: NDArray[np.int64] = messages["msg_id"].to_numpy()
    order = np.argsort(ids)
    kinds = messages["kind"].to_pylist()
    first = np.isin(np.asarray(kinds, dtype=object).astype(str), _FIRST)
    place = np.searchsorted(ids, messages["parent_id"].to_numpy(), sorter=order)
    parents = order[np.minimum(place, max(ids.size - 1, 0))] if ids.size else order
    known = ids[parents] == messages["parent_id"].to_numpy()
    roots = np.arange(ids.size)
    for _ in range(_MAX_HOPS):
        climbing = ~first[roots] & known[roots]
        if not climbing.any():
            break
        roots = np.where(climbing, parents[roots], roots)
    names = messages["src"].to_pylist()
    return [f"{names[root]} {kinds[root]}" for root in roots.tolist()]
