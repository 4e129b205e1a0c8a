"""The predictor against the world that it is told about in reports: calibration, static channels, losses."""

import numpy as np
import pytest

from entities.measurement import estimate
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
from twin.nodes.predictor import Predictor, PredictorConfig
from twin.signal.sagin import RECEIVERS, TRANSMITTERS, USERS
from twin.signal.units import from_db, from_dbm, wavelength_m
from twin.wire.messages import State

PERIOD_NS = 10_000_000
LAG_NS = 4_200_000
EXACT = 1e15


def world_params(speed_mps=1.5, antennas=4, drift_rad_s=0.04):
    """Spreads of 30, 12 and 1 Hz at 1.5 m/s, and in proportion."""
    return WorldParams(
        satellite=SatelliteParams(antennas=antennas, spread_hz=speed_mps / 1.5, drift_rad_s=drift_rad_s),
        uav=UavParams(
            antennas=antennas,
            speed_mps=speed_mps * 20 / 3,
            angular_spread=0.225,
            waypoints_m=((0.0, 0.0), (20.0, 0.0)),
        ),
        base_station=BaseStationParams(antennas=antennas),
        receivers={name: ReceiverParams(DEFAULT_POSITIONS[name], speed_mps) for name in RECEIVERS},
    )


def config_for(params, **changes):
    noise_mw = from_dbm(params.noise_dbm)
    values = {
        "mode": "wiener",
        "taps": 3,
        "memory_s": 0.5,
        "wavelength_m": wavelength_m(params.carrier_hz),
        "uav_gain_1m": from_db(params.uav.gain_1m_db) / noise_mw,
        "rician_k": from_db(params.uav.rician_k_db),
        "angular_spread": params.uav.angular_spread,
        "base_station_gain_1m": from_db(params.base_station.gain_1m_db) / noise_mw,
        "path_exponent": params.base_station.exponent,
        "nakagami_m": params.base_station.nakagami_m,
        "phase_spread_rad": params.satellite.phase_spread_rad,
        "satellite_spread_hz": params.satellite.spread_hz,
    }
    return PredictorConfig(**{**values, **changes})


def tell(predictor, world, t_ns, pilot_snr, csi_error=0.0, streams=None, states=(*TRANSMITTERS, *USERS)):
    for name in TRANSMITTERS:
        report = estimate(world, streams or Streams(1), name, t_ns, pilot_snr=pilot_snr, csi_error=csi_error)
        predictor.note_report(name, t_ns, report)
    for name in states:
        state = State(world.position_m(name, t_ns), world.velocity_mps(name, t_ns), 0.0)
        predictor.note_report(name, t_ns, state)


def squared_errors(params, seeds, snr_db, times_ns, every, states=(*TRANSMITTERS, *USERS), **changes):
    """Measured squared error per antenna and announced variance, (3, 4) each, relative to the mean gain."""
    measured, announced = np.zeros((3, 4)), np.zeros((3, 4))
    for seed in seeds:
        streams = Streams(seed)
        world = World(params, streams)
        predictor = Predictor(config_for(params, **changes))
        for index, t_ns in enumerate(times_ns):
            tell(predictor, world, t_ns, from_db(snr_db), streams=streams, states=states)
            if index >= 30 and index % every == 0:
                prediction = predictor.predict(t_ns + LAG_NS)
                gains = np.array([world.mean_gains(name, t_ns + LAG_NS) for name in TRANSMITTERS])
                truth = [world.channels(name, t_ns + LAG_NS) for name in TRANSMITTERS]
                errors = [np.abs(c - mean) ** 2 for c, mean in zip(truth, prediction.channels, strict=True)]
                measured += np.array([error.mean(axis=1) for error in errors]) / gains
                announced += prediction.error_var / gains
    return measured, announced


@pytest.mark.parametrize(("mode", "snr_db"), [("wiener", 20.0), ("wiener", 30.0), ("one_tap", 20.0)])
def test_announced_variance_is_the_measured_squared_error(mode, snr_db):
    times_ns = [index * PERIOD_NS for index in range(100)]
    measured, announced = squared_errors(world_params(antennas=12), range(5), snr_db, times_ns, 4, mode=mode)
    for row, name in enumerate(TRANSMITTERS):
        users = announced[row, :3].sum() / measured[row, :3].sum()
        assert users == pytest.approx(1.0, abs=0.15), name
    eve = announced[1:, 3] / measured[1:, 3]
    np.testing.assert_allclose(eve, 1.0, atol=0.2)


def test_calibration_survives_irregular_and_lost_reports():
    rng = np.random.default_rng(9)
    times_ns = np.sort(rng.choice(np.arange(0, 1_500_000_000, 2_500_000), 100, replace=False))
    times_ns = [int(t_ns) for t_ns in times_ns]
    measured, announced = squared_errors(world_params(antennas=12), range(5), 20.0, times_ns, 4)
    ratio = announced[:, :3].sum(axis=1) / measured[:, :3].sum(axis=1)
    np.testing.assert_allclose(ratio, 1.0, atol=0.15)


def test_three_taps_beat_one_and_one_beats_none():
    times_ns = [index * PERIOD_NS for index in range(60)]
    errors = {
        mode: squared_errors(world_params(), range(3), 30.0, times_ns, 3, mode=mode)[0]
        for mode in ("none", "one_tap", "wiener")
    }
    for row in (1, 2):
        assert errors["wiener"][row].sum() < 0.5 * errors["one_tap"][row].sum()
        assert errors["one_tap"][row].sum() < errors["none"][row].sum()


@pytest.mark.parametrize("told", [(), USERS])
def test_where_nobody_says_how_fast_he_is_or_the_uav_does_not_reports_show_it(told):
    times_ns = [index * PERIOD_NS for index in range(50)]
    known, _ = squared_errors(world_params(), range(2), 30.0, times_ns, 3)
    measured, announced = squared_errors(world_params(), range(2), 30.0, times_ns, 3, told)
    for row in (1, 2):
        assert measured[row, :3].sum() < 1.3 * known[row, :3].sum()
        assert announced[row, :3].sum() > 0.6 * measured[row, :3].sum()


def test_a_single_report_of_somebody_whose_speed_is_unknown_is_passed_on():
    world, predictor = World(world_params(), Streams(7)), Predictor(config_for(world_params()))
    tell(predictor, world, 0, from_db(30.0), states=())
    mean = predictor.predict(LAG_NS).channels[2][:3]
    reported = estimate(world, Streams(1), "base_station", 0, pilot_snr=from_db(30.0), csi_error=0.0).channels[:3]
    np.testing.assert_allclose(mean, reported, rtol=0, atol=0.05 * np.abs(reported).max())


def test_a_static_world_is_predicted_exactly_without_noise():
    params = world_params(speed_mps=0.0, drift_rad_s=0.0)
    world, predictor = World(params, Streams(2)), Predictor(config_for(params))
    for index in range(3):
        tell(predictor, world, index * PERIOD_NS, EXACT)
    prediction = predictor.predict(10**9)
    for name, mean in zip(TRANSMITTERS, prediction.channels, strict=True):
        truth = world.channels(name, 10**9)
        np.testing.assert_allclose(mean, truth, atol=1e-3 * np.abs(truth).max(), rtol=0)
    assert (prediction.error_var / [world.mean_gains(name, 0) for name in TRANSMITTERS] < 1e-5).all()


def test_prediction_at_the_instant_of_a_clean_report_is_that_report():
    params = world_params()
    world, predictor = World(params, Streams(3)), Predictor(config_for(params))
    for index in range(10):
        tell(predictor, world, index * PERIOD_NS, EXACT)
    prediction = predictor.predict(9 * PERIOD_NS)
    for name, mean in zip(TRANSMITTERS, prediction.channels, strict=True):
        truth = world.channels(name, 9 * PERIOD_NS)
        np.testing.assert_allclose(mean, truth, atol=1e-3 * np.abs(truth).max(), rtol=0)


def test_far_ahead_only_the_line_of_sight_is_left():
    params = world_params()
    world, predictor = World(params, Streams(4)), Predictor(config_for(params))
    for index in range(10):
        tell(predictor, world, index * PERIOD_NS, EXACT)
    near, far = predictor.predict(9 * PERIOD_NS + 10**6), predictor.predict(9 * PERIOD_NS + 10**9)
    gain = world.mean_gains("uav", 9 * PERIOD_NS)[:3]
    np.testing.assert_allclose(far.error_var[1, :3], gain / 11, rtol=0.1)
    assert (far.error_var[1:] > near.error_var[1:]).all()
    np.testing.assert_allclose(np.abs(far.channels[1][:3]) ** 2, gain[:, None] * np.ones(4) * 10 / 11, rtol=0.3)
    assert far.error_var[2, 0] == pytest.approx(world.mean_gains("base_station", 0)[0], rel=0.15)


def test_the_eavesdroppers_line_of_sight_is_found_from_her_channel_alone():
    params = world_params()
    world, predictor = World(params, Streams(5)), Predictor(config_for(params))
    for index in range(60):
        tell(predictor, world, index * PERIOD_NS, EXACT)
    t_ns = 59 * PERIOD_NS
    offset = world.position_m("eavesdropper", t_ns) - world.position_m("uav", t_ns)
    sight = np.exp(-1j * np.pi * np.arange(4) * offset[1] / np.linalg.norm(offset))
    far = predictor.predict(t_ns + 10**9).channels[1][3]
    assert abs(np.vdot(sight, far)) / (2 * np.linalg.norm(far)) > 0.99
    assert np.linalg.norm(far) ** 2 == pytest.approx(4 * world.mean_gains("uav", t_ns)[3] * 10 / 11, rel=0.25)


def test_the_ball_around_the_eavesdropper_is_added_and_follows_the_mean():
    params = world_params()
    world, predictor = World(params, Streams(6)), Predictor(config_for(params))
    for index in range(10):
        tell(predictor, world, index * PERIOD_NS, 1e3, csi_error=0.2)
    prediction = predictor.predict(9 * PERIOD_NS + LAG_NS)
    norms = np.array([np.linalg.norm(mean[3]) for mean in prediction.channels])
    np.testing.assert_allclose(prediction.radius, 0.2 * norms, rtol=1e-9)
    added = prediction.error_var - prediction.fading_var
    np.testing.assert_allclose(added[:, 3], 0.04 * norms**2 / 4, rtol=1e-9)
    assert (added[:, :3] == 0).all()
