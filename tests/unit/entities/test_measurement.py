"""Measurements: unbiased pilots of the stated variance, and an eavesdropper exactly within her ball."""

import math

import numpy as np
import pytest
from scipy import stats

from entities.measurement import PilotDraws, estimate, estimates_with, guess_in_ball, pilot_draws
from entities.params import DEFAULT_POSITIONS, ReceiverParams, UavParams, WorldParams
from entities.world import World
from twin.emulation.streams import Streams
from twin.signal.sagin import RECEIVERS, TRANSMITTERS

PARAMS = WorldParams(
    uav=UavParams(waypoints_m=((0.0, 0.0), (20.0, 0.0))),
    receivers={name: ReceiverParams(position_m, 1.0) for name, position_m in DEFAULT_POSITIONS.items()},
)
STREAMS = Streams(5)
WORLD = World(PARAMS, STREAMS)


def measure(transmitter="uav", t_ns=10**9, pilot_snr=1000.0, csi_error=0.1, world=WORLD):
    return estimate(world, STREAMS, transmitter, t_ns, pilot_snr=pilot_snr, csi_error=csi_error)


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
def test_a_report_states_its_errors(transmitter):
    csi = measure(transmitter)
    assert csi.receivers == RECEIVERS
    assert csi.channels.shape == (4, 4)
    assert csi.channels.flags.c_contiguous
    np.testing.assert_allclose(csi.error_var[:3], WORLD.mean_gains(transmitter, 10**9)[:3] / 1000.0)
    assert csi.error_var[3] == 0.0
    np.testing.assert_array_equal(csi.radius[:3], 0.0)
    assert csi.radius[3] == pytest.approx(0.1 * np.linalg.norm(csi.channels[3]), rel=1e-15)


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
@pytest.mark.parametrize("pilot_snr", [1.0, 1000.0])
def test_pilot_noise_is_unbiased_circular_and_of_the_stated_variance(transmitter, pilot_snr):
    noise = []
    for t_ns in range(0, 500_000_000, 1_000_000):
        csi = measure(transmitter, t_ns, pilot_snr)
        error = csi.channels - WORLD.channels(transmitter, t_ns)
        noise.append(error[:3] / np.sqrt(csi.error_var[:3, None]))
    noise = np.array(noise)
    # 6000 draws: standard deviation of each mean 0.013
    assert abs(noise.mean()) < 0.06
    assert abs((noise**2).mean()) < 0.06
    assert (np.abs(noise) ** 2).mean() == pytest.approx(1.0, abs=0.06)
    assert stats.kstest(noise.real.ravel() * math.sqrt(2), "norm").statistic < 1.63 / math.sqrt(noise.size)
    assert abs((noise[1:] * noise[:-1].conj()).mean()) < 0.06
    assert abs((noise[:, 0] * noise[:, 1].conj()).mean()) < 0.1


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
@pytest.mark.parametrize("csi_error", [1e-9, 0.1, 0.2, 0.9])
def test_the_eavesdropper_is_within_her_radius(transmitter, csi_error):
    for t_ns in range(0, 100_000_000, 1_000_000):
        csi = measure(transmitter, t_ns, csi_error=csi_error)
        assert np.linalg.norm(csi.channels[3] - WORLD.channels(transmitter, t_ns)[3]) <= csi.radius[3]


def test_without_error_the_eavesdropper_is_known():
    csi = measure(csi_error=0.0)
    np.testing.assert_array_equal(csi.channels[3], WORLD.channels("uav", 10**9)[3])
    assert csi.radius[3] == 0.0


@pytest.mark.parametrize("antennas", [1, 2, 4, 16])
@pytest.mark.parametrize("error", [1e-16, 1e-12, 1e-6, 0.01, 0.1, 0.5, 0.99, 0.999999])
def test_every_guess_is_in_the_ball_exactly(antennas, error):
    rng = np.random.default_rng(3)
    for _ in range(200):
        c = (rng.standard_normal(antennas) + 1j * rng.standard_normal(antennas)) * 10 ** rng.uniform(-6, 6)
        guess = guess_in_ball(c, error, rng)
        assert np.linalg.norm(c - guess) <= error * np.linalg.norm(guess)


@pytest.mark.parametrize("antennas", [1, 4])
def test_guesses_fill_the_ball_evenly(antennas):
    rng = np.random.default_rng(4)
    c = np.exp(1j * np.arange(antennas)) * 3.0
    error = 0.3
    guesses = np.array([guess_in_ball(c, error, rng) for _ in range(4000)])
    centre, radius = c / (1 - error**2), error * np.linalg.norm(c) / (1 - error**2)
    offsets = guesses - centre
    # share of the volume that lies nearer to the centre: uniform
    share = (np.linalg.norm(offsets, axis=1) / radius) ** (2 * antennas)
    assert stats.kstest(share, "uniform").statistic < 1.63 / math.sqrt(4000)
    assert np.abs(offsets.mean(axis=0)).max() < 0.06 * radius
    assert abs((offsets**2).mean()) < 0.03 * radius**2


def test_measurements_do_not_depend_on_order_or_bystanders():
    joined = World(
        WorldParams(uav=PARAMS.uav, receivers={**PARAMS.receivers, "walker": ReceiverParams((1.0, 2.0, 0.0), 1.0)}),
        STREAMS,
    )
    first = measure("satellite", 7)
    for t_ns in (3, 9):
        measure("satellite", t_ns)
    again = measure("satellite", 7, world=joined)
    np.testing.assert_array_equal(first.channels, again.channels)
    np.testing.assert_array_equal(first.radius, again.radius)


def test_measurements_at_other_times_have_other_noise():
    noise = [measure(t_ns=t_ns).channels - WORLD.channels("uav", t_ns) for t_ns in (7, 8)]
    assert np.abs(noise[0] - noise[1]).min() > 1e-6


@pytest.mark.parametrize("csi_error", [0.0, 0.1])
def test_many_measurements_at_once_are_those_made_one_by_one(csi_error):
    """With the draws of each instant on its own channels; and the same draws can be laid over other channels."""
    instants = np.array([0, 10**7, 3 * 10**8 + 17, 10**9])
    truth, gains = WORLD.over("uav", instants)
    each = [pilot_draws(STREAMS, "uav", int(t_ns), 4, csi_error=csi_error) for t_ns in instants]
    draws = PilotDraws(np.array([d.noise for d in each]), np.array([d.volume for d in each]))
    estimates, radius = estimates_with(truth, gains / 1000.0, draws, csi_error)
    for index, t_ns in enumerate(instants):
        csi = estimate(WORLD, STREAMS, "uav", int(t_ns), pilot_snr=1000.0, csi_error=csi_error)
        np.testing.assert_allclose(estimates[index], csi.channels, rtol=1e-13)
        assert radius[index] == pytest.approx(csi.radius[3], rel=1e-13)
    elsewhere, _ = estimates_with(truth[::-1], gains / 1000.0, draws, csi_error)
    np.testing.assert_allclose((elsewhere - truth[::-1])[:, :3], (estimates - truth)[:, :3], rtol=1e-9)


@pytest.mark.parametrize("transmitter", TRANSMITTERS)
def test_channels_at_many_instants_are_those_of_each(transmitter):
    instants = np.array([0, 5 * 10**6, 10**9, 10**9, 12_345_678_901])
    truth, gains = WORLD.over(transmitter, instants)
    for index, t_ns in enumerate(instants):
        np.testing.assert_allclose(truth[index], WORLD.channels(transmitter, int(t_ns)), rtol=1e-13)
        np.testing.assert_allclose(gains[index], WORLD.mean_gains(transmitter, int(t_ns)), rtol=1e-14)
