"""Exports of a run folder, read back: Perfetto with the official protos, Mermaid and CSV by their own rules."""

import csv
import io
import re
from collections import Counter, defaultdict

import pandas as pd
import pytest
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from scenarios.cli import main
from scenarios.engine import run_scenario
from scenarios.load import load
from twin.journal.folder import RunFolder
from twin.journal.schemas import MESSAGES
from twin.journal.tables import read_tables
from twin.report.run_end import end_of_run_ns
from twin.report.solves import find_solve
from twin.report.story import tell

SETTINGS = [
    "scenario.duration_s=0.3",
    "metrics.warmup_ms=60",
    "metrics.period_ms=40",
    "twin.solver=mrt",
    "twin.predictor=none",
    "twin.coordinator=edge:uav",
    "network.radio.loss=0.1",
    "network.radio.queue_max=1",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("trace") / "run"
    run_scenario(load("sagin", SETTINGS), 2, out, "memory")
    return out


@pytest.fixture(scope="module")
def messages(folder):
    return pd.read_parquet(folder / "messages.parquet")


def packets(path):
    trace = Trace()
    trace.ParseFromString(path.read_bytes())
    return trace.packet


class Perfetto:
    """A trace as its tracks and events."""

    def __init__(self, path):
        self.packets = packets(path)
        described = [packet.track_descriptor for packet in self.packets if packet.HasField("track_descriptor")]
        self.descriptors = {each.uuid: each for each in described}
        assert len(described) == len(self.descriptors)
        self.events = defaultdict(list)
        for packet in self.packets:
            assert packet.trusted_packet_sequence_id == 1
            if packet.HasField("track_event"):
                self.events[self.name(packet.track_event.track_uuid)].append((packet.timestamp, packet.track_event))

    def name(self, uuid):
        each = self.descriptors[uuid]
        return (self.descriptors[each.parent_uuid].name, each.name)

    def of(self, *types):
        return [(t, e, track) for track, events in self.events.items() for t, e in events if e.type in types]


@pytest.fixture(scope="module")
def perfetto(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("perfetto") / "x.pftrace"
    assert main(["trace", str(folder), "--format", "perfetto", "--out", str(out)]) == 0
    return Perfetto(out)


def test_every_entity_has_a_group_with_its_twins_below_it(perfetto):
    tracks = list(perfetto.events)
    for name in ("satellite", "uav", "base_station", "su", "au", "gu"):
        assert {(name, name), (name, f"edge:{name}"), (name, f"core:{name}")} <= set(tracks)
    assert {
        ("uav", "on air"),
        ("su", "secrecy, bit/s/Hz"),
        ("su", "fresh, bit/s/Hz"),
        ("system", "CSI age, ms"),
    } <= set(tracks)
    ranks = {
        perfetto.name(uuid): each.sibling_order_rank for uuid, each in perfetto.descriptors.items() if each.parent_uuid
    }
    assert ranks["uav", "uav"] < ranks["uav", "edge:uav"] < ranks["uav", "core:uav"] < ranks["uav", "on air"]


def test_each_message_is_one_flow_from_its_sending_to_its_end(perfetto, messages):
    begins, ends = {}, {}
    for t_ns, event, track in perfetto.of(TrackEvent.TYPE_INSTANT, TrackEvent.TYPE_SLICE_BEGIN):
        if event.name.startswith("send "):
            (flow,) = event.flow_ids
            assert flow not in begins
            begins[flow] = (t_ns, event.name.removeprefix("send "), track[1])
        for flow in event.terminating_flow_ids:
            assert flow not in ends
            ends[flow] = (t_ns, event.name, track)
    assert set(begins) == set(messages["msg_id"])
    ended = messages[messages["fate"] != "in_flight"]
    assert set(ends) == set(ended["msg_id"])
    assert 0 < len(ended) < len(messages)
    for row in messages.itertuples():
        assert begins[row.msg_id] == (row.t_send_ns, row.kind, row.src)
    for row in ended.itertuples():
        t_ns, name, track = ends[row.msg_id]
        assert t_ns == (row.t_end_ns if pd.isna(row.begin_ns) else row.begin_ns)
        assert name == (row.kind if row.fate == "delivered" else f"{row.kind} {row.fate} ({row.reason})")
        assert track[1] == ("lost" if pd.isna(row.begin_ns) else row.dst)


def test_a_message_that_waits_for_a_busy_twin_shows_it(perfetto, messages):
    waiting = messages[messages["begin_ns"] > messages["t_end_ns"]]
    assert len(waiting) > 0
    shown = {
        event.flow_ids[0]: t_ns
        for t_ns, event, _ in perfetto.of(TrackEvent.TYPE_INSTANT)
        if event.name.startswith("waiting ")
    }
    assert shown == dict(zip(waiting["msg_id"], waiting["t_end_ns"], strict=True))


def test_lost_and_refused_messages_are_instants(perfetto, messages):
    gone = messages[messages["begin_ns"].isna() & (messages["fate"] != "in_flight")]
    shown = Counter(event.name for _, event, track in perfetto.of(TrackEvent.TYPE_INSTANT) if track[1] == "lost")
    assert shown == Counter(f"{row.kind} {row.fate} ({row.reason})" for row in gone.itertuples())
    assert {name.split("(")[1] for name in shown} == {"loss)", "queue_full)"}


def test_slices_nest_on_every_track_and_none_stays_open(perfetto, messages):
    depths = Counter()
    for track, events in perfetto.events.items():
        stack, last = [], 0
        for t_ns, event in events:
            assert t_ns >= last
            last = t_ns
            if event.type == TrackEvent.TYPE_SLICE_BEGIN:
                stack.append(event.name)
                depths[len(stack)] += 1
            elif event.type == TrackEvent.TYPE_SLICE_END:
                stack.pop()
        assert stack == [], track
    assert set(depths) == {1, 2}
    handled = messages[messages["finish_ns"] > messages["begin_ns"]]
    begun = [e for _, e, track in perfetto.of(TrackEvent.TYPE_SLICE_BEGIN) if ":" in track[1]]
    solves = [event for event in begun if event.name.startswith("solve v")]
    assert len(begun) - len(solves) == len(handled)


def test_solves_and_what_is_on_air(perfetto, folder):
    solves, control = (pd.read_parquet(folder / f"{name}.parquet") for name in ("solves", "control"))
    shown = [(t, e) for t, e, track in perfetto.of(TrackEvent.TYPE_SLICE_BEGIN) if track == ("uav", "edge:uav")]
    shown = {event.name: t for t, event in shown if event.name.startswith("solve v")}
    assert shown == {f"solve v{row.version}": row.begin_ns for row in solves.itertuples()}
    on_air = [(t, event.name) for t, event in perfetto.events["uav", "on air"] if event.name]
    wanted = control[control["transmitter"] == "uav"]
    assert on_air == [
        (row.t_applied_ns, f"v{row.version}" if row.version else "local MRT") for row in wanted.itertuples()
    ]


def test_counters_are_the_metrics(perfetto, folder):
    metrics = pd.read_parquet(folder / "metrics.parquet")
    for user, rows in metrics.groupby("user"):
        for name in ("secrecy", "fresh"):
            points = [(t, event.double_counter_value) for t, event in perfetto.events[user, f"{name}, bit/s/Hz"]]
            assert points == list(zip(rows["t_ns"], rows[name], strict=True))
    ages = [(t, event.double_counter_value) for t, event in perfetto.events["system", "CSI age, ms"]]
    wanted = metrics.drop_duplicates("t_ns")
    assert ages == [(row.t_ns, pytest.approx(row.age_ns / 1e6)) for row in wanted.itertuples()]
    kinds = {event.type for track, events in perfetto.events.items() if "bit/s/Hz" in track[1] for _, event in events}
    assert kinds == {TrackEvent.TYPE_COUNTER}
    counters = [uuid for uuid, each in perfetto.descriptors.items() if each.HasField("counter")]
    assert len(counters) == 7


def test_a_precoder_alone_is_its_story(folder, tmp_path, capsys):
    out = tmp_path / "one.pftrace"
    assert main(["trace", str(folder), "--format", "perfetto", "--version", "worst", "--out", str(out)]) == 0
    tables = read_tables(RunFolder(folder))
    solve = find_solve(tables, "worst")
    story = tell(tables, solve, end_of_run_ns(RunFolder(folder), tables))
    trace = Perfetto(out)
    sent = {e.flow_ids[0] for _, e, _ in trace.of(TrackEvent.TYPE_INSTANT) if e.name.startswith("send ")}
    assert sent == story.message_ids
    on_air = [e.name for _, e, track in trace.of(TrackEvent.TYPE_SLICE_BEGIN) if track[1] == "on air"]
    assert on_air == [f"v{solve.version}"] * sum(each.on_air is not None for each in story.deliveries)
    assert f"version {solve.version}, {len(sent)} messages" in capsys.readouterr().out


def test_perfetto_goes_into_the_run_folder_by_default(folder, capsys):
    assert main(["trace", str(folder), "--format", "perfetto", "--cycle", "5"]) == 0
    assert f"look  {folder}/trace.pftrace" in capsys.readouterr().out
    names = {event.name for _, event, _ in Perfetto(folder / "trace.pftrace").of(TrackEvent.TYPE_INSTANT)}
    assert {"send csi", "send state"} <= names


def test_mermaid_shows_each_message_of_a_cycle_in_order(folder, messages, capsys):
    assert main(["trace", str(folder), "--format", "mermaid", "--cycle", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == "sequenceDiagram"
    names = dict(
        re.fullmatch(r" +participant (p\d+) as (\S+)", line).groups() for line in lines if "participant" in line
    )
    arrow = re.compile(r" +(p\d+)(->>|-x|--\))(p\d+): (\d+\.\d{3}) (\w+) (\d+) B, (.+)")
    shown = [found.groups() for found in map(arrow.fullmatch, lines) if found]
    rows = list(messages[messages["trace_id"] == 4].itertuples())
    start = min(row.t_send_ns for row in rows)
    assert 20 < len(rows) == len(shown) <= 60
    heads = {"delivered": "->>", "lost": "-x", "dropped": "-x", "in_flight": "--)"}
    for row, (src, head, dst, at_ms, kind, size, _) in zip(rows, shown, strict=True):
        assert (names[src], names[dst], kind, int(size)) == (row.src, row.dst, row.kind, row.bytes)
        assert head == heads[row.fate]
        assert float(at_ms) == pytest.approx((row.t_send_ns - start) / 1e6, abs=6e-4)
    assert sum("Note over" in line and "solve of version" in line for line in lines) == 1
    assert sum(line.strip() == "end" for line in lines) == sum(line.startswith("    box ") for line in lines)


def test_mermaid_says_how_a_message_ended(folder, capsys):
    assert main(["trace", str(folder), "--format", "mermaid", "--version", "last-lost"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"-xp\d+: \S+ precoder \d+ B, (lost|dropped) after \d+\.\d{3} ms \((loss|queue_full), ", text)


def test_a_diagram_refuses_what_nobody_could_read(folder, messages, capsys):
    assert main(["trace", str(folder), "--format", "mermaid"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"error: the run has {len(messages)} messages: a diagram holds at most 60; choose one control cycle "
        "(--cycle N) or one precoder (--version V), or take perfetto or csv\n"
    )


def test_csv_is_the_table_with_its_hops(folder, messages, capsys):
    assert main(["trace", str(folder), "--format", "csv"]) == 0
    text = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(text)))
    longest = max(len(hops) for hops in messages["hops"] if hops is not None)
    head = [name for name in MESSAGES.names if name != "hops"]
    parts = ("link", "queue_ns", "serialisation_ns", "propagation_ns", "jitter_ns")
    hop_names = [f"hop{place + 1}_{part}" for place in range(longest) for part in parts]
    assert text.splitlines()[0] == ",".join([*head, "hops", *hop_names])
    assert len(rows) == len(messages)
    for row, wanted in zip(rows, read_tables(RunFolder(folder)).messages.to_pylist(), strict=True):
        hops = wanted.pop("hops")
        shown = {name: row[name] for name in head}
        plain = {True: "true", False: "false", None: ""}
        assert shown == {k: plain.get(v, str(v)) if isinstance(v, bool | None) else str(v) for k, v in wanted.items()}
        assert row["hops"] == ("" if hops is None else str(len(hops)))
        filled = {f"hop{place + 1}_{part}": str(hop[part]) for place, hop in enumerate(hops or ()) for part in parts}
        assert {name: row[name] for name in hop_names} == {name: filled.get(name, "") for name in hop_names}


def test_what_a_link_points_to_is_written_and_the_link_stays(folder, tmp_path, capsys):
    """So is a device, /dev/stdout for one, which a program that may do anything could otherwise replace by a file."""
    (tmp_path / "file").write_text("old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    assert main(["trace", str(folder), "--format", "csv", "--cycle", "3", "--out", str(link)]) == 0
    assert link.is_symlink()
    assert main(["trace", str(folder), "--format", "csv", "--cycle", "3", "--out", str(tmp_path / "plain")]) == 0
    assert (tmp_path / "file").read_bytes() == (tmp_path / "plain").read_bytes()
    assert main(["trace", str(folder), "--format", "csv", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}: cannot be written: Is a directory\n"


def test_csv_of_one_cycle_into_a_file(folder, messages, tmp_path, capsys):
    out = tmp_path / "cycle.csv"
    assert main(["trace", str(folder), "--format", "csv", "--cycle", "3", "--out", str(out)]) == 0
    assert set(pd.read_csv(out)["msg_id"]) == set(messages[messages["trace_id"] == 3]["msg_id"])
    assert "cycle 3, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--format", "mermaid", "--cycle", "999"], "cycle=999: has no messages: must be 1 to 30"),
        (["--format", "csv", "--cycle", "0"], "cycle=0: has no messages: must be 1 to 30"),
        (["--format", "csv", "--version", "999"], "version=999: no twin solved for it: of 1 to "),
        (["--format", "svg"], "argument --format: invalid choice: 'svg' (choose from 'perfetto', 'mermaid', 'csv')"),
        (
            ["--format", "csv", "--cycle", "1", "--version", "1"],
            "argument --version: not allowed with argument --cycle",
        ),
        ([], "the following arguments are required: --format"),
        (["--format", "csv", "--out", "/nowhere/x.csv"], "/nowhere/x.csv: cannot be written: No such file"),
    ],
)
def test_what_cannot_be_exported_is_one_clear_line(folder, argv, message, capsys):
    assert main(["trace", str(folder), *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
