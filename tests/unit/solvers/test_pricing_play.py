"""All pairs at one place: turns are those that the pairs would take on their own, and an ascent on the sum."""

import numpy as np
import pytest

from twin.signal.interference_channel import eve_rates, interference_covariances, user_rates
from twin.solvers.pricing.fast import Effort, climb, make_arena, solve_fast
from twin.solvers.pricing.pair import PairView, charge, leak, price_factor, projected, update
from twin.solvers.pricing.starts import make_starts
from twin.solvers.pricing.variants import Variant
from twin.solvers.result import Status, WarmStart

LN2 = np.log(2.0)


def arena_of(problem, variant=Variant.PLUG_IN):
    return make_arena(problem, variant, 6, 12, 1)


def view_of(problem, i, q, an, variant):
    variances = problem.error_variances
    heard = interference_covariances(problem.channels, q, an)[i]
    error, eve_error = 0.0, 0.0
    if variant is not Variant.PLUG_IN:
        used = (np.abs(q) ** 2).sum(axis=(1, 2)) + (np.abs(an) ** 2).sum(axis=(1, 2))
        spread = sum(variances[i, j] * used[j] for j in range(problem.pairs) if j != i)
        heard = heard + spread * np.eye(len(heard))
        error, eve_error = variances[i, i], problem.eve_error_variances[i]
    eve = leak(problem.eve_channels[i], eve_error)[None]
    return PairView(problem.channels[i, i][None], eve, heard[None], problem.powers_mw[i], error, variant)


@pytest.mark.parametrize("variant", [Variant.PLUG_IN, Variant.STAT, Variant.GRAM])
def test_turns_at_one_place_are_the_turns_of_pairs_on_their_own(draw_pairs, variant):
    """Every pair measures its interference anew, quotes, and the one whose turn it is pays: the same iterates."""
    problem = draw_pairs(1, zeta=0.2, zeta_eve=0.3)
    q, an = (x.copy() for x in make_starts(problem, 3, 1)[2])
    (central_q, central_an), _ = climb(arena_of(problem, variant), (q, an), rounds=4, inner=2)
    for _ in range(4):
        for i in range(problem.pairs):
            views = [view_of(problem, j, q, an, variant) for j in range(problem.pairs)]
            factors = {j: price_factor(views[j], q[j], an[j]) for j in range(problem.pairs) if j != i}
            spread = 0.0
            if variant is not Variant.PLUG_IN:
                spread = sum(problem.error_variances[j, i] * np.linalg.norm(f) ** 2 for j, f in factors.items())
            due = charge(4, [projected(problem.channels[j, i], f) for j, f in factors.items()], spread)
            q[i], an[i] = update(views[i], due, q[i], an[i], inner=2)
    np.testing.assert_allclose(central_q, q, atol=1e-9)
    np.testing.assert_allclose(central_an, an, atol=1e-9)


def test_the_trace_is_the_sum_of_the_rates(draw_pairs):
    problem = draw_pairs(2)
    ends, trace = climb(arena_of(problem), make_starts(problem, 1, 1)[0], rounds=7)
    differences = user_rates(problem.channels, *ends) - eve_rates(problem.eve_channels, *ends)
    assert len(trace) == 8
    assert trace[-1] == pytest.approx(differences.sum() * LN2, abs=1e-10)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("stretch", [False, True])
def test_rounds_never_lower_what_they_climb(draw_pairs, variant, stretch):
    problem = draw_pairs(3, pairs=4, zeta=0.3, zeta_eve=0.6)
    for start in make_starts(problem, 4, 1):
        _, trace = climb(arena_of(problem, variant), start, rounds=25, stretch=stretch)
        assert np.diff(trace).min() >= -1e-9
        assert trace[-1] > trace[0]


def test_stretched_rounds_get_further(draw_pairs):
    problem = draw_pairs(4)
    start = make_starts(problem, 1, 1)[0]
    plain, stretched = (climb(arena_of(problem), start, rounds=40, stretch=s)[1][-1] for s in (False, True))
    assert stretched > plain


def test_prices_are_worth_having(draw_pairs):
    """Sums over some instances: with prices against selfish play, which is what every pair on its own would do."""
    priced, alone = 0.0, 0.0
    for seed in range(6):
        problem = draw_pairs(seed)
        effort = Effort(starts=1, kept=1, rounds=100)
        priced += solve_fast(problem, effort=effort).objective
        alone += solve_fast(problem, effort=effort, priced=False).objective
    assert priced > 1.2 * alone


def test_one_pair_alone_has_nobody_to_pay(draw_pairs):
    problem = draw_pairs(5, pairs=1)
    start = make_starts(problem, 3, 1)[2]
    priced, alone = (climb(arena_of(problem), start, rounds=10, priced=p)[0] for p in (True, False))
    np.testing.assert_array_equal(priced[0], alone[0])
    assert solve_fast(problem).objective > 0.0


def test_one_pair_reaches_the_capacity_of_the_wiretap_channel(draw_pairs):
    """One receive antenna, d_s = 1: log2 of the largest generalised eigenvalue of (I + P h h^H, I + P H_E^H H_E)."""
    from scipy.linalg import eigh

    for seed in range(5):
        problem = draw_pairs(seed, pairs=1, antennas=(4, 1, 3), streams=(1, 0), power_mw=5.0)
        own, eve = problem.channels[0, 0], problem.eve_channels[0]
        identity = np.eye(4)
        best = eigh(identity + 5.0 * own.conj().T @ own, identity + 5.0 * eve.conj().T @ eve, eigvals_only=True)[-1]
        assert solve_fast(problem).objective == pytest.approx(np.log2(best), abs=2e-5)


def test_when_the_eavesdropper_hears_all_that_the_receiver_hears_everybody_is_off(draw_pairs):
    problem = draw_pairs(6, antennas=(4, 2, 4), streams=(2, 0))
    problem.eve_channels[:, :2] = 3.0 * np.einsum("jjab->jab", problem.channels)
    solution = solve_fast(problem)
    assert solution.status is Status.SOLVED
    assert (solution.objective, solution.evidence["on"]) == (0.0, 0.0)
    assert not solution.precoders[0].any()


def test_a_warm_start_is_never_made_worse(draw_pairs):
    for seed in range(4):
        problem = draw_pairs(seed, pairs=2)
        start = problem.within_budget(make_starts(problem, 5, 1)[4])
        warmed = solve_fast(problem, warm_start=WarmStart(start))
        assert warmed.objective >= problem.rates(start).sum() - 1e-9
        again = solve_fast(problem, warm_start=warmed.warm)
        assert again.objective >= warmed.objective - 1e-9


def test_equal_input_gives_equal_bits(draw_pairs):
    problem = draw_pairs(7, zeta=0.2, zeta_eve=0.5)
    effort = Effort(starts=3, kept=2, short_rounds=5, rounds=10)
    first, second = solve_fast(problem, effort=effort), solve_fast(problem, effort=effort)
    np.testing.assert_array_equal(first.precoders[0], second.precoders[0])
    assert first.objective == second.objective


def test_thirty_pairs_are_solved(draw_pairs):
    problem = draw_pairs(8, pairs=30)
    solution = solve_fast(problem, effort=Effort(starts=1, kept=1, rounds=20, inner=1))
    assert solution.status is Status.SOLVED
    assert solution.violation <= 0.0
    assert solution.objective > 0.0
