"""The world of the two stations: who is where, what the rows are, and who shares whose draws."""

import dataclasses
import math

import numpy as np
import pytest

from entities.isac_params import DEFAULT_RECEIVERS, FadingParams, IsacParams, StationParams
from entities.isac_world import IsacWorld
from entities.params import ReceiverParams
from twin.emulation.streams import Streams
from twin.errors import ScenarioError

WALKING = {name: ReceiverParams(place, 0.5) for name, place in DEFAULT_RECEIVERS.items()}


def world(seed=1, **kwargs):
    return IsacWorld(IsacParams(receivers=WALKING, **kwargs), Streams(seed))


def test_rows_are_bob_eve_target_and_users():
    two = world()
    assert two.heard_by("bs1") == ("bob", "eavesdropper", "target", "user1", "user2", "user3", "user4")
    assert two.heard_by("bs2") == ("bob", "eavesdropper", "user1", "user2", "user3", "user4")
    assert two.channels("bs1", 10**9).shape == (7, 12)
    assert two.channels("bs2", 10**9).shape == (6, 12)


def test_default_distances_are_those_of_the_model():
    two = world()
    for name, station, low_m, high_m in (("bob", "bs1", 30, 60), ("eavesdropper", "bs1", 30, 80)):
        assert low_m <= two.distance_m(station, name, 0) <= high_m
    for n in range(1, 5):
        assert 20 <= two.distance_m("bs2", f"user{n}", 0) <= 60
    for second in range(12):
        assert 18 <= two.distance_m("bs1", "target", second * 10**9) <= 41


def test_power_of_a_row_is_the_mean_gain_of_its_receiver():
    crowd = [world(seed) for seed in range(60)]
    mean = np.mean([np.abs(one.channels("bs1", 0)) ** 2 for one in crowd], axis=(0, 2))
    np.testing.assert_allclose(mean, crowd[0].mean_gains("bs1", 0), rtol=0.3)


def test_a_further_user_changes_nobody_elses_channel():
    five = WALKING | {"user5": ReceiverParams((90.0, 40.0, 1.5), 0.5)}
    more = IsacWorld(IsacParams(receivers=five), Streams(1))
    np.testing.assert_allclose(more.channels("bs1", 10**9)[:7], world().channels("bs1", 10**9), atol=1e-14)
    np.testing.assert_allclose(more.channels("bs2", 10**9)[:6], world().channels("bs2", 10**9), atol=1e-14)


def test_the_target_keeps_its_line_of_sight_in_any_model():
    rayleigh = world(fading=FadingParams(model="rayleigh"))
    np.testing.assert_allclose(rayleigh.channels("bs1", 10**9)[2], world().channels("bs1", 10**9)[2])
    assert not np.allclose(rayleigh.channels("bs1", 10**9)[0], world().channels("bs1", 10**9)[0])


def test_arrays_may_differ():
    small = world(multicast_station=StationParams((100.0, 0.0, 10.0), columns=2, rows=1))
    assert small.channels("bs1", 0).shape == (7, 12)
    assert small.channels("bs2", 0).shape == (6, 2)


def test_echo_gain_is_that_of_a_square_metre_and_32_pulses():
    # 4 pi / lambda^2 * 32 = 1.449e6, times 1e-5 mW of noise
    assert IsacParams().echo_gain == pytest.approx(14.49, abs=0.01)


def test_over_is_channels_at_each_instant():
    two, instants = world(), np.array([0, 10**9])
    np.testing.assert_array_equal(two.over("bs1", instants)[1], two.channels("bs1", 10**9))


def test_doppler_is_that_of_the_receivers_own_speed():
    assert world().doppler_hz("bob") == pytest.approx(0.5 / (299_792_458.0 / 18e9))
    assert world().doppler_hz("target") == pytest.approx(10.0 / (299_792_458.0 / 18e9))
    assert math.hypot(*world().velocity_mps("bob", 10**9)) == pytest.approx(0.5)


@pytest.mark.parametrize("names", [("bob", "eavesdropper"), ("bob", "user1"), ("bob", "eavesdropper", "user2")])
def test_receivers_must_be_the_models(names):
    with pytest.raises(ScenarioError, match=r"receivers=.*: must be bob, eavesdropper and user1 to userN with N >= 1"):
        dataclasses.replace(IsacParams(), receivers={name: ReceiverParams((1.0, 1.0, 1.0)) for name in names})
