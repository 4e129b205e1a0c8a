"""A world whose satellite is in orbit: gains follow the slant range, and below the mask the beam is off."""

import dataclasses
import math

import numpy as np
import pytest

from entities.measurement import estimate
from entities.mobility.elements import DEFAULT_ELEMENTS, Elements
from entities.mobility.orbit import Sky
from entities.mobility.passes import find_passes
from entities.params import DEFAULT_POSITIONS, OrbitParams, ReceiverParams, SatelliteParams, WorldParams
from entities.world import World
from twin.emulation.streams import Streams
from twin.signal.units import to_db

SITE, SANYA = (34.2, 108.9), (18.3, 109.3)
ELEMENTS = Elements.parse(DEFAULT_ELEMENTS)
SKY = Sky(ELEMENTS, SITE)
PASS = max(find_passes(SKY, 10.0, 0.0, 2 * 86400.0), key=lambda one: one.culmination.elevation_deg)
RECEIVERS = {name: ReceiverParams(place) for name, place in DEFAULT_POSITIONS.items()}


def flying(start_s=PASS.culmination.since_s, mask_deg=10.0, receivers=RECEIVERS):
    orbit = OrbitParams(ELEMENTS.line1, ELEMENTS.line2, start_s, SITE, mask_deg, {"gateway": SANYA})
    return World(WorldParams(satellite=SatelliteParams(orbit=orbit), receivers=receivers), Streams(1))


RESTING = World(WorldParams(receivers=RECEIVERS), Streams(1))
SET_NS = round((PASS.set.since_s - PASS.culmination.since_s) * 1e9)


def test_it_is_where_sgp4_says_and_moves_as_it_says():
    world = flying()
    for t_ns in (0, 123_456_789_012):
        position, velocity = SKY.at(np.array([PASS.culmination.since_s + t_ns / 1e9]))
        np.testing.assert_allclose(world.position_m("satellite", t_ns), position[0], atol=0.02)
        np.testing.assert_allclose(world.velocity_mps("satellite", t_ns), velocity[0], atol=0.02)
    assert world.distance_m("satellite", "gateway", 0) == pytest.approx(1900e3, rel=0.1)


@pytest.mark.parametrize(("elevation_deg", "gain_db"), [(88.9, -2.3), (30.0, -7.1), (10.001, -11.73)])
def test_the_gain_is_free_space_over_the_slant_range(elevation_deg, gain_db):
    t_ns = 0
    while math.degrees(SKY.elevation_rad(np.array([PASS.culmination.since_s + t_ns / 1e9]))[0]) > elevation_deg:
        t_ns += 10**8
    t_ns -= 10**8
    world = flying()
    np.testing.assert_allclose(
        to_db(world.mean_gains("satellite", t_ns) / RESTING.mean_gains("satellite", t_ns)), gain_db, atol=0.07
    )
    ratio = np.abs(world.channels("satellite", t_ns)) ** 2 / np.abs(RESTING.channels("satellite", t_ns)) ** 2
    np.testing.assert_allclose(to_db(ratio), gain_db, atol=0.07)
    # The phases are those of the satellite at rest: what all antennas share is bulk Doppler, and changes no rate.
    turned = np.angle(world.channels("satellite", t_ns) / RESTING.channels("satellite", t_ns))
    np.testing.assert_allclose(turned, 0.0, atol=1e-9)


def test_nobody_else_notices_that_it_moves():
    for name in ("uav", "base_station"):
        np.testing.assert_array_equal(flying().channels(name, 7 * 10**9), RESTING.channels(name, 7 * 10**9))


def test_below_the_mask_the_beam_is_off_for_everybody_and_above_it_for_nobody():
    receivers = {**RECEIVERS, "bystander": ReceiverParams((500.0, 0.0, 0.0))}
    world = flying(receivers=receivers)
    for t_ns, up in ((SET_NS - 10**6, True), (SET_NS + 10**6, False)):
        for channel in (world.channels("satellite", t_ns), world.channel("satellite", "bystander", t_ns)):
            assert np.all(np.abs(channel) > 0.0) == up
            assert np.any(channel != 0.0) == up
        assert np.all(world.mean_gains("satellite", t_ns) > 0.0) == up
        assert np.any(world.mean_gains("satellite", t_ns) > 0.0) == up
        for name in ("su", "uav", "bystander"):
            assert world.is_visible("satellite", name, t_ns) == up
            assert world.is_visible(name, "satellite", t_ns) == up


def test_a_gateway_sees_it_above_the_mask_of_its_own_horizon():
    world = flying()
    gateway = find_passes(Sky(ELEMENTS, SANYA), 10.0, PASS.rise.since_s, PASS.set.since_s)[0]
    assert gateway.set.since_s > PASS.set.since_s + 200.0
    for edge_s, before in ((gateway.rise.since_s, False), (gateway.set.since_s, True)):
        t_ns = round((edge_s - PASS.culmination.since_s) * 1e9)
        assert world.is_visible("satellite", "gateway", t_ns - 10**7) == before
        assert world.is_visible("gateway", "satellite", t_ns + 10**7) == (not before)


def test_only_a_satellite_in_orbit_can_be_out_of_sight():
    assert flying().is_visible("uav", "au", SET_NS + 10**9)
    assert RESTING.is_visible("satellite", "su", 0)
    with pytest.raises(KeyError):
        RESTING.position_m("gateway", 0)


@pytest.mark.parametrize("csi_error", [0.0, 0.3])
def test_what_a_blocked_satellite_measures_is_zero_and_not_noise(csi_error):
    csi = estimate(flying(), Streams(1), "satellite", SET_NS + 10**9, pilot_snr=1e3, csi_error=csi_error)
    assert not csi.channels.any()
    assert not csi.error_var.any()
    assert not csi.radius.any()


def test_the_pointing_error_is_that_of_a_beam_that_tracks():
    world, t_ns = flying(), 200 * 10**9
    away = dataclasses.replace(world.params.satellite, off_axis_deg=0.4)
    other = World(dataclasses.replace(world.params, satellite=away), Streams(1))
    ratio = other.mean_gains("satellite", t_ns) / world.mean_gains("satellite", t_ns)
    np.testing.assert_allclose(to_db(ratio), -3.01 + 0.19, atol=0.02)  # -3 dB at the 3-dB angle, -0.19 dB at 0.1 deg
