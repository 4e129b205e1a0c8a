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

from array import array
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.journal.ages import AgeSteps, oldest_steps
from twin.journal.tables import Tables
from twin.wire.messages import Kind
from twin.wire.protocol import Fate

EDGE: Final = "edge"
CORE: Final = "core"
COORDINATOR: Final = "coordinator"
ON_AIR: Final = "on_air"
PLACES: Final = (EDGE, CORE, COORDINATOR)

_FIRST: Final = (Kind.CSI.value, Kind.STATE.value)
_REPORTS: Final = (*_FIRST, Kind.SYNC.value, Kind.SHARE.value)
_COLUMNS: Final = (
    "msg_id", "parent_id", "kind", "src", "dst", "t_data_ns", "t_send_ns", "t_end_ns", "begin_ns", "finish_ns", "fate",
)  # fmt: skip
_MAX_HOPS: Final = 16
_MS: Final = 1e-6

Told = list[tuple[int, str, int]]


def ages_of_information(
    tables: Tables, coordinator: str | None, end_ns: int, limit_ns: int | None
) -> dict[str, dict[str, Any]]:
    """Age of every entity that anything was told of, by place: numbers as `age_numbers` has them.

    None where nothing of the entity ever arrived. Ages count from the first sample of the metrics on, as that of the
    system does. Without a `coordinator` its place is None.
    """
    begin_ns = pc.min(tables.metrics["t_ns"]).as_py() or 0
    found = {
        entity: {
            place: age_numbers(oldest_steps(told, end_ns), begin_ns, limit_ns) if told else None
            for place, telling in places.items()
            for told in [telling.told()]
        }
        for entity, places in sorted(_told(tables, coordinator).items())
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


class _Telling:
    """What arrived at one place, a few bytes each."""

    def __init__(self) -> None:
        self._begin_ns, self._data_ns, self._source = array("q"), array("q"), array("I")
        self._codes: dict[str, int] = {}

    def add(self, begin_ns: int, source: str, data_ns: int) -> None:
        """Something that `source` measured at `data_ns` is handled."""
        self._begin_ns.append(begin_ns)
        self._source.append(self._codes.setdefault(source, len(self._codes)))
        self._data_ns.append(data_ns)

    def told(self) -> Told:
        """All of it, in order of time."""
        names = list(self._codes)
        return sorted(zip(self._begin_ns, (names[code] for code in self._source), self._data_ns, strict=True))


def _told(tables: Tables, coordinator: str | None) -> dict[str, dict[str, _Telling]]:
    """What arrived at each place of each entity."""
    found: dict[str, dict[str, _Telling]] = {}
    for begin_ns, source, dst, entity, data_ns in _reports(tables):
        places = found.setdefault(entity, {place: _Telling() for place in PLACES})
        if begin_ns is None:
            continue
        for place, twin in ((EDGE, f"edge:{entity}"), (CORE, f"core:{entity}"), (COORDINATOR, coordinator)):
            if dst == twin:
                places[place].add(begin_ns, source, data_ns)
    return found


def _reports(tables: Tables) -> Iterator[tuple[int | None, str, str, str, int]]:
    """(handled, source, dst, entity, measured) of every message that tells of an entity; None: not delivered."""
    roots = _Sources()
    for part in tables.message_parts(*_COLUMNS):
        sources = roots.of(part)
        delivered = pc.equal(part["fate"], Fate.DELIVERED.value).to_pylist()
        data_ns = pc.min_element_wise(part["t_data_ns"], part["t_end_ns"])  # a clock may have been ahead
        columns = [*(part[name].to_pylist() for name in ("kind", "src", "dst", "begin_ns")), data_ns.to_pylist()]
        for source, arrived, kind, src, dst, begin_ns, data_ns in zip(sources, delivered, *columns, strict=True):
            if kind in _REPORTS:
                yield begin_ns if arrived else None, source, dst, _told_of(kind, src, dst), data_ns


def _told_of(kind: str, src: str, dst: str) -> str:
    """Of whom a report tells: of its sender's entity, but for what an edge twin shares, which it sensed of another."""
    side, _, entity = src.rpartition(":")
    return dst.rpartition(":")[2] if kind == Kind.SHARE.value and side == EDGE else entity


class _Sources:
    """Entity and kind of the report that each message goes back to, by `parent_id`.

    Messages come in order of sending, part by part. What a message causes leaves when its handling ends, so of earlier
    parts only those are remembered whose end had not come.
    """

    def __init__(self) -> None:
        self._ids: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._ends_ns: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._names: list[str] = []

    def of(self, part: pa.Table) -> list[str]:
        """The sources of the messages of the next part."""
        before, size = len(self._names), part.num_rows
        ids = np.concatenate([self._ids, part["msg_id"].to_numpy()])
        kinds = part["kind"].to_pylist()
        first = np.concatenate([np.ones(before, bool), np.isin(np.asarray(kinds, dtype=object).astype(str), _FIRST)])
        parents = np.concatenate([self._ids, part["parent_id"].to_numpy()])
        roots = _climbed(ids, parents, first)
        own = [f"{src} {kind}" for src, kind in zip(part["src"].to_pylist(), kinds, strict=True)]
        names = [*self._names, *own]
        sources = [names[root] for root in roots.tolist()]
        ends_ns = pc.fill_null(pc.coalesce(part["finish_ns"], part["t_end_ns"]), -1).to_numpy()
        ends_ns = np.concatenate([self._ends_ns, ends_ns])
        kept = np.flatnonzero(ends_ns >= (part["t_send_ns"][-1].as_py() if size else 0))
        self._ids, self._ends_ns, self._names = ids[kept], ends_ns[kept], [sources[place] for place in kept.tolist()]
        return sources[before:]


def _climbed(ids: NDArray[np.int64], parents_ids: NDArray[np.int64], first: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The place of the report at the root of each message; its own where the way is not known."""
    order = np.argsort(ids)
    place = np.searchsorted(ids, parents_ids, sorter=order)
    parents = order[np.minimum(place, max(ids.size - 1, 0))] if ids.size else order
    known = ids[parents] == parents_ids
    roots = np.arange(ids.size)
    for _ in range(_MAX_HOPS):
        climbing = ~first[roots] & known[roots]
        if not climbing.any():
            break
        roots = np.where(climbing, parents[roots], roots)
    return roots
