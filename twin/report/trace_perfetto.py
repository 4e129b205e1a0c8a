"""A run as a Perfetto trace (protobuf), for ui.perfetto.dev or its trace processor.

    group of an entity        tracks of the entity, its edge twin and its core twin, and what is named below
    slice on a twin           the handling of a message, named by its kind; within it the solve, where it solved
    instant on an entity      a message that arrived
    instant `send ...`        a message left: its flow (the id is `msg_id`) begins here ...
    slice, instant            ... and ends where it is handled or, on the track `lost`, where it was lost on its way
    instant `waiting ...`     it arrived at a busy twin: the flow passes here
    track `on air`            which version a transmitter had on air
    counters                  secrecy rate and that of the genie of each user; age of the system's CSI

Timestamps are ns of virtual time. The packets of one track stand in order; a twin handles one message at a time, so its
slices nest.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import IO, Any, Final

from twin.report.selection import Selection
from twin.report.steps import entity_of
from twin.wire.protocol import Fate

SEQUENCE: Final = 1
LOST: Final = "lost"
ON_AIR: Final = "on air"
SYSTEM: Final = "system"
_SIDES: Final = ("", "edge", "core")
_MS: Final = 1e-6


class _Rank(IntEnum):
    """Order of what happens to a track at one instant: what ends comes before what begins."""

    SEND = 0
    END = 1
    ARRIVE = 2
    BEGIN = 3
    BEGIN_INNER = 4


@dataclass(slots=True)
class _Event:
    """A slice that begins or ends, or an instant; flow ids pass through it (`flows`) or end in it (`ends`)."""

    t_ns: int
    rank: _Rank
    name: str = ""
    instant: bool = False
    flows: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    notes: tuple[tuple[str, Any], ...] = ()


Track = tuple[str, str]
"""The group (an entity, or `SYSTEM`) and the name of a track in it."""


def write_perfetto(selection: Selection, file: IO[bytes]) -> None:
    """Write the trace of a selection."""
    from perfetto.trace_builder.proto_builder import StreamingTraceProtoBuilder

    tracks = _tracks(selection)
    counters = _counters(selection)
    writer = _Writer(StreamingTraceProtoBuilder(file))
    uuids = writer.describe(sorted({*tracks, *counters}, key=_order), set(counters))
    for track, events in tracks.items():
        events.sort(key=lambda event: (event.t_ns, event.rank))
        for event in events:
            writer.event(uuids[track], event)
    for track, points in counters.items():
        for t_ns, value in points:
            writer.counter(uuids[track], t_ns, value)


def _order(track: Track) -> tuple[str, bool, int, str]:
    """Groups by name; in a group the entity, its edge and its core twin, then the rest by name."""
    group, name = track
    if entity_of(name) != group:
        return group, True, 0, name
    return group, False, _SIDES.index(name.rpartition(":")[0]), name


def _tracks(selection: Selection) -> dict[Track, list[_Event]]:
    """The events of every track but the counters."""
    tracks: dict[Track, list[_Event]] = defaultdict(list)
    for row in _rows(selection.messages):
        sender, receiver = row["src"], row["dst"]
        sent = _Event(row["t_send_ns"], _Rank.SEND, f"send {row['kind']}", instant=True, flows=(row["msg_id"],))
        tracks[entity_of(sender), sender].append(sent)
        if row["begin_ns"] is not None:
            tracks[entity_of(receiver), receiver].extend(_arrival(row))
        elif row["t_end_ns"] is not None:
            tracks[entity_of(receiver), LOST].append(_loss(row))
    for solve in selection.solves.to_pylist():
        events = tracks[entity_of(solve["node"]), solve["node"]]
        notes = tuple((key, solve[key]) for key in ("trigger", "status", "iterations", "objective"))
        events.append(_Event(solve["begin_ns"], _Rank.BEGIN_INNER, f"solve v{solve['version']}", notes=notes))
        events.append(_Event(solve["finish_ns"], _Rank.END))
    for span in selection.spans.to_pylist():
        name = f"v{span['version']}" if span["version"] else "local MRT"
        age = (("age_ms", span["age_at_application_ns"] * _MS),)
        events = tracks[span["transmitter"], ON_AIR]
        events.append(_Event(span["since_ns"], _Rank.BEGIN, name, notes=age))
        events.append(_Event(span["until_ns"], _Rank.END))
    return tracks


_COLUMNS: Final = (
    "msg_id", "kind", "src", "dst", "t_data_ns", "t_send_ns", "t_end_ns", "begin_ns", "finish_ns", "fate", "reason",
    "bytes",
)  # fmt: skip
_ROWS_AT_ONCE: Final = 50_000


def _rows(messages: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - pyarrow has no types
    selected = messages.select(_COLUMNS)
    for start in range(0, selected.num_rows, _ROWS_AT_ONCE):
        yield from selected.slice(start, _ROWS_AT_ONCE).to_pylist()


def _arrival(row: dict[str, Any]) -> Iterator[_Event]:
    """What a message does where it arrives: it waits if it must, and is handled (in no time by an entity)."""
    msg_id, arrived, begin, finish = row["msg_id"], row["t_end_ns"], row["begin_ns"], row["finish_ns"]
    name = row["kind"] if row["fate"] == Fate.DELIVERED else f"{row['kind']} {row['fate']} ({row['reason']})"
    age_ms = (arrived - row["t_data_ns"]) * _MS
    notes = (("msg_id", msg_id), ("from", row["src"]), ("bytes", row["bytes"]), ("age_ms", age_ms))
    if begin > arrived:
        yield _Event(arrived, _Rank.ARRIVE, f"waiting {row['kind']}", instant=True, flows=(msg_id,))
    if finish == begin:
        yield _Event(begin, _Rank.ARRIVE, name, instant=True, ends=(msg_id,), notes=notes)
    else:
        yield _Event(begin, _Rank.BEGIN, name, ends=(msg_id,), notes=notes)
        yield _Event(finish, _Rank.END)


def _loss(row: dict[str, Any]) -> _Event:
    notes = (("msg_id", row["msg_id"]), ("from", row["src"]), ("to", row["dst"]))
    name = f"{row['kind']} {row['fate']} ({row['reason']})"
    return _Event(row["t_end_ns"], _Rank.ARRIVE, name, instant=True, ends=(row["msg_id"],), notes=notes)


def _counters(selection: Selection) -> dict[Track, list[tuple[int, float]]]:
    """The points of every counter."""
    points: dict[Track, list[tuple[int, float]]] = defaultdict(list)
    ages: dict[int, float] = {}
    for row in selection.metrics.select(["t_ns", "user", "secrecy", "fresh", "age_ns"]).to_pylist():
        points[row["user"], "secrecy, bit/s/Hz"].append((row["t_ns"], row["secrecy"]))
        if row["fresh"] == row["fresh"]:  # NaN: the genie could not solve this instant
            points[row["user"], "fresh, bit/s/Hz"].append((row["t_ns"], row["fresh"]))
        ages[row["t_ns"]] = row["age_ns"] * _MS
    if ages:
        points[SYSTEM, "CSI age, ms"] = list(ages.items())
    return points


class _Writer:
    """Turns tracks, events and values into packets, one at a time."""

    def __init__(self, builder: Any) -> None:  # noqa: ANN401 - the builder has no types
        from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackDescriptor, TrackEvent

        self._builder = builder
        self._types = TrackEvent
        self._by_rank = TrackDescriptor.EXPLICIT
        self._uuids = count(1)

    def describe(self, tracks: list[Track], counters: set[Track]) -> dict[Track, int]:
        """Tracks in the order given, each in its group; returns their ids."""
        groups: dict[str, int] = {}
        uuids: dict[Track, int] = {}
        for rank, track in enumerate(tracks):
            group, name = track
            if group not in groups:
                groups[group] = self._describe(group, rank, None).uuid
            packet = self._describe(name, rank, groups[group], counter=track in counters)
            uuids[track] = packet.uuid
        return uuids

    def _describe(self, name: str, rank: int, parent: int | None, *, counter: bool = False) -> Any:  # noqa: ANN401
        packet = self._builder.create_packet()
        descriptor = packet.track_descriptor
        descriptor.uuid, descriptor.name, descriptor.sibling_order_rank = next(self._uuids), name, rank
        if parent is None:
            descriptor.child_ordering = self._by_rank
        else:
            descriptor.parent_uuid = parent
        if counter:
            descriptor.counter.SetInParent()
        self._write(packet)
        return descriptor

    def event(self, uuid: int, event: _Event) -> None:
        """A slice that begins or ends, or an instant."""
        packet = self._builder.create_packet()
        packet.timestamp = event.t_ns
        shown = packet.track_event
        shown.track_uuid = uuid
        if event.name:
            shown.name = event.name
            shown.type = self._types.TYPE_INSTANT if event.instant else self._types.TYPE_SLICE_BEGIN
        else:
            shown.type = self._types.TYPE_SLICE_END
        shown.flow_ids.extend(event.flows)
        shown.terminating_flow_ids.extend(event.ends)
        for name, value in event.notes:
            note = shown.debug_annotations.add(name=name)
            if isinstance(value, int):
                note.int_value = value
            elif isinstance(value, float):
                note.double_value = value
            else:
                note.string_value = str(value)
        self._write(packet)

    def counter(self, uuid: int, t_ns: int, value: float) -> None:
        """A counter takes a value."""
        packet = self._builder.create_packet()
        packet.timestamp = t_ns
        packet.track_event.track_uuid = uuid
        packet.track_event.type = self._types.TYPE_COUNTER
        packet.track_event.double_counter_value = value
        self._write(packet)

    def _write(self, packet: Any) -> None:  # noqa: ANN401
        packet.trusted_packet_sequence_id = SEQUENCE
        self._builder.write_packet(packet)
