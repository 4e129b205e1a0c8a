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
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import IO, Any, Final

from twin.report.selection import Selection
from twin.report.steps import entity_of, side_rank
from twin.wire.protocol import Fate

SEQUENCE: Final = 1
LOST: Final = "lost"
ON_AIR: Final = "on air"
SYSTEM: Final = "system"
_MS: Final = 1e-6


_SEND, _END, _ARRIVE, _BEGIN, _BEGIN_INNER = range(5)
"""Order of what happens to a track at one instant: what ends comes before what begins."""

Event = tuple[int, int, str, bool, tuple[int, ...], tuple[int, ...], tuple[tuple[str, Any], ...]]
"""Instant, order, name ("" ends a slice), whether it is an instant, flows through it, flows that end in it, notes.

This and `Row` are plain tuples of plain values, which the garbage collector soon leaves alone: with a class it would
take a third longer.
"""

Track = tuple[str, str]
"""The group (an entity, or `SYSTEM`) and the name of a track in it."""

_COLUMNS: Final = (
    "msg_id", "kind", "src", "dst", "t_data_ns", "t_send_ns", "t_end_ns", "begin_ns", "finish_ns", "fate", "reason",
    "bytes",
)  # fmt: skip
Row = tuple[Any, ...]
"""A message, by `_COLUMNS`."""


@dataclass(slots=True)
class _Track:
    """What there is to show on a track: messages that left, arrived or ended on their way; solves, spans on air."""

    sent: list[Row] = field(default_factory=list)
    arrived: list[Row] = field(default_factory=list)
    lost: list[Row] = field(default_factory=list)
    solves: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)

    def events(self) -> list[Event]:
        """Its events in order."""
        events = [_sending(row) for row in self.sent]
        events.extend(map(_loss, self.lost))
        for part in (*map(_arrival, self.arrived), *map(_solve, self.solves), *map(_span, self.spans)):
            events.extend(part)
        events.sort(key=itemgetter(0, 1))
        return events


def write_perfetto(selection: Selection, file: IO[bytes]) -> None:
    """Write the trace of a selection. Events are made track by track, so that few exist at a time."""
    from perfetto.trace_builder.proto_builder import StreamingTraceProtoBuilder

    tracks, counters = _tracks(selection), _counters(selection)
    writer = _Writer(StreamingTraceProtoBuilder(file))
    uuids = writer.describe(sorted({*tracks, *counters}, key=_order), set(counters))
    for track, shown in tracks.items():
        for event in shown.events():
            writer.event(uuids[track], event)
    for track, points in counters.items():
        for t_ns, value in points:
            writer.counter(uuids[track], t_ns, value)


def _order(track: Track) -> tuple[str, bool, int, str]:
    """Groups by name; in a group the entity, its edge and its core twin, then the rest by name."""
    group, name = track
    if entity_of(name) != group:
        return group, True, 0, name
    return group, False, side_rank(name), name


def _tracks(selection: Selection) -> dict[Track, _Track]:
    """Every track but the counters."""
    tracks: dict[Track, _Track] = defaultdict(_Track)
    columns = [selection.messages[name].to_pylist() for name in _COLUMNS]
    for row in zip(*columns, strict=True):
        sender, receiver, ended, begin = row[2], row[3], row[6], row[7]
        tracks[entity_of(sender), sender].sent.append(row)
        if begin is not None:
            tracks[entity_of(receiver), receiver].arrived.append(row)
        elif ended is not None:
            tracks[entity_of(receiver), LOST].lost.append(row)
    for solve in selection.solves.to_pylist():
        tracks[entity_of(solve["node"]), solve["node"]].solves.append(solve)
    for span in selection.spans.to_pylist():
        tracks[span["transmitter"], ON_AIR].spans.append(span)
    return tracks


def _event(
    t_ns: int,
    order: int,
    name: str = "",
    *,
    instant: bool = False,
    flows: tuple[int, ...] = (),
    ends: tuple[int, ...] = (),
    notes: tuple[tuple[str, Any], ...] = (),
) -> Event:
    return t_ns, order, name, instant, flows, ends, notes


def _sending(row: Row) -> Event:
    msg_id, kind, sent = row[0], row[1], row[5]
    return _event(sent, _SEND, f"send {kind}", instant=True, flows=(msg_id,))


def _arrival(row: Row) -> Iterator[Event]:
    """What a message does where it arrives: it waits if it must, and is handled (in no time by an entity)."""
    msg_id, kind, src, _, data, _, arrived, begin, finish, fate, reason, size = row
    name = kind if fate == Fate.DELIVERED else f"{kind} {fate} ({reason})"
    notes = (("msg_id", msg_id), ("from", src), ("bytes", size), ("age_ms", (arrived - data) * _MS))
    if begin > arrived:
        yield _event(arrived, _ARRIVE, f"waiting {kind}", instant=True, flows=(msg_id,))
    if finish == begin:
        yield _event(begin, _ARRIVE, name, instant=True, ends=(msg_id,), notes=notes)
    else:
        yield _event(begin, _BEGIN, name, ends=(msg_id,), notes=notes)
        yield _event(finish, _END)


def _loss(row: Row) -> Event:
    msg_id, kind, src, dst, _, _, ended, _, _, fate, reason, _ = row
    notes = (("msg_id", msg_id), ("from", src), ("to", dst))
    return _event(ended, _ARRIVE, f"{kind} {fate} ({reason})", instant=True, ends=(msg_id,), notes=notes)


def _solve(solve: dict[str, Any]) -> Iterator[Event]:
    notes = tuple((key, solve[key]) for key in ("trigger", "status", "iterations", "objective"))
    yield _event(solve["begin_ns"], _BEGIN_INNER, f"solve v{solve['version']}", notes=notes)
    yield _event(solve["finish_ns"], _END)


def _span(span: dict[str, Any]) -> Iterator[Event]:
    name = f"v{span['version']}" if span["version"] else "local MRT"
    notes = (("age_ms", span["age_at_application_ns"] * _MS),)
    yield _event(span["since_ns"], _BEGIN, name, notes=notes)
    yield _event(span["until_ns"], _END)


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
        self._begin, self._end = TrackEvent.TYPE_SLICE_BEGIN, TrackEvent.TYPE_SLICE_END
        self._instant, self._counter = TrackEvent.TYPE_INSTANT, TrackEvent.TYPE_COUNTER
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

    def event(self, uuid: int, event: Event) -> None:
        """A slice that begins or ends, or an instant."""
        t_ns, _, name, instant, flows, ends, notes = event
        packet = self._builder.create_packet()
        packet.timestamp = t_ns
        shown = packet.track_event
        shown.track_uuid = uuid
        if name:
            shown.name = name
            shown.type = self._instant if instant else self._begin
            shown.flow_ids.extend(flows)
            shown.terminating_flow_ids.extend(ends)
        else:
            shown.type = self._end
        for key, value in notes:
            note = shown.debug_annotations.add(name=key)
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
        packet.track_event.type = self._counter
        packet.track_event.double_counter_value = value
        self._write(packet)

    def _write(self, packet: Any) -> None:  # noqa: ANN401
        packet.trusted_packet_sequence_id = SEQUENCE
        self._builder.write_packet(packet)
