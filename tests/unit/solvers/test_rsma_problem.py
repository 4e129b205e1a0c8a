"""Problem P1 of two stations: what is refused, and what its constraints are worth against explicit loops."""

import math
from dataclasses import replace

import numpy as np
import pytest

from twin.errors import SolverError
from twin.solvers.result import Status, WarmStart
from twin.solvers.rsma.evaluate import constraint_names, evaluated, excesses, within_budgets
from twin.solvers.rsma.scheme import rsma
from twin.solvers.rsma.solve import METHODS, solve


def normal(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"power_1_w": 0.0}, "P1max=0: must be > 0 and finite"),
        ({"power_2_w": -1.0}, "P2max=-1: must be > 0 and finite"),
        ({"power_2_w": math.nan}, "P2max=nan: must be > 0 and finite"),
        ({"circuit_w": 0.0}, "P0=0: must be > 0 and finite"),
        ({"echo_gain": -0.5}, "kappa2_sigma2=-0.5: must be > 0 and finite"),
        ({"threshold": 0.0}, "gamma_th=0: must be > 0 and finite"),
        ({"least_secrecy": -1.0}, "I_S=-1: must lie in [0, 40] bit/s/Hz"),
        ({"least_common": math.inf}, "I_c=inf: must lie in [0, 40] bit/s/Hz"),
        ({"channels_1": np.ones((6, 0))}, "M1=0: must lie in [1, 256]"),
        ({"channels_2": np.ones((5, 0))}, "M2=0: must lie in [1, 256]"),
        ({"channels_1": np.ones(4)}, r"channels_1: shape \(4,\): must be \(3 \+ N, M1\)"),
        ({"channels_1": np.ones((3, 4))}, r"N=0: must lie in \[1, 32\]"),
        ({"channels_2": np.ones((4, 4))}, "channels_2: has 2 users: must have 3, as channels_1 has"),
        ({"channels_1": np.full((6, 4), np.inf)}, "channels_1: has a value that is not finite: all must be"),
        ({"channels_2": np.full((5, 4), 1e6)}, r"channels_2: norm 2e\+06: power \* norm\^2 must be <= 1e\+12"),
        ({"errors_1": np.zeros(3)}, r"errors_1: shape \(3,\): must be \(2,\), of Bob and Eve"),
        ({"errors_1": np.array([-0.1, 0.0])}, "e_h_bo=-0.1: must be >= 0 and finite"),
        ({"errors_2": np.array([0.0, 9.0])}, r"e_g_e=9: must be < \|\|g_e\|\| = "),
    ],
)
def test_bad_input_is_one_clear_line(draw_stations, changes, said):
    said = said.replace("[1, 256]", r"\[1, 256\]").replace("[0, 40]", r"\[0, 40\]")
    with pytest.raises(SolverError, match=said) as caught:
        draw_stations(1, (4, 4), **changes)
    assert "\n" not in str(caught.value)


def test_an_error_as_long_as_the_channel_is_refused(draw_stations):
    with pytest.raises(SolverError, match=r"e_h_bo=.*: must be < \|\|h_bo\|\|"):
        draw_stations(1, error=1.0)


def test_private_rates_that_no_power_gives_contradict_each_other(draw_stations):
    with pytest.raises(SolverError, match=r"I_p=1: contradicts itself for N=4 users at M2=2 antennas"):
        draw_stations(1, (4, 2), users=4, least_private=1.0)
    assert draw_stations(1, (4, 2), users=4, least_private=0.99).users == 4


def loops(problem, w, o):
    """Every constraint by name, from (9)-(19) with tight amplitude bounds, scalar by scalar."""

    def amplitude(c, x):
        return abs(sum(a.conjugate() * b for a, b in zip(c, x, strict=True)))

    h, g, least = problem.channels_1, problem.channels_2, problem.threshold
    (hb, he), (gb, ge) = problem.errors_1, problem.errors_2
    nb, nt = np.linalg.norm(w[:, 0]), np.linalg.norm(w[:, 1])
    p2 = sum(np.linalg.norm(x) ** 2 for x in o.T)
    sb, sb_most = max(amplitude(h[0], w[:, 0]) - hb * nb, 0) ** 2, (amplitude(h[0], w[:, 0]) + hb * nb) ** 2
    tb = max(amplitude(h[0], w[:, 1]) - hb * nt, 0) ** 2
    ib = (math.sqrt(sum(amplitude(g[0], x) ** 2 for x in o.T)) + gb * math.sqrt(p2)) ** 2
    je = max(math.sqrt(sum(amplitude(g[1], x) ** 2 for x in o.T)) - ge * math.sqrt(p2), 0) ** 2
    se, se_least = (amplitude(h[1], w[:, 0]) + he * nb) ** 2, max(amplitude(h[1], w[:, 0]) - he * nb, 0) ** 2
    te, te_most = max(amplitude(h[1], w[:, 1]) - he * nt, 0) ** 2, (amplitude(h[1], w[:, 1]) + he * nt) ** 2
    lit = sum(amplitude(h[2], w[:, k]) ** 2 for k in range(2))
    rate = math.log2(1 + sb / (ib + 1)) - math.log2(1 + se / (te + je + 1))
    found = {
        "power_1": (nb**2 + nt**2) / problem.power_1_w - 1,
        "power_2": p2 / problem.power_2_w - 1,
        "secrecy_rate": problem.least_secrecy - rate,
        "bob_order": sb_most - tb,
        "eve_order": se - te,
        "bob_sensing": least - tb / (sb_most + ib + 1),
        "eve_sensing": te_most / (se_least + je + 1) - least,
        "bob_data": least - sb / (ib + 1),
        "scnr": least - 0.5 * problem.echo_gain * np.linalg.norm(h[2]) ** 2 * lit,
    }
    for n in range(problem.users):
        noise = 1 + sum(amplitude(h[3 + n], w[:, k]) ** 2 for k in range(2))
        q = [amplitude(g[2 + n], x) ** 2 for x in o.T]
        found[f"common_rate_{n + 1}"] = problem.least_common - math.log2(1 + q[0] / (sum(q[1:]) + noise))
        others = sum(q[1:]) - q[n + 1] + noise
        found[f"private_rate_{n + 1}"] = problem.least_private - math.log2(1 + q[n + 1] / others)
    return found, rate / (nb**2 + nt**2 + p2 + problem.circuit_w)


@pytest.mark.parametrize("error", [0.0, 0.1])
def test_excesses_and_efficiency_are_those_of_the_loops(draw_stations, error):
    problem, rng = draw_stations(3, error=error), np.random.default_rng(4)
    scheme = rsma(problem)
    for _ in range(5):
        beams = 3.0 * normal(rng, 8, 2), 2.0 * normal(rng, 8, 4)
        wanted, efficiency = loops(problem, *beams)
        found = dict(zip(constraint_names(scheme), excesses(problem, beams, scheme), strict=True))
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)
        if efficiency > 0.0:
            solution = evaluated(problem, scheme, "loops", within_budgets(problem, beams), 0)
            assert solution.violation == pytest.approx(max(loops(problem, *solution.precoders)[0].values()), rel=1e-9)


def test_beams_that_are_not_allowed_name_what_they_miss_most(draw_stations):
    problem = draw_stations(3)
    silent = np.zeros((8, 2), complex), np.zeros((8, 4), complex)
    solution = evaluated(problem, rsma(problem), "silent", silent, 0)
    assert solution.status is Status.INFEASIBLE
    assert solution.warm is None
    assert solution.objective == 0.0
    assert [name for name in solution.evidence if name.startswith("least_met:")] == ["least_met:secrecy_rate"]


def test_beams_that_are_not_finite_fail_and_both_stations_are_silent(draw_stations):
    problem = draw_stations(3)
    broken = np.full((8, 2), np.nan, complex), np.zeros((8, 4), complex)
    solution = evaluated(problem, rsma(problem), "broken", broken, 0)
    assert solution.status is Status.FAILED
    assert not any(x.any() for x in solution.precoders)


def test_beams_over_a_budget_are_scaled_onto_it(draw_stations):
    problem = draw_stations(3)
    w, o = within_budgets(problem, (np.full((8, 2), 9.0 + 0j), np.full((8, 4), 0.1 + 0j)))
    assert np.linalg.norm(w) ** 2 == pytest.approx(problem.power_1_w, rel=1e-12)
    assert np.linalg.norm(w) ** 2 <= problem.power_1_w
    assert (o == 0.1).all()


def test_unknown_methods_and_warm_starts_of_other_shapes_are_refused(draw_stations):
    problem = draw_stations(3)
    with pytest.raises(SolverError, match="method='wmmse': must be one of fast, "):
        solve(problem, method="wmmse")
    assert METHODS[0] == "fast"
    with pytest.raises(SolverError, match=r"warm_start: precoders of shapes \[\(8, 2\)\]: must be"):
        solve(problem, warm_start=WarmStart((np.zeros((8, 2), complex),)))
    broken = WarmStart((np.full((8, 2), np.nan, complex), np.zeros((8, 4), complex)))
    with pytest.raises(SolverError, match="warm_start: has a value that is not finite"):
        solve(problem, warm_start=broken)


def test_a_problem_does_not_follow_the_arrays_that_it_was_made_of(draw_stations):
    problem = draw_stations(3)
    errors = np.zeros(2)
    made = replace(problem, errors_1=errors)
    errors[0] = 99.0
    assert made.errors_1[0] == 0.0
