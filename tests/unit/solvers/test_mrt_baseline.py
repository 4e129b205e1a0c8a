"""The benchmark: matched directions, and powers as good as a brute-force search finds."""

import itertools

import numpy as np
import pytest

from twin.signal.sinr import received_powers
from twin.solvers.result import Status
from twin.solvers.synergy.baselines import coarse_shares, fine_shares, local_mrt, matched
from twin.solvers.synergy.problem import SynergyProblem, min_rate_nats, reduce
from twin.solvers.synergy.solve import solve


def test_directions_are_matched_and_power_is_all_there_is(problem):
    for k, x in enumerate(local_mrt(problem)):
        own = problem.channels[k][k]
        assert np.linalg.norm(x) ** 2 == pytest.approx(problem.powers_mw[k], rel=1e-12)
        assert abs(np.vdot(own, x)) == pytest.approx(np.linalg.norm(own) * np.linalg.norm(x), rel=1e-12)


def test_the_baseline_keeps_the_directions_and_the_budgets(problem):
    solution = solve(problem, method="mrt")
    assert (solution.method, solution.status) == ("mrt", Status.SOLVED)
    assert solution.violation <= 1e-12
    assert solution.objective == problem.rates(solution.precoders).min()
    for k, x in enumerate(solution.precoders):
        own = problem.channels[k][k]
        assert abs(np.vdot(own, x)) == pytest.approx(np.linalg.norm(own) * np.linalg.norm(x), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_powers_are_as_good_as_a_random_and_a_gridded_search(seed, draw_problem):
    reduced = reduce(draw_problem(seed))
    powers = received_powers(reduced.channels, matched(reduced.channels))
    found = float(min_rate_nats(fine_shares(powers)[:, None] * powers))
    drawn = 10.0 ** np.random.default_rng(seed).uniform(-4.0, 0.0, size=(20_000, 3))
    levels = np.logspace(-4, 0, 24)
    gridded = np.array(list(itertools.product(levels, repeat=3)))
    for shares in (drawn, gridded):
        assert found >= float(min_rate_nats(shares[:, :, None] * powers).max()) - 1e-9


def test_the_coarse_grid_comes_near_the_fine_one(draw_problem):
    for seed in range(10):
        reduced = reduce(draw_problem(seed))
        powers = received_powers(reduced.channels, matched(reduced.channels))
        coarse, fine = (
            float(min_rate_nats(shares(powers)[:, None] * powers)) for shares in (coarse_shares, fine_shares)
        )
        assert fine - 0.35 <= coarse <= fine + 1e-12


def test_links_that_do_not_disturb_each_other_use_all_their_power():
    channels = []
    for k in range(3):
        matrix = np.zeros((4, 2), complex)
        matrix[k] = [1.0, 1.0j]
        channels.append(matrix)
    problem = SynergyProblem(tuple(channels), (1.0, 1.0, 1.0))
    assert solve(problem, method="mrt").objective == pytest.approx(np.log2(3.0), rel=1e-9)
