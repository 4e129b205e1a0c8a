"""`compare` of two folders of one study: paired over the seeds that both have, in settings that both have."""

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow.parquet as pq
import pytest

from scenarios.cli import main
from scenarios.commands.study import StudyOptions, complete


def write(study, out: Path, seeds: int | None = None) -> Path:
    complete(study, StudyOptions(name="toy", jobs=1, seeds=seeds, quick=False, out=out))
    return out


@pytest.fixture
def folders(toy: ModuleType, tmp_path: Path, capsys) -> tuple[Path, Path]:
    """Two toy studies that log elsewhere; the second draws 0.5 more (not at x = 2) and has two seeds more."""
    a, b = toy.study(toy.log), toy.study(tmp_path / "b.log")

    def more(point):
        shift = 0.0 if point.parameters["x"] == 2.0 else 0.5
        return [{**row, "value": row["value"] + shift} for row in toy.evaluate(point)]

    found = write(a, tmp_path / "a", 8), write(replace(b, evaluate=more), tmp_path / "b", 10)
    capsys.readouterr()
    return found


def compared(folders, capsys) -> dict:
    assert main(["compare", *map(str, folders), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_differences_are_paired_over_common_seeds(folders, capsys):
    found = compared(folders, capsys)
    assert (found["kind"], found["study"]) == ("studies", "toy")
    assert found["seeds"] == list(range(1, 9))
    assert (found["settings_in_common"], found["settings_in_one"]) == (6, 0)
    assert set(found["differs"]) == {"log", "seeds"}
    (overall,) = found["overall"]
    assert (overall["measure"], overall["pairs"], overall["significant"]) == ("value", 8, "yes")
    assert overall["difference"] == pytest.approx(0.5 * 2 / 3)
    table = pq.read_table(folders[0] / "results.parquet").to_pylist()
    assert overall["a"] == pytest.approx(np.mean([row["value"] for row in table]))


def test_settings_are_told_apart_by_parameters_and_labels(folders, capsys):
    rows = compared(folders, capsys)["settings"]
    assert [tuple(row["setting"].values()) for row in rows] == [(x, m) for x in (1.0, 2.0, 3.0) for m in "ab"]
    for row in rows:
        same = row["setting"]["x"] == 2.0
        assert row["difference"] == pytest.approx(0.0 if same else 0.5)
        assert row["significant"] == ("no" if same else "yes")
        assert row["p_holm"] >= row["p"]


def test_the_terminal_says_what_differs_and_what_does_not(folders, capsys):
    assert main(["compare", *map(str, folders)]) == 0
    text = capsys.readouterr().out
    assert "toy, 8 seeds and 6 settings in common (95 % interval and exact test): value differs." in text
    assert "x = 1, method = b" in text
    assert "x = 2" not in text
    assert main(["compare", str(folders[0]), str(folders[0])]) == 0
    assert "nothing differs significantly" in capsys.readouterr().out


def test_settings_of_one_folder_only_are_counted_and_left_out(toy, folders, tmp_path, capsys):
    fewer = toy.study(toy.log)
    small = write(replace(fewer, settings=fewer.settings[:2]), tmp_path / "small", 5)
    capsys.readouterr()
    found = compared((folders[0], small), capsys)
    assert (found["settings_in_common"], found["settings_in_one"]) == (4, 2)
    assert found["seeds"] == [1, 2, 3, 4, 5]
    assert main(["compare", str(folders[1]), str(small)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "unclear: value; 5 seeds are too few for an exact test, which needs 6." in text


def one_line(capsys, *folders) -> str:
    assert main(["compare", *map(str, folders)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_bad_input_is_one_line(toy, folders, tmp_path, capsys):
    a, _ = folders
    assert "is not a directory" in one_line(capsys, a, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "holds no manifest.json" in one_line(capsys, tmp_path / "empty", a)
    other = write(toy.study(toy.log, version=2), tmp_path / "v2", 2)
    capsys.readouterr()
    assert "version 1 and version 2: must be the same" in one_line(capsys, a, other)
    far = toy.study(toy.log)
    elsewhere = write(replace(far, settings=({**far.settings[0], "x": 9.0},)), tmp_path / "far", 2)
    capsys.readouterr()
    assert "share no setting" in one_line(capsys, a, elsewhere)
    (other / "manifest.json").write_text("[1]")
    assert "names no scenario and no study" in one_line(capsys, a, other)
    (other / "manifest.json").write_text("{")
    assert "is not JSON" in one_line(capsys, a, other)
    (other / "manifest.json").write_text('{"scenario": {}}')
    assert "must be two of one kind" in one_line(capsys, a, other)
    results = a / "results.parquet"
    results.write_bytes(results.read_bytes()[:60])
    assert "cannot be read: run the study again" in one_line(capsys, a, a)
    results.unlink()
    assert "holds no results.parquet yet" in one_line(capsys, a, a)
