"""What the page knows is what the tables hold: every field of every message, and every number of a stretch of time."""

from collections import Counter

import numpy as np
import pytest

from twin.journal.schemas import LATENCY_PARTS

FIELDS = (
    "kind",
    "src",
    "dst",
    "t_data_ns",
    "t_send_ns",
    "t_end_ns",
    "begin_ns",
    "finish_ns",
    "fate",
    "reason",
    "bytes",
)


@pytest.fixture(scope="module")
def page(show_for_all, run_folder):
    return show_for_all(run_folder)


def test_every_message_is_rebuilt_to_the_nanosecond(page, tables):
    rows, found = tables.messages.to_pylist(), page.ask("table()")
    known = {row["msg_id"] for row in rows}
    assert len(found) == len(rows)
    for row, (number, parent, *fields) in zip(rows, found, strict=True):
        assert int(number) == row["msg_id"]
        assert (None if parent is None else int(parent)) == (row["parent_id"] if row["parent_id"] in known else None)
        told = [None if value != value else value for value in fields]
        assert told[:11] == [row[name] for name in FIELDS]
        assert told[11:] == [row[name] or 0 for name in LATENCY_PARTS]


@pytest.mark.parametrize("window", [(0.0, 1.0), (0.2, 0.9), (0.41, 0.42), (0.5, 0.5001), (0.9, 0.1)])
def test_counts_in_view_equal_the_table(page, tables, window):
    end = page.ask("end")
    page.tab.evaluate("([a, b]) => twinReport.setView(a, b)", [window[0] * end, (window[0] + window[1]) * end])
    view, counts = page.ask("view()"), page.ask("counts()")
    rows = [row for row in tables.messages.to_pylist() if view["t0"] <= row["t_send_ns"] < view["t1"]]
    assert counts["sent"] == len(rows)
    assert counts["byKind"] == Counter(row["kind"] for row in rows)
    assert counts["byFate"] == Counter(row["fate"] for row in rows)


def test_the_whole_run_has_the_counts_of_the_summary(page, tables):
    page.key("0")
    view, counts = page.ask("view()"), page.ask("counts()")
    assert view["t0"] <= 0
    assert view["t1"] >= page.ask("end")
    assert counts["sent"] == tables.messages.num_rows == page.ask("count")
    assert f"{counts['byFate']['lost']} lost" in page.text("#cards")


def test_a_dragged_range_has_the_numbers_of_the_table(show, run_folder, tables):
    page = show(run_folder)
    page.key("0")
    box = page.tab.locator("#secrecy").bounding_box()
    page.tab.mouse.move(box["x"] + 300, box["y"] + 40)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 500, box["y"] + 50, steps=4)
    page.tab.mouse.up()
    page.settle()
    begin, end = page.ask("range()")
    drawn = page.ask("drawn()")
    assert begin == pytest.approx(
        drawn["t0"] + (300 - drawn["left"]) / drawn["pixelsPerNs"], abs=2 / drawn["pixelsPerNs"]
    )
    stats = page.tab.evaluate("([a, b]) => twinReport.stats(a, b)", [begin, end])
    rows = [row for row in tables.messages.to_pylist() if begin <= row["t_send_ns"] < end]
    assert stats["sent"] == len(rows) > 100
    for group in stats["latency"]:
        latencies = [r["latency_ns"] for r in rows if r["kind"] == group["kind"] and r["fate"] == "delivered"]
        assert group["count"] == len(latencies)
        assert group["quantiles"] == pytest.approx(np.quantile(latencies, [0.5, 0.95, 0.99]), abs=1)
    worst = {}
    for row in tables.metrics.to_pylist():
        if begin <= row["t_ns"] < end:
            low = worst.setdefault(row["t_ns"], [np.inf, np.inf])
            worst[row["t_ns"]] = [min(low[0], row["secrecy"]), min(low[1], row["fresh"])]
    stale, fresh = np.mean(list(worst.values()), axis=0)
    assert (stats["stale"], stats["fresh"]) == pytest.approx((stale, fresh), abs=1e-4)
    shown = page.text("#range-stats")
    assert f"{len(rows)} messages sent" in shown.replace("\u202f", "")
    assert f"loss {stats['fresh'] - stats['stale']:.2f}" in shown
    page.key("z")
    assert page.ask("range()") is None
    assert page.ask("view()")["t0"] == pytest.approx(begin, abs=2)


def test_filters_count_only_what_they_let_pass(show, run_folder, tables):
    page = show(run_folder)
    page.key("0")
    page.tab.locator('[data-kind="ack"]').click()
    counts = page.ask("counts()")
    assert "ack" not in counts["byKind"]
    assert counts["sent"] == sum(row["kind"] != "ack" for row in tables.messages.to_pylist())
    page.tab.locator('[data-kind="csi"]').click(modifiers=["Shift"])
    assert set(page.ask("counts()")["byKind"]) == {"csi"}
    page.tab.locator('[data-kind="csi"]').click(modifiers=["Shift"])
    assert page.ask("counts()")["sent"] == tables.messages.num_rows
