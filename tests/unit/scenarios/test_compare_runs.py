"""`compare` of two run folders: scenario, numbers, and metrics paired instant by instant where the worlds are the same."""

import json
import shutil
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from scenarios.cli import main
from scenarios.compare_runs import differing
from scenarios.compare_view import show_comparison
from twin.journal.statistics import half_width

SETS = (
    *("twin.solver=mrt", "twin.predictor=none", "report.period_ms=20"),
    *("metrics.warmup_ms=50", "metrics.attribution=none"),
)


def run(out: Path, *sets: str, seed: int = 1) -> Path:
    words = [word for setting in (*SETS, *sets) for word in ("--set", setting)]
    line = ["run", "sagin", "--duration", "0.3", "--transport", "memory", "--json", "--seed", str(seed)]
    assert main([*line, "--out", str(out), *words]) == 0
    return out


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("runs")
    return {
        "near": run(home / "near"),
        "far": run(home / "far", "network.backhaul.latency_ms=20"),
        "other": run(home / "other", seed=2),
    }


def compared(capsys, *folders: Path) -> dict:
    assert main(["compare", *map(str, folders), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def worst(folder: Path) -> np.ndarray:
    table = pq.read_table(folder / "metrics.parquet")
    lowest = table.group_by("t_ns").aggregate([("secrecy", "min")])
    return lowest.take(pc.sort_indices(lowest["t_ns"]))["secrecy_min"].to_numpy()


def test_scenario_numbers_and_paired_metrics(runs, capsys):
    found = compared(capsys, runs["near"], runs["far"])
    assert found["kind"] == "runs"
    assert found["scenario"] == {"network.backhaul.latency_ms": [2.0, 20.0]}
    assert found["same_digest"] is False
    ages = found["numbers"]["age"]
    # Up and down the backhaul: twice 18 ms more; the sync alone once.
    assert ages["age_ms.mean"]["difference"] == pytest.approx(36.0, abs=1.0)
    assert ages["aoi.uav.core.mean_ms"]["difference"] == pytest.approx(18.0, abs=1.0)
    assert found["numbers"]["latency, ms"]["latency_ms.sync.p50"]["difference"] == pytest.approx(18.0, abs=0.5)
    assert "solves.wall_ms_median" not in found["numbers"]["solves"]
    near, far = worst(runs["near"]), worst(runs["far"])
    pair = found["paired"]
    assert pair["instants"] == near.size
    assert pair["difference"] == pytest.approx(np.mean(far - near))
    assert pair["ci95"] == pytest.approx(half_width(far - near))


def test_other_seeds_are_not_paired(runs, capsys):
    found = compared(capsys, runs["near"], runs["other"])
    assert found["paired"] is None
    assert found["scenario"] == {"seed": [1, 2]}
    assert main(["compare", str(runs["near"]), str(runs["other"])]) == 0
    assert "nothing to pair" in capsys.readouterr().out


def test_the_terminal_shows_what_differs(runs, capsys):
    assert main(["compare", str(runs["near"]), str(runs["far"])]) == 0
    text = capsys.readouterr().out
    assert "Worst user: " in text
    assert "network.backhaul.latency_ms  2  20" in " ".join(text.split("\n")).replace("   ", "  ")
    assert "aoi.uav.core.mean_ms" in text
    assert "aoi.uav.core.p95_ms" not in text
    assert main(["compare", str(runs["near"]), str(runs["near"])]) == 0
    assert "The same run: one digest." in capsys.readouterr().out


def test_a_folder_that_must_be_recovered_says_so(runs, tmp_path, capsys):
    broken = Path(shutil.copytree(runs["near"], tmp_path / "broken"))
    for name in ("metrics.parquet", "summary.json", "manifest.json"):
        (broken / name).unlink()
        assert main(["compare", str(runs["near"]), str(broken)]) == 2
        error = capsys.readouterr().err
        assert error == f"error: {broken / name} is missing; run: run-twin recover {broken}\n"


def test_another_schema_is_one_line(runs, tmp_path, capsys):
    newer = Path(shutil.copytree(runs["near"], tmp_path / "newer"))
    manifest = json.loads((newer / "manifest.json").read_text())
    (newer / "manifest.json").write_text(json.dumps({**manifest, "schema": 99}))
    assert main(["compare", str(runs["near"]), str(newer)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "99: must be one" in error


def test_differing_values_by_path():
    a, b = {"x": {"y": 1, "z": [1, 2]}, "w": 1}, {"x": {"y": 2, "z": [1, 2]}, "v": None}
    assert differing(a, b) == {"x.y": (1, 2), "w": (1, None)}


def test_lists_of_tables_differ_entry_by_entry():
    a = {"fault": [{"twin": "edge:a", "from_s": 1.0}]}
    b = {"fault": [{"twin": "edge:a", "from_s": 2.0}, {"twin": "core:a", "from_s": 1.0}]}
    more = {"fault[1].twin": (None, "core:a"), "fault[1].from_s": (None, 1.0)}
    assert differing(a, b) == {"fault[0].from_s": (1.0, 2.0), **more}
    assert differing({"fault": []}, a)["fault"] == ([], None)


def test_keys_are_whole_however_long_the_values_are():
    found = {
        "kind": "runs", "a": "a", "b": "b", "same_digest": False, "numbers": {}, "paired": None,
        "scenario": {"satellite.elements": ("1 " * 40, "2 " * 40), "uav.waypoints_m": ([[0, 0]] * 20, [[0, 1]] * 20)},
    }  # fmt: skip
    text = StringIO()
    show_comparison(found, text)
    assert "satellite.elements" in text.getvalue()
    assert "uav.waypoints_m" in text.getvalue()
