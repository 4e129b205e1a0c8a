"""The tables as functions of the facts, and that other programs can read them."""

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from twin.errors import RunFolderError
from twin.journal.facts import Ended, Hop, Sent, Solved, Wall
from twin.journal.folder import RunFolder
from twin.journal.message_rows import is_intra_twin
from twin.journal.schemas import CONTROL, LEGS, MESSAGES, METRICS, SOLVES
from twin.journal.tables import build_tables, metrics_table, read_tables, write_tables
from twin.wire.codec import decode_envelope
from twin.wire.messages import Kind

MS = 10**6
END_NS = 40 * MS


@pytest.fixture
def tables(story, metrics_rows):
    return build_tables(story, metrics_table(metrics_rows), END_NS)


def row_of(table, **where):
    rows = [row for row in table.to_pylist() if all(row[key] == value for key, value in where.items())]
    assert len(rows) == 1
    return rows[0]


def test_delivered_message_shows_envelope_latency_and_hops(tables, story):
    row = row_of(tables.messages, msg_id=6)
    frames = {decode_envelope(fact.frame).msg_id: fact.frame for fact in story if isinstance(fact, Sent)}
    radio = {
        "link": "uav->edge",
        "queue_ns": 100,
        "serialisation_ns": 200,
        "propagation_ns": 300,
        "jitter_ns": 400,
    }
    backhaul = {
        "link": "edge->core",
        "queue_ns": 1,
        "serialisation_ns": 2,
        "propagation_ns": 3,
        "jitter_ns": 4,
    }
    assert row == {
        "msg_id": 6,
        "trace_id": 2,
        "parent_id": 5,
        "kind": "precoder",
        "src": "edge:uav",
        "dst": "uav",
        "seq": 1,
        "epoch": 0,
        "flags": 0,
        "t_data_ns": 1 * MS,
        "t_send_ns": 14 * MS,
        "t_end_ns": 16 * MS,
        "begin_ns": 16 * MS,
        "finish_ns": 16 * MS,
        "fate": "delivered",
        "reason": "",
        "bytes": len(frames[6]),
        "intra": True,
        "queue_ns": 101,
        "serialisation_ns": 202,
        "propagation_ns": 303,
        "jitter_ns": 404,
        "latency_ns": 2 * MS,
        "hops": [radio, backhaul],
    }


def test_lost_message_has_an_end_but_no_latency_and_no_handler(tables):
    row = row_of(tables.messages, msg_id=7)
    assert (row["fate"], row["reason"], row["t_end_ns"]) == ("lost", "loss", 20 * MS)
    assert row["latency_ns"] is row["begin_ns"] is row["finish_ns"] is None
    assert row["queue_ns"] == 100


def test_dropped_message_that_never_left_has_no_hops(tables):
    row = row_of(tables.messages, msg_id=8)
    assert (row["fate"], row["reason"], row["hops"], row["queue_ns"]) == ("dropped", "queue_full", [], 0)


def test_message_without_an_end_is_in_flight(tables):
    row = row_of(tables.messages, msg_id=9)
    unknown = ("t_end_ns", "begin_ns", "finish_ns", "latency_ns", "hops", "queue_ns", "jitter_ns")
    assert row["fate"] == "in_flight"
    assert row["reason"] == ""
    assert [row[name] for name in unknown] == [None] * len(unknown)


def test_what_lies_at_the_end_of_the_run_or_later_has_not_happened(story, metrics_rows):
    """At 12 ms the solve has begun; what it sends then, and all that follows, is of a longer run."""
    tables = build_tables(story, metrics_table(metrics_rows), 12 * MS)
    fates = dict(zip(tables.messages["msg_id"].to_pylist(), tables.messages["fate"].to_pylist(), strict=True))
    assert fates == dict.fromkeys((1, 2, 3, 4), "delivered")
    assert tables.solves.num_rows == 1
    assert tables.control["version"].to_pylist() == [0, 0, 0]
    assert build_tables(story, metrics_table(metrics_rows), 10 * MS).solves.num_rows == 0


@pytest.mark.parametrize("fate", ["delivered", "dropped"])
def test_message_that_waits_for_its_handler_at_the_end_is_in_flight(sent, ended, fate):
    facts = [
        sent(1, Kind.CSI, "uav", "edge:uav", 1 * MS),
        ended(1, 2 * MS, fate=fate, begin=5 * MS, finish=7 * MS),
    ]
    for end_ms, expected in ((1, []), (2, ["in_flight"]), (5, ["in_flight"]), (6, [fate])):
        messages = build_tables(facts, metrics_table([]), end_ms * MS).messages
        assert messages["fate"].to_pylist() == expected, end_ms
        assert messages["t_end_ns"].to_pylist() == [2 * MS if name == fate else None for name in expected]


def test_messages_are_sorted_by_time_then_id(tables):
    keys = list(zip(tables.messages["t_send_ns"].to_pylist(), tables.messages["msg_id"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert [msg_id for _, msg_id in keys] == [1, 3, 2, 4, 5, 8, 6, 7, 9]


@pytest.mark.parametrize(
    ("src", "dst", "intra"),
    [
        ("uav", "edge:uav", True),
        ("edge:uav", "uav", True),
        ("edge:uav", "core:uav", True),
        ("core:uav", "edge:uav", True),
        ("edge:satellite", "edge:uav", False),
        ("core:satellite", "edge:uav", False),
        ("satellite", "uav", False),
        ("satellite", "edge:uav", False),
    ],
)
def test_intra_twin_means_one_entity(src, dst, intra):
    assert is_intra_twin(src, dst) is intra


def test_applied_precoder_tells_every_milestone(tables):
    assert row_of(tables.control, version=1) == {
        "t_applied_ns": 16 * MS,
        "transmitter": "uav",
        "version": 1,
        "msg_id": 6,
        "trace_id": 2,
        "t_data_ns": 1 * MS,
        "age_at_application_ns": 15 * MS,
        "measured_ns": 1 * MS,
        "received_ns": 10 * MS,
        "solve_begin_ns": 10 * MS,
        "solve_done_ns": 12 * MS,
        "sent_ns": 12 * MS,
        "power_mw": 4.0,
        "inputs": [2, 4],
        "loss_samples": 0,
        **{f"loss_{leg}": None for leg in LEGS},
    }


def test_local_mrt_has_no_lineage(tables):
    row = row_of(tables.control, version=0, transmitter="satellite")
    lineage = ("msg_id", "trace_id", "received_ns", "solve_begin_ns", "solve_done_ns", "sent_ns", "inputs")
    assert [row[name] for name in lineage] == [None] * len(lineage)
    assert row["power_mw"] == pytest.approx(25.0, rel=1e-15)


def test_control_is_sorted_by_time_then_transmitter(tables):
    assert tables.control["transmitter"].to_pylist() == ["base_station", "satellite", "uav", "uav"]


def test_inputs_that_another_twin_received_do_not_count_as_received(story, ended):
    facts = [ended(2, 30 * MS) if isinstance(fact, Ended) and fact.msg_id == 2 else fact for fact in story]
    assert row_of(build_tables(facts, metrics_table([]), END_NS).control, version=1)["received_ns"] == 30 * MS
    # Message 1 went to the edge twin: that a solve names it says nothing of the coordinator.
    facts = [replace(fact, inputs=(1,)) if isinstance(fact, Solved) else fact for fact in story]
    assert row_of(build_tables(facts, metrics_table([]), END_NS).control, version=1)["received_ns"] is None


def test_lineage_ends_where_the_chain_leaves_precoders(story, sent, applied):
    # The message that brought version 9 was caused by a report, so no solve stands behind it.
    extra = [
        sent(20, Kind.PRECODER, "edge:uav", "uav", 30 * MS, parent=1),
        applied(32 * MS, "uav", 9, 20, 1 * MS, [1.0]),
    ]
    assert row_of(build_tables([*story, *extra], metrics_table([]), END_NS).control, version=9)["sent_ns"] is None


def test_lineage_of_a_chain_that_bites_its_tail_ends(sent, applied):
    facts = [
        sent(1, Kind.PRECODER, "edge:uav", "uav", 1, parent=2),
        sent(2, Kind.PRECODER, "core:uav", "edge:uav", 1, parent=1),
        applied(5, "uav", 1, 1, 0, [1.0]),
    ]
    row = row_of(build_tables(facts, metrics_table([]), END_NS).control)
    assert (row["trace_id"], row["sent_ns"]) == (1, None)


def test_solves_join_the_wall_time_of_the_same_solve(tables, story):
    row = row_of(tables.solves)
    assert (row["node"], row["version"], row["wall_us"], row["inputs"]) == ("core:satellite", 1, 1500.0, [2, 4])
    assert (row["objective"], row["cost_ns"], row["iterations"]) == (2.5, 2 * MS, 7)
    without = [fact for fact in story if not isinstance(fact, Wall)]
    assert row_of(build_tables(without, metrics_table([]), END_NS).solves)["wall_us"] is None


def test_order_of_the_facts_does_not_matter(story, metrics_rows, tables):
    again = build_tables(story[::-1], metrics_table(metrics_rows), END_NS)
    assert again.messages.equals(tables.messages)
    assert again.control.equals(tables.control)
    assert again.solves.equals(tables.solves)


def test_no_facts_make_empty_tables_with_all_columns():
    tables = build_tables([], metrics_table([]), END_NS)
    assert tables.messages.schema == MESSAGES
    assert tables.control.schema == CONTROL
    assert tables.solves.schema == SOLVES
    assert tables.metrics.schema == METRICS
    assert tables.messages.num_rows == tables.control.num_rows == tables.solves.num_rows == 0


def test_contradicting_facts_are_errors(story, ended):
    with pytest.raises(RunFolderError, match="msg_id=99 ended: must have been sent"):
        build_tables([*story, ended(99, 1)], metrics_table([]), END_NS)
    with pytest.raises(RunFolderError, match="msg_id=1 occurs twice"):
        build_tables([*story, ended(1, 1)], metrics_table([]), END_NS)


def test_metrics_rows_are_checked(metrics_rows):
    bad = {key: value for key, value in metrics_rows[1].items() if key != "age_ns"} | {"colour": 1}
    with pytest.raises(RunFolderError, match="metrics row 1: age_ns, colour: missing or unknown"):
        metrics_table([metrics_rows[0], bad])
    with pytest.raises(RunFolderError, match="t_ns=30000000: every instant must have the same users"):
        metrics_table(metrics_rows[:-1])


def test_written_tables_read_back_equal_and_leave_no_other_file(tmp_path, story, metrics_rows, tables):
    folder = RunFolder.create(tmp_path / "run")
    written = write_tables(folder, story, metrics_table(metrics_rows), END_NS)
    again = read_tables(folder)
    for name in ("control", "solves", "metrics", "attribution"):
        assert getattr(written, name).equals(getattr(tables, name))
        assert getattr(again, name).equals(getattr(tables, name))
    assert again.messages.equals(tables.messages)
    (part,) = written.message_parts("msg_id", "hops")
    assert part.equals(tables.messages.select(["msg_id", "hops"]))
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "attribution.parquet",
        "control.parquet",
        "messages.parquet",
        "metrics.parquet",
        "solves.parquet",
    ]
    group = pq.ParquetFile(folder.messages_path).metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_duckdb_reads_plain_and_nested_columns(tmp_path, story, metrics_rows):
    folder = RunFolder.create(tmp_path / "run")
    write_tables(folder, story, metrics_table(metrics_rows), END_NS)
    with duckdb.connect() as database:
        fates = database.execute(
            f"select fate, count(*) from '{folder.messages_path}' group by fate order by fate"
        ).fetchall()
        links = database.execute(
            f"select hop.link, sum(hop.queue_ns) from (select unnest(hops) as hop from '{folder.messages_path}') "
            "group by 1 order by 1"
        ).fetchall()
        inputs = database.execute(f"select unnest(inputs) from '{folder.control_path}' where version = 1").fetchall()
    assert fates == [("delivered", 6), ("dropped", 1), ("in_flight", 1), ("lost", 1)]
    assert links == [("edge->core", 4), ("uav->edge", 400)]
    assert inputs == [(2,), (4,)]


def test_pandas_reads_plain_and_nested_columns(tmp_path, story, metrics_rows):
    folder = RunFolder.create(tmp_path / "run")
    write_tables(folder, story, metrics_table(metrics_rows), END_NS)
    messages = pd.read_parquet(folder.messages_path).set_index("msg_id")
    assert [hop["link"] for hop in messages.loc[6, "hops"]] == ["uav->edge", "edge->core"]
    assert messages.loc[9, "hops"] is None
    control = pd.read_parquet(folder.control_path).set_index("version")
    assert list(control.loc[1, "inputs"]) == [2, 4]
    metrics = pd.read_parquet(folder.metrics_path)
    assert metrics["secrecy"].sum() == pytest.approx(3 * 4.0 + 0.5 + 1.5 + 2.5, rel=1e-12)


def test_totals_are_the_sums_of_the_hops(tables):
    for row in tables.messages.to_pylist():
        for part in ("queue_ns", "serialisation_ns", "propagation_ns", "jitter_ns"):
            total = 0
            for hop in row["hops"] or []:
                total += hop[part]
            assert row["hops"] is None or row[part] == total


def test_hop_of_a_fact_is_a_hop_of_the_table():
    assert [field.name for field in MESSAGES.field("hops").type.value_type] == list(Hop.__struct_fields__)
