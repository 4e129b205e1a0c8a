"""Study `staleness`: its settings, what is made of made-up results, and a small study from points to files."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios.cli import main
from scenarios.commands.study import StudyOptions, complete
from scenarios.engine import run_scenario
from scenarios.studies.intervals import jackknife
from scenarios.studies.one_run import RATES, one_run, result_row, study_spec
from scenarios.studies.paper import legible, with_command
from scenarios.studies.registry import find_study
from scenarios.studies.staleness import STUDY, configured, evaluate
from scenarios.studies.staleness_curves import Curves, lost, recovered
from scenarios.studies.staleness_report import report
from scenarios.studies.staleness_sweeps import BASE, SWEEPS, point_spec, settings
from twin.journal.schemas import LEGS

LATENCY, SPEED = SWEEPS[0], SWEEPS[5]
CHEAP = ("twin.solver=mrt", "twin.predictor=none", "report.period_ms=20", "metrics.period_ms=20")
MEASURED = [*RATES, "outage_secrecy", "outage_nominal", "outage_never_updated"]
MEASURED += ["age_ms", "age_peak_ms", "age_p95_ms", "age_violation", "lost_share"]


def test_every_value_of_every_sweep_is_there_once_and_the_base_for_all():
    found = [(setting["swept"], setting["value"]) for setting in settings()]
    assert len(found) == len(set(found))
    assert [entry for entry in found if entry[0] == BASE] == [(BASE, 0.0)]
    base = point_spec(settings()[0])
    for sweep in SWEEPS:
        swept = [value for name, value in found if name == sweep.key]
        assert sorted([*swept, sweep.at(base)]) == list(sweep.values)
    assert {name for name, _ in found} == {BASE, *(sweep.key for sweep in SWEEPS)}


def test_the_sweeps_are_those_that_were_asked_for():
    keys = {sweep.key: sweep.values for sweep in SWEEPS}
    assert (min(keys["network.backhaul.latency_ms"]), max(keys["network.backhaul.latency_ms"])) == (1, 50)
    assert (min(keys["report.period_ms"]), max(keys["report.period_ms"])) == (2, 40)
    assert {"twin.cost_us.solve", "network.radio.loss", "uav.speed_mps", "users.speed_mps"} < keys.keys()
    # The coordinator stays ahead of its reports: a solve takes less than a period.
    assert max(keys["twin.cost_us.solve"]) < 1e3 * point_spec(settings()[0]).report.period_ms


def test_a_point_differs_from_the_base_in_one_key():
    base = point_spec(settings()[0]).as_dict()
    for setting in settings()[1:]:
        section, *rest = str(setting["swept"]).split(".")
        changed = point_spec(setting).as_dict()
        assert {name for name in base if base[name] != changed[name]} == {section}, rest


def test_settings_of_a_person_come_first_and_the_swept_key_wins():
    study = configured(("users.speed_mps=3", "network.backhaul.latency_ms=10"))
    found = {(setting["swept"], setting["value"]): point_spec(setting) for setting in study.settings}
    assert all(spec.users.speed_mps == 3.0 for (swept, _), spec in found.items() if swept != SPEED.key)
    assert found[LATENCY.key, 1.0].network.backhaul.latency_ms == 1.0
    assert (SPEED.key, 3.0) not in found  # that is the base now
    assert (SPEED.key, 1.0) in found
    assert {setting["swept"] for setting in study.settings} == {setting["swept"] for setting in STUDY.settings}


def made_up(*, legs=True, seeds=4) -> pa.Table:
    """Latency 1, 2 (base) and 10 ms, speed 1 (base) and 3: the loss is the latency's square root over 5 plus noise."""
    rng = np.random.default_rng(6)
    rows = []
    for seed in range(1, seeds + 1):
        fresh = 3.0 + 0.3 * rng.normal()
        for swept, value in ((BASE, 0.0), (LATENCY.key, 1.0), (LATENCY.key, 10.0), (SPEED.key, 3.0)):
            latency = value if swept == LATENCY.key else 2.0
            speed = value if swept == SPEED.key else 1.0
            share = 0.2 * latency**0.5 + 0.01 * rng.random()
            base = {sweep.key: sweep.at(study_spec("[]", 3.0)) for sweep in SWEEPS}
            loss = fresh * share
            rows.append(
                {"point": f"{seed}{swept}{value}", "row": 0, "seed": seed, "swept": swept, "value": value, "sets": "[]"}
                | base
                | {LATENCY.key: latency, SPEED.key: speed}
                | dict.fromkeys(MEASURED, 0.25)
                | {"secrecy": fresh - loss, "fresh": fresh, "nominal": fresh - 1.5 * loss, "age_ms": 10.0 + 2 * latency}
                | {leg: loss / 7 if legs else float("nan") for leg in LEGS}
            )
    return with_command(pa.Table.from_pylist(rows), "run-twin study staleness --seeds 4")


def test_shares_follow_the_definition_and_pair_the_seeds():
    curves = Curves(made_up())
    assert curves.seeds == 4
    assert [sweep.key for sweep in curves.sweeps] == [LATENCY.key, SPEED.key]
    assert curves.values(LATENCY) == [1.0, 2.0, 10.0]
    assert curves.values(SPEED) == [1.0, 3.0]
    rows = [row for row in curves.table.to_pylist() if row["swept"] == LATENCY.key and row["value"] == 10.0]
    means = {name: np.mean([row[name] for row in rows]) for name in RATES}
    share = curves.loss_share(LATENCY, 10.0)
    assert share.mean == pytest.approx(1 - means["secrecy"] / means["fresh"])
    # Worlds differ by 10 %, the share by 1 %: pairing keeps the former out of the interval.
    assert share.half_width < 0.02
    assert curves.loss_share(LATENCY, 10.0, "nominal").mean == pytest.approx(1.5 * share.mean)
    assert curves.recovered_share(LATENCY, 10.0).mean == pytest.approx(1 / 3)
    assert curves.interval(LATENCY, 2.0, "secrecy") == curves.interval(SPEED, 1.0, "secrecy")


def test_shares_of_known_means():
    assert lost(np.array([[1.5, 3.0]])) == pytest.approx([0.5])
    assert recovered(np.array([2.0, 1.0, 3.0])) == pytest.approx(0.5)
    assert jackknife(lost, np.array([[1.0, 2.0], [2.0, 4.0]])).mean == 0.5


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture(scope="module")
def reported():
    return report(made_up())


def test_every_figure_is_vector_and_picture_with_its_numbers_and_its_command(reported):
    files = reported.files
    names = ("age", "sweeps", "attribution")
    assert set(files) == {f"{name}.{kind}" for name in names for kind in ("pdf", "png", "csv")} | {"table.md"}
    for name in names:
        assert files[f"{name}.png"].startswith(b"\x89PNG\r\n")
        assert files[f"{name}.pdf"].startswith(b"%PDF")
        for kind in ("pdf", "png"):
            assert b"run-twin study staleness --seeds 4" in files[f"{name}.{kind}"]
        assert len(rows_of(files[f"{name}.csv"])) == 5
    row = rows_of(files["attribution.csv"])[2]
    assert (row["key"], row["value"], row["seeds"]) == (LATENCY.key, "10", "4")
    curves = Curves(made_up())
    assert float(row["uplink"]) == pytest.approx(curves.interval(LATENCY, 10.0, "uplink").mean, abs=1e-6)
    shares = rows_of(files["sweeps.csv"])[2]
    assert float(shares["loss_share"]) == pytest.approx(curves.loss_share(LATENCY, 10.0).mean, abs=1e-6)


def test_ticks_that_would_run_into_each_other_are_left_out():
    assert legible([100.0, 1000.0, 2000.0, 4000.0, 8000.0]) == [100.0, 1000.0, 8000.0]
    assert legible([2.0, 5.0, 10.0, 20.0, 40.0]) == [2.0, 5.0, 10.0, 20.0, 40.0]
    assert legible([3.0]) == [3.0]
    for sweep in SWEEPS:
        shown = legible(sweep.values) if sweep.log else []
        assert shown == [value for value in sweep.values if value in shown]


def test_runs_that_do_not_tell_the_legs_have_no_figure_of_them(reported):
    out = report(made_up(legs=False))
    assert set(reported.files) - set(out.files) == {"attribution.pdf", "attribution.png", "attribution.csv"}
    # The same results give the same bytes.
    assert out.files["age.pdf"] == reported.files["age.pdf"]
    assert out.files["age.png"] == reported.files["age.png"]
    assert "Loss by leg" not in out.files["table.md"].decode()
    assert "these runs do not tell" in out.headline


def test_the_headline_goes_from_the_first_to_the_last_value(reported):
    out = reported
    (line,) = [line for line in out.headline.splitlines() if "backhaul latency" in line]
    assert "1 to 10 ms" in line
    assert "20 ± 0 % to 6" in line
    assert "| 10 | 30.0 |" in out.files["table.md"].decode()


def test_a_point_is_what_a_run_says(tmp_path: Path):
    spec = study_spec(json.dumps(list(CHEAP)), 0.5)
    summary = run_scenario(spec, 3, tmp_path / "run", "memory").summary
    found = one_run(spec, 3)
    mine = found.summary
    for key in ("messages", "latency_ms", "age_ms", "age_violation", "aoi", "secrecy", "min_secrecy", "kernel_events"):
        assert mine[key] == summary[key], key
    row = result_row(found)
    assert row["secrecy"] == summary["min_secrecy"]["mean"]
    assert row["age_peak_ms"] == summary["age_ms"]["peak_mean"]
    metrics = pq.read_table(tmp_path / "run" / "metrics.parquet")
    lowest = metrics.group_by("t_ns").aggregate([("nominal", "min")])["nominal_min"].to_numpy()
    assert row["outage_nominal"] == pytest.approx(np.mean(lowest < 1.0))


def small(*swept: tuple[str, float]):
    common = {"sets": json.dumps([*CHEAP, "metrics.attribution=none"]), "duration_s": 0.5}
    points = tuple({**common, "swept": key, "value": value} for key, value in ((BASE, 0.0), *swept))
    return replace(STUDY, quick_settings=points)


def test_a_small_study_runs_from_points_to_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert find_study("staleness") is STUDY
    out = tmp_path / "staleness"
    study = small((LATENCY.key, 20.0))
    assert complete(study, StudyOptions(name="staleness", jobs=1, seeds=2, quick=True, out=out)) == 0
    assert "share of the fresh secrecy rate lost" in capsys.readouterr().out
    for name in ("age.pdf", "sweeps.png", "sweeps.csv", "table.md"):
        assert (out / name).stat().st_size > 0
    ages = {float(row["value"]): float(row["age_ms"]) for row in rows_of((out / "age.csv").read_bytes())}
    # Up and down: the age grows by twice the latency.
    assert ages[20.0] - ages[2.0] == pytest.approx(36.0, abs=1.0)
    table = pq.read_table(out / "results.parquet").to_pylist()
    fresh = {(row["seed"], row["value"]): row["fresh"] for row in table}
    for seed in (1, 2):
        assert fresh[seed, 20.0] == pytest.approx(fresh[seed, 0.0], abs=1e-9)  # one world for all settings
    assert fresh[1, 0.0] != fresh[2, 0.0]


def test_settings_are_answered_with_one_line_where_they_do_not_fit(capsys: pytest.CaptureFixture[str]):
    for line, expected in (
        (["prediction", "--set", "users.speed_mps=2"], "takes no settings; those that do: staleness, placement"),
        (["staleness", "--set", "users.sped_mps=2"], "did you mean users.speed_mps?"),
        (["staleness", "--set", "uav.speed_mps=-1"], "uav.speed_mps"),
        (["placement", "--set", "nonsense"], "must be path=value"),
        (["staleness", "--seeds", "1"], "'1': must be a whole number, 2 to 1000000"),
    ):
        assert main(["study", *line]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert expected in error


def test_a_value_that_does_not_fit_a_persons_settings_is_found_before_anything_runs(capsys):
    assert main(["study", "staleness", "--set", "metrics.warmup_ms=10000"]) == 2
    assert "metrics.warmup_ms" in capsys.readouterr().err


def test_evaluate_names_every_column_the_report_needs():
    (row,) = evaluate(small().points(seeds=1, quick=True)[0])
    assert {*MEASURED, *LEGS, *(sweep.key for sweep in SWEEPS)} == row.keys()
