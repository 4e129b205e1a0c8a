"""A study from the first point to the last file: nothing twice, nothing lost, the same rows however it was run."""

import json
import os
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios.commands.study import StudyOptions, complete
from scenarios.interrupted import InterruptedRunError
from scenarios.studies import results
from scenarios.studies.results import StudyFolder
from scenarios.studies.runner import run_points
from twin.errors import HostLostError, RunFolderError

ALL = sorted(f"{x} {seed}" for x in (1, 2, 3) for seed in (1, 2, 3, 4))


def options(out: Path, *, jobs: int = 1, seeds: int | None = None, quick: bool = False) -> StudyOptions:
    return StudyOptions(name="toy", jobs=jobs, seeds=seeds, quick=quick, out=out)


def rows(folder: Path) -> list[dict[str, object]]:
    return pq.read_table(folder / results.RESULTS).to_pylist()


def test_a_study_leaves_manifest_parts_results_and_report(toy: ModuleType, tmp_path: Path, capsys, evaluations):
    out = tmp_path / "study"
    assert complete(toy.study(toy.log), options(out)) == 0
    assert evaluations() == ALL
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["study"], manifest["version"], manifest["seeds"]) == ("toy", 1, 4)
    assert [setting["x"] for setting in manifest["parameters"]] == [1.0, 2.0, 3.0]
    assert manifest["command"] == f"run-twin study toy --jobs 1 --out {out}"
    assert manifest["versions"]["numpy"]
    assert len(list((out / "parts").iterdir())) == 6
    found = [(row["seed"], row["x"], row["row"], row["method"]) for row in rows(out)]
    assert found == [(s, x, i, m) for s in (1, 2, 3, 4) for x in (1.0, 2.0, 3.0) for i, m in enumerate("ab")]
    assert "±" in (out / "means.txt").read_text()
    text = capsys.readouterr().out
    assert text.startswith("toy: done\n")
    assert str(out) in text


def test_rows_are_the_same_whatever_the_number_of_processes(toy: ModuleType, tmp_path: Path, evaluations):
    one, two = tmp_path / "one", tmp_path / "two"
    complete(toy.study(toy.log), options(one, jobs=1))
    assert evaluations() == ALL
    toy.log.unlink()
    complete(toy.study(toy.log), options(two, jobs=3))
    assert evaluations() == ALL
    assert (one / results.RESULTS).read_bytes() == (two / results.RESULTS).read_bytes()
    assert (one / "means.txt").read_bytes() == (two / "means.txt").read_bytes()


def test_a_folder_may_have_a_name_that_is_no_text_in_this_locale(toy: ModuleType, tmp_path: Path, evaluations):
    """What `LC_ALL=C` makes of an umlaut: bytes that pyarrow, given the path, could not make UTF-8 of."""
    out = tmp_path / os.fsdecode(b"stud\xc3\xff")
    complete(toy.study(toy.log), options(out, seeds=2))
    complete(toy.study(toy.log), options(out))
    assert evaluations() == ALL
    with (out / results.RESULTS).open("rb") as file:
        assert pq.read_table(file).num_rows == 24
    assert out.name in json.loads((out / "manifest.json").read_text())["command"]


def test_finished_points_are_not_repeated(toy: ModuleType, tmp_path: Path, evaluations):
    out, fresh = tmp_path / "study", tmp_path / "fresh"
    complete(toy.study(toy.log), options(out, seeds=2))
    assert len(evaluations()) == 6
    complete(toy.study(toy.log), options(out))
    assert evaluations() == ALL
    complete(toy.study(toy.log), options(out))
    assert evaluations() == ALL
    complete(toy.study(toy.log), options(fresh))
    assert (out / results.RESULTS).read_bytes() == (fresh / results.RESULTS).read_bytes()


def test_a_part_that_is_gone_is_computed_again(toy: ModuleType, tmp_path: Path, evaluations):
    out = tmp_path / "study"
    complete(toy.study(toy.log), options(out))
    before = (out / results.RESULTS).read_bytes()
    next((out / "parts").iterdir()).unlink()
    complete(toy.study(toy.log), options(out))
    assert len(evaluations()) == len(ALL) + 2
    assert (out / results.RESULTS).read_bytes() == before


def test_rows_of_points_that_are_not_asked_for_stay_out(toy: ModuleType, tmp_path: Path):
    out = tmp_path / "study"
    complete(toy.study(toy.log), options(out))
    complete(toy.study(toy.log), options(out, quick=True))
    assert [(row["seed"], row["x"]) for row in rows(out)] == [(1, 1.0), (1, 1.0), (2, 1.0), (2, 1.0)]


def test_points_computed_twice_count_once(toy: ModuleType, tmp_path: Path):
    study, out = toy.study(toy.log), tmp_path / "study"
    folder = StudyFolder.open(out, study, {})
    points = study.points(seeds=2)
    rows_of = [(point, study.evaluate(point)) for point in points]
    folder.write_part(rows_of)
    once = folder.results(points)
    folder.write_part(rows_of[1:4])
    assert len(list((out / "parts").iterdir())) == 2
    assert folder.results(points).equals(once)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_study_goes_on_where_it_was(
    toy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evaluations, jobs: int
):
    out = tmp_path / "study"
    write_part = StudyFolder.write_part
    calls: list[int] = []

    def interrupted_once(self: StudyFolder, rows_of: list[object]) -> None:
        calls.append(len(rows_of))
        write_part(self, rows_of)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(StudyFolder, "write_part", interrupted_once)
    with pytest.raises(InterruptedRunError, match="run again: run-twin study toy") as caught:
        complete(toy.study(toy.log), options(out, jobs=jobs))
    assert caught.value.exit_code == 130
    assert 4 <= len(evaluations()) < len(ALL)
    complete(toy.study(toy.log), options(out, jobs=jobs))
    assert evaluations() == ALL
    assert len(rows(out)) == 2 * len(ALL)


def test_ctrl_c_within_a_chunk_keeps_its_finished_points(toy: ModuleType):
    study = toy.study(toy.log)
    saved = []

    def evaluate(point):
        if point.seed == 2:
            raise KeyboardInterrupt
        return study.evaluate(point)

    with pytest.raises(KeyboardInterrupt):
        run_points(evaluate, study.points(), saved.extend, jobs=1, chunk=12)
    assert [(point.parameters["x"], point.seed) for point, _ in saved] == [(1.0, 1), (2.0, 1), (3.0, 1)]


def test_an_error_in_a_process_comes_through_and_finished_chunks_stay(toy: ModuleType):
    study = toy.study(toy.log)
    saved = []
    with pytest.raises(ValueError, match="seed 4"):
        run_points(toy.fails, study.points(), saved.extend, jobs=2, chunk=3)
    # The last of four chunks is only begun when two are saved.
    assert len(saved) >= 6
    assert {point.seed for point, _ in saved} <= {1, 2, 3}


def test_a_process_that_dies_is_a_clear_error(toy: ModuleType):
    study = toy.study(toy.log)
    with pytest.raises(HostLostError, match="jobs=2: a process of the study died"):
        run_points(toy.dies, study.points(), [].extend, jobs=2, chunk=1)


def test_a_point_without_rows_is_an_error(toy: ModuleType):
    with pytest.raises(ValueError, match="no rows"):
        run_points(lambda _point: [], toy.study(toy.log).points(), [].extend, jobs=1, chunk=1)


def test_a_folder_of_something_else_is_refused(toy: ModuleType, tmp_path: Path, evaluations):
    out = tmp_path / "study"
    complete(toy.study(toy.log), options(out))
    count = len(evaluations())
    with pytest.raises(RunFolderError, match="holds study version 1, not 2: take another folder"):
        complete(toy.study(toy.log, version=2), options(out))
    with pytest.raises(RunFolderError, match="holds study toy, not other"):
        complete(toy.study(toy.log, name="other"), options(out))
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "letter.txt").write_text("dear")
    with pytest.raises(RunFolderError, match="is not a study's folder"):
        complete(toy.study(toy.log), options(tmp_path / "mail"))
    with pytest.raises(RunFolderError, match="is a file"):
        complete(toy.study(toy.log), options(tmp_path / "mail" / "letter.txt"))
    assert len(evaluations()) == count
    assert (tmp_path / "mail" / "letter.txt").read_text() == "dear"


def test_rows_of_other_package_versions_do_not_mix(toy: ModuleType, tmp_path: Path):
    out = tmp_path / "study"
    complete(toy.study(toy.log), options(out))
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["versions"]["numpy"] = "1.0"
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunFolderError, match="other versions of Python or packages"):
        complete(toy.study(toy.log), options(out))


def test_a_broken_manifest_or_part_is_one_line(toy: ModuleType, tmp_path: Path):
    out = tmp_path / "study"
    complete(toy.study(toy.log), options(out))
    part = next((out / "parts").iterdir())
    whole = pq.read_table(part)
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(RunFolderError, match="cannot be read: delete it"):
        complete(toy.study(toy.log), options(out))
    pq.write_table(whole.set_column(whole.column_names.index("x"), "x", pa.array(["odd"] * len(whole))), part)
    with pytest.raises(RunFolderError, match="parts: files do not go together"):
        complete(toy.study(toy.log), options(out))
    (out / "manifest.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"manifest\.json: cannot be read"):
        complete(toy.study(toy.log), options(out))


def test_a_folder_without_results_says_so(toy: ModuleType, tmp_path: Path):
    folder = StudyFolder.open(tmp_path / "study", toy.study(toy.log), {})
    with pytest.raises(RunFolderError, match="holds no results yet"):
        folder.results(toy.study(toy.log).points())


def test_columns_must_not_collide_nor_differ(toy: ModuleType, tmp_path: Path):
    study = toy.study(toy.log)
    folder = StudyFolder.open(tmp_path / "study", study, {})
    point = study.points()[0]
    for taken in ("x", "seed", "row", "point"):
        with pytest.raises(ValueError, match=f"columns=.*{taken}"):
            folder.write_part([(point, [{taken: 1.0}])])
    with pytest.raises(ValueError, match="the same in every row"):
        folder.write_part([(point, [{"a": 1.0}, {"b": 1.0}])])


def test_whole_numbers_in_one_part_and_fractions_in_another_merge(toy: ModuleType, tmp_path: Path):
    study = toy.study(toy.log)
    folder = StudyFolder.open(tmp_path / "study", study, {})
    one, two, *_ = study.points()
    folder.write_part([(one, [{"value": 1}])])
    folder.write_part([(two, [{"value": 2.5}])])
    table = folder.results([one, two])
    assert table["value"].to_pylist() == [1.0, 2.5]
    assert table.schema.field("value").type == pa.float64()
