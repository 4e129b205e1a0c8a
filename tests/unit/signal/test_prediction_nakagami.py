"""The Nakagami map of the twin: scipy's law, its inverse, and moments against sampling."""

import numpy as np
import pytest
from scipy import stats

from twin.signal.nakagami import nakagami_amplitude, nakagami_moments, rayleigh_amplitude, to_scatter


def mapped(z, m):
    return nakagami_amplitude(np.abs(z), m) * z / np.abs(z)


def normal(rng, size):
    return (rng.normal(size=size) + 1j * rng.normal(size=size)) * np.sqrt(0.5)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 3.7, 10.0])
def test_amplitude_is_at_the_same_quantile(m):
    r = np.linspace(0.0, 2.5, 500)
    np.testing.assert_allclose(nakagami_amplitude(r, m), stats.nakagami(m).ppf(-np.expm1(-(r**2))), atol=1e-5)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 10.0])
def test_the_inverse_undoes_the_map(m):
    r = np.concatenate([np.geomspace(1e-4, 1e-1, 50), np.linspace(0.1, 4.0, 200)])
    np.testing.assert_allclose(rayleigh_amplitude(nakagami_amplitude(r, m), m), r, rtol=1e-9)
    z = r * np.exp(1j * np.linspace(-3, 3, r.size))
    np.testing.assert_allclose(to_scatter(mapped(z, m), m), z, rtol=1e-9)


def test_nothing_received_is_no_scatter():
    assert to_scatter(np.zeros(2, dtype=np.complex128), 2.0).tolist() == [0, 0]


def test_rayleigh_fading_needs_no_map():
    rng = np.random.default_rng(1)
    z, error = normal(rng, 50), rng.uniform(0, 1, 50)
    mean, variance = nakagami_moments(z, error, 1.0)
    np.testing.assert_allclose(mean, z, atol=1e-5)
    np.testing.assert_allclose(variance, error, atol=1e-4)


@pytest.mark.parametrize("error", [0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("size", [0.0, 0.05, 0.3, 1.0, 2.0])
def test_moments_against_sampling(size, error):
    rng = np.random.default_rng(2)
    z = size * np.exp(0.8j)
    samples = mapped(z + np.sqrt(error) * normal(rng, 200_000), 2.0)
    mean, variance = nakagami_moments(np.array([z]), np.array([error]), 2.0)
    sampled = np.mean(np.abs(samples - samples.mean()) ** 2)
    assert abs(mean[0] - samples.mean()) < 0.01
    assert variance[0] == pytest.approx(sampled, rel=0.03)


def test_moments_without_error_are_the_map():
    z = normal(np.random.default_rng(3), 100)
    mean, variance = nakagami_moments(z, np.zeros(()), 2.0)
    np.testing.assert_allclose(mean, mapped(z, 2.0), atol=1e-12)
    np.testing.assert_allclose(variance, 0.0, atol=1e-12)
