"""The filter of a target: closed forms of its first steps, against the truth, and what it refuses."""

import numpy as np
import pytest

from twin.errors import InstanceError, WireError
from twin.nodes.target_track import Manoeuvre, Strength, TargetTrack
from twin.wire.messages import Echo
from twin.wire.plain import pack_plain, unpack_plain

MANOEUVRE = Manoeuvre(5.0, 10.0)
STEP_NS = 5_000_000
VARIANCES = np.array([0.5, 0.02, 0.03])


def echo(place, variances=VARIANCES):
    return Echo("target", np.ones((2, 2), complex), np.array(place), variances, 0.0)


def some_echoes(count, rng):
    return [(k * STEP_NS, echo(np.array([30.0, 0.4, -0.1]) + rng.normal(size=3) * 0.1)) for k in range(count)]


def test_one_echo_spreads_with_speed_and_acceleration():
    track = TargetTrack(MANOEUVRE)
    track.add(0, echo([30.0, 0.4, -0.1]))
    place, variance = track.at(20_000_000)
    scale, dt = np.array([1.0, 1.0 / 30.0, 1.0 / 30.0]), 0.02
    np.testing.assert_allclose(place, [30.0, 0.4, -0.1])
    np.testing.assert_allclose(variance, VARIANCES + (10.0 * scale * dt) ** 2 + (5.0 * scale) ** 2 * dt**4 / 4)


def test_a_second_echo_is_weighed_by_its_variance():
    track = TargetTrack(MANOEUVRE)
    first, second = echo([30.0, 0.4, -0.1]), echo([31.0, 0.2, 0.1])
    track.add(0, first)
    track.add(STEP_NS, second)
    scale = np.array([1.0, 1.0 / 30.0, 1.0 / 30.0])
    dt = STEP_NS * 1e-9
    p = VARIANCES + (dt * 10.0 * scale) ** 2 + (5.0 * scale) ** 2 * dt**4 / 4
    gain = p / (p + VARIANCES)
    place, variance = track.at(STEP_NS)
    np.testing.assert_allclose(place, first.place + gain * (second.place - first.place), rtol=1e-9)
    np.testing.assert_allclose(variance, (1 - gain) * p, rtol=1e-9)


def flown(t_s):
    """Past the array at 20 m/s, 25 m away at the nearest."""
    offset = np.array([25.0, -20.0 + 20.0 * t_s, 5.0])
    range_m = np.linalg.norm(offset)
    return np.array([range_m, offset[1] / range_m, offset[2] / range_m])


def test_extrapolation_beats_believing_the_last_place():
    rng, track, late, held = np.random.default_rng(5), TargetTrack(Manoeuvre(20.0, 20.0)), [], []
    variances = np.array([0.005, 1e-5, 1e-5])
    for k in range(400):
        t_s = k * STEP_NS * 1e-9
        track.add(k * STEP_NS, echo(flown(t_s) + np.sqrt(variances) * rng.normal(size=3), variances))
        if k > 60:
            truth = flown(t_s + 0.1)
            late.append(track.at((k * STEP_NS) + 100_000_000)[0] - truth)
            held.append(track.at(k * STEP_NS)[0] - truth)
    rms, rms_held = (np.sqrt(np.mean(np.square(errors), axis=0)) for errors in (late, held))
    assert rms_held[1] > 0.04
    assert (rms[:2] < 0.4 * rms_held[:2]).all()


def test_stated_variances_are_those_of_the_errors():
    rng, errors = np.random.default_rng(8), []
    for _ in range(200):
        track, speed = TargetTrack(MANOEUVRE), rng.normal() * 10.0
        for k in range(20):
            truth = np.array([30.0 + speed * k * STEP_NS * 1e-9, 0.2, 0.0])
            track.add(k * STEP_NS, echo(truth + np.sqrt(VARIANCES) * rng.normal(size=3)))
        place, variance = track.at(19 * STEP_NS)
        errors.append((place - truth)[0] / np.sqrt(variance[0]))
    assert np.std(errors) == pytest.approx(1.0, abs=0.2)


def test_late_and_repeated_echoes_change_nothing():
    track = TargetTrack(MANOEUVRE)
    track.add(STEP_NS, echo([30.0, 0.4, -0.1]))
    before = track.at(2 * STEP_NS)
    track.add(STEP_NS, echo([50.0, -0.4, 0.1]))
    track.add(0, echo([50.0, -0.4, 0.1]))
    np.testing.assert_array_equal(track.at(2 * STEP_NS), before)


def test_places_stay_places():
    track = TargetTrack(MANOEUVRE)
    track.add(0, echo([6.0, 0.99, 0.0]))
    track.add(STEP_NS, echo([5.5, 1.0, 0.0]))
    (range_m, across, along), _ = track.at(10**12)
    assert range_m >= 5.0
    assert -1.0 <= across <= 1.0
    assert -1.0 <= along <= 1.0


def test_without_an_echo_there_is_no_target():
    with pytest.raises(InstanceError, match="target: no echo of it has come yet"):
        TargetTrack(MANOEUVRE).at(0)


@pytest.mark.parametrize(("acceleration", "speed"), [(0.0, 1.0), (1.0, -1.0), (np.inf, 1.0)])
def test_a_manoeuvre_is_positive(acceleration, speed):
    with pytest.raises(InstanceError, match="must be > 0 and finite"):
        Manoeuvre(acceleration, speed)


def test_a_restored_filter_goes_on_bit_for_bit():
    echoes = some_echoes(8, np.random.default_rng(4))
    track, other = TargetTrack(MANOEUVRE), TargetTrack(MANOEUVRE)
    for item in echoes[:5]:
        track.add(*item)
    other.restore(unpack_plain(pack_plain(track.state(), "track"), "track"))
    for item in echoes[5:]:
        track.add(*item)
        other.add(*item)
    assert pack_plain(other.state(), "track") == pack_plain(track.state(), "track")


@pytest.mark.parametrize("wrong", [None, (1, 2), (-2, np.zeros(6), np.eye(6)), (0, np.zeros(5), np.eye(6))])
def test_a_state_of_something_else_is_refused(wrong):
    with pytest.raises(WireError):
        TargetTrack(MANOEUVRE).restore(wrong)


def test_a_state_that_is_not_finite_is_refused():
    with pytest.raises(WireError, match="must be finite"):
        TargetTrack(MANOEUVRE).restore((0, np.full(6, np.nan), np.eye(6)))


def test_strength_is_a_fading_mean_in_db_of_an_amplitude_there_and_back():
    strength = Strength()
    assert strength.amplitude == 1.0
    for k in range(200):
        strength.add(k * STEP_NS, 8.0)
    assert strength.amplitude == pytest.approx(10.0 ** (8.0 / 40.0), rel=1e-3)
    for k in range(200, 220):  # 0.1 s: by a factor e
        strength.add(k * STEP_NS, 0.0)
    assert 40.0 * np.log10(strength.amplitude) == pytest.approx(8.0 / np.e, rel=0.01)
    other = Strength()
    other.restore(unpack_plain(pack_plain(strength.state(), "state"), "state"))
    assert other.amplitude == strength.amplitude


@pytest.mark.parametrize("wrong", [None, (0, 1.0), (0, 0.5, 1.0), (0, 1.0, np.inf), (-2, 1.0, 1.0)])
def test_a_strength_of_something_else_is_refused(wrong):
    with pytest.raises(WireError):
        Strength().restore(wrong)
