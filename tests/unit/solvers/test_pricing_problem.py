"""The interference channel's problem: what is refused and how it is said, draws, and what solutions carry."""

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import SolverError
from twin.solvers.pricing.evaluate import EVALUATION, evaluated, mean_differences, without_losers
from twin.solvers.pricing.fast import Effort
from twin.solvers.pricing.problem import used_mw
from twin.solvers.pricing.solve import METHODS, solve
from twin.solvers.pricing.starts import make_starts
from twin.solvers.result import Status, WarmStart


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"streams": 3, "noise_streams": 2}, "d_s=3, d_a=2: must have d_s >= 1, d_a >= 0 and d_s + d_a <= N_T = 4"),
        ({"streams": 0}, "d_s=0"),
        ({"noise_streams": -1}, "d_a=-1"),
        ({"zeta": 1.2}, "zeta=1.2: must lie in [0, 1]"),
        ({"zeta": -0.1}, "zeta=-0.1: must lie in [0, 1]"),
        ({"zeta_eve": float("nan")}, "zeta_eve=nan: must lie in [0, 1]"),
        ({"eve_channels": np.zeros((3, 0, 4))}, "N_E=0: must lie in [1, 64]"),
        ({"eve_channels": np.zeros((2, 8, 4))}, "eve_channels: shape (2, 8, 4): must be (3, N_E, 4)"),
        ({"channels": np.zeros((3, 2, 4, 4))}, "channels: shape (3, 2, 4, 4): must be (K, K, N_R, N_T)"),
        ({"channels": np.full((3, 3, 4, 4), np.nan)}, "channels: has a value that is not finite"),
        ({"channels": np.full((3, 3, 4, 4), 1e9)}, "channels: largest entry 1e+09"),
        ({"powers_mw": np.array([1.0, 0.0, 1.0])}, "powers_mw=0: must be > 0"),
        ({"powers_mw": np.ones(2)}, "powers_mw: shape (2,): must be (3,)"),
        ({"gains": -np.ones((3, 3))}, "gains=-1: must be >= 0"),
    ],
)
def test_a_bad_problem_is_refused_in_one_line(draw_pairs, change, said):
    with pytest.raises(SolverError) as caught:
        replace(draw_pairs(0), **change)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_draws_have_the_variances_that_zeta_says(draw_pairs):
    problem = draw_pairs(1, pairs=2, zeta=0.3, zeta_eve=0.8, gains=(4.0, 1.0, 9.0))
    channels, eves = problem.draws(5, 4000)
    spread = np.abs(channels - problem.channels).__pow__(2).mean(axis=(0, 3, 4))
    np.testing.assert_allclose(spread, 0.09 * np.array([[4.0, 1.0], [1.0, 4.0]]), rtol=0.03)
    assert (np.abs(eves - problem.eve_channels) ** 2).mean() == pytest.approx(0.64 * 9.0, rel=0.03)


def test_more_draws_begin_with_the_fewer(draw_pairs):
    problem = draw_pairs(2, zeta=0.3, zeta_eve=0.3)
    few, many = problem.draws(5, 3, 2), problem.draws(5, 7, 2)
    np.testing.assert_array_equal(many[0][:3], few[0])
    np.testing.assert_array_equal(many[1][:6], few[1])


def test_budgets_are_met_to_the_last_bit(draw_pairs):
    problem = draw_pairs(3, power_mw=0.3)
    for start in make_starts(problem, 12, 1):
        loud = (100.0 * start[0], 37.0 * start[1])
        assert problem.violation(problem.within_budget(loud)) <= 0.0


def test_starts_are_the_same_for_a_seed_and_leave_somebody_on(draw_pairs):
    problem = draw_pairs(4, pairs=5)
    first, second = make_starts(problem, 20, 3), make_starts(problem, 20, 3)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        assert (used_mw(a) > 0.0).any()
        assert problem.violation(a) <= 1e-12
    assert any((used_mw(start) == 0.0).any() for start in first)


def test_pairs_that_lose_are_switched_off_and_nobody_loses_by_that(draw_pairs):
    problem = draw_pairs(5, pairs=4, power_mw=1000.0)
    q, an = make_starts(problem, 3, 1)[2]
    loud = problem.within_budget((30.0 * q, an))
    before = mean_differences(problem, loud, EVALUATION, 1)
    assert before.min() < 0.0
    after = mean_differences(problem, without_losers(problem, loud, EVALUATION, 1), EVALUATION, 1)
    assert after.min() >= 0.0
    assert after.sum() >= np.maximum(before, 0.0).sum() - 1e-12


def test_what_is_not_finite_is_a_failed_solution_that_is_silent(draw_pairs):
    problem = draw_pairs(6)
    q, an = make_starts(problem, 1, 1)[0]
    solution = evaluated(problem, "fast", (q * np.nan, an), 1, {})
    assert solution.status is Status.FAILED
    assert solution.objective == 0.0
    assert not solution.precoders[1].any()


def test_rates_of_a_solution_are_the_mean_over_draws_that_it_has_not_seen(draw_pairs):
    from twin.signal.interference_channel import eve_rates, user_rates

    problem = draw_pairs(7, zeta=0.1, zeta_eve=0.3)
    solution = solve(problem, method="gram")
    channels, eves = problem.draws(4242, 3000)
    difference = (user_rates(channels, *solution.precoders) - eve_rates(eves, *solution.precoders)).mean(axis=0)
    np.testing.assert_allclose(solution.rates, np.maximum(difference, 0.0), atol=0.1)
    assert solution.objective == pytest.approx(solution.rates.sum(), abs=1e-12)


def test_unknown_methods_and_warm_starts_that_nobody_wants_are_refused(draw_pairs):
    problem = draw_pairs(8)
    with pytest.raises(SolverError, match=r"method='quick': must be one of fast, reference, plug_in"):
        solve(problem, method="quick")
    warm = WarmStart(make_starts(problem, 1, 1)[0])
    with pytest.raises(SolverError, match="method='mmse': takes no warm start"):
        solve(problem, method="mmse", warm_start=warm)
    with pytest.raises(SolverError, match="warm_start: precoders of shapes"):
        solve(problem, warm_start=WarmStart(warm.precoders[:1]))
    with pytest.raises(SolverError, match="kept=0: must be >= 1"):
        Effort(kept=0)


def test_the_registry_knows_the_methods():
    from scenarios.solvable import SOLVABLE

    assert SOLVABLE["ic"].methods == METHODS
