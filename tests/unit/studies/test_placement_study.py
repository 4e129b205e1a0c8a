"""Study `placement`: every twin as a coordinator, ranks with ties, and a small study from points to files."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from scenarios.commands.study import StudyOptions, complete
from scenarios.studies.paper import with_command
from scenarios.studies.placement import PLACEMENTS, STUDY, configured, point_spec
from scenarios.studies.placement_ranks import Placements
from scenarios.studies.placement_report import report
from scenarios.studies.registry import find_study

CHEAP = ("twin.solver=mrt", "twin.predictor=none", "report.period_ms=20", "metrics.period_ms=20")
NAMES = ("core:uav", "edge:uav", "core:satellite", "core:au")


def test_every_twin_is_a_place_at_every_latency():
    found = {(setting["coordinator"], setting["backhaul_ms"]) for setting in STUDY.settings}
    assert len(found) == len(STUDY.settings) == 14 * 4
    assert len(set(PLACEMENTS)) == 14
    spec = point_spec(STUDY.settings[3])
    assert spec.twin.coordinator == STUDY.settings[3]["coordinator"]
    assert spec.network.backhaul.latency_ms == STUDY.settings[3]["backhaul_ms"]
    assert point_spec(configured(("uav.speed_mps=3",)).quick_settings[0]).uav.speed_mps == 3.0


def made_up(seeds=6) -> pa.Table:
    """core:uav is best; core:au is 0.1 % behind it, core:satellite within its noise, edge:uav 0.5 behind."""
    rng = np.random.default_rng(1)
    rows = []
    for seed in range(1, seeds + 1):
        world = rng.normal(0.0, 0.5)
        for latency in (1.0, 20.0):
            base = 3.0 - 0.05 * latency + world
            noise = (0.05, -0.06, 0.04, -0.05, 0.06, -0.05)[seed - 1]
            rates = (base, base - 0.5, base - 0.005 + noise, base - 0.001 * (1 + 0.1 * rng.random()))
            rows += [
                {"point": f"{seed}{latency}{name}", "row": 0, "seed": seed, "coordinator": name, "backhaul_ms": latency}
                | {"secrecy": rate, "fresh": base + 0.5, "nominal": 1.0, "outage_secrecy": 0.1}
                | {"age_ms": 20.0, "age_peak_ms": 30.0}
                for name, rate in zip(NAMES, rates, strict=True)
            ]
    return with_command(pa.Table.from_pylist(rows), "run-twin study placement")


def test_ranks_pair_the_seeds_and_call_ties_ties():
    ranks = {rank.placement: rank for rank in Placements(made_up()).ranks(20.0)}
    assert next(iter(ranks)) == "core:uav"
    assert ranks["core:uav"].behind is None
    assert ranks["core:satellite"].ties  # its interval contains 0
    assert ranks["core:au"].behind.outside  # certainly behind ...
    assert ranks["core:au"].ties  # ... by next to nothing
    assert not ranks["edge:uav"].ties
    assert ranks["edge:uav"].behind.difference.mean == pytest.approx(-0.5)
    # Worlds differ by 0.5 bit: unpaired, half a bit would be lost in them.
    assert ranks["edge:uav"].rate.half_width > 0.3 > ranks["edge:uav"].behind.difference.half_width


def test_report_names_the_best_with_its_ties_and_writes_all_files():
    out = report(made_up())
    assert set(out.files) == {"placement.pdf", "placement.png", "placement.csv", "table.md"}
    assert "core:uav, tied with" in out.headline
    assert "edge:uav is worst, -0.50" in out.headline
    for kind in ("pdf", "png"):
        assert b"run-twin study placement" in out.files[f"placement.{kind}"]
    rows = list(csv.DictReader(io.StringIO(out.files["placement.csv"].decode())))
    assert len(rows) == 8
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"] * 2
    assert {row["coordinator"]: row["as_good"] for row in rows[:4]}["edge:uav"] == "no"
    assert "## Backhaul 20 ms" in out.files["table.md"].decode()


def test_a_small_study_runs_from_points_to_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert find_study("placement") is STUDY
    common = {"sets": json.dumps([*CHEAP, "network.backhaul.jitter_ms=0"]), "duration_s": 0.5, "backhaul_ms": 20.0}
    points = tuple({**common, "coordinator": name} for name in ("core:uav", "edge:uav"))
    out = tmp_path / "placement"
    study = replace(STUDY, quick_settings=points)
    assert complete(study, StudyOptions(name="placement", jobs=1, seeds=2, quick=True, out=out)) == 0
    assert "best place for the solve over 2 seeds" in capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO((out / "placement.csv").read_text())))
    ages = {row["coordinator"]: float(row["age_ms"]) for row in rows}
    # At the UAV's edge the others' reports and precoders cross two backhauls more.
    assert ages["edge:uav"] - ages["core:uav"] == pytest.approx(40.0, abs=12.0)
