"""Rates of pairs that share a band, against explicit loops over pairs and draws, and closed forms."""

import math

import numpy as np
import pytest

from twin.signal.interference_channel import (
    eve_rates,
    interference_covariances,
    noise_covariances,
    pair_secrecy_rates,
    user_rates,
)

K, NR, NT, NE, DS, DA = 3, 3, 4, 5, 2, 1


def normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / math.sqrt(2.0)


@pytest.fixture
def scene():
    rng = np.random.default_rng(4)
    return (
        normal(rng, 6, K, K, NR, NT),
        normal(rng, 6, K, NE, NT),
        normal(rng, K, NT, DS),
        normal(rng, K, NT, DA),
    )


def loops(channels, eves, q, an):
    """Rates of receiver and eavesdropper of every pair, from eqs (5)-(11) as they stand."""
    user, eve = [], []
    for i in range(K):
        own = channels[i, i]
        noise = np.eye(NR) + own @ an[i] @ an[i].conj().T @ own.conj().T
        for j in range(K):
            if j != i:
                sent = q[j] @ q[j].conj().T + an[j] @ an[j].conj().T
                noise = noise + channels[i, j] @ sent @ channels[i, j].conj().T
        signal = own @ q[i] @ q[i].conj().T @ own.conj().T
        user.append(math.log2(np.linalg.det(np.eye(NR) + signal @ np.linalg.inv(noise)).real))
        heard = eves[i] @ q[i] @ q[i].conj().T @ eves[i].conj().T
        jammed = np.eye(NE) + eves[i] @ an[i] @ an[i].conj().T @ eves[i].conj().T
        eve.append(math.log2(np.linalg.det(np.eye(NE) + heard @ np.linalg.inv(jammed)).real))
    return np.array(user), np.array(eve)


def test_rates_of_every_draw_are_those_of_the_loops(scene):
    channels, eves, q, an = scene
    for draw in range(len(channels)):
        user, eve = loops(channels[draw], eves[draw], q, an)
        np.testing.assert_allclose(user_rates(channels, q, an)[draw], user, atol=1e-11)
        np.testing.assert_allclose(eve_rates(eves, q, an)[draw], eve, atol=1e-11)


def test_secrecy_rates_average_before_they_are_clipped(scene):
    channels, eves, q, an = scene
    differences = [np.subtract(*loops(h, e, q, an)) for h, e in zip(channels, eves, strict=True)]
    expected = np.maximum(np.mean(differences, axis=0), 0.0)
    np.testing.assert_allclose(pair_secrecy_rates(channels, eves, q, an), expected, atol=1e-11)
    assert (expected == 0.0).any() or (np.min(differences) < 0.0)


def test_without_draws_the_axis_is_not_needed(scene):
    channels, eves, q, an = scene
    user, eve = loops(channels[0], eves[0], q, an)
    expected = np.maximum(user - eve, 0.0)
    np.testing.assert_allclose(pair_secrecy_rates(channels[0], eves[0], q, an), expected, atol=1e-11)


def test_noise_is_interference_and_own_artificial_noise_and_one(scene):
    channels, _, q, an = scene
    own = channels[0, 1, 1] @ an[1]
    expected = np.eye(NR) + interference_covariances(channels[0], q, an)[1] + own @ own.conj().T
    np.testing.assert_allclose(noise_covariances(channels[0], q, an)[1], expected, atol=1e-12)


def test_one_pair_with_one_antenna_each_is_the_scalar_wiretap_channel():
    h, e = np.full((1, 1, 1, 1), 3.0 + 0j), np.full((1, 1, 1), 2.0j)
    q, an = np.full((1, 1, 1), 0.5 + 0j), np.zeros((1, 1, 0), complex)
    expected = math.log2(1 + 9.0 * 0.25) - math.log2(1 + 4.0 * 0.25)
    np.testing.assert_allclose(pair_secrecy_rates(h, e, q, an), [expected], atol=1e-14)


def test_a_silent_pair_has_no_rate_and_disturbs_nobody(scene):
    channels, eves, q, an = (x.copy() for x in scene)
    q[0], an[0] = 0.0, 0.0
    alone = pair_secrecy_rates(channels[:, 1:, 1:], eves[:, 1:], q[1:], an[1:])
    together = pair_secrecy_rates(channels, eves, q, an)
    assert together[0] == 0.0
    np.testing.assert_allclose(together[1:], alone, atol=1e-12)
