"""The page of a run of pairs: two ends of one entity, turns by many twins, and a sum that counts."""

import pytest

from scenarios.engine import run_scenario
from scenarios.load import load

SETTINGS = (
    "pairs.count=3",
    "pairs.transmit_antennas=3",
    "pairs.receive_antennas=2",
    "pairs.streams=1",
    "eavesdropper.antennas=1",
    "scenario.duration_s=0.12",
    "metrics.warmup_ms=40",
    "metrics.period_ms=13",
)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs") / "run"
    return run_scenario(load("interference", list(SETTINGS)), 1, folder, "memory")


@pytest.fixture(scope="module")
def page(result, show_for_all):
    return show_for_all(result.folder)


def test_each_pair_has_its_receiver_below_it_and_then_its_twins(page):
    names = [lane["name"] for lane in page.ask("drawn()")["lanes"]]
    assert names == [f"{side}pair{n}" for n in (1, 2, 3) for side in ("", "rx:", "edge:", "core:")]


def test_the_cards_tell_the_sum(page, result):
    text = page.text("#cards")
    whole = result.summary["sum_secrecy"]
    assert "Sum of all users" in text
    assert f"{whole['mean']:.2f}" in text
    assert f"{whole['fresh_mean']:.2f}" in text
    assert page.text("#users").startswith("sum")


def test_a_turn_is_a_story_that_a_version_leads_to(result, show):
    shown = show(result.folder, link="#v=20")
    text = shown.text("body")
    assert "v20" in text
    assert "edge:pair2" in text
    assert "covariance rx:pair2" in text
