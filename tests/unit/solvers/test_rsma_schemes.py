"""What RSMA is compared with: each scheme against its own loops, and the orders that must hold between them."""

import math

import numpy as np
import pytest

from twin.solvers.result import Status
from twin.solvers.rsma.evaluate import decoded_rates, excesses, user_rates
from twin.solvers.rsma.scheme import SCHEMES, artificial_noise, no_green_interference, noma_unicast, oma_unicast, rsma
from twin.solvers.rsma.solve import solve


def some_beams(problem, scheme, seed=3):
    rng = np.random.default_rng(seed)
    shapes = (problem.antennas[0], 2), (problem.antennas[1], scheme.columns)
    return tuple(rng.normal(size=shape) + 1j * rng.normal(size=shape) for shape in shapes)


@pytest.fixture
def problem(draw_stations):
    return draw_stations(6, (6, 6), users=3)


def noises(problem, w):
    return [1.0 + sum(abs(np.vdot(h, w[:, k])) ** 2 for k in range(2)) for h in problem.channels_1[3:]]


def test_noma_decodes_weaker_users_first(problem):
    scheme = noma_unicast(problem)
    w, o = some_beams(problem, scheme)
    order = np.argsort(np.linalg.norm(problem.channels_2[2:], axis=1))
    noise, wanted = noises(problem, w), {}
    for place, user in enumerate(order):
        for below in range(place + 1):
            q = [abs(np.vdot(problem.channels_2[2 + user], o[:, 1 + other])) ** 2 for other in order]
            sinr = q[below] / (sum(q[below + 1 :]) + noise[user])
            wanted[f"stream_{order[below] + 1}_at_{user + 1}"] = math.log2(1.0 + sinr)
    found = dict(zip(scheme.names, decoded_rates(problem, (w, o), scheme), strict=True))
    assert found == pytest.approx(wanted, rel=1e-12)
    first = order[0]
    reached = min(rate for name, rate in wanted.items() if name.startswith(f"stream_{first + 1}_"))
    assert user_rates(problem, (w, o), scheme)[first] == pytest.approx(reached)


def test_oma_gives_each_user_its_part_of_band_and_noise(problem):
    scheme = oma_unicast(problem)
    w, o = some_beams(problem, scheme)
    noise = noises(problem, w)
    wanted = [
        math.log2(1.0 + abs(np.vdot(problem.channels_2[2 + n], o[:, 1 + n])) ** 2 / (noise[n] / 3.0)) / 3.0
        for n in range(3)
    ]
    np.testing.assert_allclose(decoded_rates(problem, (w, o), scheme), wanted, rtol=1e-12)


def test_what_users_are_owed_stands_in_the_rule(draw_stations):
    problem = draw_stations(6, (6, 6), users=3, least_common=0.6, least_private=0.5)
    owed = {name: make(problem).owed for name, make in SCHEMES.items()}
    for name in ("sdma", "noma", "oma"):
        np.testing.assert_allclose(owed[f"{name}_unicast"], 0.7)
        np.testing.assert_allclose(owed[f"{name}_multicast"], 1.1)
    np.testing.assert_allclose(owed["sdma_literal"], 0.5)
    np.testing.assert_allclose(owed["rsma_unicast"], [0.0] * 3 + [0.7] * 3)
    for name in ("fast", "no_green_interference", "artificial_noise", "no_echo_filter"):
        np.testing.assert_allclose(owed[name], [0.6] * 3 + [0.5] * 3)


def test_the_split_is_missed_by_what_all_users_lack_together(problem):
    for name, need in (("rsma_unicast", np.sum), ("rsma_equal_split_unicast", lambda lack: 3.0 * np.max(lack))):
        scheme = SCHEMES[name](problem)
        beams = some_beams(problem, scheme)
        rates = decoded_rates(problem, beams, scheme)
        lacking = np.maximum(1.0 + 1.0 / 3.0 - rates[3:], 0.0)
        assert excesses(problem, beams, scheme)[-1] == pytest.approx(need(lacking) - rates[:3].min())


def test_without_green_interference_eve_hears_only_the_noise(problem):
    assert not any(no_green_interference(problem).jamming)
    assert artificial_noise(problem).jamming == (False, False, False, False, True)
    assert artificial_noise(problem).sending == (0, 1, 2, 3, 4)
    assert rsma(problem).sending == (0, 1, 2, 3)
    assert oma_unicast(problem).sending == (1, 2, 3)


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize("error", [0.0, 0.05])
def test_the_orders_that_must_hold_hold(draw_stations, seed, error):
    """A scheme that may do all that another may, and is owed no more for it, is at least as good."""
    problem = draw_stations(seed, (8, 8), users=3, error=error)
    found = {name: solve(problem, method=name) for name in SCHEMES}
    value = {name: x.objective if x.status is Status.SOLVED else 0.0 for name, x in found.items()}
    assert value["fast"] > 0.0
    for better, worse in (
        ("rsma_unicast", "rsma_equal_split_unicast"),
        ("rsma_equal_split_unicast", "fast"),
        ("rsma_unicast", "sdma_unicast"),
        ("sdma_literal", "sdma_unicast"),
        ("sdma_literal", "fast"),
        ("sdma_unicast", "sdma_multicast"),
        ("noma_unicast", "noma_multicast"),
        ("oma_unicast", "oma_multicast"),
        ("fast", "no_green_interference"),
        ("fast", "no_echo_filter"),
        ("artificial_noise", "no_green_interference"),
    ):
        assert value[better] >= value[worse] * (1.0 - 1e-4), (better, worse)
    for name, solution in found.items():
        assert solution.method == name
        assert (solution.violation <= 0.0) == (solution.status is Status.SOLVED)


def test_streams_that_a_scheme_has_not_stay_silent(problem):
    for name in ("sdma_unicast", "noma_unicast", "oma_unicast"):
        solution = solve(problem, method=name)
        assert not solution.precoders[1][:, 0].any()
        assert (solution.rates >= 1.0 + 1.0 / 3.0).all() or solution.status is Status.INFEASIBLE
