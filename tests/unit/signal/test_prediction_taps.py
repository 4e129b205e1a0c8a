"""Wiener taps, direction and phase: closed forms, explicit loops, and the process itself."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import j0

from entities.channels.fading import Scatter
from twin.emulation.streams import Streams
from twin.signal.arrays import ula_response
from twin.signal.prediction import (
    direction_cosine,
    phases_since,
    phasor_moments,
    predicted,
    shown_doppler,
    wiener_taps,
)

F_HZ = 30.0
IRREGULAR_S = np.array([-0.004, -0.011, -0.031])


def test_a_sample_taken_at_the_target_is_the_prediction():
    weights, error = wiener_taps(F_HZ, np.array([0.0, -0.01, -0.02]), 0.0, np.zeros(3))
    np.testing.assert_allclose(weights, [1.0, 0.0, 0.0], atol=1e-6)
    assert 0.0 <= error < 1e-6


@pytest.mark.parametrize("nu", [0.0, 0.1])
@pytest.mark.parametrize("lag_s", [0.001, 0.005, 0.02])
def test_one_tap_in_closed_form(lag_s, nu):
    correlation = j0(2 * np.pi * F_HZ * lag_s)
    weights, error = wiener_taps(F_HZ, np.array([-lag_s]), 0.0, np.array([nu]))
    assert weights[0] == pytest.approx(correlation / (1 + nu), abs=1e-7)
    assert error == pytest.approx(1 - correlation**2 / (1 + nu), abs=1e-7)


def test_irregular_taps_against_the_normal_equations_written_out():
    doppler_hz, noise = np.array([5.0, 30.0]), np.array([[0.1, 0.2, 0.3], [0.01, 0.0, 0.4]])
    instants_s = np.array([IRREGULAR_S, [-0.001, -0.002, -0.05]])
    target_s = np.array([0.0, 0.003])
    weights, error = wiener_taps(doppler_hz, instants_s, target_s, noise)
    for link in range(2):
        matrix, ahead = np.empty((3, 3)), np.empty(3)
        for i in range(3):
            ahead[i] = j0(2 * np.pi * doppler_hz[link] * (target_s[link] - instants_s[link, i]))
            for k in range(3):
                matrix[i, k] = j0(2 * np.pi * doppler_hz[link] * (instants_s[link, i] - instants_s[link, k]))
            matrix[i, i] += noise[link, i]
        np.testing.assert_allclose(weights[link], np.linalg.solve(matrix, ahead), atol=1e-5)
        assert error[link] == pytest.approx(1 - ahead @ np.linalg.solve(matrix, ahead), abs=1e-5)


def test_neighbouring_samples_show_how_fast_their_process_changes():
    scatter = Scatter(Streams(5), [("link", str(k)) for k in range(200)], 4, [F_HZ] * 200)
    rng = np.random.default_rng(6)
    nu = np.broadcast_to([0.01, 0.02, np.inf, np.inf], (200, 4))
    times_s = np.broadcast_to([-0.001, -0.004, -0.0045, -0.0045], (200, 4))

    def shown(apart):
        samples = np.stack([scatter.at(round(1e9 + 1e9 * apart * t)) for t in times_s[0]], axis=1)
        noise = np.sqrt(np.where(np.isinf(nu), 100.0, nu) / 2)[..., None]
        noisy = samples + noise * (rng.normal(size=samples.shape) + 1j * rng.normal(size=samples.shape))
        return float(shown_doppler(3.0 * noisy, apart * times_s, 9.0 * nu))

    assert shown(1.0) == pytest.approx(F_HZ, rel=0.05)
    assert shown(100.0) == pytest.approx(1 / (np.pi * 0.3), rel=0.1)  # decorrelated: that is all that can be seen
    assert shown_doppler(np.ones((3, 2, 4)) + 0j, np.zeros((3, 2)), np.array([0.0, np.inf]) * np.ones((3, 1))) == 0.0


@pytest.mark.parametrize("nu", [0.0, 0.03])
def test_error_power_is_that_of_the_process(nu):
    names = [("link", str(k)) for k in range(500)]
    scatter = Scatter(Streams(3), names, 4, [F_HZ] * len(names))
    rng = np.random.default_rng(4)
    past = np.stack([scatter.at(round(1e9 + 1e9 * t)) for t in IRREGULAR_S], axis=1)
    past += np.sqrt(nu / 2) * (rng.normal(size=past.shape) + 1j * rng.normal(size=past.shape))
    weights, error = wiener_taps(F_HZ, IRREGULAR_S, 0.0, np.full(3, nu))
    measured = np.mean(np.abs(predicted(weights[None], past) - scatter.at(10**9)) ** 2)
    assert measured == pytest.approx(float(error), rel=0.08)
    one_tap = 1 - j0(2 * np.pi * F_HZ * IRREGULAR_S[0]) ** 2 / (1 + nu)
    assert error < 0.9 * one_tap


def test_more_taps_never_predict_worse():
    instants_s = -0.004 - 0.006 * np.arange(5)
    errors = [float(wiener_taps(F_HZ, instants_s[:p], 0.0, np.full(p, 0.02))[1]) for p in range(1, 6)]
    assert all(later <= before + 1e-12 for before, later in pairwise(errors))


def test_a_sample_with_huge_noise_is_as_good_as_absent():
    few, error = wiener_taps(F_HZ, IRREGULAR_S[:2], 0.0, np.array([0.1, 0.1]))
    padded, padded_error = wiener_taps(F_HZ, IRREGULAR_S[[0, 1, 1]], 0.0, np.array([0.1, 0.1, 1e12]))
    np.testing.assert_allclose(padded, [*few, 0.0], atol=1e-9)
    assert padded_error == pytest.approx(float(error), abs=1e-9)


def test_without_doppler_noise_is_averaged():
    weights, error = wiener_taps(0.0, IRREGULAR_S, 0.0, np.full(3, 0.3))
    np.testing.assert_allclose(weights, 1 / 3.3, rtol=1e-6)
    assert error == pytest.approx(0.1 / 1.1, rel=1e-6)


def test_an_unknown_constant_is_predicted_as_it_is():
    weights, error = wiener_taps(2.0, IRREGULAR_S, 0.0, np.full(3, 0.05), mean_variance=1e5)
    assert weights.sum() == pytest.approx(1.0, abs=1e-4)
    one, one_error = wiener_taps(2.0, IRREGULAR_S[:1], 0.0, np.array([0.05]), mean_variance=1e5)
    assert one[0] == pytest.approx(1.0, abs=1e-4)
    variogram = 2 * (1 - j0(2 * np.pi * 2.0 * IRREGULAR_S[0]))
    assert one_error == pytest.approx(variogram + 0.05, abs=1e-4)
    assert error < one_error


@pytest.mark.parametrize("antennas", [2, 4, 16])
def test_direction_of_a_clean_line_of_sight(antennas):
    cosine = np.array([-0.99, -0.5, -0.013, 0.0, 0.3, 0.77, 0.999])
    sight = 0.4 * ula_response(cosine, antennas)
    np.testing.assert_allclose(direction_cosine(sight), cosine, atol=1e-9)


def test_direction_in_scatter_is_the_likeliest_of_a_fine_grid():
    rng = np.random.default_rng(5)
    mean = ula_response(0.42, 4) + 0.3 * (rng.normal(size=(20, 4)) + 1j * rng.normal(size=(20, 4)))
    fine = np.linspace(-1, 1, 20001)
    best = fine[np.argmax((mean @ ula_response(fine, 4).conj().T).real, axis=1)]
    np.testing.assert_allclose(direction_cosine(mean), best, atol=2e-4)


def test_one_antenna_has_no_direction():
    assert direction_cosine(np.array([[1j]])) == 0.0


def test_phases_are_unwrapped_from_sample_to_sample():
    phases = np.array([0.3, 2.5, 4.7, 7.5])[:, None]
    np.testing.assert_allclose(phases_since(np.exp(1j * phases)), phases - 0.3, atol=1e-12)


@pytest.mark.parametrize("variance", [0.0, 0.02, 1.5])
def test_phasor_moments_against_quadrature(variance):
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    phasors, weights = np.exp(1j * np.sqrt(variance) * nodes), weights / weights.sum()
    mean = weights @ phasors
    size, spread = phasor_moments(np.array(variance))
    assert size == pytest.approx(mean.real, abs=1e-12)
    assert spread == pytest.approx(weights @ np.abs(phasors - mean) ** 2, abs=1e-12)
