"""The world: the geometry of the notes, link budgets, random access, and indifference to bystanders."""

import dataclasses
from itertools import product

import numpy as np
import pytest

from entities.params import (
    DEFAULT_POSITIONS,
    BaseStationParams,
    ReceiverParams,
    SatelliteParams,
    UavParams,
    WorldParams,
)
from entities.world import World
from twin.emulation.streams import Streams
from twin.errors import ScenarioError
from twin.signal.sagin import RECEIVERS, TRANSMITTERS
from twin.signal.units import to_db

INSTANTS = (0, 1, 20_000_000, 3 * 10**9, 10**12 + 7)
MOVING = WorldParams(
    uav=UavParams(waypoints_m=((0.0, 0.0), (20.0, 0.0))),
    receivers={name: ReceiverParams(position_m, 1.0) for name, position_m in DEFAULT_POSITIONS.items()},
)
STILL = WorldParams(noise_dbm=-100.0)


def with_bystanders(params):
    extra = {
        "walker": ReceiverParams((-30.0, 20.0, 0.0), 1.5),
        "bystander": ReceiverParams((10.0, -60.0, 0.0)),
    }
    return dataclasses.replace(params, receivers={**extra, **params.receivers})


def test_default_positions_have_the_distances_of_the_reference_geometry():
    world = World(STILL, Streams(1))
    above = [world.position_m("uav", 0) - world.position_m(name, 0) for name in RECEIVERS]
    np.testing.assert_allclose([np.hypot(x, y) for x, y, _ in above], [100, 50, 100, 80], atol=1e-9)
    np.testing.assert_allclose([z for _, _, z in above], 100.0)
    ground = [world.distance_m("base_station", name, 0) for name in RECEIVERS]
    np.testing.assert_allclose(ground, [100, 100, 50, 80], atol=1e-3)
    space = [world.distance_m(name, "satellite", 0) for name in RECEIVERS]
    np.testing.assert_allclose(space, 600e3, atol=0.01)


def test_the_uav_can_tell_its_user_from_the_eavesdropper():
    world = World(STILL, Streams(1))
    cosines = {
        name: (world.position_m(name, 0) - world.position_m("uav", 0))[1] / world.distance_m("uav", name, 0)
        for name in RECEIVERS
    }
    # Four antennas half a wavelength apart resolve 2/N = 0.5.
    others = [cosines[name] for name in RECEIVERS if name != "au"]
    assert min(abs(cosine - cosines["au"]) for cosine in others) > 0.5


def test_link_budget_over_minus_100_dbm():
    world = World(STILL, Streams(1))
    np.testing.assert_allclose(to_db(world.mean_gains("uav", 0)), [16.99, 19.03, 16.99, 17.85], atol=0.01)
    np.testing.assert_allclose(to_db(world.mean_gains("base_station", 0)), [-18.46, -18.46, -6.42, -14.58], atol=0.01)
    # rain: up to some tenths of a dB
    satellite_db = to_db(world.mean_gains("satellite", 0))
    assert satellite_db.max() < -9.7
    assert satellite_db.min() > -12.0


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
def test_mean_gains_are_the_mean_power_per_antenna(transmitter):
    params = dataclasses.replace(MOVING, satellite=SatelliteParams(rain_sigma=0.0))
    power = np.zeros(4)
    for seed in range(40):
        world = World(params, Streams(seed))
        for t_ns in (0, 10**10, 2 * 10**10):
            gains = world.mean_gains(transmitter, t_ns)
            power += (np.abs(world.channels(transmitter, t_ns)) ** 2).mean(axis=1) / gains / 120
    # 480 samples of unit variance at most
    np.testing.assert_allclose(power, 1.0, atol=0.2)


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
def test_channels_are_contiguous_and_the_callers_own(transmitter):
    world = World(MOVING, Streams(1))
    channels = world.channels(transmitter, 5)
    assert channels.shape == (4, 4)
    assert channels.dtype == np.complex128
    assert channels.flags.c_contiguous
    kept = channels.copy()
    channels[:] = 0.0
    np.testing.assert_array_equal(world.channels(transmitter, 5), kept)


def test_antennas_are_counted_per_transmitter():
    params = dataclasses.replace(
        MOVING,
        satellite=SatelliteParams(antennas=16),
        uav=UavParams(antennas=1),
        base_station=BaseStationParams(antennas=3),
    )
    world = World(params, Streams(1))
    assert [world.channels(name, 0).shape for name in TRANSMITTERS] == [(4, 16), (4, 1), (4, 3)]


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
def test_more_antennas_extend_the_same_channels(transmitter):
    sizes = [
        dataclasses.replace(
            MOVING,
            satellite=SatelliteParams(antennas=n),
            uav=UavParams(antennas=n),
            base_station=BaseStationParams(antennas=n),
        )
        for n in (4, 8)
    ]
    few, many = (World(params, Streams(2)).channels(transmitter, 10**9) for params in sizes)
    np.testing.assert_allclose(many[:, :4], few, rtol=1e-12)


def test_order_of_asking_does_not_matter():
    questions = list(product(TRANSMITTERS, INSTANTS))
    one, other = World(MOVING, Streams(9)), World(MOVING, Streams(9))
    forward = {question: one.channels(*question) for question in questions}
    for question in reversed(questions):
        np.testing.assert_array_equal(other.channels(*question), forward[question])
    for name in (*TRANSMITTERS, *RECEIVERS):
        for t_ns in INSTANTS:
            np.testing.assert_array_equal(one.position_m(name, t_ns), other.position_m(name, t_ns))


def test_bystanders_change_nothing_for_the_others():
    alone, joined = World(MOVING, Streams(9)), World(with_bystanders(MOVING), Streams(9))
    for transmitter, t_ns in product(TRANSMITTERS, INSTANTS):
        np.testing.assert_array_equal(joined.channels(transmitter, t_ns), alone.channels(transmitter, t_ns))
        np.testing.assert_array_equal(joined.mean_gains(transmitter, t_ns), alone.mean_gains(transmitter, t_ns))
    for name in RECEIVERS:
        np.testing.assert_array_equal(joined.velocity_mps(name, 10**9), alone.velocity_mps(name, 10**9))


def test_a_bystanders_channel_does_not_depend_on_the_others():
    params = with_bystanders(MOVING)
    fewer = {name: receiver for name, receiver in params.receivers.items() if name != "bystander"}
    one = World(params, Streams(9))
    other = World(dataclasses.replace(params, receivers=fewer), Streams(9))
    for transmitter in TRANSMITTERS:
        np.testing.assert_array_equal(
            one.channel(transmitter, "walker", 10**9), other.channel(transmitter, "walker", 10**9)
        )


def test_one_channel_is_a_row_of_the_matrix():
    world = World(with_bystanders(MOVING), Streams(9))
    for transmitter in TRANSMITTERS:
        rows = world.channels(transmitter, 10**9)
        for row, name in enumerate(RECEIVERS):
            np.testing.assert_array_equal(world.channel(transmitter, name, 10**9), rows[row])


def test_bystanders_have_channels_of_their_own():
    world = World(with_bystanders(MOVING), Streams(9))
    for transmitter in TRANSMITTERS:
        channel = world.channel(transmitter, "walker", 10**9)
        assert channel.shape == (4,)
        assert np.abs(world.channels(transmitter, 10**9) - channel).max(axis=1).min() > 1e-3
    assert world.distance_m("walker", "base_station", 0) == pytest.approx(np.hypot(110.0, 20.0))


def test_seeds_differ():
    one, other = (World(MOVING, Streams(seed)).channels("uav", 0) for seed in (1, 2))
    assert np.abs(one - other).min() > 1e-3


def test_a_world_at_rest_keeps_uav_and_base_station_channels():
    world = World(STILL, Streams(1))
    for transmitter in ("uav", "base_station"):
        np.testing.assert_array_equal(world.channels(transmitter, 0), world.channels(transmitter, 10**13))
    assert np.abs(world.channels("satellite", 0) - world.channels("satellite", 10**9)).max() > 0.01


def test_doppler_spreads_of_the_reference_speeds():
    world = World(MOVING, Streams(1))
    assert world.doppler_hz("uav", "su") == pytest.approx(12.0, abs=0.02)
    assert world.doppler_hz("base_station", "gu") == pytest.approx(8.0, abs=0.01)
    assert world.doppler_hz("satellite", "eavesdropper") == 1.0
    hovering = World(dataclasses.replace(MOVING, uav=UavParams()), Streams(1))
    assert hovering.doppler_hz("uav", "su") == pytest.approx(8.0, abs=0.01)


def test_velocity_is_the_derivative_of_position():
    world = World(MOVING, Streams(4))
    for name in (*TRANSMITTERS, *RECEIVERS):
        moved_m = world.position_m(name, 1_001_000_000) - world.position_m(name, 10**9)
        np.testing.assert_allclose(moved_m * 1e3, world.velocity_mps(name, 10**9), atol=1e-6)
    assert np.linalg.norm(world.velocity_mps("uav", 0)) == pytest.approx(10.0)
    assert np.linalg.norm(world.velocity_mps("su", 0)) == pytest.approx(1.0)


def test_the_line_of_sight_follows_the_uav():
    params = dataclasses.replace(
        MOVING, uav=dataclasses.replace(MOVING.uav, rician_k_db=300.0, waypoints_m=((0.0, 0.0), (0.0, 50.0)))
    )
    world = World(params, Streams(1))
    t_ns = 3 * 10**9
    for row, name in enumerate(RECEIVERS):
        offset_m = world.position_m(name, t_ns) - world.position_m("uav", t_ns)
        phase = -np.pi * offset_m[1] / world.distance_m("uav", name, t_ns)
        c = world.channels("uav", t_ns)[row]
        np.testing.assert_allclose(c[1:] / c[:-1], np.exp(1j * phase), atol=1e-9)


def test_missing_receivers_and_borrowed_names_are_refused():
    without_eve = {name: ReceiverParams((0.0, 0.0, 0.0)) for name in ("su", "au", "gu")}
    with pytest.raises(ScenarioError, match="must contain eavesdropper"):
        WorldParams(receivers=without_eve)
    with pytest.raises(ScenarioError, match="uav names a transmitter"):
        WorldParams(receivers={**WorldParams().receivers, "uav": ReceiverParams((0.0, 0.0, 0.0))})
    with pytest.raises(ScenarioError, match=r"roam_m=0.0: must be > 0"):
        ReceiverParams((0.0, 0.0, 0.0), 1.0, 0.0)
