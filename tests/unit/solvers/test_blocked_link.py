"""A transmitter that nobody can hear: its user's rate is 0 whatever is done, and every method answers all the same."""

import numpy as np
import pytest

from twin.solvers.synergy.fast import solve_many
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve
from twin.solvers.synergy.uncertainty import Uncertainty


def blocked(transmitter, seed=1):
    rng = np.random.default_rng(seed)
    channels = [3.0 * (rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))) for _ in range(3)]
    channels[transmitter] = np.zeros((4, 4), dtype=np.complex128)
    return SynergyProblem(tuple(channels), (10.0, 3.0, 30.0))


@pytest.mark.parametrize("transmitter", [0, 1, 2])
@pytest.mark.parametrize("method", ["fast", "reference", "mrt", "zf_eve", "zf_all", "local"])
def test_every_method_answers_with_a_rate_of_zero(method, transmitter):
    problem = blocked(transmitter)
    answer = solve(problem, method=method, max_iterations=5)
    assert answer.status == "solved"
    assert answer.objective == pytest.approx(0.0, abs=1e-9)
    assert answer.rates[transmitter] == 0.0
    assert np.isfinite(answer.rates).all()
    assert all(np.isfinite(x).all() for x in answer.precoders)
    assert problem.violation(answer.precoders) <= 1e-6


def test_with_errors_allowed_for_it_answers_too():
    errors = Uncertainty(np.full((3, 4), 0.1), np.full(3, 0.2))
    answer = solve(blocked(0), method="fast", max_iterations=10, uncertainty=errors)
    assert answer.status == "solved"
    assert np.isfinite(answer.rates).all()


def test_the_genie_loses_no_time_where_no_rate_is_to_be_had():
    answers = solve_many([blocked(0, seed) for seed in range(5)], 1)
    assert [answer.objective for answer in answers] == [0.0] * 5
    assert [answer.evidence["upper_bound"] for answer in answers] == [0.0] * 5
    assert [answer.iterations for answer in answers] == [0] * 5
