"""The fast solver for two stations: optimal against another optimiser, the same bits, warm starts, and infeasibility."""

import numpy as np
import pytest
from scipy.optimize import minimize

from twin.errors import SolverError
from twin.solvers.result import Status
from twin.solvers.rsma.evaluate import efficiency, excesses
from twin.solvers.rsma.fast import Effort, solve_fast
from twin.solvers.rsma.scheme import rsma
from twin.solvers.rsma.solve import solve
from twin.solvers.rsma.starts import make_starts


@pytest.mark.parametrize(("seed", "error"), [(1, 0.0), (6, 0.05)])
def test_another_optimiser_finds_nothing_better_nearby(draw_stations, seed, error):
    """Sequential quadratic programming on the beams' entries, with finite differences of what twin.signal says."""
    problem = draw_stations(seed, (4, 3), users=1, error=error)
    scheme, solution = rsma(problem), solve(problem)
    assert solution.status is Status.SOLVED

    def beams(x):
        parts = x.view(complex)
        return parts[:8].reshape(4, 2), parts[8:].reshape(3, 2)

    x = np.concatenate([part.ravel() for part in solution.precoders]).view(float)
    moved = x + 0.02 * np.abs(x).max() * np.random.default_rng(1).normal(size=x.size)
    found = minimize(
        lambda x: -100.0 * efficiency(problem, beams(x), scheme),
        moved,
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda x: -excesses(problem, beams(x), scheme)},
        options={"maxiter": 60, "ftol": 1e-9},
    )
    assert excesses(problem, beams(found.x), scheme).max() <= 1e-5
    assert efficiency(problem, beams(found.x), scheme) <= solution.objective * (1.0 + 1e-4)


@pytest.mark.parametrize("error", [0.0, 0.05, 0.1])
def test_more_starts_find_nothing_better(draw_stations, error):
    for seed in range(4):
        problem = draw_stations(seed, (8, 6), users=3, error=error)
        few, many = solve(problem), solve_fast(problem, effort=Effort(starts=16))
        assert few.status is many.status
        assert few.objective >= 0.999 * many.objective or few.status is Status.INFEASIBLE
        assert few.evidence["starts"] == (4 if few.status is Status.SOLVED else 12)


def test_the_same_input_gives_the_same_bits(draw_stations):
    problem = draw_stations(6, error=0.05)
    first, again = solve(problem), solve(problem)
    assert first.objective == again.objective
    assert all((a == b).all() for a, b in zip(first.precoders, again.precoders, strict=True))


def test_starts_do_not_depend_on_how_many_there_are(draw_stations):
    problem = draw_stations(6)
    few, many = make_starts(problem, 3, 4), make_starts(problem, 9, 4)
    for one, other in zip(few, many[:3], strict=True):
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_every_threshold_is_kept_without_tolerance(draw_stations):
    for seed in range(6):
        problem = draw_stations(seed, (12, 12), users=4, error=0.05)
        solution = solve(problem)
        if solution.status is Status.SOLVED:
            assert solution.violation <= 0.0
            assert excesses(problem, (solution.precoders[0], solution.precoders[1]), rsma(problem)).max() <= 0.0
            assert (solution.rates >= 1.0 + 1.0 / 4.0).all()


def test_what_is_owed_nothing_is_left_out(draw_stations):
    problem = draw_stations(2, (6, 6), users=2, least_common=0.0, least_private=0.0)
    solution = solve(problem)
    assert solution.status is Status.SOLVED
    assert solution.objective >= solve(draw_stations(2, (6, 6), users=2)).objective


def test_a_deaf_eavesdropper_is_no_trouble(draw_stations):
    problem = draw_stations(2, (6, 6), users=2)
    h, g = problem.channels_1.copy(), problem.channels_2.copy()
    h[1] = g[1] = 0.0
    solution = solve(draw_stations(2, (6, 6), users=2, channels_1=h, channels_2=g))
    assert solution.status is Status.SOLVED
    assert solution.objective >= solve(problem).objective * (1.0 - 1e-6)


def test_a_moved_problem_is_solved_from_the_last_beams(draw_stations):
    problem, rng = draw_stations(6, (12, 12), users=4), np.random.default_rng(2)
    cold = solve(problem)
    again = solve(problem, warm_start=cold.warm)
    assert again.objective >= cold.objective
    h = problem.channels_1 + 0.01 * np.abs(problem.channels_1) * rng.normal(size=problem.channels_1.shape)
    moved = draw_stations(6, (12, 12), users=4, channels_1=h)
    warm = solve(moved, warm_start=cold.warm)
    assert warm.status is Status.SOLVED
    assert warm.objective >= 0.999 * solve(moved).objective
    assert warm.evidence["starts"] == 3


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"least_secrecy": 15.0}, "secrecy_rate"),
        ({"echo_gain": 1e-9}, "scnr"),
        ({"least_private": 12.0}, "private_rate_"),
        ({"least_common": 16.0, "least_private": 0.1}, "common_rate_"),
    ],
)
def test_infeasible_names_the_constraint_that_could_be_met_least(draw_stations, changes, name):
    problem = draw_stations(6, **changes)
    solution = solve(problem)
    assert solution.status is Status.INFEASIBLE
    assert solution.warm is None
    least_met = [key.partition(":")[2] for key in solution.evidence if key.startswith("least_met:")]
    assert len(least_met) == 1
    assert least_met[0].startswith(name)
    assert solution.violation > 0.0
    assert np.isfinite(solution.objective)
    for beams, most_w in zip(solution.precoders, (problem.power_1_w, problem.power_2_w), strict=True):
        assert np.linalg.norm(beams) ** 2 <= most_w


@pytest.mark.parametrize(
    "changes", [{"starts": 0}, {"warm_starts": -1}, {"more_starts": -1}, {"outer": -1}, {"inner": 0}]
)
def test_an_effort_that_is_none_is_refused(changes):
    with pytest.raises(SolverError, match="must be >= "):
        Effort(**changes)
