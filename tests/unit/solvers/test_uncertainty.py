"""Errors that the fast solver allows for: closed forms against sampling, and answers against another optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from entities.world import World, WorldParams
from twin.emulation.streams import Streams
from twin.errors import SolverError
from twin.signal.sagin import TRANSMITTERS
from twin.signal.sinr import eve_sinrs, received_powers
from twin.solvers.synergy.fast import solve_fast
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.uncertainty import (
    Uncertainty,
    expected_powers,
    relative_ball,
    robust_rates,
    worst_eve_sinrs,
)

EVE = 3


def in_balls(problem, uncertainty, rng, on_edge):
    """The problem with the eavesdropper's channels moved within their balls."""
    moved = [matrix.copy() for matrix in problem.channels]
    for matrix, radius in zip(moved, uncertainty.radius, strict=True):
        step = rng.normal(size=matrix.shape[1]) + 1j * rng.normal(size=matrix.shape[1])
        share = 1.0 if on_edge else rng.uniform() ** (1.0 / (2 * matrix.shape[1]))
        matrix[EVE] += radius * share * step / np.linalg.norm(step)
    return moved


def worst_member(problem, precoders, uncertainty, user):
    """The member of the balls that the closed form speaks of: own signal grown, interference shrunk."""
    moved = [matrix.copy() for matrix in problem.channels]
    for j, (matrix, x, radius) in enumerate(zip(moved, precoders, uncertainty.radius, strict=True)):
        heard = np.vdot(matrix[EVE], x)
        turn = heard / abs(heard)
        reach = radius if j == user else -min(radius, abs(heard) / np.linalg.norm(x))
        matrix[EVE] += reach * np.conj(turn) * x / np.linalg.norm(x)
    return moved


@pytest.mark.parametrize("seed", range(5))
def test_worst_case_in_the_balls_is_never_exceeded_and_is_reached(draw_problem, draw_precoders, seed):
    problem = draw_problem(seed)
    precoders, ball = draw_precoders(seed, problem), relative_ball(problem, 0.2)
    worst = worst_eve_sinrs(problem, precoders, ball)
    rng = np.random.default_rng(seed)
    for trial in range(400):
        sampled = eve_sinrs(received_powers(in_balls(problem, ball, rng, trial % 2), precoders))
        assert (sampled <= worst * (1 + 1e-12)).all()
    for user in range(3):
        reached = eve_sinrs(received_powers(worst_member(problem, precoders, ball, user), precoders))[user]
        assert reached == pytest.approx(worst[user], rel=1e-9)


def test_expected_powers_are_those_of_the_mean_over_errors(draw_problem, draw_precoders):
    problem = draw_problem(3)
    precoders = draw_precoders(3, problem)
    error_var = 0.3 * np.array([np.mean(np.abs(matrix) ** 2, axis=1) for matrix in problem.channels])
    rng, count, total = np.random.default_rng(1), 20_000, np.zeros((3, 4))
    for j, (matrix, x) in enumerate(zip(problem.channels, precoders, strict=True)):
        noise = rng.normal(size=(count, *matrix.shape)) + 1j * rng.normal(size=(count, *matrix.shape))
        drawn = matrix + noise * np.sqrt(error_var[j] / 2.0)[:, None]
        total[j] = np.mean(np.abs(drawn.conj() @ x) ** 2, axis=0)
    expected = expected_powers(problem, precoders, Uncertainty(error_var=error_var))
    np.testing.assert_allclose(total, expected, rtol=0.04)


def test_without_errors_nothing_changes(draw_problem):
    problem = draw_problem(4)
    plain, told = solve_fast(problem), solve_fast(problem, uncertainty=Uncertainty())
    assert all(np.array_equal(a, b) for a, b in zip(plain.precoders, told.precoders, strict=True))
    np.testing.assert_allclose(robust_rates(problem, plain.precoders, Uncertainty()), plain.rates)


def least_robust(problem, uncertainty, flat):
    parts, place = [], 0
    for matrix, power in zip(problem.channels, problem.powers_mw, strict=True):
        n = matrix.shape[1]
        x = flat[place : place + n] + 1j * flat[place + n : place + 2 * n]
        parts.append(np.sqrt(power) * x / max(np.linalg.norm(x), 1.0))
        place += 2 * n
    return robust_rates(problem, parts, uncertainty)


def errors_of(problem, kind):
    powers = np.array([np.mean(np.abs(matrix) ** 2, axis=1) for matrix in problem.channels])
    ball = relative_ball(problem, 0.15).radius
    return {
        "ball": Uncertainty(radius=ball),
        "variances": Uncertainty(error_var=0.05 * powers),
        "both": Uncertainty(error_var=0.05 * powers, radius=ball),
    }[kind]


@pytest.mark.parametrize("kind", ["ball", "variances", "both"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_other_optimiser_finds_a_better_robust_answer(draw_problem, kind, seed):
    """SLSQP in epigraph form (rates >= phi) from random starts and from the fast answer itself."""
    problem = draw_problem(seed, antennas=(3, 3, 3))
    uncertainty = errors_of(problem, kind)
    solution = solve_fast(problem, uncertainty=uncertainty)
    ours = robust_rates(problem, solution.precoders, uncertainty).min()
    assert solution.evidence["robust"] == pytest.approx(ours, abs=1e-9)
    rng, best = np.random.default_rng(seed), 0.0
    own = [
        np.concatenate([x.real, x.imag]) / np.sqrt(p)
        for x, p in zip(solution.precoders, problem.powers_mw, strict=True)
    ]
    for begin in (np.concatenate(own), *(0.3 * rng.normal(size=18) for _ in range(6))):
        found = minimize(
            lambda z: -z[-1],
            np.append(begin, least_robust(problem, uncertainty, begin).min()),
            constraints={"type": "ineq", "fun": lambda z: least_robust(problem, uncertainty, z[:-1]) - z[-1]},
            method="SLSQP",
            options={"maxiter": 150},
        )
        best = max(best, least_robust(problem, uncertainty, found.x[:-1]).min())
    assert ours >= best - 2e-3


def test_robust_design_raises_the_worst_case_of_the_nominal_one():
    """Default scene, Delta 0.1 and 0.2: what the exact ball costs and gains, in the mean over 15 channels."""
    gained = {}
    for share in (0.1, 0.2):
        rates = []
        for seed in range(15):
            world = World(WorldParams(), Streams(seed))
            problem = SynergyProblem(tuple(world.channels(name, 0) for name in TRANSMITTERS), (10.0, 10**0.5, 10**1.5))
            ball = relative_ball(problem, share)
            designs = (solve_fast(problem), solve_fast(problem, uncertainty=ball))
            rates.append([robust_rates(problem, design.precoders, ball).min() for design in designs])
        gained[share] = np.mean(rates, axis=0)
    assert gained[0.1][1] > gained[0.1][0] + 0.1
    assert gained[0.2][1] > gained[0.2][0] + 0.3
    assert gained[0.1][1] > gained[0.2][1]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("error_var", np.zeros((3, 3)), "error_var: shape"),
        ("radius", np.zeros(4), "radius: shape"),
        ("error_var", np.full((3, 4), np.nan), "error_var="),
        ("radius", np.array([0.1, -0.1, 0.0]), "radius=-0.1"),
    ],
)
def test_errors_that_make_no_sense_are_refused(field, value, expected):
    with pytest.raises(SolverError, match=expected):
        Uncertainty(**{field: value})


@pytest.mark.parametrize("share", [-0.1, 1.0, 3.0, float("nan")])
def test_a_relative_ball_is_smaller_than_the_channel(draw_problem, share):
    with pytest.raises(SolverError, match=r"must lie in \[0, 1\)"):
        relative_ball(draw_problem(1), share)
