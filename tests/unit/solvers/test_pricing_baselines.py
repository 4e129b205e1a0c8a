"""Baselines of the interference channel: what their iterations promise, where they have no solution, and the bound."""

import numpy as np
import pytest

from twin.solvers.pricing.alignment import align, alignment, is_proper
from twin.solvers.pricing.central import central
from twin.solvers.pricing.gradient import SumRate, ascend
from twin.solvers.pricing.solve import solve
from twin.solvers.pricing.starts import make_starts
from twin.solvers.pricing.total_mse import alternate
from twin.solvers.result import Status


@pytest.mark.parametrize("eve", [False, True])
def test_the_total_mean_square_error_never_rises(draw_pairs, eve):
    """Without artificial noise, which is set by hand and not by descent."""
    for seed, power_mw in ((0, 0.3), (1, 10.0), (2, 1000.0)):
        problem = draw_pairs(seed, power_mw=power_mw)
        (q, an), history = alternate(problem, problem.powers_mw, 0.0, eve=eve)
        assert np.diff(history).max() <= 1e-9
        assert history[-1] < history[0]
        assert not an.any()
        assert problem.violation((q, an)) <= 1e-9


def test_one_pair_alone_reaches_the_closed_form_of_minimum_mean_square_error(draw_pairs):
    """Along the singular values s of H the powers are p = [m / s - 1 / s^2]+ (m meets the budget), M = 1 / (1 + s^2 p)."""
    problem = draw_pairs(3, pairs=1, antennas=(2, 2, 2), streams=(2, 0), power_mw=20.0)
    gains = np.linalg.svd(problem.channels[0, 0])[1]
    levels = np.linspace(0.0, 50.0, 500_001)[:, None]
    powers = np.maximum(levels / gains - 1.0 / gains**2, 0.0)
    best = powers[np.argmin(np.abs(powers.sum(axis=1) - 20.0))]
    _, history = alternate(problem, problem.powers_mw, 0.0, eve=False, rounds=500)
    assert history[-1] == pytest.approx((1.0 / (1.0 + gains**2 * best)).sum(), rel=1e-3)


def test_a_term_for_the_eavesdropper_pays_where_she_is_strong(draw_pairs):
    problems = [draw_pairs(0)]
    without, with_term = (sum(solve(p, method=m).objective for p in problems) for m in ("mmse", "mmse_eve"))
    assert with_term > without


def test_where_there_are_antennas_enough_interference_is_aligned_and_noise_unheard(draw_pairs):
    problem = draw_pairs(4, antennas=(6, 3, 2), streams=(1, 1))
    assert is_proper(problem)
    v, w, history = align(problem)
    assert np.diff(history).max() <= 1e-12
    assert history[-1] < 1e-8
    signals, noises = problem.channels @ v, problem.channels @ w
    for j in range(3):
        heard = np.hstack([signals[j, i] for i in range(3) if i != j] + list(noises[j]))
        assert np.linalg.svd(heard)[1][2] < 1e-3 * np.linalg.svd(signals[j, j])[1][0]
    solution = alignment(problem)
    assert solution.status is Status.SOLVED
    assert solution.objective > 0.0


def test_where_there_are_too_few_antennas_no_solution_is_said_to_exist(draw_pairs):
    problem = draw_pairs(5, streams=(2, 1))
    assert not is_proper(problem)
    solution = alignment(problem)
    assert solution.status is Status.INFEASIBLE
    assert solution.evidence["leakage"] > 1e-8
    assert solution.evidence["proper"] == 0.0
    assert solution.violation <= 0.0


@pytest.mark.parametrize("zeta", [0.0, 0.4])
def test_the_gradient_of_the_sum_is_that_of_finite_differences(draw_pairs, zeta):
    problem = draw_pairs(6, antennas=(3, 2, 4), streams=(1, 1), zeta=zeta, zeta_eve=zeta)
    goal = SumRate(problem, (3, 6))
    q, an = make_starts(problem, 3, 1)[-1]
    both = np.concatenate([an, q], axis=2)
    slope = goal.at(both)[1]
    for index in np.ndindex(both.shape):
        for unit in (1.0, 1.0j):
            moved = np.zeros_like(both)
            moved[index] = 1e-6 * unit
            rise = (goal.at(both + moved)[0] - goal.at(both - moved)[0]) / 2e-6
            assert (slope[index].conjugate() * unit).real == pytest.approx(rise, rel=1e-5, abs=1e-6)


def test_ascents_meet_the_budget_and_leave_pairs_off_that_are_off(draw_pairs):
    problem = draw_pairs(7, power_mw=2.0)
    q, an = make_starts(problem, 7, 1)[6]
    q[1], an[1] = 0.0, 0.0
    goal = SumRate(problem, (1, 1))
    (end_q, end_an), value, steps = ascend(problem, goal, (q, an), 100)
    assert value > goal.at(np.concatenate([an, q], axis=2))[0]
    assert problem.violation((end_q, end_an)) <= 1e-12
    assert steps > 1
    assert not end_q[1].any()


def test_the_bound_is_above_the_fast_solver_and_this_above_the_baselines(draw_pairs):
    problem = draw_pairs(1, pairs=2)
    bound, fast = central(problem).objective, solve(problem).objective
    assert fast <= bound <= 1.03 * fast
    for method in ("selfish", "mmse", "mmse_eve", "alignment"):
        assert solve(problem, method=method).objective <= fast + 1e-6
