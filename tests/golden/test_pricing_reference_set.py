"""The public set of 16 interference channels, judged by the program that comes with it (tests/golden/reference).

The set holds the best known sum secrecy rate of each instance (multi-start ascents, some of them on the judge's own draws).
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.commands.solve import run_solve
from twin.solvers.pricing.instances import read_instances
from twin.solvers.pricing.solve import solve

REFERENCE = Path(__file__).parent / "reference"
SET = REFERENCE / "ic.json"
ITEMS = json.loads(SET.read_text(encoding="utf-8"))["realisations"]
INSTANCES = read_instances(SET)
QUICK = [place for place, item in enumerate(ITEMS) if item["zeta_R"] == item["zeta_E"] == 0.0] + [11]
"""Where nothing is uncertain a solve takes a fraction of a second; one of the others takes two."""


@pytest.fixture(scope="module")
def judge():
    spec = importlib.util.spec_from_file_location("score", REFERENCE / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_json(precoders):
    return [[[entry.real, entry.imag] for entry in x.ravel().tolist()] for x in precoders]


@pytest.mark.parametrize("place", QUICK, ids=lambda place: ITEMS[place]["id"])
def test_fast_comes_close_to_the_best_known_sum(judge, place):
    solution = solve(INSTANCES[place].problem)
    q, an = solution.precoders
    value, violation, best = judge.ic(ITEMS[place], {"Q": as_json(q), "L": as_json(an)})
    assert violation <= 0.0
    assert value >= 0.98 * best
    if INSTANCES[place].problem.certain:
        assert solution.objective == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("item", [ITEMS[place] for place in QUICK[:-1]], ids=lambda item: item["id"])
def test_rates_of_the_published_precoders_are_the_published_rates(item):
    problem = next(instance.problem for instance in INSTANCES if instance.id == item["id"])

    def matrices(name):
        numbers = np.array(item["best"][name])
        return (numbers[..., 0] + 1j * numbers[..., 1]).reshape(item["K"], item["Nt"], -1)

    rates = problem.rates((matrices("Q"), matrices("L")))
    np.testing.assert_allclose(rates, np.maximum(item["best"]["per_user"], 0.0), atol=1e-7)


@pytest.mark.slow
def test_the_whole_set_through_the_command(judge, tmp_path):
    out = tmp_path / "results.json"
    run_solve("ic", SET, "fast", out)
    results = {result["id"]: result for result in json.loads(out.read_text(encoding="utf-8"))["results"]}
    qualities = []
    for item in ITEMS:
        value, violation, best = judge.ic(item, results[item["id"]]["precoders"])
        assert results[item["id"]]["status"] == "solved"
        assert violation <= 0.0
        qualities.append(value / best)
    assert (
        min(quality for quality, item in zip(qualities, ITEMS, strict=True) if item["best"]["sum_rate"] > 0.5) >= 0.85
    )
    assert np.median(qualities) >= 0.97
