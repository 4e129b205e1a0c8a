"""Problem P1: what it takes, its exact reduction to four dimensions, and its upper bound."""

import math

import numpy as np
import pytest

from twin.errors import SolverError
from twin.signal.sinr import received_powers
from twin.solvers.synergy.problem import SynergyProblem, min_rate_nats, reduce, upper_bound


def spoilt(problem, **changes):
    channels = list(problem.channels)
    if "channel" in changes:
        channels[1] = changes["channel"]
    return tuple(channels[: changes.get("keep", 3)]), changes.get("powers", problem.powers_mw)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keep": 2}, "must be 3 of each"),
        ({"powers": (1.0, 2.0)}, "must be 3 of each"),
        ({"powers": (1.0, 0.0, 2.0)}, r"powers_mw\[1\]=0: must be finite and > 0"),
        ({"powers": (1.0, 1.0, -2.0)}, r"powers_mw\[2\]=-2"),
        ({"powers": (math.inf, 1.0, 2.0)}, r"powers_mw\[0\]=inf"),
        ({"powers": (math.nan, 1.0, 2.0)}, r"powers_mw\[0\]=nan"),
        ({"channel": np.ones((3, 4))}, r"channels\[1\]: shape \(3, 4\): must be \(4, N\)"),
        ({"channel": np.ones((4, 0))}, r"shape \(4, 0\)"),
        ({"channel": np.ones(4)}, r"shape \(4,\)"),
        ({"channel": np.full((4, 2), np.nan)}, "not finite"),
        ({"channel": np.full((4, 2), 1e200)}, r"must be <= 1e\+15"),
    ],
)
def test_what_cannot_be_solved_is_refused_in_one_line(problem, changes, said):
    with pytest.raises(SolverError, match=said) as caught:
        SynergyProblem(*spoilt(problem, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("antennas", [(4, 4, 4), (8, 16, 5), (1, 2, 3), (2, 9, 1)])
def test_the_reduction_changes_no_rate(antennas, draw_problem, draw_precoders):
    problem = draw_problem(3, antennas)
    reduced = reduce(problem)
    assert reduced.dims == tuple(min(n, 4) for n in antennas)
    precoders = draw_precoders(5, problem)
    lowered = reduced.lower(precoders)
    np.testing.assert_allclose(
        received_powers(reduced.channels, lowered), received_powers(problem.channels, precoders), rtol=1e-10
    )
    lifted = reduced.lift(lowered)
    np.testing.assert_allclose(problem.rates(lifted), problem.rates(precoders), atol=1e-10)
    for z, x, power in zip(lowered, lifted, problem.powers_mw, strict=True):
        assert np.linalg.norm(x) ** 2 == pytest.approx(power * np.linalg.norm(z) ** 2, rel=1e-12)
        assert np.linalg.norm(z) <= 1.0 + 1e-12


def test_scaling_into_the_budget_touches_only_what_exceeds_it(problem, draw_precoders):
    low, high = draw_precoders(1, problem, 0.25), draw_precoders(1, problem, 4.0)
    mixed = (low[0], high[1], low[2])
    assert problem.violation(mixed) == pytest.approx(3.0, rel=1e-12)
    scaled = problem.within_budget(mixed)
    np.testing.assert_array_equal(scaled[0], low[0])
    np.testing.assert_allclose(scaled[1], high[1] / 2.0, rtol=1e-14)
    assert problem.violation(scaled) <= 1e-15


def test_no_random_precoders_exceed_the_upper_bound(draw_problem, draw_precoders):
    for seed in range(20):
        problem = draw_problem(seed)
        bound = upper_bound(reduce(problem))
        for draw in range(50):
            assert problem.rates(draw_precoders(draw, problem)).min() <= bound


def test_the_upper_bound_of_single_antennas_is_the_wiretap_capacity():
    own, eve = (2.0, 1.5, 3.0), (1.0, 0.1, 0.7)
    channels = tuple(
        np.array([[c if k == j else 0.2] for k in range(3)] + [[e]], complex)
        for j, (c, e) in enumerate(zip(own, eve, strict=True))
    )
    powers = (2.0, 3.0, 0.5)
    wanted = []
    for k in range(3):
        jamming = sum(powers[j] * eve[j] ** 2 for j in range(3) if j != k)
        user, leaked = powers[k] * own[k] ** 2, powers[k] * eve[k] ** 2 / (1.0 + jamming)
        wanted.append(math.log2((1.0 + user) / (1.0 + leaked)))
    assert upper_bound(reduce(SynergyProblem(channels, powers))) == pytest.approx(min(wanted), rel=1e-12)


def test_the_upper_bound_is_zero_where_the_eavesdropper_hears_what_the_user_hears():
    row = np.array([1.0, 2.0j])
    channels = (np.vstack([row] * 4), np.zeros((4, 2)), np.zeros((4, 2)))
    assert upper_bound(reduce(SynergyProblem(channels, (1.0, 1.0, 1.0)))) == pytest.approx(0.0, abs=1e-12)


def test_the_least_rate_is_not_clipped():
    powers = np.array([[1.0, 0.0, 0.0, 3.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    assert float(min_rate_nats(powers)) == pytest.approx(math.log(2.0) - math.log(4.0))
