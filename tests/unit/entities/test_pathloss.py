"""Large-scale gains against closed forms, in dB."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import jv

from entities.channels.pathloss import beam_gain, free_space_gain, power_law_gain, rain_gain
from twin.signal.units import to_db, wavelength_m


def test_free_space_loss_from_600_km_at_2_4_ghz():
    gain = free_space_gain(wavelength_m(2.4e9), np.array([600e3, 1200e3]))
    # 20 log10(d / km) + 20 log10(f / GHz) + 92.4478 dB
    expected_db = 20 * math.log10(600) + 20 * math.log10(2.4) + 92.4478
    assert to_db(gain)[0] == pytest.approx(-expected_db, abs=1e-3)
    assert gain[0] / gain[1] == pytest.approx(4.0)


def test_power_law_falls_with_its_exponent():
    gains = power_law_gain(1e-4, np.array([1.0, 10.0, 100.0]), 2.0)
    np.testing.assert_allclose(gains, [1e-4, 1e-6, 1e-8])
    np.testing.assert_allclose(power_law_gain(1e-4, np.array([10.0]), 4.0), [1e-8])


def test_power_law_stops_at_its_reference_distance():
    np.testing.assert_array_equal(power_law_gain(0.5, np.array([0.0, 0.3, 1.0]), 4.0), 0.5)


def angle_of(u, beam_3db_rad):
    return math.asin(u * math.sin(beam_3db_rad) / 2.07123)


def test_beam_gain_is_0_db_on_axis_and_minus_3_01_db_at_the_3_db_angle():
    beam = math.radians(0.4)
    assert beam_gain(0.0, beam) == 1.0
    assert to_db(beam_gain(beam, beam)) == pytest.approx(-3.01, abs=0.005)


@pytest.mark.parametrize("u", [0.01, 0.5, 2.07123, 4.0, 7.5])
def test_beam_gain_is_the_corrected_formula(u):
    beam = math.radians(0.4)
    expected = (jv(1, u) / (2 * u) + 36 * jv(3, u) / u**3) ** 2
    assert beam_gain(angle_of(u, beam), beam) == pytest.approx(expected, rel=1e-9)
    assert beam_gain(-angle_of(u, beam), beam) == pytest.approx(expected, rel=1e-9)


def test_beam_gain_is_continuous_where_the_series_takes_over():
    beam = math.radians(0.4)
    inside, outside = (beam_gain(angle_of(u, beam), beam) for u in (0.99999e-4, 1.00001e-4))
    assert inside == pytest.approx(outside, abs=1e-12)


def test_beam_gain_falls_from_the_axis_to_beyond_the_3_db_angle():
    gains = [beam_gain(math.radians(angle), math.radians(0.4)) for angle in np.linspace(0, 0.6, 200)]
    assert all(after < before for before, after in pairwise(gains))


def test_rain_has_a_median_of_0_04_db_and_only_attenuates():
    median_db = -to_db(rain_gain(0.0, -3.152, math.sqrt(1.6)))
    assert median_db == pytest.approx(math.exp(-3.152))
    assert median_db == pytest.approx(0.04, abs=0.005)
    assert -to_db(rain_gain(2.0, -3.152, math.sqrt(1.6))) == pytest.approx(math.exp(-3.152 + 2 * math.sqrt(1.6)))
    assert rain_gain(-9.0, -3.152, math.sqrt(1.6)) <= 1.0
