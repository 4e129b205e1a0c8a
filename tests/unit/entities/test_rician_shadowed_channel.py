"""The stations' channels: lines of sight by loops, the Rician-shadowed law, moments, and time.

Statistical limits are four or more standard deviations of the estimate, with fixed seeds.
"""

import cmath
import dataclasses
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from entities.channels.rician_shadowed import DirectionlessChannel, Links, RicianShadowedChannel, make_channel
from entities.isac_params import FadingParams, StationParams
from twin.emulation.streams import Streams
from twin.signal.correlation import jakes
from twin.signal.units import from_db, from_dbm, to_db, wavelength_m

WAVE_M = wavelength_m(18e9)
NOISE_MW = from_dbm(-50.0)
STATION = StationParams((0.0, 0.0, 10.0))
FADING = FadingParams()
CROWD = tuple(f"user {index}" for index in range(2000))


def links(names=("bob",), speed_mps=0.5, seed=1):
    return Links(Streams(seed), "bs1", names, [speed_mps] * len(names), WAVE_M, NOISE_MW)


def shadowed(fading=FADING, k_db=7.0, **kwargs):
    return RicianShadowedChannel(fading, STATION, links(**kwargs), k_db)


def at_one_place(names):
    return np.tile([40.0, 20.0, -8.5], (len(names), 1))


def test_link_budget_is_free_space_over_the_noise():
    # 20 log10(lambda / (4 pi d)) - (-50 dBm): -91.5 + 50 dB at 50 m
    gain = links().mean_gains(np.array([[50.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    assert to_db(gain[0]) == pytest.approx(-91.53 + 50.0, abs=0.01)
    assert to_db(gain[1]) == pytest.approx(-57.55 + 50.0, abs=0.01)  # nearer than 1 m: that of 1 m


def test_without_scatter_and_shadowing_it_is_the_array_response():
    steady = dataclasses.replace(FADING, shadowing_m=50.0)
    offset_m = np.array([[40.0, 20.0, -8.5]])
    h = shadowed(steady, k_db=300.0).at(offset_m, 10**9)[0]
    distance_m = math.sqrt(40.0**2 + 20.0**2 + 8.5**2)
    for column in range(4):
        for row in range(3):
            turn = cmath.exp(-1j * math.pi * (column * 20.0 - row * 8.5) / distance_m)
            assert h[3 * column + row] / h[0] == pytest.approx(turn, abs=1e-9)
    assert h[0].imag == pytest.approx(0.0, abs=1e-12)
    free_space = WAVE_M / (4 * math.pi * distance_m) / math.sqrt(NOISE_MW)
    assert h[0].real == pytest.approx(free_space, rel=0.5)  # shadowing of shape 50 is left


@pytest.fixture(scope="module")
def samples():
    """Unit-power coefficients of 2000 links at 12 antennas and three far instants, shape (3, 2000, 12)."""
    crowd = shadowed(names=CROWD)
    offsets_m = at_one_place(CROWD)
    gain = crowd._links.mean_gains(offsets_m)[0]
    return np.array([crowd.at(offsets_m, t_ns) for t_ns in (10**9, 10**12, 10**13)]) / math.sqrt(gain)


def test_moments_are_those_of_the_law(samples):
    k, m = from_db(7.0), FADING.shadowing_m
    sight, scatter = k / (k + 1.0), 1.0 / (k + 1.0)
    power = np.abs(samples[..., 0]) ** 2
    assert power.mean() == pytest.approx(1.0, abs=0.03)
    fourth = sight**2 * (1.0 + 1.0 / m) + 4.0 * sight * scatter + 2.0 * scatter**2
    assert (power**2).mean() == pytest.approx(fourth, abs=0.1)


def rician_shadowed_cdf(r, k, m):
    """Abdi et al. (2003), the envelope of a line of sight of power Omega shadowed with shape m over scatter 2 b."""
    b, omega = 0.5 / (k + 1.0), k / (k + 1.0)

    def density(x):
        scale = (2 * b * m / (2 * b * m + omega)) ** m
        return (
            scale
            * x
            / b
            * math.exp(-(x**2) / (2 * b))
            * special.hyp1f1(m, 1, omega * x**2 / (2 * b * (2 * b * m + omega)))
        )

    return integrate.quad(density, 0.0, r)[0]


def test_amplitudes_follow_the_rician_shadowed_law(samples):
    amplitudes = np.sort(np.abs(samples[0, :, 5]))
    at = amplitudes[::20]
    law = np.array([rician_shadowed_cdf(r, from_db(7.0), FADING.shadowing_m) for r in at])
    empirical = (np.arange(len(amplitudes)) + 0.5)[::20] / len(amplitudes)
    assert np.abs(law - empirical).max() < 1.63 / math.sqrt(len(amplitudes))


def test_the_line_of_sight_keeps_its_direction_and_its_share(samples):
    k = from_db(7.0)
    distance_m = math.sqrt(40.0**2 + 20.0**2 + 8.5**2)
    sight = np.exp(-1j * np.pi * np.add.outer(np.arange(4) * 20.0, -np.arange(3) * 8.5).ravel() / distance_m)
    shadow = special.gamma(5.5) / special.gamma(5.0) / math.sqrt(5.0)  # mean of a unit-power Nakagami amplitude
    assert (samples * sight.conj()).mean() == pytest.approx(math.sqrt(k / (k + 1.0)) * shadow, abs=0.01)


def test_scatter_has_as_many_directions_as_paths():
    few = dataclasses.replace(FADING, paths=2)
    crowd = shadowed(few, k_db=-300.0)
    instants = np.arange(40) * 10**9
    h = np.array([crowd.at(at_one_place(("bob",)), int(t_ns))[0] for t_ns in instants])
    singular = np.linalg.svd(h, compute_uv=False)
    assert singular[1] > 1e-3 * singular[0]
    assert singular[2] < 1e-12 * singular[0]


@pytest.mark.parametrize("lag_ms", [2, 8, 20])
def test_scatter_is_as_fast_as_the_receiver(lag_ms):
    crowd = shadowed(k_db=-300.0, names=CROWD)
    offsets_m = at_one_place(CROWD)
    pairs = [(crowd.at(offsets_m, t), crowd.at(offsets_m, t + lag_ms * 10**6)) for t in (10**9, 10**12)]
    gain = crowd._links.mean_gains(offsets_m)[0]
    measured = np.mean([(late * soon.conj()).mean() for soon, late in pairs]) / gain
    assert abs(measured - jakes(0.5 / WAVE_M, lag_ms * 1e-3)) < 0.05


def test_shadowing_changes_over_its_distance_and_scatter_over_a_wave():
    still = dataclasses.replace(FADING, shadowing_distance_m=1e9)
    offsets_m = at_one_place(("bob",))
    lasting = shadowed(still, k_db=300.0)
    np.testing.assert_allclose(lasting.at(offsets_m, 0), lasting.at(offsets_m, 10**10), rtol=1e-6)
    crowd = shadowed(k_db=300.0, names=CROWD)
    far = at_one_place(CROWD)
    now, soon, late = (np.abs(crowd.at(far, t_ns)[:, 0]) for t_ns in (0, 10**9, 10**12))
    assert np.corrcoef(now, soon)[0, 1] > 0.7  # 0.5 m of 5 m: J0(0.2 pi)^2 = 0.82 of Rayleigh amplitudes
    assert abs(np.corrcoef(now, late)[0, 1]) < 0.1


@pytest.mark.parametrize(("model", "m"), [("nakagami", 2.0), ("rayleigh", 1.0)])
def test_other_laws_by_key_are_independent_at_each_antenna(model, m):
    fading = dataclasses.replace(FADING, model=model)
    crowd = make_channel(fading, STATION, links(names=CROWD[:400]))
    assert isinstance(crowd, DirectionlessChannel)
    offsets_m = at_one_place(CROWD[:400])
    h = crowd.at(offsets_m, 10**9) / math.sqrt(crowd._links.mean_gains(offsets_m)[0])
    limit = 1.63 / math.sqrt(h.size)
    assert stats.kstest(np.abs(h).ravel(), stats.nakagami(m).cdf).statistic < limit
    assert stats.kstest(np.angle(h).ravel(), stats.uniform(-math.pi, 2 * math.pi).cdf).statistic < limit
    assert abs((h[:, 0] * h[:, 1].conj()).mean()) < 0.2


def test_any_instant_in_any_order_and_a_further_link_changes_nothing():
    few, many = shadowed(names=("bob", "user1")), shadowed(names=("bob", "user1", "user2"))
    instants = [10**12, 5, 777_777_777_777]
    forward = [few.at(at_one_place("ab"), t_ns) for t_ns in instants]
    backward = [few.at(at_one_place("ab"), t_ns) for t_ns in reversed(instants)]
    np.testing.assert_array_equal(forward, backward[::-1])
    np.testing.assert_allclose(many.at(at_one_place("abc"), 5)[:2], forward[1], rtol=0, atol=1e-14)


def test_many_instants_at_once_are_each_of_them():
    channel = shadowed(names=("bob", "user1"))
    instants = np.array([10**6, 10**9, 10**12])
    offsets_m = np.random.default_rng(1).uniform(20.0, 50.0, (3, 2, 3))
    together = channel.at(offsets_m, instants)
    for place, t_ns in enumerate(instants):
        np.testing.assert_allclose(together[place], channel.at(offsets_m[place], int(t_ns)), atol=1e-12)
