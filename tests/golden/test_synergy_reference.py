"""The public set of 20 channels, judged by the program that comes with it (tests/golden/reference).

The set holds the best known least secrecy rate of each channel (88 starts of an independent interior point), the MRT
benchmark with optimised powers, and two upper bounds.
"""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.commands.solve import run_solve
from twin.solvers.synergy.instances import read_instances
from twin.solvers.synergy.solve import solve

REFERENCE = Path(__file__).parent / "reference"
SET = REFERENCE / "sagin.json"
ITEMS = json.loads(SET.read_text(encoding="utf-8"))["items"]
FAST = (6, 14, 19)
"""A channel with a poor local optimum, one where the relaxation is loose, and one with two antennas."""


@pytest.fixture(scope="module")
def judge():
    spec = importlib.util.spec_from_file_location("score", REFERENCE / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def problems():
    return {instance.id: instance.problem for instance in read_instances(SET)}


def answer_of(solution):
    vectors = zip(("w", "f", "v"), solution.precoders, strict=True)
    return {name: [[entry.real, entry.imag] for entry in x.tolist()] for name, x in vectors}


@pytest.mark.parametrize("identity", FAST)
def test_the_reference_reaches_the_best_known_rate(judge, problems, identity):
    solution = solve(problems[identity], method="reference")
    value, violation, best = judge.sagin(ITEMS[identity], answer_of(solution))
    assert violation <= 1e-12
    assert value >= 0.999 * best
    assert solution.objective == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item["id"]))
def test_rates_of_the_published_precoders_are_the_published_rates(problems, item):
    precoders = [np.array(item[name])[:, 0] + 1j * np.array(item[name])[:, 1] for name in ("w", "f", "v")]
    rates = problems[item["id"]].rates(precoders)
    np.testing.assert_allclose(rates, [item["best_rates"][user] for user in ("su", "au", "gu")], atol=1e-12)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item["id"]))
def test_the_benchmark_is_at_least_as_good_as_the_published_one_and_the_bound_is_the_published_one(problems, item):
    solution = solve(problems[item["id"]], method="mrt")
    assert solution.objective >= item["baselines"]["mrt"]["min_secrecy_rate"] - 1e-9
    assert solution.evidence["upper_bound"] == pytest.approx(item["genie_upper_bound"], abs=1e-9)


@pytest.mark.slow
def test_the_whole_set_through_the_command(judge, tmp_path):
    out = tmp_path / "results.json"
    run_solve("sagin", SET, "reference", out)
    results = {result["id"]: result for result in json.loads(out.read_text(encoding="utf-8"))["results"]}
    qualities = []
    for item in ITEMS:
        result = results[item["id"]]
        value, violation, best = judge.sagin(item, result["precoders"])
        assert result["status"] == "solved"
        assert violation <= 1e-12
        assert result["objective"] == pytest.approx(value, abs=1e-6)
        assert value <= item["genie_upper_bound"]
        qualities.append(value / best)
    assert min(qualities) >= 0.97
    assert np.median(qualities) >= 0.99
