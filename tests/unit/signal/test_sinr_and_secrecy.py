"""Eqs (8)-(16) of Yin et al. against explicit loops and closed forms."""

import math

import numpy as np
import pytest

from twin.signal.sagin import EAVESDROPPER, RECEIVERS, SERVES, TRANSMITTERS, USERS
from twin.signal.secrecy import secrecy_rate, secrecy_rates
from twin.signal.sinr import eve_sinrs, received_powers, user_sinrs


def random_scene(seed, antennas=(4, 3, 6)):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(size=shape) + 1j * rng.normal(size=shape)

    return [draw(4, n) for n in antennas], [draw(n) for n in antennas]


def rates_by_loops(channels, precoders):
    """Eqs (8)-(16) as printed, one scalar at a time."""
    power = [
        [abs(sum(np.conj(c) * x for c, x in zip(channels[j][k], precoders[j], strict=True))) ** 2 for k in range(4)]
        for j in range(3)
    ]
    rates = []
    for k in range(3):
        interference = sum(power[j][k] for j in range(3) if j != k)
        jamming = sum(power[j][3] for j in range(3) if j != k)
        user, eve = power[k][k] / (interference + 1.0), power[k][3] / (jamming + 1.0)
        rates.append(max(math.log2(1.0 + user) - math.log2(1.0 + eve), 0.0))
    return rates


def test_names_and_order():
    assert [SERVES[name] for name in TRANSMITTERS] == list(USERS)
    assert RECEIVERS.index(EAVESDROPPER) == 3
    assert RECEIVERS[:3] == USERS


@pytest.mark.parametrize("seed", range(5))
def test_rates_equal_the_printed_formulas(seed):
    channels, precoders = random_scene(seed)
    np.testing.assert_allclose(secrecy_rates(channels, precoders), rates_by_loops(channels, precoders), atol=1e-12)


def test_the_channel_is_conjugated_in_the_received_amplitude():
    ramp = np.array([1.0, 1.0j])
    channels = [np.vstack([ramp] * 4)] * 3
    silent = np.zeros(2, complex)
    assert received_powers(channels, [ramp, silent, silent])[0, 0] == pytest.approx(4.0)
    assert received_powers(channels, [ramp.conj(), silent, silent])[0, 0] == pytest.approx(0.0, abs=1e-30)


def test_one_active_link_has_the_wiretap_rate():
    channels = [np.array([[3.0], [0.0], [0.0], [1.0]], dtype=complex) for _ in range(3)]
    precoders = [np.array([1.0 + 0.0j]), np.zeros(1, complex), np.zeros(1, complex)]
    np.testing.assert_allclose(secrecy_rates(channels, precoders), [math.log2(10.0 / 2.0), 0.0, 0.0], atol=1e-15)


def test_interference_and_noise_in_every_sinr():
    powers = np.array([[8.0, 1.0, 2.0, 5.0], [3.0, 9.0, 4.0, 6.0], [0.0, 2.0, 7.0, 1.0]])
    np.testing.assert_allclose(user_sinrs(powers), [8.0 / 4.0, 9.0 / 4.0, 7.0 / 7.0], rtol=1e-15)
    np.testing.assert_allclose(eve_sinrs(powers), [5.0 / 8.0, 6.0 / 7.0, 1.0 / 12.0], rtol=1e-15)


def test_many_scenes_at_once_equal_one_at_a_time():
    powers = np.random.default_rng(7).exponential(size=(11, 5, 3, 4))
    users, eves = user_sinrs(powers), eve_sinrs(powers)
    for index in np.ndindex(11, 5):
        np.testing.assert_allclose(users[index], user_sinrs(powers[index]), rtol=1e-14)
        np.testing.assert_allclose(eves[index], eve_sinrs(powers[index]), rtol=1e-14)


def test_a_stronger_eavesdropper_leaves_zero_not_less():
    np.testing.assert_array_equal(secrecy_rate(np.array([1.0, 0.0, 3.0]), np.array([2.0, 0.0, 1.0])), [0.0, 0.0, 1.0])


def test_tiny_sinrs_keep_their_digits():
    assert float(secrecy_rate(np.array(3e-18), np.array(1e-18))) == pytest.approx(2e-18 / math.log(2.0), rel=1e-12)
