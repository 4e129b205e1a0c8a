"""Study `price-scaling`: settings, the report of made-up results, and one real point."""

import csv
import io
import math
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from scenarios.studies import price_scaling
from scenarios.studies.grid import Point
from scenarios.studies.price_scaling import MODES, PAIRS, STUDY, configured, evaluate, point_spec
from scenarios.studies.price_scaling_report import COLUMNS, LABELS, Scaling, _figure, report

SMALL = (
    "scenario.duration_s=0.15",
    "metrics.warmup_ms=50",
    "pairs.transmit_antennas=3",
    "pairs.receive_antennas=2",
    "pairs.streams=1",
    "eavesdropper.antennas=1",
)


def made_up():
    """Prices bring 1 bit/s/Hz to everybody; a world is worth what it is worth to all."""
    rows = []
    for seed in range(1, 7):
        world = 0.3 * np.sin(7.0 * seed)
        for pairs in (3, 6):
            for mode in MODES:
                gain = 0.0 if mode == "off" else 1.0 + 0.01 * np.cos(seed)
                row = dict.fromkeys(COLUMNS, 100.0 * pairs) | {"secrecy": 4.0 + world + gain, "fresh": 6.0 + world}
                rows.append({"seed": seed, "pairs": pairs, "mode": mode, **row})
    return pa.Table.from_pylist(rows)


def test_every_way_of_trading_with_every_number_of_pairs():
    assert {(setting["pairs"], setting["mode"]) for setting in STUDY.settings} == {(k, m) for k in PAIRS for m in MODES}
    assert set(LABELS) == set(MODES)
    specs = {setting["mode"]: point_spec(setting) for setting in STUDY.settings if setting["pairs"] == 10}
    assert {spec.pairs.count for spec in specs.values()} == {10}
    assert specs["off"].twin.prices == "off"
    assert specs["projected"].twin.price_form == "projected"
    assert specs["turns"].twin.requote == "update"
    assert point_spec(configured(("pairs.power_dbm=3",)).quick_settings[0]).pairs.power_dbm == 3.0


def test_gains_are_paired():
    gain = Scaling(made_up()).gain(6, "factor")
    assert gain.mean == pytest.approx(1.0, abs=0.01)
    assert gain.half_width < 0.02
    assert Scaling(made_up()).sample("secrecy", 6, "factor").interval().half_width > 0.1


def test_a_report_says_what_prices_bring_and_cost():
    found = report(made_up())
    assert found.files["price-scaling.png"].startswith(b"\x89PNG")
    rows = list(csv.DictReader(io.StringIO(found.files["price-scaling.csv"].decode())))
    assert len(rows) == 2 * len(MODES)
    assert "3 pairs" in found.headline
    assert "+1.00" in found.headline or "1.00 ±" in found.headline
    assert found.files["table.md"].decode().count("| 6 |") == len(MODES) + 1


def test_where_nothing_is_told_the_figure_has_no_decades_to_show():
    table = made_up()
    for name in ("price_round_bytes", "central_round_bytes"):
        table = table.set_column(table.column_names.index(name), name, pa.array(np.zeros(len(table))))
    assert [axes.get_yscale() for axes in _figure(Scaling(table)).axes] == ["linear", "linear"]
    assert _figure(Scaling(made_up())).axes[1].get_yscale() == "log"


def test_a_point_counts_the_prices_of_a_round():
    settings = [s for s in configured(SMALL).settings if s["pairs"] == 3 and s["mode"] in {"turns", "off"}]
    with_prices, without = (evaluate(Point(setting, 1))[0] for setting in settings)
    assert with_prices["price_round_bytes"] == pytest.approx(6 * with_prices["price_bytes"], rel=0.1)
    assert with_prices["central_round_bytes"] > 0.0
    assert without["price_round_bytes"] == without["prices_per_s"] == 0.0
    assert with_prices["fresh"] == without["fresh"] > 0.0


def test_where_the_genie_has_no_answer_there_is_a_number_of_the_twins_alone(monkeypatch):
    rates = {"mean": 6.0, "fresh_mean": None, "nominal_mean": None}
    summary = {"sum_secrecy": rates, "age_ms": {"mean": 9.0}, "messages": {"sent": 100}, "virtual_s": 0.4}
    monkeypatch.setattr(price_scaling, "one_run", lambda spec, seed: SimpleNamespace(summary=summary))
    (row,) = price_scaling.evaluate(Point(price_scaling.settings(quick=True)[0], 1))
    assert row["secrecy"] == 2.0
    assert math.isnan(row["fresh"])
    assert math.isnan(row["selfish_fresh"])
