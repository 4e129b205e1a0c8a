"""Sums of sinusoids: explicit sums, moments, autocorrelation, and exactness far out in time.

Statistical limits are four or more standard deviations of the estimate, with fixed seeds.
"""

import cmath
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from entities.channels.fading import Scatter
from entities.channels.sinusoids import PATHS
from twin.emulation.streams import Streams
from twin.signal.correlation import jakes

LINKS = [("test", f"link {index}") for index in range(1000)]


@pytest.fixture(scope="module")
def crowd():
    """1000 links with 4 antennas at 10 Hz."""
    return Scatter(Streams(1), LINKS, 4, [10.0] * len(LINKS))


def ensemble(scatter, lag_ns=0, instants=12):
    """Samples (instants, R, N), far enough apart in time to be nearly independent."""
    return np.array([scatter.at(index * 3_333_000_000 + lag_ns) for index in range(instants)])


def test_it_is_the_sum_that_the_model_states():
    doppler_hz, t_s = 12.5, 3.25
    scatter = Scatter(Streams(4), [("uav", "su"), ("uav", "au")], 3, [1.0, doppler_hz])
    jitter, turns = Streams(4).generator("fading", "uav", "au", 2).random((2, PATHS))
    z = 0.0
    for m in range(PATHS):
        alpha = math.pi * (m + jitter[m]) / PATHS
        z += cmath.exp(1j * 2 * math.pi * (doppler_hz * math.cos(alpha) * t_s + turns[m])) / math.sqrt(PATHS)
    assert scatter.at(3_250_000_000)[1, 2] == pytest.approx(z, abs=1e-12)


def test_one_path_lies_in_each_part_of_the_half_circle(crowd):
    parts = np.floor(np.arccos(crowd._shift_hz / 10.0) / np.pi * PATHS)
    np.testing.assert_array_equal(parts, np.broadcast_to(np.arange(PATHS), parts.shape))


def test_moments_are_those_of_unit_rayleigh_scatter(crowd):
    z = ensemble(crowd)
    power = np.abs(z) ** 2
    assert abs(z.mean()) < 0.02
    assert abs((z**2).mean()) < 0.02
    assert power.mean() == pytest.approx(1.0, abs=0.02)
    # 2 for infinitely many paths
    assert (power**2).mean() == pytest.approx(2.0 - 1.0 / PATHS, abs=0.08)


def test_amplitudes_are_rayleigh_and_phases_uniform(crowd):
    z = crowd.at(5_000_000_000).ravel()
    limit = 1.63 / math.sqrt(z.size)
    assert stats.kstest(np.abs(z), stats.rayleigh(scale=math.sqrt(0.5)).cdf).statistic < limit
    assert stats.kstest(np.angle(z), stats.uniform(-math.pi, 2 * math.pi).cdf).statistic < limit


@pytest.mark.parametrize("lag_ms", [1, 5, 10, 20, 38, 50, 100, 250])
def test_autocorrelation_is_within_0_02_of_j0(crowd, lag_ms):
    lag_ns = lag_ms * 1_000_000
    measured = (ensemble(crowd, lag_ns) * ensemble(crowd).conj()).mean()
    assert abs(measured - jakes(10.0, lag_ms / 1e3)) < 0.02


def test_autocorrelation_of_one_realisation_is_within_0_05_rms_of_j0(crowd):
    lags_s = np.linspace(0.0, 0.3, 31)
    realisations = crowd._shift_hz[:200, 0, :, None]
    measured = np.exp(2j * np.pi * realisations * lags_s).mean(axis=1)
    rms = np.sqrt((np.abs(measured - jakes(10.0, lags_s)) ** 2).mean(axis=1))
    assert math.sqrt((rms**2).mean()) < 0.05


def test_antennas_and_links_are_uncorrelated(crowd):
    z = ensemble(crowd, instants=4)
    assert abs((z[:, :, 0] * z[:, :, 1].conj()).mean()) < 0.08
    assert abs((z[:, :-1] * z[:, 1:].conj()).mean()) < 0.04


def test_static_links_stand_still_and_stay_random():
    scatter = Scatter(Streams(2), LINKS[:500], 2, [0.0] * 500)
    now = scatter.at(0)
    np.testing.assert_array_equal(now, scatter.at(10**15))
    assert (np.abs(now) ** 2).mean() == pytest.approx(1.0, abs=0.15)
    assert np.unique(now).size == now.size


def test_phases_are_right_a_million_seconds_out():
    scatter = Scatter(Streams(3), [("uav", "su")], 2, [100.0])
    t_ns = 10**15 - 1
    exact = 0.0
    for shift_hz, start in zip(scatter._shift_hz[0, 1], scatter._start_turns[0, 1], strict=True):
        turns = (Fraction(float(shift_hz)) * t_ns / 10**9 + Fraction(float(start))) % 1
        exact += cmath.exp(2j * math.pi * float(turns)) / math.sqrt(PATHS)
    assert scatter.at(t_ns)[0, 1] == pytest.approx(exact, abs=1e-6)


def test_a_nanosecond_later_is_almost_the_same():
    scatter = Scatter(Streams(3), [("uav", "su")], 2, [100.0])
    step = scatter.at(10**15 + 1) - scatter.at(10**15)
    assert np.abs(step).max() < 5e-6


def test_order_of_asking_does_not_matter(crowd):
    instants = [10**12, 5, 777_777_777_777]
    forward = [crowd.at(t_ns) for t_ns in instants]
    backward = [crowd.at(t_ns) for t_ns in reversed(instants)]
    np.testing.assert_array_equal(forward, backward[::-1])


def test_a_further_antenna_leaves_the_others():
    few, many = (Scatter(Streams(6), LINKS[:3], antennas, [8.0] * 3) for antennas in (2, 5))
    np.testing.assert_allclose(many.at(10**9)[:, :2], few.at(10**9), rtol=0, atol=1e-14)
