"""The fast solver on random channels: never below a baseline, never over budget, never not a number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.solvers.result import WarmStart
from twin.solvers.synergy.fast import solve_fast, solve_many
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve
from twin.solvers.synergy.uncertainty import Uncertainty


def draw(seed):
    """A random channel: antennas, gains over six decades, dependent or missing channels now and then."""
    rng = np.random.default_rng(seed)
    channels = []
    for _ in range(3):
        antennas = int(rng.choice([1, 2, 3, 4, 4, 4, 8, 16]))
        matrix = rng.normal(size=(4, antennas)) + 1j * rng.normal(size=(4, antennas))
        matrix *= 10.0 ** rng.uniform(-2.0, 1.5)
        kind = rng.integers(12)
        if kind == 0:
            matrix[3] = matrix[int(rng.integers(3))]
        elif kind == 1:
            matrix[int(rng.integers(4))] = 0.0
        elif kind == 2:
            matrix[:] = matrix[0]
        channels.append(matrix)
    return SynergyProblem(tuple(channels), tuple(10.0 ** rng.uniform(-1.0, 2.5, 3)))


def check(seed):
    problem = draw(seed)
    solution = solve_fast(problem)
    assert solution.status == "solved"
    assert all(np.isfinite(x).all() for x in solution.precoders)
    assert solution.violation <= 1e-12
    assert solution.objective == problem.rates(solution.precoders).min()
    assert solution.objective <= solution.evidence["upper_bound"] + 1e-9
    for method in ("mrt", "zf_eve", "local") + (("zf_all",) if min(m.shape[1] for m in problem.channels) >= 4 else ()):
        assert solution.objective >= solve(problem, method=method).objective - 1e-6, (seed, method)


@pytest.mark.parametrize("block", range(4))
def test_random_channels(block):
    for seed in range(30 * block, 30 * block + 30):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_random_channels(block):
    for seed in range(1000 + 500 * block, 1500 + 500 * block):
        check(seed)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.2))
def test_a_warm_start_never_makes_it_worse_than_the_warm_start(seed, step):
    problem = draw(seed)
    first = solve_fast(problem)
    rng = np.random.default_rng(seed)
    moved = SynergyProblem(
        tuple(
            m + step * np.abs(m) * (rng.normal(size=m.shape) + 1j * rng.normal(size=m.shape)) for m in problem.channels
        ),
        problem.powers_mw,
    )
    warm = solve_fast(moved, warm_start=WarmStart(first.precoders))
    assert warm.objective >= moved.rates(first.precoders).min() - 1e-9
    assert warm.violation <= 1e-12


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_allowing_for_errors_never_fails_and_keeps_the_budget(seed, variance, radius):
    problem = draw(seed)
    powers = np.array([np.mean(np.abs(m) ** 2, axis=1) for m in problem.channels])
    norms = np.array([np.linalg.norm(m[3]) for m in problem.channels])
    solution = solve_fast(problem, uncertainty=Uncertainty(variance * powers, radius * norms))
    assert solution.violation <= 1e-12
    assert all(np.isfinite(x).all() for x in solution.precoders)


def test_many_at_once_are_each_alone():
    problems = [draw(seed) for seed in range(40)]
    alone = [solve_fast(problem) for problem in problems]
    for jobs in (1, 2, 3):
        together = solve_many(problems, jobs)
        for one, other in zip(alone, together, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one.precoders, other.precoders, strict=True))
