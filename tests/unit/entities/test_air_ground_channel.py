"""The UAV's channels: line of sight by explicit loops, Rician statistics, link budget, Doppler spread."""

import cmath
import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from entities.channels.air_ground import AirGroundChannel, uav_doppler_hz
from entities.params import UavParams
from twin.emulation.streams import Streams
from twin.signal.units import from_dbm, to_db, wavelength_m

OFFSETS_M = np.array(
    [[40.0, 91.65, -100.0], [-6.875, -49.525, -100.0], [86.875, 49.525, -100.0], [40.0, 69.28, -100.0]]
)
NAMES = ("su", "au", "gu", "eavesdropper")


DEFAULT = UavParams()


def channel(params=DEFAULT, seed=1, names=NAMES, doppler_hz=12.0):
    return AirGroundChannel(params, from_dbm(-100.0), Streams(seed), names, [doppler_hz] * len(names))


def test_link_budget_over_minus_100_dbm():
    # -40 dB at 1 m + 100 dB - 20 log10(slant distance)
    gains_db = to_db(channel().mean_gains(OFFSETS_M))
    np.testing.assert_allclose(gains_db, [17.0, 19.0, 17.0, 17.9], atol=0.05)


def test_pure_line_of_sight_is_the_array_response():
    sight = channel(dataclasses.replace(DEFAULT, rician_k_db=300.0)).at(OFFSETS_M, 10**9)
    for row, (dx, dy, dz) in enumerate(OFFSETS_M):
        distance_m = math.sqrt(dx**2 + dy**2 + dz**2)
        for n in range(4):
            expected = math.sqrt(1e-4 / distance_m**2 / 1e-10) * cmath.exp(-1j * math.pi * n * dy / distance_m)
            assert sight[row, n] == pytest.approx(expected, rel=1e-9)


def test_mirrored_receivers_have_conjugate_lines_of_sight():
    mirrored = OFFSETS_M * np.array([1.0, -1.0, 1.0])
    sight = channel(dataclasses.replace(DEFAULT, rician_k_db=300.0))
    np.testing.assert_allclose(sight.at(mirrored, 0), sight.at(OFFSETS_M, 0).conj(), atol=1e-9)


def test_a_receiver_at_the_uav_has_the_gain_of_1_m():
    here = np.zeros((4, 3))
    np.testing.assert_allclose(channel().mean_gains(here), 1e6)
    assert np.isfinite(channel().at(here, 0)).all()


def test_statistics_are_rician():
    names = tuple(f"user {index}" for index in range(1500))
    offsets_m = np.tile(OFFSETS_M[:1], (len(names), 1))
    crowd = channel(names=names)
    c = crowd.at(offsets_m, 10**9) / math.sqrt(crowd.mean_gains(offsets_m)[0])
    factor, cosine = 10.0, OFFSETS_M[0, 1] / np.linalg.norm(OFFSETS_M[0])
    sight = np.exp(-1j * np.pi * np.arange(4) * cosine)
    mean = (c * sight.conj()).mean()
    assert mean == pytest.approx(math.sqrt(factor / (factor + 1)), abs=0.02)
    assert (np.abs(c) ** 2).mean() == pytest.approx(1.0, abs=0.04)
    assert np.var(c * sight.conj()) == pytest.approx(1 / (factor + 1), abs=0.006)
    rice = stats.rice(math.sqrt(2 * factor), scale=math.sqrt(0.5 / (factor + 1)))
    assert stats.kstest(np.abs(c).ravel(), rice.cdf).statistic < 1.63 / math.sqrt(c.size)


def test_without_doppler_only_the_geometry_moves_it():
    still = channel(doppler_hz=0.0)
    np.testing.assert_array_equal(still.at(OFFSETS_M, 0), still.at(OFFSETS_M, 10**14))
    assert np.abs(still.at(OFFSETS_M + np.array([5.0, 0.0, 0.0]), 0) - still.at(OFFSETS_M, 0)).max() > 0.01


def test_doppler_spread_counts_the_uavs_speed_by_its_angular_spread():
    wave_m = wavelength_m(2.4e9)
    assert uav_doppler_hz(1.0, 10.0, 0.05, wave_m) == pytest.approx(12.0, abs=0.02)
    assert uav_doppler_hz(0.25, 2.0, 0.05, wave_m) == pytest.approx(0.35 / wave_m)
