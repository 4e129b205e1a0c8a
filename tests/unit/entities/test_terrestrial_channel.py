"""The base station's channels: the Nakagami map against scipy's law, moments, link budget."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from entities.channels.sinusoids import PATHS
from entities.channels.terrestrial import (
    NakagamiMap,
    TerrestrialChannel,
    ground_doppler_hz,
)
from entities.params import BaseStationParams
from twin.emulation.streams import Streams
from twin.errors import ScenarioError
from twin.signal.nakagami import nakagami_quantile
from twin.signal.units import from_dbm, to_db, wavelength_m

LARGEST = math.sqrt(PATHS)
DEFAULT = BaseStationParams()


def channel(params=DEFAULT, names=("su", "au", "gu", "eavesdropper"), doppler_hz=8.0):
    return TerrestrialChannel(params, from_dbm(-100.0), Streams(1), names, [doppler_hz] * len(names))


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 3.7])
def test_amplitude_is_at_the_same_quantile_as_the_rayleigh_one(m):
    r = np.linspace(0.01, 2.5, 400)
    quantile = -np.expm1(-(r**2))
    np.testing.assert_allclose(nakagami_quantile(r, m), stats.nakagami(m).ppf(quantile), rtol=1e-8)


@pytest.mark.parametrize("m", [1.0, 2.0, 5.0])
def test_amplitude_keeps_its_digits_in_the_upper_tail(m):
    r = np.linspace(2.5, LARGEST, 50)
    np.testing.assert_allclose(np.log(stats.nakagami(m).sf(nakagami_quantile(r, m))), -(r**2), rtol=1e-9)


def test_amplitude_near_zero_follows_the_power_law():
    # P(2, 2 a^2) = 2 a^4 (1 + O(a^2)) equals r^2
    r = np.geomspace(1e-12, 1e-6, 7)
    np.testing.assert_allclose(nakagami_quantile(r, 2.0), (r**2 / 2.0) ** 0.25, rtol=1e-5)


def test_m_equal_to_one_is_the_identity():
    r = np.linspace(0.0, LARGEST, 1000)
    np.testing.assert_allclose(nakagami_quantile(r, 1.0), r, rtol=1e-9)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 4.0, 50.0])
def test_the_table_is_within_1e_6_of_the_exact_map_and_monotone(m):
    r = np.concatenate([np.geomspace(1e-9, 1e-2, 500), np.linspace(0.0, LARGEST, 30_001)])
    r.sort()
    z = r * np.exp(0.7j)
    mapped = NakagamiMap(m)(z)
    np.testing.assert_allclose(np.abs(mapped), nakagami_quantile(r, m), rtol=0, atol=1e-6)
    assert (np.diff(np.abs(mapped)) >= -1e-15).all()
    np.testing.assert_allclose(np.angle(mapped[r > 0]), 0.7, atol=1e-12)


def test_the_table_holds_beyond_the_largest_sum_and_at_zero():
    ends = NakagamiMap(2.0)(np.array([0.0, LARGEST, LARGEST * (1 + 1e-12)], dtype=np.complex128))
    assert ends[0] == 0.0
    assert ends[2] == pytest.approx(ends[1], rel=1e-11)
    assert np.isfinite(ends).all()


def test_moments_of_the_mapped_law():
    # Exact quantiles of |z|^2: the integral of r^4 and r^6 over the unit interval by the midpoint rule.
    quantile = (np.arange(200_000) + 0.5) / 200_000
    amplitude = np.abs(NakagamiMap(2.0)(np.sqrt(-np.log1p(-quantile)).astype(np.complex128)))
    assert (amplitude**2).mean() == pytest.approx(1.0, abs=1e-4)
    assert (amplitude**4).mean() == pytest.approx(1.5, abs=1e-3)
    assert (amplitude**6).mean() == pytest.approx(3.0, abs=1e-2)


def test_statistics_of_the_channel_are_nakagami_with_uniform_phase():
    names = tuple(f"user {index}" for index in range(1500))
    offsets_m = np.tile([50.0, 0.0, 0.0], (len(names), 1))
    crowd = channel(dataclasses.replace(DEFAULT, omega=2.5), names)
    g = np.array([crowd.at(offsets_m, t_ns) for t_ns in (0, 10**10, 2 * 10**10, 3 * 10**10)])
    g /= math.sqrt(crowd.mean_gains(offsets_m)[0])
    limit = 1.63 / math.sqrt(g[0].size)
    assert stats.kstest(np.abs(g[0]).ravel(), stats.nakagami(2.0).cdf).statistic < limit
    assert stats.kstest(np.angle(g[0]).ravel(), stats.uniform(-math.pi, 2 * math.pi).cdf).statistic < limit
    # standard deviations of the estimates: 0.005, 0.018 and 0.09
    power = np.abs(g) ** 2
    assert power.mean() == pytest.approx(1.0, abs=0.02)
    assert (power**2).mean() == pytest.approx(1.5, abs=0.06)
    assert (power**3).mean() == pytest.approx(3.0, abs=0.3)


def test_link_budget_over_minus_100_dbm():
    offsets_m = np.array([[100.0, 0.0, 0.0], [0.0, -100.0, 0.0], [30.0, 40.0, 0.0], [0.0, 0.0, 80.0]])
    np.testing.assert_allclose(to_db(channel().mean_gains(offsets_m)), [-18.46, -18.46, -6.42, -14.58], atol=0.01)
    doubled = dataclasses.replace(DEFAULT, omega=2.0)
    np.testing.assert_allclose(channel(doubled).mean_gains(offsets_m), 2 * channel().mean_gains(offsets_m))


def test_doppler_spread_is_speed_over_wavelength():
    assert ground_doppler_hz(1.0, wavelength_m(2.4e9)) == pytest.approx(8.0, abs=0.01)


@pytest.mark.parametrize("m", [0.0, 0.49, -1.0, math.nan])
def test_a_shape_below_one_half_is_refused(m):
    with pytest.raises(ScenarioError, match=r"nakagami_m=.*: must be >= 0\.5"):
        channel(dataclasses.replace(DEFAULT, nakagami_m=m))
