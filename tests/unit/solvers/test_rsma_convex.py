"""Sequential SDPs for two stations: ascents that cannot fall, certificates of ends, bounds, infeasible instances."""

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import SolverError
from twin.solvers.result import Status, WarmStart
from twin.solvers.rsma.ascent import Pace, ascend, meet, model
from twin.solvers.rsma.balance import balance
from twin.solvers.rsma.bound import Box, Certificate, Powers, certified, upper_bound
from twin.solvers.rsma.evaluate import efficiency, evaluated, excesses
from twin.solvers.rsma.linear import Cases
from twin.solvers.rsma.paper import paper
from twin.solvers.rsma.program import Goal
from twin.solvers.rsma.reference import answered, beams_of, reference, start, to_rank_one
from twin.solvers.rsma.scheme import rsma
from twin.solvers.rsma.solve import solve


@pytest.fixture(scope="module")
def certain(draw_stations):
    return draw_stations(3, (4, 4), 2)


@pytest.fixture(scope="module")
def uncertain(draw_stations):
    return draw_stations(3, (4, 4), 2, error=0.05)


@pytest.fixture(scope="module")
def solved(certain, uncertain):
    return {problem: reference(problem, starts=("null",)) for problem in (certain, uncertain)}


@pytest.mark.parametrize("name", ["certain", "uncertain"])
def test_an_ascent_meets_all_demands_and_never_falls(request, name):
    problem = request.getfixturevalue(name)
    of = model(problem)
    everything = of.all_streams()
    u, lacking, _ = meet(of, of.lifted.lift(start(problem, "match")), everything)
    assert lacking == 0.0
    assert of.excess(u) <= 1e-4
    ascent = ascend(of, u, everything, Pace(programs=30, tolerance=1e-5))
    steps = np.diff(ascent.history)
    assert (steps >= 0.0).all()
    assert ascent.history[-1] > 1.05 * ascent.history[0]
    assert ascent.history[-1] == of.value(ascent.u)
    assert of.excess(ascent.u) <= 1e-4


@pytest.mark.parametrize("name", ["certain", "uncertain"])
def test_the_answer_is_allowed_of_rank_one_and_no_program_improves_on_it(request, solved, name):
    problem = request.getfixturevalue(name)
    solution = solved[problem]
    assert solution.status is Status.SOLVED
    assert excesses(problem, solution.precoders, rsma(problem)).max() <= 0.0
    assert solution.evidence["rank_gap"] <= 1e-4
    assert solution.objective == pytest.approx(solution.evidence["relaxed"], rel=1e-3)
    of = model(problem)
    u = of.lifted.lift(solution.precoders)
    found = of.solve(Goal.EFFICIENCY, of.point(u), u, of.all_streams())
    assert found is not None
    assert of.value(found[0]) <= of.value(u) * (1.0 + 1e-3)


def test_another_start_and_the_other_solver_end_at_the_same_efficiency(certain, uncertain, solved):
    for problem in (certain, uncertain):
        wanted = solved[problem].objective
        assert solve(problem, method="reference", starts=("match",)).objective == pytest.approx(wanted, rel=1e-3)
        assert solve(problem).objective == pytest.approx(wanted, rel=1e-3)


def test_a_warm_start_is_kept(certain, solved):
    warm = solved[certain].warm
    again = reference(certain, warm_start=warm, max_iterations=3)
    assert again.objective == pytest.approx(solved[certain].objective, rel=1e-4)
    assert again.evidence["starts"] == 1.0


def test_balancing_mends_beams_that_miss_a_little_and_refuses_what_no_powers_can(certain, solved):
    of, scheme = model(certain), rsma(certain)
    w, o = solved[certain].precoders
    shaken = w * np.array([1.001, 0.999]), o * 0.999
    assert excesses(certain, shaken, scheme).max() > 1e-5
    mended = balance(of, shaken)
    assert excesses(certain, mended, scheme).max() <= 0.0
    assert efficiency(certain, mended, scheme) == pytest.approx(solved[certain].objective, rel=3e-3)
    assert balance(of, shaken, within=1e-6) is None
    assert balance(of, (np.ones_like(w), np.ones_like(o))) is None


def test_a_toll_drives_matrices_to_rank_one(certain):
    of = model(certain)
    u = meet(of, of.lifted.lift(start(certain, "null")), of.all_streams())[0]
    rng = np.random.default_rng(0)
    spread = u + of.lifted.lift(tuple(0.3 * rng.normal(size=shape) + 0j for shape in certain.beams_shape))
    assert of.lifted.principal(spread)[1] > 1e-2
    found, programs = to_rank_one(of, spread, of.all_streams())
    assert programs >= 1
    assert of.lifted.principal(found)[1] < 1e-3
    assert excesses(certain, beams_of(of, found)[0], rsma(certain)).max() <= 0.0


def test_what_cannot_be_met_is_named_and_proved(certain):
    faint = replace(certain, echo_gain=1e-5)
    solution = reference(faint, starts=("null",))
    assert solution.status is Status.INFEASIBLE
    assert solution.evidence["least_met:scnr"] == solution.violation > 0.1
    assert solution.evidence["lacking"] > 0.1
    assert solution.evidence["upper_bound"] == 0.0
    greedy = replace(certain, least_secrecy=9.0)
    assert any(name == "least_met:secrecy_rate" for name in reference(greedy, starts=("null",)).evidence)


def test_the_bound_holds_and_closes_without_errors(certain, solved):
    reached = solved[certain].objective
    found = upper_bound(certain, reached, tolerance=0.02)
    assert found.closed
    assert reached <= found.see <= 1.02 * reached
    one = upper_bound(certain, reached, most_boxes=1)
    assert one.see > 1.02 * reached
    assert not one.closed
    evidence = certified(certain, solved[certain]).evidence
    assert evidence["upper_bound"] == pytest.approx(reached * (1.0 + evidence["gap"]))
    assert 0.0 <= evidence["gap"] <= 0.01


def test_the_bound_of_uncertain_channels_holds(uncertain, solved):
    reached = solved[uncertain].objective
    found = upper_bound(uncertain, reached, most_boxes=15)
    assert reached < found.see < 3.0 * reached


def test_certificates_are_below_what_beams_take_and_hold_for_the_whole_box(certain, solved):
    powers = Powers(certain)
    of = model(certain, Cases.OUTER, 0.0)
    u = of.lifted.lift(solved[certain].precoders)
    received = of.point(u).received
    bob, eve = received[0] / received[1] - 1.0, received[2] / received[3] - 1.0
    sent = of.power_w(u) - certain.circuit_w
    box = Box(0.7 * bob, bob, eve, 2.0 * eve + 0.1)
    wide, tight = powers.certificate(box), powers.certificate(Box(bob, bob, eve, eve))
    at_the_corner = wide.power_w + wide.per_bob * 0.3 * bob + wide.per_eve * (eve + 0.1)
    assert wide.power_w <= at_the_corner <= sent * (1.0 + 1e-6)
    assert 0.999 * sent <= tight.power_w <= sent * (1.0 + 1e-6)
    assert powers.promise(box) >= solved[certain].objective
    halves = list(box.halves())
    assert max(powers.promise(half) for half in halves) >= solved[certain].objective


def test_the_best_ratio_of_a_box_is_that_of_a_fine_grid():
    box = Box(1.0, 9.0, 0.1, 0.6)
    for certificate in (Certificate(10.0, 3.0, 20.0), Certificate(10.0, 0.01, 0.0), Certificate(5.0, 60.0, 1.0)):
        bobs, eves = np.meshgrid(np.linspace(1.0, 9.0, 2001), np.linspace(0.1, 0.6, 51))
        power = certificate.power_w + certificate.per_bob * (bobs - 1.0) + certificate.per_eve * (0.6 - eves) + 7.0
        grid = ((np.log2(1.0 + bobs) - np.log2(1.0 + eves)) / power).max()
        assert grid <= certificate.see(box, 7.0) <= grid * (1.0 + 1e-5)


def test_alternating_stops_where_a_joint_step_goes_on(draw_stations):
    problem = draw_stations(5, (4, 4), 2)
    solution = paper(problem)
    assert solution.status is Status.SOLVED
    assert solution.violation <= 0.0
    assert solution.evidence["start"] <= solution.evidence["relaxed"] * (1.0 + 1e-9)
    assert solution.objective < 0.9 * reference(problem, starts=("null",)).objective
    of = model(problem)
    u = of.lifted.lift(solution.precoders)
    alone = [of.solve(Goal.EFFICIENCY, of.point(u), u, station) for station in ((0, 1), of.lifted.streams_2)]
    together = of.solve(Goal.EFFICIENCY, of.point(u), u, of.all_streams())
    assert max(of.value(found[0]) for found in alone if found is not None) < 1.01 * of.value(u)
    assert of.value(together[0]) > 1.05 * of.value(u)


def test_the_bounds_of_the_paper_cost_more_than_tight_ones(uncertain):
    norm = paper(uncertain, start_at="least_power")
    tight = paper(uncertain, start_at="least_power", cases=Cases.TANGENT)
    assert tight.status is Status.SOLVED
    assert norm.evidence.get("relaxed", 0.0) < tight.evidence["relaxed"]


def test_certifying_what_is_infeasible_leaves_no_gap(certain):
    faint = replace(certain, echo_gain=1e-5)
    beams = start(faint, "null")
    found = certified(faint, evaluated(faint, rsma(faint), "fast", beams, 0))
    assert found.status is Status.INFEASIBLE
    assert found.evidence["upper_bound"] == 0.0
    assert "gap" not in found.evidence


def test_where_no_program_answered_the_solution_has_failed_and_its_evidence_is_finite(certain, solved):
    given = {"relaxed": 0.1, "upper_bound": np.inf}
    found = answered(certain, "reference", start(certain, "null"), 3, given, np.inf)
    assert found.status is Status.FAILED
    assert found.evidence["relaxed"] == 0.1
    assert not {"lacking", "upper_bound"} & set(found.evidence)
    for proved, lacking in (({}, 2.0), ({"upper_bound": 0.0}, np.inf)):
        known = answered(certain, "reference", start(certain, "null"), 3, proved, lacking)
        assert known.status is Status.INFEASIBLE
    assert answered(certain, "reference", solved[certain].precoders, 3, {}, np.inf).status is Status.SOLVED


def test_bad_arguments_are_refused(certain):
    with pytest.raises(SolverError, match="max_iterations=0: must be >= 1"):
        reference(certain, max_iterations=0)
    with pytest.raises(SolverError, match="start='up': must be one of null, match"):
        reference(certain, starts=("up",))
    with pytest.raises(SolverError, match="must name at least one"):
        reference(certain, starts=())
    with pytest.raises(SolverError, match="warm_start: beams of shapes"):
        reference(certain, warm_start=WarmStart((np.zeros((1, 2), complex), np.zeros((4, 3), complex))))
    with pytest.raises(SolverError, match="start_at='zero': must be one of most_rate, least_power"):
        paper(certain, start_at="zero")
    with pytest.raises(SolverError, match="most_boxes=0: must be >= 1"):
        upper_bound(certain, most_boxes=0)
    with pytest.raises(SolverError, match="method='fast': its starts have no names"):
        solve(certain, starts=("null",))
    with pytest.raises(SolverError, match="method='paper': takes no warm start"):
        solve(certain, method="paper", warm_start=WarmStart(start(certain, "null")))
