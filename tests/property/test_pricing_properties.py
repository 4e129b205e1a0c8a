"""Pricing on channels of all sizes and strengths: sequential turns ascend, budgets hold, nothing is ever not finite."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.solvers.pricing.evaluate import EVALUATION, EVALUATION_DRAWS, evaluated, mean_differences
from twin.solvers.pricing.fast import Effort, climb, make_arena, solve_fast
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.pricing.starts import make_starts
from twin.solvers.pricing.variants import Variant
from twin.solvers.result import Status


@st.composite
def problems(draw, certain=False):
    """From one pair with one antenna to six with six, from silence to 64 dB, some with channels that are zero or one."""
    pairs, transmit = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    receive, heard = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    d_s = draw(st.integers(1, min(transmit, 3)))
    d_a = draw(st.integers(0, min(transmit - d_s, 2)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    main, cross, eve = (10.0 ** draw(st.sampled_from([-3.0, 0.0, 0.0, 2.0, 4.4])) for _ in range(3))
    zeta, zeta_eve = (0.0, 0.0) if certain else draw(st.sampled_from([(0.0, 1.0), (0.1, 0.1), (0.5, 0.5), (1.0, 1.0)]))
    gains = np.where(np.eye(pairs) > 0.0, main, cross)

    def normal(*shape):
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)

    channels = normal(pairs, pairs, receive, transmit) * np.sqrt(gains * (1.0 - zeta**2))[..., None, None]
    eves = normal(pairs, heard, transmit) * np.sqrt(eve * (1.0 - zeta_eve**2))
    odd = draw(st.sampled_from(["", "", "", "deaf", "no own", "rank one", "twin"]))
    if odd == "deaf":
        eves[:] = 0.0
    elif odd == "no own":
        channels[0, 0] = 0.0
    elif odd == "rank one":
        channels[0, 0] = channels[0, 0][:, :1]
    elif odd == "twin":
        channels[-1, -1] = channels[0, 0]
    powers = np.full(pairs, 10.0 ** draw(st.sampled_from([-1.0, 1.0, 2.0])))
    return InterferenceProblem(channels, eves, powers, d_s, d_a, zeta, zeta_eve, gains, np.full(pairs, eve))


def sum_rate(problem, precoders):
    return float(mean_differences(problem, precoders, EVALUATION, EVALUATION_DRAWS).sum())


@settings(max_examples=50, deadline=None)
@given(problem=problems(certain=True), place=st.integers(0, 11), inner=st.integers(1, 4))
def test_sequential_turns_with_fresh_prices_never_lower_the_sum_secrecy_rate(problem, place, inner):
    """By rates evaluated outside the kernels, round by round."""
    arena = make_arena(problem, Variant.PLUG_IN, 1, 1, 1)
    now = make_starts(problem, 12, 1)[place]
    value = sum_rate(problem, now)
    for _ in range(6):
        now, _ = climb(arena, now, rounds=1, inner=inner)
        last, value = value, sum_rate(problem, now)
        assert value >= last - 1e-7 * max(1.0, abs(last))
        assert problem.violation(now) <= 0.0


@settings(max_examples=30, deadline=None)
@given(problem=problems(), variant=st.sampled_from(list(Variant)), place=st.integers(0, 11), stretch=st.booleans())
def test_every_variant_ascends_its_own_objective_within_the_budgets(problem, variant, place, stretch):
    start = make_starts(problem, 12, 1)[place]
    end, trace = climb(make_arena(problem, variant, 4, 8, 1), start, rounds=8, inner=2, stretch=stretch)
    assert np.isfinite(trace).all()
    assert (np.diff(trace) >= -1e-7 * np.maximum(1.0, np.abs(trace[:-1]))).all()
    assert problem.violation(end) <= 0.0


@settings(max_examples=8, deadline=None)
@given(problem=problems(), priced=st.booleans())
def test_a_solution_is_finite_within_budget_and_what_it_says(problem, priced):
    effort = Effort(starts=4, kept=2, short_rounds=4, rounds=8, inner=2, draws=4, eve_draws=8, polish=10)
    solution = solve_fast(problem, effort=effort, priced=priced)
    assert solution.status is Status.SOLVED
    assert solution.violation <= 0.0
    assert solution.objective >= 0.0
    assert (solution.rates >= 0.0).all()
    again = evaluated(problem, "fast", (solution.precoders[0], solution.precoders[1]), 0, {})
    assert again.objective == solution.objective
