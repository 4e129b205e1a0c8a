"""Nothing vanishes: short flows, instants and lost messages are on the screen at every zoom."""

from itertools import pairwise

import pyarrow as pa
import pytest

from twin.journal.schemas import MESSAGES

GROUND = (255, 255, 255)
RULE = (227, 231, 236)
LABEL_PX = 32
"""Room of a cross with its letter and count."""

SPANS = (2.0, 0.7, 0.2, 0.05, 0.01, 0.0005)
INK_BOX = 5
HOT = (0x7A, 0x1E, 0x0C)


def zoom_to(page, instant, share):
    """A view of this share of the run with the instant in its middle."""
    half = share * page.ask("end") / 2
    page.tab.evaluate("([a, b]) => twinReport.setView(a, b)", [instant - half, instant + half])
    return page.ask("drawn()")


def pixels(page, x, y, half):
    """The colours of the lanes' canvas in a square around a point."""
    return page.tab.evaluate(
        """([x, y, half]) => {
            const side = 2 * half + 1;
            const copy = new OffscreenCanvas(side, side).getContext("2d", {willReadFrequently: true});
            copy.drawImage(document.getElementById("lanes"), half - Math.round(x), half - Math.round(y));
            const {data} = copy.getImageData(0, 0, side, side);
            return Array.from({length: side * side}, (_, i) => [data[4 * i], data[4 * i + 1], data[4 * i + 2]]);
        }""",
        [x, y, half],
    )


def drawn_upon(colours):
    """Whether anything but ground and lines of lanes and time is there."""
    return any(tuple(colour) not in {GROUND, RULE} for colour in colours)


@pytest.fixture(scope="module")
def page(show_for_all, run_folder):
    page = show_for_all(run_folder)
    page.tab.locator("#all-lanes").click()
    page.key("Escape")
    return page


def lanes_of(drawn):
    return {lane["name"]: lane["y"] for lane in drawn["lanes"]}


@pytest.mark.parametrize("share", SPANS)
def test_lost_messages_keep_their_cross_and_letter(page, tables, share):
    lost = [row for row in tables.messages.to_pylist() if row["fate"] == "lost"]
    assert len(lost) > 10
    for row in lost[:: len(lost) // 3]:
        drawn = zoom_to(page, row["t_end_ns"], share)
        (cross,) = [group for group in drawn["failed"] if str(row["msg_id"]) in group["ids"]]
        assert cross["letter"] == "L"
        where = pixels(page, cross["x"], cross["y"], INK_BOX)
        assert sum(max(colour) < 110 for colour in where) >= 9, "a cross in ink"
        y = lanes_of(drawn)
        assert cross["y"] == pytest.approx((y[row["src"]] + y[row["dst"]]) / 2), "mid-flight"


def test_the_whole_run_shows_every_loss(page, tables):
    lost = {str(row["msg_id"]) for row in tables.messages.to_pylist() if row["fate"] in {"lost", "dropped"}}
    drawn = zoom_to(page, page.ask("end") / 2, 2.0)
    assert {number for group in drawn["failed"] for number in group["ids"]} == lost
    for one, other in pairwise(sorted(drawn["failed"], key=lambda group: (group["y"], group["letter"], group["x"]))):
        if (one["y"], one["letter"]) == (other["y"], other["letter"]):
            assert other["x"] - one["x"] >= LABEL_PX


@pytest.mark.parametrize("share", SPANS)
def test_messages_that_take_no_time_are_drawn(page, tables, share):
    rows = [row for row in tables.messages.to_pylist() if row["latency_ns"] == 0]
    row = rows[len(rows) // 2]
    assert row["kind"] == "share"
    drawn = zoom_to(page, row["t_send_ns"], share)
    assert drawn["level"] == ("strips" if share > 0.9 else "lines" if share > 0.4 else "arrows")
    x = drawn["left"] + (row["t_send_ns"] - drawn["t0"]) * drawn["pixelsPerNs"]
    y = lanes_of(drawn)
    spot = y[row["dst"]] if drawn["level"] == "strips" else (y[row["src"]] + y[row["dst"]]) / 2
    assert drawn_upon(pixels(page, x, spot, 2))
    if drawn["level"] != "strips":
        assert str(row["msg_id"]) in drawn["ids"]


@pytest.mark.parametrize("share", SPANS)
def test_a_short_flow_is_drawn(page, tables, share):
    rows = [row for row in tables.messages.to_pylist() if row["fate"] == "delivered" and row["latency_ns"] > 0]
    row = min(rows[len(rows) // 2 :], key=lambda one: one["latency_ns"])
    drawn = zoom_to(page, row["t_end_ns"], share)
    if drawn["level"] == "strips":
        x = drawn["left"] + (row["t_end_ns"] - drawn["t0"]) * drawn["pixelsPerNs"]
        assert drawn_upon(pixels(page, x, lanes_of(drawn)[row["dst"]], 2))
    else:
        place = page.ask("place(String(x))", row["msg_id"])
        assert drawn_upon(pixels(page, place["x"], place["y"], 2))


def test_solves_and_precoders_going_on_air_are_marked_at_every_zoom(page, tables):
    end = page.ask("end")
    solves, control = tables.solves.to_pylist(), tables.control.to_pylist()
    for share in SPANS:
        middle = solves[len(solves) // 2]["begin_ns"]
        drawn = zoom_to(page, middle, share)
        view = page.ask("view()")
        assert drawn["solves"] >= sum(view["t0"] <= row["begin_ns"] <= view["t1"] for row in solves) > 0
        applied = sum(view["t0"] <= row["t_applied_ns"] <= view["t1"] and row["version"] > 0 for row in control)
        assert drawn["applied"] == applied
    drawn = zoom_to(page, end / 2, 2.0)
    assert drawn["solves"] == len(solves)


def test_arrows_in_view_are_those_that_overlap_it(page, tables):
    middle = page.ask("end") / 2
    drawn = zoom_to(page, middle, 0.03)
    view = page.ask("view()")
    expected = {
        str(row["msg_id"])
        for row in tables.messages.to_pylist()
        if row["t_send_ns"] <= view["t1"] and (row["t_end_ns"] is None or row["t_end_ns"] >= view["t0"])
    }
    assert drawn["level"] == "arrows"
    assert set(drawn["ids"]) == expected


def test_a_slow_stretch_stands_out_when_zoomed_out(show, altered, tables):
    """Everything that is sent within 60 ms takes 20 ms longer: its lane burns there, and only there."""
    rows = tables.messages.to_pylist()
    begin, end, delay = 500 * 10**6, 560 * 10**6, 20 * 10**6
    for row in rows:
        if begin <= row["t_send_ns"] < end and row["fate"] == "delivered":
            for name in ("t_end_ns", "begin_ns", "finish_ns", "latency_ns"):
                row[name] += delay
    page = show(altered(messages=pa.Table.from_pylist(rows, schema=MESSAGES)))
    page.key("Escape")
    drawn = zoom_to(page, page.ask("end") / 2, 1.2)
    assert drawn["level"] == "strips"

    def burning(since, until):
        """Share of the pixels of a lane between two instants that show at least 70 % of slow messages."""
        edges = [drawn["left"] + (t - drawn["t0"]) * drawn["pixelsPerNs"] for t in (since, until)]
        spots = range(int(edges[0]) + 2, int(edges[1]) - 1)
        colours = [pixels(page, x, lanes_of(drawn)["core:base_station"] + 3, 0)[0] for x in spots]
        return sum(tuple(colour) == HOT for colour in colours) / len(colours)

    assert burning(begin + delay + 5 * 10**6, end + delay - 5 * 10**6) > 0.5
    assert burning(800 * 10**6, 1200 * 10**6) < 0.02
