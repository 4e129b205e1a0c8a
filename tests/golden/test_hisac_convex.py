"""The yardsticks on the public set of 10 pairs of stations, judged by the program that comes with it.

The set holds the best known SEE of each instance (48 starts of an independent solver) and, without errors, an upper
bound proved to about one per cent.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.commands.solve import run_solve
from twin.solvers.result import Status
from twin.solvers.rsma.bound import upper_bound
from twin.solvers.rsma.instances import read_instances
from twin.solvers.rsma.linear import Cases
from twin.solvers.rsma.paper import paper
from twin.solvers.rsma.reference import reference

REFERENCE = Path(__file__).parent / "reference"
SET = REFERENCE / "hisac.json"
ITEMS = json.loads(SET.read_text(encoding="utf-8"))["instances"]
PROBLEMS = [instance.problem for instance in read_instances(SET)]
QUICK = (0, 1, 4)
BOUNDED = tuple(place for place, item in enumerate(ITEMS) if "certified_upper_bound_SEE" in item["best"])


def named(place):
    return ITEMS[place]["id"]


@pytest.fixture(scope="module")
def judge():
    spec = importlib.util.spec_from_file_location("score", REFERENCE / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer_of(solution):
    streams = [[[[x.real, x.imag] for x in column] for column in beams.T] for beams in solution.precoders]
    return {"w": streams[0], "O": streams[1]}


@pytest.mark.parametrize("place", QUICK, ids=named)
def test_the_reference_reaches_the_best_known_efficiency(judge, place):
    solution = reference(PROBLEMS[place], starts=("null",))
    value, violation, best = judge.hisac(ITEMS[place], answer_of(solution))
    assert solution.status is Status.SOLVED
    assert violation <= 0.0
    assert 0.9999 * best <= value <= ITEMS[place]["best"].get("certified_upper_bound_SEE", 1.0001 * best)
    assert solution.objective == pytest.approx(value, rel=1e-9)


def test_alternating_reaches_half_of_it(judge):
    value, violation, best = judge.hisac(ITEMS[0], answer_of(paper(PROBLEMS[0])))
    assert violation <= 0.0
    assert 0.45 * best <= value <= 0.55 * best


def test_the_bound_is_above_the_best_known_efficiency_and_near_the_published_bound():
    best = ITEMS[0]["best"]
    found = upper_bound(PROBLEMS[0], best["SEE"])
    assert found.closed
    assert best["SEE"] <= found.see <= 1.01 * best["SEE"]
    assert found.see == pytest.approx(best["certified_upper_bound_SEE"], rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("place", BOUNDED, ids=named)
def test_all_published_bounds(place):
    best = ITEMS[place]["best"]
    found = upper_bound(PROBLEMS[place], best["SEE"])
    assert found.closed
    assert best["SEE"] <= found.see <= 1.01 * best["SEE"]
    assert found.see == pytest.approx(best["certified_upper_bound_SEE"], rel=0.01)


@pytest.mark.slow
def test_the_whole_set_through_the_command(judge, tmp_path):
    out = tmp_path / "results.json"
    run_solve("hisac", SET, "reference", out)
    results = json.loads(out.read_text(encoding="utf-8"))["results"]
    qualities = []
    for item, result in zip(ITEMS, results, strict=True):
        value, violation, best = judge.hisac(item, result["precoders"])
        assert result["status"] == "solved"
        assert violation <= 0.0
        qualities.append(value / best)
    assert min(qualities) >= 0.999
    assert np.median(qualities) >= 0.99995


@pytest.mark.slow
def test_what_alternating_costs_on_the_whole_set(judge):
    shares = {start: [] for start in ("most_rate", "least_power")}
    for item, problem in zip(ITEMS, PROBLEMS, strict=True):
        for start, found in shares.items():
            value, violation, best = judge.hisac(item, answer_of(paper(problem, start_at=start, cases=Cases.TANGENT)))
            assert violation <= 1e-6
            found.append(value / best)
    assert 0.25 <= min(shares["most_rate"]) <= np.median(shares["most_rate"]) <= 0.6
    assert min(shares["least_power"]) <= 0.6 <= np.median(shares["least_power"]) <= 0.99
