"""Rayleigh MIMO channels: explicit sums, moments, Jakes' autocorrelation, and estimates whose error is what is said.

Statistical limits are four or more standard deviations of the estimate, with fixed seeds.
"""

import cmath
import math

import numpy as np
import pytest

from entities.channels.rayleigh import Rayleigh, bounded, estimate_of
from entities.channels.sinusoids import PATHS
from twin.emulation.streams import Streams
from twin.signal.correlation import jakes

DOPPLER_HZ = 10.0
LINKS = [(f"tx{index}", f"rx{index}") for index in range(300)]


@pytest.fixture(scope="module")
def crowd():
    """300 links with 3 x 4 antennas at 10 Hz, and as many of another purpose."""
    return [Rayleigh(Streams(1), purpose, LINKS, (3, 4), [DOPPLER_HZ] * len(LINKS)) for purpose in ("h", "w")]


def over_time(rayleigh, lag_ns=0, instants=6):
    return np.array([rayleigh.at(index * 3_333_000_000 + lag_ns) for index in range(instants)])


def test_it_is_the_sum_that_the_model_states():
    rayleigh = Rayleigh(Streams(4), "h", [("a", "b"), ("a", "c")], (2, 3), [1.0, 12.5])
    generator, t_s = Streams(4).generator("h", "a", "c", 1), 3.25
    for transmit in range(3):
        jitter, turns = generator.random((2, PATHS))
        z = 0.0
        for m in range(PATHS):
            shift_hz = 12.5 * math.cos(math.pi * (m + jitter[m]) / PATHS)
            z += cmath.exp(2j * math.pi * (shift_hz * t_s + turns[m])) / math.sqrt(PATHS)
        assert rayleigh.at(3_250_000_000)[1, 1, transmit] == pytest.approx(z, abs=1e-12)


def test_moments_are_those_of_independent_unit_entries(crowd):
    h = over_time(crowd[0])
    assert abs(h.mean()) < 0.03
    assert abs((h**2).mean()) < 0.03
    assert (np.abs(h) ** 2).mean() == pytest.approx(1.0, abs=0.03)
    flat = h.reshape(-1, 12)
    covariance = flat.conj().T @ flat / len(flat)
    np.testing.assert_allclose(covariance, np.eye(12), atol=0.11)  # 1800 samples of unit power: 0.024 each


@pytest.mark.parametrize("lag_ms", [1, 5, 10, 20, 38, 60, 100])
def test_autocorrelation_is_that_of_jakes(crowd, lag_ms):
    measured = (over_time(crowd[0], lag_ms * 1_000_000) * over_time(crowd[0]).conj()).mean()
    assert abs(measured - jakes(DOPPLER_HZ, lag_ms / 1e3)) < 0.03


def test_any_instant_in_any_order_and_many_at_once(crowd):
    times_ns = np.array([7_000_000, 0, 10**12, 7_000_000])
    many = crowd[0].at(times_ns)
    for t_ns, matrices in zip(times_ns.tolist(), many, strict=True):
        np.testing.assert_array_equal(matrices, crowd[0].at(t_ns))


def test_some_links_are_those_of_all(crowd):
    np.testing.assert_array_equal(crowd[0].at(5_000_000, np.array([7, 2])), crowd[0].at(5_000_000)[[7, 2]])


def test_another_link_or_antenna_changes_nothing_for_the_others():
    few = Rayleigh(Streams(3), "h", LINKS[:2], (2, 2), [5.0, 5.0]).at(10**9)
    many = Rayleigh(Streams(3), "h", [LINKS[9], *LINKS[:2]], (3, 4), [5.0] * 3).at(10**9)
    np.testing.assert_array_equal(few, many[1:, :2, :2])


@pytest.mark.parametrize("zeta", [0.0, 0.1, 0.5, 1.0])
def test_estimate_and_error_have_the_stated_powers_and_are_uncorrelated_at_every_lag(crowd, zeta):
    h, w = (over_time(rayleigh) for rayleigh in crowd)
    estimates = estimate_of(h, w, zeta)
    error = h - estimates
    assert (np.abs(estimates) ** 2).mean() == pytest.approx(1.0 - zeta**2, abs=0.03)
    assert (np.abs(error) ** 2).mean() == pytest.approx(zeta**2, abs=0.03)
    later = [over_time(rayleigh, 20_000_000) for rayleigh in crowd]
    later_error = later[0] - estimate_of(*later, zeta)
    assert abs((estimates * error.conj()).mean()) < 0.02
    assert abs((estimates * later_error.conj()).mean()) < 0.02
    # the error is a process of the same memory
    expected = zeta**2 * float(jakes(DOPPLER_HZ, 0.02))
    assert (error * later_error.conj()).mean() == pytest.approx(expected, abs=0.03)


def test_bounded_errors_stay_within_and_small_ones_are_left_alone():
    rng = np.random.default_rng(8)
    h, noise = (rng.standard_normal((50, 2, 2)) + 1j * rng.standard_normal((50, 2, 2)) for _ in range(2))
    estimates = h + 0.3 * noise
    moved = bounded(h, estimates, 0.8)
    for channel, estimate, found in zip(h, estimates, moved, strict=True):
        length = math.sqrt(sum(abs(x) ** 2 for x in (estimate - channel).ravel()))
        if length <= 0.8:
            np.testing.assert_allclose(found, estimate, atol=1e-14)
        else:
            np.testing.assert_allclose(found - channel, (estimate - channel) * 0.8 / length, atol=1e-14)
    assert np.linalg.norm(moved - h, axis=(1, 2)).max() <= 0.8 * (1 + 1e-12)
