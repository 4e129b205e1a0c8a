"""What Bob and Eve hear of two stations, against explicit loops and sampled errors: Li et al., eqs (9)-(13), (19a)."""

import math

import numpy as np
import pytest

from twin.signal.hisac import (
    bob_sensing_sinr,
    bob_sinr,
    eve_sensing_sinr,
    eve_sinr,
    rate_difference,
    reception,
    security_energy_efficiency,
    sent_power_w,
)

M1, M2, K = 5, 4, 3
NO_ERRORS = np.zeros(2), np.zeros(2)


def normal(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def scene():
    rng = np.random.default_rng(5)
    return (normal(rng, 2, M1), normal(rng, 2, M2)), (normal(rng, M1, 2), normal(rng, M2, K))


def loops(h, g, w, o):
    """SINRs (9)-(12) as they stand, of what is."""
    power = [[abs(np.vdot(h[r], w[:, k])) ** 2 for k in range(2)] for r in range(2)]
    other = [sum(abs(np.vdot(g[r], o[:, k])) ** 2 for k in range(K)) for r in range(2)]
    return (
        power[0][1] / (power[0][0] + other[0] + 1.0),
        power[0][0] / (other[0] + 1.0),
        power[1][1] / (power[1][0] + other[1] + 1.0),
        power[1][0] / (power[1][1] + other[1] + 1.0),
    )


def test_without_errors_the_sinrs_are_those_of_the_loops(scene):
    heard = reception(*scene, NO_ERRORS)
    found = [f(heard) for f in (bob_sensing_sinr, bob_sinr, eve_sensing_sinr, eve_sinr)]
    np.testing.assert_allclose(found, loops(*scene[0], *scene[1]), rtol=1e-12)
    assert heard.bob_data == heard.bob_data_most
    assert heard.eve_sensing == heard.eve_sensing_most


def test_no_sampled_error_is_worse_than_the_worst_case(scene):
    (h, g), (w, o) = scene
    rng, radii = np.random.default_rng(6), (np.array([0.2, 0.3]), np.array([0.25, 0.1]))
    worst = reception((h, g), (w, o), radii)
    bound = [float(f(worst)) for f in (bob_sensing_sinr, bob_sinr, eve_sensing_sinr, eve_sinr)]
    for _ in range(2000):
        errors = [normal(rng, *x.shape) for x in (h, g)]
        errors = [r[:, None] * e / np.linalg.norm(e, axis=1)[:, None] for r, e in zip(radii, errors, strict=True)]
        bob_ta, bob, eve_ta, eve = loops(h + errors[0], g + errors[1], w, o)
        assert bob_ta >= bound[0]
        assert bob >= bound[1]
        assert eve_ta <= bound[2]
        assert eve <= bound[3]
        assert math.log2(1.0 + bob) - math.log2(1.0 + eve) >= float(rate_difference(worst))


def test_only_what_eve_cannot_remove_jams_her(scene):
    channels, (w, o) = scene
    heard = reception(channels, (w, o), NO_ERRORS, o[:, 2:])
    assert heard.eve_interference == pytest.approx(abs(np.vdot(channels[1][1], o[:, 2])) ** 2)
    silent = reception(channels, (w, o), NO_ERRORS, o[:, :0])
    assert silent.eve_interference == 0.0
    assert silent.bob_interference == reception(channels, (w, o), NO_ERRORS).bob_interference


def test_leading_axes_are_taken_one_by_one(scene):
    channels, (w, o) = scene
    turns = np.array([1.0, 0.5, 2.0])
    many = reception(
        channels, (turns[:, None, None] * w, turns[:, None, None] * o), (np.full((3, 2), 0.1), np.full((3, 2), 0.2))
    )
    for index, turn in enumerate(turns):
        one = reception(channels, (turn * w, turn * o), (np.full(2, 0.1), np.full(2, 0.2)))
        for field, value in one._asdict().items():
            assert getattr(many, field)[index] == pytest.approx(float(value), rel=1e-12)


def test_efficiency_is_rate_over_all_power_and_never_negative(scene):
    _, (w, o) = scene
    power = sum(np.linalg.norm(x) ** 2 for x in (*w.T, *o.T))
    sent = sent_power_w(w) + sent_power_w(o)
    assert sent == pytest.approx(power)
    assert security_energy_efficiency(np.array(2.0), sent, 3.0) == pytest.approx(2.0 / (power + 3.0))
    assert security_energy_efficiency(np.array(-2.0), sent, 3.0) == 0.0
