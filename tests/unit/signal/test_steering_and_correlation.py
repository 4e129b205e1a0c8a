"""Steering vectors and Jakes' autocorrelation against closed forms."""

import math

import numpy as np
import pytest

from twin.signal.arrays import ula_response
from twin.signal.correlation import coherence_time_s, jakes


def test_broadside_is_in_phase_and_endfire_alternates():
    np.testing.assert_allclose(ula_response(0.0, 5), np.ones(5), atol=1e-15)
    np.testing.assert_allclose(ula_response(1.0, 4), [1, -1, 1, -1], atol=1e-14)


def test_each_element_lags_the_one_before_by_pi_cos():
    response = ula_response(0.3, 6)
    for n in range(6):
        assert response[n] == pytest.approx(
            complex(math.cos(math.pi * 0.3 * n), -math.sin(math.pi * 0.3 * n)), abs=1e-14
        )


def test_directions_two_over_n_apart_are_orthogonal():
    assert abs(np.vdot(ula_response(0.1, 8), ula_response(0.1 + 2 / 8, 8))) == pytest.approx(0.0, abs=1e-13)


def test_shapes_broadcast():
    cosines = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
    responses = ula_response(cosines, 4)
    assert responses.shape == (2, 3, 4)
    np.testing.assert_array_equal(responses[1, 2], ula_response(1.0, 4))


def test_jakes_is_the_mean_over_all_angles_of_arrival():
    angles = (np.arange(4000) + 0.5) * 2 * np.pi / 4000
    for lag in (0.0, 0.003, 0.02, 0.11):
        mean = np.exp(2j * np.pi * 12.0 * lag * np.cos(angles)).mean()
        assert float(jakes(12.0, lag)) == pytest.approx(mean.real, abs=1e-12)
        assert abs(mean.imag) < 1e-12


def test_jakes_first_zero_and_shape():
    first_zero_s = 2.404825557695773 / (2 * math.pi * 8.0)
    values = jakes(8.0, np.array([[0.0, first_zero_s], [-first_zero_s, 0.0]]))
    np.testing.assert_allclose(values, [[1.0, 0.0], [0.0, 1.0]], atol=1e-14)


def test_coherence_time_is_the_geometric_mean_of_two_definitions():
    doppler_hz = 12.0
    least, largest = 9.0 / (16.0 * math.pi * doppler_hz), 1.0 / doppler_hz
    assert coherence_time_s(doppler_hz) == pytest.approx(math.sqrt(least * largest), rel=2e-3)
