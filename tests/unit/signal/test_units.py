"""Decibels, wavelengths and nanoseconds against values that everybody knows."""

import math

import numpy as np
import pytest

from twin.signal import units


@pytest.mark.parametrize(("level", "ratio"), [(0.0, 1.0), (10.0, 10.0), (-20.0, 0.01), (3.0, 1.9952623149688795)])
def test_decibels_of_known_ratios(level, ratio):
    assert units.from_db(level) == pytest.approx(ratio, rel=1e-14)
    assert units.to_db(ratio) == pytest.approx(level, abs=1e-13)


def test_zero_power_is_minus_infinity_and_back_without_a_warning():
    assert units.to_db(0.0) == -math.inf
    assert units.from_db(-math.inf) == 0.0


def test_30_dbm_is_a_watt():
    assert units.from_dbm(30.0) == pytest.approx(1000.0, rel=1e-14)
    assert units.to_dbm(1000.0) == pytest.approx(30.0, abs=1e-13)


def test_arrays_keep_their_shape_and_scalars_are_floats():
    levels = np.array([[0.0, 10.0], [20.0, -10.0]])
    np.testing.assert_allclose(units.from_db(levels), [[1.0, 10.0], [100.0, 0.1]], rtol=1e-14)
    np.testing.assert_allclose(units.to_dbm(units.from_dbm(levels)), levels, atol=1e-12)
    assert type(units.from_db(3.0)) is float
    assert type(units.to_db(3.0)) is float


def test_wavelength_of_the_paper_carrier_is_12_5_cm():
    assert units.wavelength_m(2.4e9) == pytest.approx(0.12491, abs=5e-6)


@pytest.mark.parametrize(
    ("seconds", "time_ns"), [(0.0, 0), (0.01, 10_000_000), (1e-9, 1), (2.4e-9, 2), (86_400.0, 86_400 * 10**9)]
)
def test_nanoseconds_are_integers_to_the_nearest(seconds, time_ns):
    assert units.to_ns(seconds) == time_ns
    assert type(units.to_ns(seconds)) is int


def test_seconds_and_back():
    for time_ns in (1, 999_999_999, 123_456_789_012):
        assert units.to_ns(units.to_s(time_ns)) == time_ns
