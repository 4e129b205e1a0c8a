"""Keys, themes, lanes, widths: what a person does to the page."""

import re
import xml.etree.ElementTree as ET

import pytest

WIDTHS = (1280, 1100)
BLOCKS = ("header", "#cards", "#chips", "#plots", "aside", "#below section:nth-of-type(1)", "#map-box", "#below .wide")


@pytest.fixture
def page(show, run_folder):
    return show(run_folder)


def span(page):
    view = page.ask("view()")
    return view["t1"] - view["t0"]


def test_the_line_over_the_age_is_the_limit_of_the_scenario(page):
    assert page.text("#age-limit") == "- - limit 25.0"


def test_keys_zoom_and_move(page):
    before = page.ask("view()")
    page.key("w")
    assert span(page) == pytest.approx((before["t1"] - before["t0"]) / 1.25, rel=1e-6)
    page.key("ArrowDown")
    assert span(page) == pytest.approx(before["t1"] - before["t0"], rel=1e-6)
    page.key("d")
    assert page.ask("view()")["t0"] == pytest.approx(before["t0"] + 0.2 * span(page), abs=2)
    page.key("ArrowLeft")
    assert page.ask("view()")["t0"] == pytest.approx(before["t0"], abs=2)
    page.key("0")
    assert span(page) >= page.ask("end")
    page.key("f")
    assert page.ask("view()")["t0"] == pytest.approx(before["t0"], abs=2)


def test_brackets_step_from_version_to_version_without_zooming(page):
    before, width = page.ask("selected()")["version"], span(page)
    page.key("]")
    assert page.ask("selected()")["version"] == before + 1
    page.key("[")
    page.key("[")
    assert page.ask("selected()")["version"] == before - 1
    assert span(page) == pytest.approx(width, rel=1e-6)


def test_jumps_go_to_worst_and_to_the_last_loss(page, tables):
    page.key("x")
    rows = [row for row in tables.control.to_pylist() if row["version"]]
    worst = max(row["age_at_application_ns"] for row in rows)
    selected = page.ask("selected()")
    ages = {(row["version"], row["transmitter"]): row["age_at_application_ns"] for row in rows}
    assert ages[selected["version"], selected["transmitter"]] == worst
    page.key("l")
    lost = [row for row in tables.messages.to_pylist() if row["fate"] == "lost" and row["kind"] == "precoder"]
    assert str(lost[-1]["msg_id"]) in page.ask("selection()")
    assert "Never went on air" in page.text("#drawer")


def test_escape_closes_help_then_deselects(page):
    page.key("?")
    assert page.tab.locator("#help").is_visible()
    page.key("Escape")
    assert not page.tab.locator("#help").is_visible()
    assert page.ask("selection().length") > 0
    page.key("Escape")
    assert page.ask("selection()") == []
    assert "Nothing selected" in page.text("#drawer")


def test_find_takes_a_version_a_lane_and_says_what_it_does_not_know(page):
    page.key("/")
    page.tab.keyboard.type("v9")
    page.key("Enter")
    assert page.ask("selected()")["version"] == 9
    page.tab.fill("#find", "core:gu")
    page.tab.locator("#find").press("Enter")
    page.settle()
    assert page.ask("drawn()")["lanes"][0]["name"] == "core:gu", "pinned on top"
    page.tab.fill("#find", "nobody")
    page.tab.locator("#find").press("Enter")
    assert page.text("#find-note") == "no version, message or lane called nobody"


def test_theme_follows_the_system_and_t_changes_it(show, run_folder):
    page = show(run_folder, scheme="dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert page.tab.evaluate(ground) == "rgb(18, 22, 27)"
    page.key("t")
    assert page.tab.evaluate(ground) == "rgb(255, 255, 255)"
    corner = page.tab.evaluate(
        '() => [...document.getElementById("age").getContext("2d").getImageData(2, 80, 1, 1).data]'
    )
    assert corner[:3] == [255, 255, 255]


def test_p_enlarges_text_by_a_quarter(page):
    size = "() => parseFloat(getComputedStyle(document.querySelector('#verdict')).fontSize)"
    before = page.tab.evaluate(size)
    page.key("p")
    assert page.tab.evaluate(size) == pytest.approx(1.25 * before)


def test_hidden_lanes_become_transitive_arrows_and_come_back(page):
    page.key("Escape")
    before = page.ask("drawn()")
    page.tab.locator('.handle[data-node="core:satellite"]').hover()
    page.tab.locator('.handle[data-node="core:satellite"] .hide').click()
    page.settle()
    hidden = page.ask("drawn()")
    assert [lane["name"] for lane in hidden["lanes"]] == [
        lane["name"] for lane in before["lanes"] if lane["name"] != "core:satellite"
    ]
    assert hidden["transitive"] > before["transitive"]
    assert len(hidden["ids"]) < len(before["ids"])
    page.tab.locator("#all-lanes").click()
    page.settle()
    assert {lane["name"] for lane in page.ask("drawn()")["lanes"]} == set(page.ask("nodes"))


def test_lanes_can_be_pinned_and_moved(page):
    page.tab.locator('.handle[data-node="edge:uav"]').hover()
    page.tab.locator('.handle[data-node="edge:uav"] .pin').click()
    page.settle()
    assert page.ask("drawn()")["lanes"][0]["name"] == "edge:uav"
    page.tab.locator('.handle[data-node="edge:uav"]').hover()
    page.tab.locator('.handle[data-node="edge:uav"] .pin').click()
    page.tab.locator('.handle[data-node="uav"]').drag_to(page.tab.locator('.handle[data-node="satellite"]'))
    page.settle()
    assert [lane["name"] for lane in page.ask("drawn()")["lanes"]][:2] == ["uav", "satellite"]


def test_the_cursor_is_linked_over_all_plots(page, tables):
    box = page.tab.locator("#age").bounding_box()
    page.tab.mouse.move(box["x"] + 400, box["y"] + 40)
    page.settle()
    assert page.tab.locator("#cursor").is_visible()
    assert re.fullmatch(r"\d\.\d+ stale, \d\.\d+ fresh", page.text("#read-secrecy"))
    assert re.fullmatch(r"[\d.]+ ms", page.text("#read-age"))
    assert page.text("#read-time").endswith("s")


def test_ctrl_wheel_zooms_about_the_pointer(page):
    box = page.tab.locator("#lanes").bounding_box()
    before, drawn = page.ask("view()"), page.ask("drawn()")
    page.tab.mouse.move(box["x"] + 500, box["y"] + 100)
    page.tab.keyboard.down("Control")
    page.tab.mouse.wheel(0, -200)
    page.tab.keyboard.up("Control")
    page.tab.wait_for_function("(t0) => twinReport.view().t0 > t0", arg=before["t0"])
    after = page.ask("view()")
    under = before["t0"] + (500 - drawn["left"]) / drawn["pixelsPerNs"]
    assert (under - after["t0"]) / (after["t1"] - after["t0"]) == pytest.approx(
        (under - before["t0"]) / (before["t1"] - before["t0"]), abs=2e-3
    )


def test_svg_of_the_view_is_well_formed_and_holds_the_story(page):
    root = ET.fromstring(page.ask("svg()"))
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"v{page.ask('selected()')['version']}" in " ".join(texts)
    assert any(text.startswith("waited") for text in texts)
    paths = list(root.iter("{http://www.w3.org/2000/svg}path"))
    assert len(paths) > 20


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps_and_nothing_scrolls_sideways(show, run_folder, width, scheme):
    page = show(run_folder, width=width, scheme=scheme)
    assert page.tab.evaluate("() => document.documentElement.scrollWidth") <= width
    boxes = {name: page.tab.locator(name).bounding_box() for name in BLOCKS}
    for name, box in boxes.items():
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
    for one, a in boxes.items():
        for other, b in boxes.items():
            apart = (
                a["x"] + a["width"] <= b["x"] + 1
                or b["x"] + b["width"] <= a["x"] + 1
                or a["y"] + a["height"] <= b["y"] + 1
                or b["y"] + b["height"] <= a["y"] + 1
            )
            assert one == other or apart, (one, other)
    spilled = page.tab.evaluate(
        """() => [...document.querySelectorAll(".card, .line, .chip, .tools, #jumps button, .what, #facts")]
            .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth)
            .map((one) => one.textContent)"""
    )
    assert spilled == []


def test_no_text_is_smaller_than_eleven_pixels(page):
    small = page.tab.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((one) => one.textContent.trim() && one.offsetParent
            && parseFloat(getComputedStyle(one).fontSize) < 11).map((one) => one.tagName + one.id)"""
    )
    assert small == []


def test_the_svg_is_saved_under_the_name_of_the_run(show, run_folder):
    page = show(run_folder)
    with page.tab.expect_download() as download:
        page.tab.locator("#save-svg").click()
    assert download.value.suggested_filename == "sagin-1.svg"
    assert download.value.path().read_text(encoding="utf-8") == page.ask("svg()")
    page.requests = [url for url in page.requests if not url.startswith("blob:")]


def test_browsers_without_frombase64_show_the_same(show, run_folder, page):
    other = show(run_folder, before="delete Uint8Array.fromBase64")
    assert other.tab.evaluate("() => Uint8Array.fromBase64 === undefined")
    assert other.ask("table()") == page.ask("table()")
