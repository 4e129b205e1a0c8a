"""Faults and outages on the page: a band where each was, on the lanes that it touched, and a table of what they cost."""

import pytest

from scenarios.engine import run_scenario
from scenarios.load import load

FAULTS = """[
  {kind="twin_crash", twin="core:uav", from_s=0.2, to_s=0.4},
  {kind="loss_burst", link="radio", from_s=0.5, to_s=0.6},
  {kind="clock_skew", entity="uav", offset_ms=-4, from_s=0.7, to_s=9},
]"""
SETTINGS = (
    "scenario.duration_s=1", "metrics.warmup_ms=60", "metrics.period_ms=13", "twin.solver=mrt",
    'network.outage=[{link="core-cloud:uav - core-cloud:satellite", from_s=0.3, to_s=0.31}]',
    f"fault={FAULTS}",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return run_scenario(load("sagin", list(SETTINGS)), 1, tmp_path_factory.mktemp("bands") / "run", "memory").folder


@pytest.fixture
def page(show, folder):
    page = show(folder)
    page.key("0")
    return page


def test_every_fault_and_outage_has_a_band_where_and_when_it_was(page):
    drawn = page.ask("drawn()")
    lanes = {lane["name"]: lane["y"] for lane in drawn["lanes"]}
    bands = {band["name"]: band for band in drawn["bands"]}
    assert set(bands) == {
        "twin crash core:uav", "loss burst radio", "clock skew uav", "outage core-cloud:uav - core-cloud:satellite",
    }  # fmt: skip
    for name, begin_s, end_s in (("twin crash core:uav", 0.2, 0.4), ("clock skew uav", 0.7, 1.0)):
        left, right = (drawn["left"] + (t * 1e9 - drawn["t0"]) * drawn["pixelsPerNs"] for t in (begin_s, end_s))
        assert bands[name]["x"] == pytest.approx(left, abs=0.5)
        assert bands[name]["x"] + bands[name]["width"] == pytest.approx(right, abs=0.5)
    crash, burst = bands["twin crash core:uav"], bands["loss burst radio"]
    assert crash["y"] < lanes["core:uav"] < crash["y"] + crash["height"]
    assert sum(crash["y"] < y < crash["y"] + crash["height"] for y in lanes.values()) == 1
    assert all(burst["y"] < y < burst["y"] + burst["height"] for y in lanes.values())


def test_a_band_says_what_it_is_where_nothing_else_is_under_the_pointer(page):
    band = next(band for band in page.ask("drawn()")["bands"] if band["name"] == "loss burst radio")
    box = page.tab.locator("#lanes").bounding_box()
    tips = set()
    for part in range(1, 40):  # most places have a message under them
        page.tab.mouse.move(box["x"] + band["x"] + band["width"] / 2, box["y"] + band["y"] + part * band["height"] / 40)
        page.settle()
        tips.add(tuple(page.text("#tip").splitlines()))
    assert ("loss burst radio", "0.500\u202fs to 0.600\u202fs") in tips
    assert len(tips) > 1


def test_the_table_says_what_each_fault_did_and_a_row_shows_its_time(page):
    rows = page.tab.locator("#faults tbody tr")
    assert rows.count() == 3
    cells = rows.nth(0).locator("td").all_inner_texts()
    assert cells[:4] == ["twin crash", "core:uav", "0.200\u202fs", "0.400\u202fs"]
    assert cells[4].endswith(" dropped")
    rows.nth(1).click()
    page.settle()
    view = page.ask("view()")
    assert view["t0"] < 0.5e9 < 0.6e9 < view["t1"] < 0.7e9


def test_a_run_without_faults_has_neither_bands_nor_table(show, run_folder):
    page = show(run_folder)
    assert page.ask("drawn()")["bands"] == []
    assert not page.tab.locator("#faults-box").is_visible()
