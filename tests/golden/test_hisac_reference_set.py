"""The public set of 10 pairs of stations, judged by the program that comes with it (tests/golden/reference).

The set holds the best known security energy efficiency of each instance (48 starts), and upper bounds that were proved.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.commands.solve import run_solve
from twin.solvers.rsma.evaluate import evaluated
from twin.solvers.rsma.instances import read_instances
from twin.solvers.rsma.scheme import rsma
from twin.solvers.rsma.solve import solve

REFERENCE = Path(__file__).parent / "reference"
SET = REFERENCE / "hisac.json"
ITEMS = json.loads(SET.read_text(encoding="utf-8"))["instances"]
INSTANCES = read_instances(SET)


@pytest.fixture(scope="module")
def judge():
    spec = importlib.util.spec_from_file_location("score", REFERENCE / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def columns(vectors):
    numbers = np.array(vectors)
    return (numbers[..., 0] + 1j * numbers[..., 1]).T


def test_fast_comes_close_to_the_best_known_efficiency(judge, tmp_path):
    out = tmp_path / "results.json"
    run_solve("hisac", SET, "fast", out)
    results = json.loads(out.read_text(encoding="utf-8"))["results"]
    qualities = []
    for item, result in zip(ITEMS, results, strict=True):
        value, violation, best = judge.hisac(item, result["precoders"])
        assert result["status"] == "solved"
        assert violation <= 0.0
        assert result["objective"] == pytest.approx(value, abs=1e-12)
        assert value <= item["best"].get("certified_upper_bound_SEE", np.inf)
        qualities.append(value / best)
    assert min(qualities) >= 0.999
    assert np.median(qualities) >= 0.9999


@pytest.mark.parametrize("place", range(len(ITEMS)), ids=lambda place: ITEMS[place]["id"])
def test_the_published_beams_are_worth_what_is_published(place):
    best, problem = ITEMS[place]["best"], INSTANCES[place].problem
    solution = evaluated(problem, rsma(problem), "published", (columns(best["w"]), columns(best["O"])), 0)
    assert solution.violation <= 0.0
    assert solution.objective == pytest.approx(best["SEE"], rel=1e-12)
    assert solution.evidence["secrecy_rate"] == pytest.approx(best["RS"], rel=1e-9)
    assert solution.evidence["scnr"] == pytest.approx(best["scnr"], rel=1e-9)


@pytest.mark.parametrize("place", [0, 3, 9], ids=lambda place: ITEMS[place]["id"])
def test_a_warm_start_from_the_published_beams_stays_there(place):
    best, problem = ITEMS[place]["best"], INSTANCES[place].problem
    published = evaluated(problem, rsma(problem), "published", (columns(best["w"]), columns(best["O"])), 0)
    assert solve(problem, warm_start=published.warm).objective >= 0.9999 * best["SEE"]
