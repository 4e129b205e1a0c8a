"""`solve PROBLEM FILE`: results in order and independent of the processes that found them, errors before any work."""

import json
import os
from dataclasses import replace

import pytest

from scenarios.commands.solve import run_solve
from scenarios.solvable import SOLVABLE
from twin.errors import InstanceError, SolverError, UsageError
from twin.solvers.result import Solution, Status

QUICK = ("slnr30-balanced",)


@pytest.fixture
def file(draw_problem, item_of, instance_file):
    return instance_file([item_of(f"n{seed}", draw_problem(seed, (2, 3, 2))) for seed in (3, 1, 2)])


def without_wall(path):
    results = json.loads(path.read_text())["results"]
    assert all(result.pop("wall_us") > 0.0 for result in results)
    return results


def test_processes_find_what_one_process_finds(file, tmp_path, monkeypatch):
    alone, together = tmp_path / "alone.json", tmp_path / "together.json"
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    run_solve("sagin", file, "reference", alone, QUICK)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    run_solve("sagin", file, "reference", together, QUICK)
    assert without_wall(together) == without_wall(alone)
    assert [result["id"] for result in without_wall(alone)] == ["n3", "n1", "n2"]


def test_the_summary_names_every_instance_and_the_results(file, tmp_path):
    out = tmp_path / "out.json"
    lines = run_solve("sagin", file, "mrt", out).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["n3", "n1", "n2"]
    assert lines[4].startswith("sagin, mrt: 3 of 3 solved")
    assert lines[5] == f"results in {out}"


def test_without_out_nothing_is_written(file, tmp_path):
    before = sorted(tmp_path.iterdir())
    assert "results in" not in run_solve("sagin", file, "mrt")
    assert sorted(tmp_path.iterdir()) == before


def test_an_id_cannot_command_the_terminal(draw_problem, item_of, instance_file):
    path = instance_file(
        [item_of("\x1b[2Jred", draw_problem(1, (1, 1, 1))), item_of("x" * 90, draw_problem(2, (1, 1, 1)))]
    )
    text = run_solve("sagin", path, "mrt")
    assert "\x1b" not in text
    assert "x" * 21 not in text


@pytest.mark.parametrize(
    ("problem", "method", "said"),
    [
        ("isac", "reference", "problem='isac': must be one of sagin, ic, hisac"),
        ("sagin", "quick", "method='quick': must be one of fast, reference, mrt"),
    ],
)
def test_an_unknown_name_is_answered_with_those_allowed(file, problem, method, said):
    with pytest.raises(UsageError, match=said):
        run_solve(problem, file, method)


def test_a_broken_file_leaves_no_results(tmp_path):
    broken, out = tmp_path / "broken.json", tmp_path / "out.json"
    broken.write_text('{"items": [{"id": 0}]}')
    with pytest.raises(InstanceError, match=r"broken.json: items\[0\].P is missing"):
        run_solve("sagin", broken, "mrt", out)
    assert not out.exists()


def test_a_bad_place_for_the_results_is_said_before_any_solve(file, tmp_path, monkeypatch):
    solvable = replace(SOLVABLE["sagin"], solve=lambda *_args: pytest.fail("solved something"))
    monkeypatch.setitem(SOLVABLE, "sagin", solvable)
    with pytest.raises(UsageError, match="does not exist"):
        run_solve("sagin", file, "mrt", tmp_path / "absent" / "out.json")


def test_when_nothing_could_be_solved_the_results_say_so_and_the_command_fails(file, tmp_path, monkeypatch):
    honest = SOLVABLE["sagin"]

    def failing(*args):
        answer = honest.solve(*args)
        return Solution(
            answer.problem,
            answer.method,
            Status.FAILED,
            answer.objective,
            answer.precoders,
            answer.rates,
            answer.violation,
            answer.iterations,
            answer.warm,
            answer.evidence,
        )

    monkeypatch.setitem(SOLVABLE, "sagin", replace(honest, solve=failing))
    out = tmp_path / "out.json"
    with pytest.raises(SolverError, match=r"could solve none of 3 instances") as caught:
        run_solve("sagin", file, "mrt", out)
    assert caught.value.exit_code == 3
    assert {result["status"] for result in without_wall(out)} == {"failed"}
