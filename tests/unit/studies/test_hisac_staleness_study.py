"""`study hisac-staleness`: what a point computes, who is predicted, shares by hand, and the report."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest

from scenarios.studies.grid import Point
from scenarios.studies.hisac_staleness import STUDY, age_ns, evaluate, merged, setting
from scenarios.studies.hisac_staleness_report import ALL, FRESH, METHODS, NOMINAL, Found, report
from scenarios.studies.registry import find_study
from twin.nodes.hisac_predictor import HisacPrediction

USERS = ("user1", "user2")


@pytest.fixture(scope="module")
def rows():
    return evaluate(Point({"instants": 2, "every": 4, "speed_mps": 0.25}, 1))


def test_it_is_among_the_studies():
    assert find_study("hisac-staleness") is STUDY


def test_the_age_is_what_the_network_makes_of_it():
    # up and down 0.5 + 2 + 1 ms each, four messages of 20 us, 1 ms of solving, half of 5 ms
    assert age_ns(setting(0.5), 2.0) == 7_000_000 + 80_000 + 1_000_000 + 2_500_000


def test_a_point_has_a_row_for_each_latency_and_method(rows):
    assert [(row["backhaul_ms"], row["method"]) for row in rows] == [
        (latency, method) for latency in (1.0, 20.0) for method in (FRESH, NOMINAL, "bob", "users", "target", ALL)
    ]
    for row in rows:
        assert all(np.isfinite(value) for name, value in row.items() if name != "method")


def test_fresh_beams_keep_every_demand_and_stale_ones_do_not(rows):
    found = {(row["backhaul_ms"], row["method"]): row for row in rows}
    for latency in (1.0, 20.0):
        fresh = found[latency, FRESH]
        assert fresh["off_db"] < 1e-3
        assert fresh["short_rate"] < 1e-5
        assert fresh["common"] >= 1.0 - 1e-6
        assert fresh["private"] >= 1.0 - 1e-6
        assert found[latency, NOMINAL]["private"] < fresh["private"]
        assert found[latency, ALL]["private"] > found[latency, NOMINAL]["private"]


def test_who_is_predicted_is_taken_from_the_prediction_and_nobody_else():
    def prediction(value):
        channels = (np.full((5, 2), value, complex), np.full((4, 3), value, complex))
        return HisacPrediction(channels, (np.full(5, value), np.full(4, value)), (np.full(2, value), np.full(2, value)))

    mixed = merged(prediction(1.0), prediction(2.0), frozenset({"bob", "target", "user2"}), USERS)
    assert mixed.channels[0][:, 0].real.tolist() == [2.0, 1.0, 2.0, 1.0, 2.0]
    assert mixed.channels[1][:, 0].real.tolist() == [2.0, 1.0, 1.0, 2.0]
    assert mixed.error_var[1].tolist() == [2.0, 1.0, 1.0, 2.0]
    assert [radius.tolist() for radius in mixed.radius] == [[2.0, 1.0], [2.0, 1.0]]


def results(values):
    """A results table of given SEEs and shortfalls by method and seed."""
    table = []
    for seed in (1, 2, 3):
        for speed in (0.5, 1.0):
            for method in METHODS:
                see, short = values[method]
                row = {"instants": 2, "speed_mps": speed, "backhaul_ms": 1.0, "method": method, "seed": seed}
                row |= {
                    "see": see + 0.01 * seed,
                    "off_db": short,
                    "secrecy": 1.0,
                    "scnr_db": -3.0,
                    "short_rate": short / 4,
                }
                table.append(row | {"common": 1.0, "private": 1.0})
    return pa.Table.from_pylist(table)


VALUES = {
    FRESH: (10.0, 0.0),
    NOMINAL: (6.0, 2.0),
    ALL: (9.0, 0.5),
    "bob": (7.0, 2.0),
    "users": (8.0, 2.0),
    "target": (6.0, 1.0),
}


def test_shares_by_hand():
    found = Found(results(VALUES))
    assert found.share(0.5, 1.0, ALL).mean == pytest.approx(0.75)
    assert found.share(0.5, 1.0, "bob").mean == pytest.approx(0.25)
    for what in ("off_db", "short_rate"):
        assert found.less_off(0.5, 1.0, ALL, what).mean == pytest.approx(0.75)
        assert found.less_off(0.5, 1.0, "target", what).mean == pytest.approx(0.5)


def test_the_report_has_picture_numbers_and_table():
    said = report(results(VALUES))
    assert "SEE 75 ± 0 %, users' rates 75 ± 0 %, SCNR 75 ± 0 %" in said.headline
    pictures = {f"{name}.{kind}" for name in ("see", "demands") for kind in ("pdf", "png", "csv")}
    assert set(said.files) == {*pictures, "table.md"}
    assert said.files["see.png"].startswith(b"\x89PNG")
    for name, methods in (("see", METHODS), ("demands", METHODS[1:-1])):
        numbers = list(csv.DictReader(io.StringIO(said.files[f"{name}.csv"].decode())))
        assert len(numbers) == 2 * len(methods)
    assert "| all |" in said.files["table.md"].decode()
