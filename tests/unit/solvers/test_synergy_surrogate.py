"""One SCA step: compiled once, an inner approximation, and its optimum checked against a dense grid."""

import numpy as np
import pytest

from twin.signal.sinr import received_powers
from twin.solvers.synergy.problem import min_rate_nats, reduce
from twin.solvers.synergy.rank import matrix_powers
from twin.solvers.synergy.starts import start
from twin.solvers.synergy.surrogate import ATTEMPTS, INCIDENCE, Goal, levels, surrogate


def surrogate_value(point, powers):
    """phi ln 2 of the step linearised at `point`, for received powers (3, 4): (32)-(45) solved by hand."""
    sums = 1.0 + np.einsum("rjk,jk->r", INCIDENCE, powers)
    upper, lower = np.log(sums[:6]), point[6:] - 1.0 + sums[6:] * np.exp(-point[6:])
    return (upper[:3] + upper[3:] - lower[:3] - lower[3]).min()


@pytest.mark.parametrize("goal", list(Goal))
@pytest.mark.parametrize("dims", [(4, 4, 4), (1, 2, 3)])
def test_the_program_is_compiled_once_and_its_parameters_are_free(dims, goal):
    program = surrogate(dims, goal)
    assert program.program.is_dpp()
    assert surrogate(dims, goal) is program


def test_levels_are_the_logarithms_of_the_printed_sums():
    p = np.random.default_rng(1).exponential(size=(3, 4))
    wanted = [1 + p[:, k].sum() for k in range(3)]
    wanted += [1 + p[1, 3] + p[2, 3], 1 + p[0, 3] + p[2, 3], 1 + p[0, 3] + p[1, 3]]
    wanted += [1 + p[1, 0] + p[2, 0], 1 + p[0, 1] + p[2, 1], 1 + p[0, 2] + p[1, 2]]
    wanted += [1 + p[:, 3].sum()]
    np.testing.assert_allclose(np.exp(levels(p)), wanted, rtol=1e-14)


def test_the_step_is_tight_where_it_is_linearised_and_below_the_rate_elsewhere():
    rng = np.random.default_rng(2)
    for _ in range(100):
        here, there = rng.exponential(size=(2, 3, 4)) * 10.0
        point = levels(here)
        assert surrogate_value(point, here) == pytest.approx(float(min_rate_nats(here)), abs=1e-12)
        assert surrogate_value(point, there) <= float(min_rate_nats(there)) + 1e-12


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_single_antennas_the_step_is_as_good_as_a_dense_grid(seed, draw_problem):
    reduced = reduce(draw_problem(seed, (1, 1, 1), amplitudes=(1.0, 2.0, 0.5)))
    unit = np.array([np.abs(matrix[:, 0]) ** 2 for matrix in reduced.channels])
    point = levels(0.5 * unit)
    answer = surrogate(reduced.dims, Goal.RATE).solve(reduced, point)
    reached = surrogate_value(point, matrix_powers(reduced, answer))
    shares = np.linspace(0.0, 1.0, 31)
    grid = max(surrogate_value(point, np.array([[a], [b], [c]]) * unit) for a in shares for b in shares for c in shares)
    assert reached >= grid - 1e-5


@pytest.mark.parametrize("attempt", range(ATTEMPTS))
def test_answers_are_feasible_and_rise_from_where_they_are_linearised(problem, attempt):
    reduced = reduce(problem)
    begin = received_powers(reduced.channels, start(reduced, "slnr30"))
    answer = surrogate(reduced.dims, Goal.RATE).solve(reduced, levels(begin), attempt=attempt)
    for matrix in answer:
        np.testing.assert_allclose(matrix, matrix.conj().T, atol=1e-15)
        values = np.linalg.eigvalsh(matrix)
        assert values[0] >= -1e-15
        assert values.sum() <= 1.0 + 1e-14
    assert float(min_rate_nats(matrix_powers(reduced, answer))) > float(min_rate_nats(begin))


def test_least_power_keeps_the_rate_and_needs_no_more_power(problem):
    reduced = reduce(problem)
    point = levels(received_powers(reduced.channels, start(reduced, "slnr30-balanced")))
    fast = surrogate(reduced.dims, Goal.RATE).solve(reduced, point)
    floor = 0.9 * surrogate_value(point, matrix_powers(reduced, fast))
    frugal = surrogate(reduced.dims, Goal.POWER).solve(reduced, point, floor)
    used, spent = (sum(np.trace(matrix).real for matrix in answer) for answer in (frugal, fast))
    assert used < spent
    assert surrogate_value(point, matrix_powers(reduced, frugal)) == pytest.approx(floor, rel=1e-4)


def test_an_unreachable_rate_is_an_answer_of_none(problem):
    reduced = reduce(problem)
    point = levels(received_powers(reduced.channels, start(reduced, "mrt")))
    assert surrogate(reduced.dims, Goal.POWER).solve(reduced, point, 50.0) is None
