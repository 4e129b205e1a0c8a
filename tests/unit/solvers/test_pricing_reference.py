"""The paper's algorithm on CVXPY: one step of it is the fast update, and its LMIs are worst cases."""

import cvxpy as cp
import numpy as np
import pytest

from twin.errors import SolverError
from twin.signal.interference_channel import interference_covariances
from twin.solvers.pricing.pair import PairView, charge, leak, price_factor, projected, update
from twin.solvers.pricing.reference import reference
from twin.solvers.pricing.reference_step import Bound, bounds, step, worst_case
from twin.solvers.pricing.starts import make_starts
from twin.solvers.result import WarmStart


@pytest.mark.parametrize(("seed", "power_mw", "streams"), [(0, 10.0, (2, 1)), (1, 0.2, (2, 1)), (2, 1.0, (1, 0))])
def test_one_update_from_the_same_point_is_one_step_of_the_reference(draw_pairs, seed, power_mw, streams):
    problem = draw_pairs(seed, power_mw=power_mw, streams=streams)
    q, an = make_starts(problem, 2, 1)[seed % 2]
    heard = interference_covariances(problem.channels, q, an)
    views = [
        PairView(problem.channels[i, i][None], leak(problem.eve_channels[i])[None], heard[i][None], power_mw)
        for i in range(3)
    ]
    due = charge(4, [projected(problem.channels[j, 0], price_factor(views[j], q[j], an[j])) for j in (1, 2)])
    fast, slow = update(views[0], due, q[0], an[0]), step(problem, 0, (q, an))
    np.testing.assert_allclose(fast[0], slow[0], atol=1e-3 * np.abs(slow[0]).max())
    if streams[1]:
        np.testing.assert_allclose(fast[1], slow[1], atol=1e-3 * np.abs(slow[1]).max())


def test_the_lmi_is_the_worst_case_over_the_ball():
    """For fixed precoders its level is the largest ||A (H + D) G - C||^2: above all samples, reached by the best of them."""
    rng = np.random.default_rng(3)

    def normal(*shape):
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)

    left, channel, offset, precoders = normal(2, 3), normal(3, 2), normal(2, 2), normal(2, 2)
    bound = Bound(left, channel, offset, 0.4, "both")
    level, constraints = worst_case(cp, bound, cp.Constant(precoders))
    cp.Problem(cp.Minimize(level), constraints).solve(solver="CLARABEL")
    size, here = -1.0, np.zeros((3, 2), complex)
    for _ in range(200):
        # The value is convex in D: its maximum over the ball is a fixed point of following the gradient to the rim.
        slope = left.conj().T @ (left @ (channel + here) @ precoders - offset) @ precoders.conj().T
        here = 0.4 * slope / np.linalg.norm(slope)
        size = np.linalg.norm(left @ (channel + here) @ precoders - offset) ** 2
    for _ in range(500):
        error = normal(3, 2)
        error *= 0.4 / np.linalg.norm(error)
        assert np.linalg.norm(left @ (channel + error) @ precoders - offset) ** 2 <= level.value + 1e-6
    assert level.value == pytest.approx(size, rel=1e-4)


def test_certain_channels_have_balls_of_radius_zero_and_others_have_zeta_times_the_root_of_the_gain(draw_pairs):
    problem = draw_pairs(4, zeta=0.2, zeta_eve=0.5, gains=(4.0, 1.0, 9.0))
    start = make_starts(problem, 1, 1)[0]
    assert [bound.radius for bound in bounds(problem, 0, start, 2.0)] == pytest.approx([0.8, 3.0, 3.0, 0.4, 0.4])
    certain = draw_pairs(4)
    assert {bound.radius for bound in bounds(certain, 0, start, 2.0)} == {0.0}


def test_rounds_of_the_reference_climb_and_meet_the_budgets(draw_pairs):
    problem = draw_pairs(5, pairs=2, antennas=(3, 2, 2), streams=(1, 1), power_mw=2.0)
    start = make_starts(problem, 2, 1)[1]
    solution = reference(problem, warm_start=WarmStart(start), max_rounds=4)
    assert solution.objective >= problem.rates(start).sum()
    assert solution.violation <= 0.0
    assert solution.evidence["gave_out"] == 0.0
    with pytest.raises(SolverError, match="max_rounds=0"):
        reference(problem, max_rounds=0)


def test_a_step_with_balls_keeps_the_budget_and_is_more_careful(draw_pairs):
    """With an uncertain eavesdropper the robust step sends less signal than the one that trusts its estimates."""
    careful = draw_pairs(6, pairs=1, antennas=(2, 2, 1), streams=(1, 1), power_mw=4.0, zeta_eve=0.6)
    trusting = draw_pairs(6, pairs=1, antennas=(2, 2, 1), streams=(1, 1), power_mw=4.0)
    trusting.eve_channels[:] = careful.eve_channels
    start = make_starts(careful, 3, 1)[2]
    robust, nominal = step(careful, 0, start), step(trusting, 0, start)
    assert np.linalg.norm(robust[0]) < np.linalg.norm(nominal[0])
    assert np.linalg.norm(robust[0]) ** 2 + np.linalg.norm(robust[1]) ** 2 <= 4.0 + 1e-3
