"""The fast solver on the public set of 20 channels, and the reference's SDP as an oracle on its answers."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from twin.signal.sinr import received_powers
from twin.solvers.synergy.fast import solve_fast
from twin.solvers.synergy.instances import read_instances
from twin.solvers.synergy.problem import min_rate_nats, reduce
from twin.solvers.synergy.rank import matrix_powers
from twin.solvers.synergy.surrogate import Goal, levels, surrogate

REFERENCE = Path(__file__).parent / "reference"
SET = REFERENCE / "sagin.json"
ITEMS = json.loads(SET.read_text(encoding="utf-8"))["items"]
INSTANCES = read_instances(SET)


@pytest.fixture(scope="module")
def judge():
    spec = importlib.util.spec_from_file_location("score", REFERENCE / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("place", range(len(ITEMS)))
def test_fast_reaches_the_best_known_rate(judge, place):
    solution = solve_fast(INSTANCES[place].problem)
    vectors = zip(("w", "f", "v"), solution.precoders, strict=True)
    answer = {name: [[entry.real, entry.imag] for entry in x.tolist()] for name, x in vectors}
    value, violation, best = judge.sagin(ITEMS[place], answer)
    assert violation <= 1e-9
    assert value >= 0.9999 * best
    assert abs(solution.objective - value) <= 1e-9
    assert solution.evidence["upper_bound"] == pytest.approx(ITEMS[place]["genie_upper_bound"], rel=1e-9)


@pytest.mark.parametrize("place", [0, 6, 11, 14, 19])
def test_one_step_of_the_reference_from_the_fast_answer_gains_nothing(place):
    """Acceptance oracle: the convex problem linearised at the answer does not raise phi by more than 1e-5."""
    problem = INSTANCES[place].problem
    reduced = reduce(problem)
    answer = reduced.lower(solve_fast(problem).precoders)
    powers = received_powers(reduced.channels, answer)
    matrices = surrogate(reduced.dims, Goal.RATE).solve(reduced, levels(powers))
    assert matrices is not None
    raised = min_rate_nats(matrix_powers(reduced, matrices)) - min_rate_nats(powers)
    assert float(raised) / np.log(2.0) <= 1e-5
