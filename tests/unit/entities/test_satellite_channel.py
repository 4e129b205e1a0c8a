"""The satellite's channels: link budget, phases of both models, drift, rain."""

import cmath
import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from entities.channels.fading import Scatter
from entities.channels.satellite import SatelliteChannel
from entities.params import SatelliteParams
from twin.emulation.streams import Streams
from twin.signal.correlation import jakes
from twin.signal.units import from_dbm, to_db, wavelength_m

NAMES = ("su", "au", "gu", "eavesdropper")
OFFSETS_M = np.array([[40.0, 91.65, -600e3], [-6.9, -49.5, -600e3], [86.9, 49.5, -600e3], [40.0, 69.3, -600e3]])
DRY = SatelliteParams(rain_mu=-80.0)


def channel(params, seed=1, noise_dbm=-100.0, names=NAMES):
    return SatelliteChannel(params, wavelength_m(2.4e9), from_dbm(noise_dbm), Streams(seed), names)


def wrapped(angle):
    return np.angle(np.exp(1j * angle))


def test_link_budget_over_minus_100_dbm():
    # -155.6 dB of free space + 46 dB + 100 dB - 0.2 dB for 0.1 deg off the axis
    gains_db = to_db(channel(DRY).mean_gains(OFFSETS_M))
    np.testing.assert_allclose(gains_db, -9.8, atol=0.06)
    on_axis = dataclasses.replace(DRY, off_axis_deg=0.0)
    expected_db = 46 + 100 - 20 * math.log10(4 * math.pi * 600e3 / wavelength_m(2.4e9))
    np.testing.assert_allclose(to_db(channel(on_axis).mean_gains(OFFSETS_M)), expected_db, atol=1e-6)


def test_it_is_the_formula_that_the_model_states():
    streams, t_ns, k, n = Streams(6), 7_500_000_000, 2, 3
    theta = 2 * math.pi * streams.uniform("phase", "satellite", "all", n)
    w = 0.04 * (2 * streams.uniform("drift", "satellite") - 1)
    x = math.sqrt(2) * Scatter(streams, [("satellite", "gu")], 4, [1.0]).at(t_ns)[0, n].real
    amplitude = math.sqrt(channel(DRY, 6).mean_gains(OFFSETS_M)[k])
    expected = amplitude * cmath.exp(-1j * (theta + n * w * 7.5 + 0.3 * x))
    assert channel(DRY, 6).at(OFFSETS_M, t_ns)[k, n] == pytest.approx(expected, rel=1e-12)


def test_amplitudes_are_equal_on_all_antennas_and_constant_but_for_rain():
    satellite = channel(SatelliteParams())
    gains = satellite.mean_gains(OFFSETS_M)
    for t_ns in (0, 10**9, 10**15):
        power = np.abs(satellite.at(OFFSETS_M, t_ns)) ** 2
        np.testing.assert_allclose(power, np.repeat(gains[:, None], 4, axis=1), rtol=1e-12)
    assert np.unique(gains).size == 4


def test_rain_is_lognormal_in_db():
    names = tuple(f"user {index}" for index in range(2000))
    offsets_m = np.tile(OFFSETS_M[:1], (2000, 1))
    dry = channel(dataclasses.replace(DRY, antennas=1), names=names[:1]).mean_gains(offsets_m[:1])
    wet = channel(SatelliteParams(antennas=1), names=names).mean_gains(offsets_m)
    log_rain_db = np.log(-to_db(wet / dry))
    # standard deviations of the estimates: 0.028 and 0.02
    assert log_rain_db.mean() == pytest.approx(-3.152, abs=0.12)
    assert log_rain_db.std() == pytest.approx(math.sqrt(1.6), abs=0.08)


def test_similar_phases_differ_between_receivers_by_the_spread():
    phases = np.array([np.angle(channel(DRY, seed).at(OFFSETS_M, 0)) for seed in range(300)])
    between = wrapped(phases[:, 0] - phases[:, 1])
    assert between.std() == pytest.approx(0.3 * math.sqrt(2), abs=0.05)
    # the phase itself is uniform over runs
    assert stats.kstest(phases[:, 0].ravel(), stats.uniform(-math.pi, 2 * math.pi).cdf).statistic < 0.047


def test_iid_phases_are_independent_between_receivers():
    params = dataclasses.replace(DRY, phase_model="iid")
    phases = np.array([np.angle(channel(params, seed).at(OFFSETS_M, 0)) for seed in range(300)])
    between = wrapped(phases[:, 0] - phases[:, 1]).ravel()
    assert stats.kstest(between, stats.uniform(-math.pi, 2 * math.pi).cdf).statistic < 0.047


@pytest.mark.parametrize("phase_model", ["similar", "iid"])
def test_phases_wander_with_the_spread_and_its_correlation(phase_model):
    params = dataclasses.replace(DRY, phase_model=phase_model, drift_rad_s=0.0)
    steps = []
    for seed in range(150):
        satellite = channel(params, seed)
        ratio = satellite.at(OFFSETS_M, 200_000_000) / satellite.at(OFFSETS_M, 0)
        steps.append(np.angle(ratio))
    # E (x(t + tau) - x(t))^2 = 2 (1 - J0)
    expected = 0.3 * math.sqrt(2 * (1 - jakes(1.0, 0.2)))
    assert np.std(steps) == pytest.approx(expected, abs=0.03)


def test_drift_grows_linearly_along_the_array_and_is_common_to_all_receivers():
    params = dataclasses.replace(DRY, phase_spread_rad=0.0)
    rates = []
    for seed in range(60):
        satellite = channel(params, seed)
        turned = np.angle(satellite.at(OFFSETS_M, 5 * 10**9) / satellite.at(OFFSETS_M, 0))
        rate = -turned[0, 1] / 5.0
        np.testing.assert_allclose(turned, np.tile(-5.0 * rate * np.arange(4), (4, 1)), atol=1e-9)
        rates.append(rate)
    assert max(rates) <= 0.04
    assert min(rates) >= -0.04
    assert max(rates) > 0.03
    assert min(rates) < -0.03
