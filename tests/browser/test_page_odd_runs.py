"""Runs that are cut short, empty, or of another kind than the default one: the page shows what there is."""

import json
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from scenarios.engine import recover
from twin.journal.schemas import CONTROL, MESSAGES, METRICS, SOLVES
from twin.report.page import write_report

MS = 10**6
EVIL = '<img src=x onerror="alert(1)">'


def message(number, kind, src, dst, t_send_ns, **other):
    row = {
        "msg_id": number,
        "trace_id": 1,
        "parent_id": 0,
        "kind": kind,
        "src": src,
        "dst": dst,
        "seq": number,
        "epoch": 0,
        "flags": 0,
        "t_data_ns": t_send_ns,
        "t_send_ns": t_send_ns,
        "t_end_ns": t_send_ns + MS,
        "begin_ns": t_send_ns + MS,
        "finish_ns": t_send_ns + 2 * MS,
        "fate": "delivered",
        "reason": "",
        "bytes": 100,
        "intra": False,
        "queue_ns": 0,
        "serialisation_ns": 0,
        "propagation_ns": MS,
        "jitter_ns": 0,
        "latency_ns": MS,
        "hops": [{"link": "a>b", "queue_ns": 0, "serialisation_ns": 0, "propagation_ns": MS, "jitter_ns": 0}],
    }
    return row | other


def messages_of(*rows):
    return pa.Table.from_pylist(list(rows), schema=MESSAGES)


def test_an_interrupted_run_says_so(show, run_folder, tmp_path):
    """What a kill leaves: the journal cut in its middle, recovered."""
    folder = tmp_path / "killed"
    folder.mkdir()
    data = (run_folder / "journal.wal").read_bytes()
    (folder / "journal.wal").write_bytes(data[: len(data) // 2])
    shutil.copy(run_folder / "manifest.json", folder)
    summary = recover(folder).summary
    page = show(folder)
    assert page.text("#verdict").startswith(f"Interrupted after {summary['virtual_s']:.3g} s. ")
    assert page.ask("count") == summary["messages"]["sent"] > 100
    assert page.ask("counts(-1, twinReport.end + 1)")["byFate"].get("in_flight", 0) == summary["messages"]["in_flight"]
    assert page.ask("selection().length") > 0


def test_a_run_without_messages(show, altered, empty):
    folder = altered(
        **{name: empty(name) for name in ("messages", "control", "solves", "metrics")},
        summary={
            "messages": {"sent": 0, "delivered": 0, "lost": 0, "dropped": 0, "in_flight": 0},
            "min_secrecy": {"staleness_loss": None, "fresh_mean": None, "mean": None, "ci95": None},
            "age_ms": {"mean": None, "p95": None, "peak_mean": None},
            "secrecy": {},
            "virtual_s": 0.0,
        },
    )
    page = show(folder)
    assert page.text("#verdict") == "No secrecy rates to compare in this run."
    assert page.ask("count") == 0
    assert page.ask("counts()") == {"sent": 0, "byFate": {}, "byKind": {}}
    assert "Nothing selected" in page.text("#drawer")
    for key in ("0", "w", "]", "m", "l", "f", "t", "Escape"):
        page.key(key)


def test_a_run_without_a_solve(show, altered, tables, empty):
    control = tables.control.filter(pc.equal(tables.control["version"], 0))
    kept = tables.messages.filter(pc.is_in(tables.messages["kind"], pa.array(["csi", "state", "sync"])))
    page = show(altered(messages=kept, control=control, solves=empty("solves"), summary={"loss_attribution": None}))
    assert "No twin solved in this run" in page.text("#drawer")
    assert page.ask("drawn()")["ids"]
    assert page.tab.locator('[data-jump="median"]').is_disabled()
    page.key("]")
    assert page.ask("selected()")["version"] is None


def test_kinds_and_entities_that_nobody_foresaw(show, altered, empty):
    rows = [
        message(1 << 62, "price", "pair1", "edge:pair1", 0),
        message(2, "telepathy", "edge:pair1", "edge:pair2", 5 * MS, parent_id=1 << 62, t_data_ns=0),
        message(3, "echo", "relay:pair2", "pair2", 7 * MS, hops=[], propagation_ns=0, latency_ns=0, t_end_ns=7 * MS),
        message(
            4, "telepathy", "edge:pair1", "edge:pair2", 9 * MS, fate="dropped", reason="moonphase", latency_ns=None
        ),
    ]
    folder = altered(
        messages=messages_of(*rows),
        control=empty("control"),
        solves=empty("solves"),
        metrics=METRICS.empty_table().append_column("sum_rate", pa.array([], pa.float64())),
        manifest={"scenario": {"scenario": {"name": "other"}, "odd": [1, 2], "deep": {"position_m": "here"}}},
    )
    page = show(folder)
    assert [lane["name"] for lane in page.ask("drawn()")["lanes"]] == [
        "pair1",
        "edge:pair1",
        "pair2",
        "edge:pair2",
        "relay:pair2",
    ]
    found = page.ask("table()")
    assert [row[0] for row in found] == [str(1 << 62), "2", "3", "4"]
    assert found[1][1] == str(1 << 62)
    assert {chip.inner_text().split()[0] for chip in page.tab.locator(".chip").all()} == {"price", "telepathy", "echo"}
    assert [group["letter"] for group in page.ask("drawn()")["failed"]] == ["M"]


def test_two_twins_that_solve_with_versions_of_their_own(show, altered, empty):
    rows = [
        message(1, "csi", "a", "edge:a", 0),
        message(2, "csi", "b", "edge:b", 0),
        message(3, "precoder", "edge:a", "a", 2 * MS, parent_id=1, t_data_ns=0),
        message(4, "precoder", "edge:b", "b", 2 * MS, parent_id=2, t_data_ns=0),
    ]
    solve = {
        "version": 1, "begin_ns": MS, "finish_ns": 2 * MS, "problem": "ic", "method": "fast", "trigger": "every",
        "status": "solved", "iterations": 3, "objective": 1.0, "violation": 0.0, "cost_ns": MS, "wall_us": None,
    }  # fmt: skip
    applied = {
        "t_applied_ns": 3 * MS,
        "version": 1,
        "t_data_ns": 0,
        "age_at_application_ns": 3 * MS,
        "measured_ns": 0,
        "power_mw": 1.0,
    }
    folder = altered(
        messages=messages_of(*rows),
        solves=pa.Table.from_pylist(
            [solve | {"node": f"edge:{n}", "inputs": [i]} for n, i in (("a", 1), ("b", 2))], schema=SOLVES
        ),
        control=pa.Table.from_pylist(
            [applied | {"transmitter": n, "msg_id": i} for n, i in (("a", 3), ("b", 4))], schema=CONTROL
        ),
        metrics=empty("metrics"),
    )
    page = show(folder)
    page.tab.evaluate("() => twinReport.select(1)")
    assert page.ask("selection()") == ["1", "2", "3", "4"]
    page.tab.evaluate("() => twinReport.select(1, 'b')")
    assert page.ask("selection()") == ["2", "4"]


def test_a_crowd_of_entities(show, altered, empty):
    """More lanes than can be shown: sixty are, and whatever is lit beside them."""
    rows = [message(i + 1, "csi", f"e{i:03}", f"edge:e{i:03}", i * MS) for i in range(100)]
    folder = altered(messages=messages_of(*rows), **{name: empty(name) for name in ("control", "solves", "metrics")})
    page = show(folder)
    assert len(page.ask("drawn()")["lanes"]) == 60
    page.tab.fill("#find", "98")
    page.tab.locator("#find").press("Enter")
    page.settle()
    assert [lane["name"] for lane in page.ask("drawn()")["lanes"]][60:] == ["e097", "edge:e097"]
    page.tab.fill("#find", "e09")
    page.tab.locator("#find").press("Enter")
    assert page.text("#find-note") == "too many lanes: hide some first"
    page.tab.locator("#all-lanes").click()
    assert page.text("#lane-count") == "lanes 60/200"


def test_names_are_only_ever_text(show, altered, empty):
    rows = [
        message(1, EVIL, EVIL, f"edge:{EVIL}", 0),
        message(2, "csi", "x", EVIL, MS, fate="lost", reason=EVIL, latency_ns=None),
    ]
    folder = altered(
        messages=messages_of(*rows),
        **{name: empty(name) for name in ("control", "solves", "metrics")},
        summary={"scenario": f"</script>{EVIL}", "digest": EVIL, "seed": EVIL},
        manifest={"transport": EVIL, "scenario": {EVIL: {"position_m": [0, 0]}, "b": {"position_m": [1, 1]}}},
    )
    page = show(folder)
    page.key("l")
    page.tab.locator("#lanes").hover()
    assert page.tab.locator("img").count() == 0
    assert EVIL in page.text("header")
    assert EVIL in page.text("#drawer")
    assert page.tab.title().startswith(f"</script>{EVIL}")


PARTS = {"sensing": 0.41, "uplink": 0.16, "queue": -0.02, "solve": 0.04, "downlink": 0.14, "hold": 0.42, "mixing": 0.05}


def test_the_parts_of_the_loss_are_shown(show, altered):
    loss = sum(PARTS.values())
    worst = {"mean": 2.2, "fresh_mean": 3.4, "staleness_loss": loss, "ci95": 0.1, "local_mrt_share": 0.0}
    folder = altered(
        summary={"loss_attribution": PARTS, "loss_attribution_ci95": dict.fromkeys(PARTS, 0.05), "min_secrecy": worst}
    )
    page = show(folder)
    assert page.text("#verdict") == "Staleness costs 1.20 of 3.40 bit/s/Hz (35 %). Largest part: hold, 35 %."
    card = page.text(".attribution")
    for name, part in PARTS.items():
        assert f"{name} {100 * part / loss:.0f}" in card
    pieces = page.tab.locator(".part")
    assert pieces.count() == 6, "what is negative has no width"
    assert pieces.first.get_attribute("title").replace("\u202f", " ") == "sensing 0.41 ± 0.05 bit/s/Hz (34 %)"


@pytest.mark.parametrize("width", [1280, 1100])
def test_the_worst_case_for_room_fits(show, altered, width):
    """The longest verdict, and as many parts of the loss as can stand beside the bar."""
    worst = {"mean": 2.2, "fresh_mean": 3.4, "staleness_loss": 1.0, "ci95": 0.1, "local_mrt_share": 0.0}
    parts = {"sensing": 0.4, "uplink": 0.1, "queue": 0.1, "solve": 0.1, "downlink": 0.1, "hold": 0.1, "mixing": 0.1}
    folder = altered(
        summary={"loss_attribution": parts, "min_secrecy": worst, "interrupted": True, "scenario": "a-rather-long-name"}
    )
    page = show(folder, width=width)
    assert page.tab.evaluate("() => document.documentElement.scrollWidth") <= width
    line = page.tab.locator(".attribution .line")
    assert line.locator("span").count() == 6
    assert line.evaluate("(one) => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight + 1")
    assert page.tab.locator("#cards").bounding_box()["height"] < 80


def test_the_page_is_a_function_of_the_folder(run_folder):
    first = (run_folder / "report.html").read_bytes()
    assert write_report(run_folder).read_bytes() == first
    text = first.decode()
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    assert json.loads(text.split('id="header-data">')[1].split("</script>")[0])["format"] == 1
