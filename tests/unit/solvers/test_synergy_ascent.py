"""Algorithm 1: it rises, it is honest about failure, it keeps its promises to a running twin."""

import warnings

import numpy as np
import pytest

from twin.errors import SolverError
from twin.solvers.result import Status, WarmStart
from twin.solvers.synergy import reference as algorithm
from twin.solvers.synergy.baselines import local_mrt
from twin.solvers.synergy.problem import SynergyProblem, reduce
from twin.solvers.synergy.reference import ascend, reference
from twin.solvers.synergy.solve import METHODS, prepare
from twin.solvers.synergy.solve import solve as solve_by
from twin.solvers.synergy.starts import ALL_STARTS, start
from twin.solvers.synergy.surrogate import ATTEMPTS, Goal, surrogate


def solve(problem, **arguments):
    """By the reference, unless told otherwise."""
    return solve_by(problem, **({"method": "reference"} | arguments))


QUICK = ("slnr30-balanced",)


def bits(solution):
    return [x.tobytes() for x in solution.precoders] + [solution.objective, solution.iterations]


def moved(problem, share, seed=0):
    """The same scene a little later: a share of every channel is drawn anew."""
    rng = np.random.default_rng(seed)
    channels = []
    for matrix in problem.channels:
        fresh = rng.normal(size=matrix.shape) + 1j * rng.normal(size=matrix.shape)
        scale = np.sqrt((np.abs(matrix) ** 2).mean() / 2.0)
        channels.append(np.sqrt(1.0 - share**2) * matrix + share * scale * fresh)
    return SynergyProblem(tuple(channels), problem.powers_mw)


@pytest.fixture
def counted(monkeypatch):
    """Count the convex problems by goal; `stand_in` may replace their answers."""
    calls = {Goal.RATE: 0, Goal.POWER: 0}
    stand_in = {}

    class Counting:
        def __init__(self, goal, program):
            self.goal, self.program = goal, program

        def solve(self, *args, **kwargs):
            calls[self.goal] += 1
            if self.goal in stand_in:
                return stand_in[self.goal](calls[self.goal], *args, **kwargs)
            return self.program.solve(*args, **kwargs)

    def counting(dims, goal):
        return Counting(goal, surrogate(dims, goal))

    monkeypatch.setattr(algorithm, "surrogate", counting)
    monkeypatch.setattr("twin.solvers.synergy.rank.surrogate", counting)
    calls["stand_in"] = stand_in
    return calls


@pytest.mark.parametrize("name", ["slnr30", "mrt", "slnr300-balanced"])
def test_phi_never_falls_and_every_problem_is_counted(problem, counted, name):
    reduced = reduce(problem)
    ascent = ascend(reduced, start(reduced, name), 25)
    assert np.all(np.diff(ascent.history) >= 0.0)
    assert ascent.history[-1] > ascent.history[0] + 0.1
    assert counted[Goal.RATE] == ascent.iterations == len(ascent.history) - 1 <= 25
    assert ascent.rate_nats == ascent.history[-1]


def test_looking_ahead_falls_sometimes_and_each_fall_is_a_counted_restart(problem):
    reduced = reduce(problem)
    ascent = ascend(reduced, start(reduced, "slnr30"), 40)
    assert ascent.restarts >= 1
    assert sum(step == 0.0 for step in np.diff(ascent.history)) >= ascent.restarts


def test_the_answer_is_stationary_one_more_step_gains_nothing(problem):
    """The acceptance oracle: an SDP step linearised at the published vectors must not raise phi."""
    solution = solve(problem)
    reduced = reduce(problem)
    again = ascend(reduced, reduced.lower(solution.precoders), 1)
    assert again.history[-1] - again.history[0] <= 1e-4 * again.history[-1]


def test_what_is_published_is_evaluated_from_the_vectors_and_within_budget(problem):
    solution = solve(problem, starts=QUICK)
    assert solution.status is Status.SOLVED
    np.testing.assert_array_equal(solution.rates, problem.rates(solution.precoders))
    assert solution.objective == solution.rates.min()
    assert solution.violation == problem.violation(solution.precoders) <= 1e-12
    assert solution.objective <= solution.evidence["upper_bound"]
    assert solution.objective == pytest.approx(solution.evidence["relaxed"], rel=1e-3)


def test_more_starts_are_never_worse_and_all_are_tried_by_default(problem):
    few = solve(problem, starts=QUICK, max_iterations=8)
    many = solve(problem, max_iterations=8)
    assert many.objective >= few.objective
    assert many.evidence["starts"] == len(ALL_STARTS)
    assert many.iterations > few.iterations


@pytest.mark.parametrize("antennas", [(1, 1, 1), (2, 5, 3), (8, 4, 16)])
def test_any_number_of_antennas(antennas, draw_problem):
    problem = draw_problem(21, antennas)
    solution = solve(problem, starts=QUICK, max_iterations=15)
    assert [len(x) for x in solution.precoders] == list(antennas)
    assert solution.violation <= 1e-12
    assert solution.objective >= solve(problem, method="mrt").objective * 0.9


def test_same_input_same_bits_whatever_was_solved_before(problem, draw_problem):
    first = solve(problem, starts=QUICK, max_iterations=6)
    warm = solve(moved(problem, 0.1), warm_start=first.warm, max_iterations=4)
    solve(draw_problem(99), starts=("mrt",), max_iterations=5)
    assert bits(solve(problem, starts=QUICK, max_iterations=6)) == bits(first)
    assert bits(solve(moved(problem, 0.1), warm_start=first.warm, max_iterations=4)) == bits(warm)


def test_the_layout_of_the_channels_changes_no_bit(problem):
    turned = SynergyProblem(tuple(np.asfortranarray(matrix) for matrix in problem.channels), problem.powers_mw)
    assert bits(solve(turned, starts=QUICK, max_iterations=3)) == bits(solve(problem, starts=QUICK, max_iterations=3))


def test_a_warm_solve_is_one_start_of_at_most_ten_problems_and_one_for_the_rank(problem, counted):
    cold = solve(problem, starts=QUICK)
    counted[Goal.RATE] = counted[Goal.POWER] = 0
    solution = solve(moved(problem, 0.05), warm_start=cold.warm, max_iterations=10)
    assert solution.evidence["starts"] == 1
    assert solution.iterations == counted[Goal.RATE] <= 10
    assert counted[Goal.POWER] <= 1


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.9])
@pytest.mark.parametrize("max_iterations", [1, 10])
def test_a_warm_solve_beats_the_stale_precoders_and_local_mrt(problem, share, max_iterations):
    stale = solve(problem, starts=QUICK).warm
    now = moved(problem, share, seed=3)
    solution = solve(now, warm_start=stale, max_iterations=max_iterations)
    assert solution.objective >= now.rates(stale.precoders).min()
    assert solution.objective >= now.rates(local_mrt(now)).min()


def test_a_warm_solve_tracks_a_slow_channel(problem):
    warm = solve(problem).warm
    now = problem
    for step in range(5):
        now = moved(now, 0.03, seed=step)
        tracked = solve(now, warm_start=warm, max_iterations=10)
        warm = tracked.warm
    assert tracked.objective >= 0.98 * solve(now).objective


def test_a_warm_start_beyond_a_lowered_budget_is_scaled_down(problem):
    warm = solve(problem, starts=QUICK).warm
    poorer = SynergyProblem(problem.channels, tuple(power / 4.0 for power in problem.powers_mw))
    assert solve(poorer, warm_start=warm, max_iterations=2).violation <= 1e-12


def test_a_solver_that_never_answers_is_a_failed_solve_with_safe_precoders(problem, counted):
    counted["stand_in"][Goal.RATE] = lambda *_args, **_kwargs: None
    solution = solve(problem, starts=("slnr30", "mrt"))
    assert solution.status is Status.FAILED
    assert solution.evidence["starts_failed"] == 2
    assert solution.iterations == counted[Goal.RATE] == 2 * ATTEMPTS
    assert solution.violation <= 1e-12
    assert solution.objective >= problem.rates(local_mrt(problem)).min()


def test_a_solver_that_answers_nonsense_ends_the_ascent_and_lowers_nothing(problem, counted):
    honest = solve(problem, starts=QUICK, max_iterations=4)

    def nonsense(count, reduced, *args, **kwargs):
        if count <= 4:
            return surrogate(reduced.dims, Goal.RATE).solve(reduced, *args, **kwargs)
        return tuple(np.eye(dim) / dim for dim in reduced.dims)

    counted[Goal.RATE] = 0
    counted["stand_in"][Goal.RATE] = nonsense
    solution = solve(problem, starts=QUICK)
    assert solution.status is Status.SOLVED
    assert solution.objective == honest.objective
    assert 4 < solution.iterations <= 4 + 1 + ATTEMPTS


def test_one_dead_start_does_not_spoil_the_others(problem, counted):
    counted["stand_in"][Goal.RATE] = lambda count, reduced, *args, **kwargs: (
        None if count <= ATTEMPTS else surrogate(reduced.dims, Goal.RATE).solve(reduced, *args, **kwargs)
    )
    solution = solve(problem, starts=("mrt", *QUICK), max_iterations=10)
    assert solution.status is Status.SOLVED
    assert solution.evidence["starts_failed"] == 1
    assert solution.objective == solve(problem, starts=QUICK, max_iterations=10).objective


def test_a_link_without_a_channel_has_an_optimum_of_zero(problem):
    channels = [matrix.copy() for matrix in problem.channels]
    channels[1][1] = 0.0
    solution = solve(SynergyProblem(tuple(channels), problem.powers_mw), starts=QUICK, max_iterations=5)
    assert solution.objective == 0.0
    assert all(np.isfinite(x).all() for x in solution.precoders)


def test_no_warning_leaks_from_the_solver(draw_problem):
    """At this SNR Clarabel calls nearly every answer inaccurate, and CVXPY warns of each."""
    loud = draw_problem(2, amplitudes=(6.0, 120.0, 3.0))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        solve(loud, starts=QUICK, max_iterations=12)
    assert heard == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "magic"}, "method='magic': must be one of fast, reference, mrt"),
        ({"starts": ("zf",)}, "starts='zf': must be one of slnr30, "),
        ({"starts": ()}, "must name at least one"),
        ({"max_iterations": 0}, "max_iterations=0: must be >= 1"),
        ({"warm_start": WarmStart((np.ones(4), np.ones(4), np.ones(5)))}, "warm_start: precoders of shapes"),
        ({"warm_start": WarmStart((np.ones(4),))}, "warm_start"),
        ({"warm_start": WarmStart((np.ones(4), np.full(4, np.nan), np.ones(4)))}, "must be finite"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line(problem, arguments, said):
    with pytest.raises(SolverError, match=said.replace("(", r"\(")) as caught:
        solve(problem, **arguments)
    assert "\n" not in str(caught.value)


def test_preparing_compiles_what_a_solve_needs(draw_problem):
    problem = draw_problem(0, (3, 1, 3))
    surrogate.cache_clear()
    prepare(problem, "mrt")
    assert surrogate.cache_info().misses == 0
    prepare(problem, "reference")
    compiled = surrogate.cache_info().misses
    solve(problem, starts=QUICK, max_iterations=3)
    assert surrogate.cache_info().misses == compiled == len(Goal)
    assert "reference" in METHODS


def test_the_reference_is_what_solve_calls(problem):
    assert bits(reference(problem, None, 3, QUICK)) == bits(solve(problem, max_iterations=3, starts=QUICK))
