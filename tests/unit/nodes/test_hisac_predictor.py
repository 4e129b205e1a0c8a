"""The predictor of the two stations, fed from its world: errors as small as theory has them, and what it must not use."""

import dataclasses

import numpy as np
import pytest

from entities.isac_measurement import Pilots, sense, station_csi, true_place
from entities.isac_params import DEFAULT_RECEIVERS, FadingParams, IsacParams, TargetParams
from entities.isac_world import IsacWorld
from entities.params import ReceiverParams
from twin.emulation.streams import Streams
from twin.errors import InstanceError, WireError
from twin.nodes.hisac_predictor import HisacPredictor, HisacPredictorConfig
from twin.nodes.target_track import Manoeuvre
from twin.signal.arrays import upa_response
from twin.signal.prediction import wiener_taps
from twin.signal.units import from_db, from_dbm, wavelength_m
from twin.wire.messages import Sensed, State
from twin.wire.plain import pack_plain, unpack_plain

STATIONS = ("bs1", "bs2")
PERIOD_NS = 5_000_000
AHEAD_NS = 8_000_000
WAVE_M = wavelength_m(18e9)
SPEED_MPS = 0.5
USERS = ("user1", "user2", "user3", "user4")

CONFIG = HisacPredictorConfig(
    mode="wiener",
    taps=3,
    memory_s=0.5,
    users=USERS,
    arrays={"bs1": (4, 3), "bs2": (4, 3)},
    wavelength_m=WAVE_M,
    gain_1m=(WAVE_M / (4 * np.pi)) ** 2 / from_dbm(-50.0),
    fading="rician_shadowed",
    rician_k=from_db(7.0),
    nakagami_m=2.0,
    target_k=from_db(7.0),
    echo_gain=IsacParams().echo_gain,
    manoeuvre=Manoeuvre(5.0, 10.0),
)
LIT = np.eye(12, 2, dtype=np.complex128) * 600.0
"""Two elements, 0.7 kW: every direction is lit up."""


class Scene:
    """A world and a predictor that hears everything at once."""

    def __init__(self, config=CONFIG, seed=3, csi_error=0.0, states=(*STATIONS, "bob", *USERS), **params):
        walking = {name: ReceiverParams(place, SPEED_MPS) for name, place in DEFAULT_RECEIVERS.items()}
        self.streams = Streams(seed)
        self.world = IsacWorld(IsacParams(receivers=walking, **params), self.streams)
        self.predictor = HisacPredictor(config)
        self.pilots = Pilots(1e3, {"bob": csi_error, "eavesdropper": csi_error})
        self.states = states

    def hear(self, t_ns, predictor=None):
        predictor, world = predictor or self.predictor, self.world
        for name in STATIONS:
            predictor.note_report(name, t_ns, station_csi(world, self.streams, name, t_ns, self.pilots))
        predictor.note_report("bs1", t_ns, sense(world, self.streams, "bs1", t_ns, LIT))
        for name in self.states:
            state = State(world.position_m(name, t_ns), world.velocity_mps(name, t_ns), 0.0)
            predictor.note_report(name, t_ns, state)

    def errors(self, steps=120, skip=60, ahead_ns=AHEAD_NS):
        """Relative mean square errors of every row of both stations, (3 + N,) and (2 + N,)."""
        found = []
        for k in range(steps):
            self.hear(k * PERIOD_NS)
            if k >= skip:
                target_ns = k * PERIOD_NS + ahead_ns
                expected = self.predictor.predict((target_ns, target_ns)).channels
                truth = [self.world.channels(name, target_ns) for name in STATIONS]
                gains = [self.world.mean_gains(name, target_ns) * 12 for name in STATIONS]
                found.append(
                    [
                        (np.abs(mean - true) ** 2).sum(axis=1) / gain
                        for mean, true, gain in zip(expected, truth, gains, strict=True)
                    ]
                )
        return [np.mean([pair[k] for pair in found], axis=0) for k in range(2)]


def test_several_taps_recover_most_of_what_age_costs():
    modes = {mode: Scene(dataclasses.replace(CONFIG, mode=mode)).errors()[1] for mode in ("none", "one_tap", "wiener")}
    assert modes["wiener"].mean() < 0.35 * modes["none"].mean()
    assert modes["wiener"].mean() < 0.4 * modes["one_tap"].mean()
    assert (modes["wiener"] < 0.5 * modes["none"]).all()  # the eavesdropper, without any state, too


def test_the_error_is_near_that_of_the_best_linear_predictor():
    scene = Scene()
    measured = scene.errors()[1][2:].mean()
    instants_s = -(AHEAD_NS + np.arange(3) * PERIOD_NS) * 1e-9
    noise = np.full(3, (from_db(7.0) + 1.0) / 1e3)
    _, e2 = wiener_taps(SPEED_MPS / WAVE_M, instants_s, 0.0, noise)
    best = e2 / (from_db(7.0) + 1.0)
    assert best * 0.6 < measured < best * 2.0  # one walk of half a second, and a line of sight that is estimated
    told = scene.predictor.predict((10**9, 10**9)).error_var[1]
    assert told.shape == (6,)


def test_stated_variances_are_those_of_the_errors():
    scene, ratios = Scene(), []
    for k in range(120):
        scene.hear(k * PERIOD_NS)
        if k >= 60:
            target_ns = k * PERIOD_NS + AHEAD_NS
            prediction = scene.predictor.predict((target_ns, target_ns))
            wrong = (np.abs(prediction.channels[1] - scene.world.channels("bs2", target_ns)) ** 2).mean(axis=1)
            ratios.append(wrong[2:] / prediction.error_var[1][2:])
    assert 0.5 < np.mean(ratios) < 2.0


@pytest.mark.parametrize("model", ["nakagami", "rayleigh"])
def test_other_laws_are_predicted_through_their_own_map(model):
    config = dataclasses.replace(CONFIG, fading=model)
    plain = dataclasses.replace(config, mode="none")
    fading = FadingParams(model=model)
    assert Scene(config, fading=fading).errors()[1].mean() < 0.4 * Scene(plain, fading=fading).errors()[1].mean()


def test_the_target_is_a_line_of_sight_to_where_it_will_be():
    scene = Scene(target=TargetParams(speed_mps=20.0, rician_k_db=60.0))
    for k in range(100):
        scene.hear(k * PERIOD_NS)
    target_ns = 99 * PERIOD_NS + 20_000_000
    expected = scene.predictor.predict((target_ns, target_ns)).channels[0][2]
    range_m, across, along = true_place(scene.world, "bs1", target_ns)
    line = np.sqrt(CONFIG.gain_1m) / range_m * upa_response(np.array([across, along]), 4, 3)
    share = abs(np.vdot(line, expected)) ** 2 / (np.vdot(line, line).real * np.vdot(expected, expected).real)
    assert share > 0.97
    assert np.linalg.norm(expected) == pytest.approx(np.linalg.norm(line), rel=0.6)  # shadowing


def test_a_target_in_the_shadow_is_known_to_be_weak():
    """Whatever the shadowing of a seed, the expected channel has its strength within a few dB of an echo."""
    wrong_db = []
    for seed in range(6):
        scene = Scene(seed=seed, target=TargetParams(speed_mps=2.0, rician_k_db=20.0))
        for k in range(60):
            scene.hear(k * PERIOD_NS)
        target_ns = 59 * PERIOD_NS + AHEAD_NS
        expected = scene.predictor.predict((target_ns, target_ns)).channels[0][2]
        truth = scene.world.channels("bs1", target_ns)[2]
        wrong_db.append(40.0 * np.log10(np.linalg.norm(expected) / np.linalg.norm(truth)))
    assert np.abs(wrong_db).max() < 4.0  # without learning: up to 10
    assert np.std(wrong_db) < 2.0


def test_radii_follow_the_relative_error_and_rows_the_model():
    scene = Scene(csi_error=0.1)
    scene.hear(0)
    prediction = scene.predictor.predict((AHEAD_NS, AHEAD_NS))
    assert [mean.shape for mean in prediction.channels] == [(7, 12), (6, 12)]
    for mean, radius in zip(prediction.channels, prediction.radius, strict=True):
        np.testing.assert_allclose(radius, 0.1 * np.linalg.norm(mean[:2], axis=1))


def test_her_own_claims_are_not_used_but_what_is_sensed_of_her_is():
    scene, other = Scene(), Scene()
    for t_ns in (0, PERIOD_NS):
        scene.hear(t_ns)
        other.hear(t_ns)
    lie = State(np.array([1.0, 2.0, 3.0]), np.array([90.0, 0.0, 0.0]), 0.0)
    other.predictor.note_report("eavesdropper", PERIOD_NS, lie)
    aim = (3 * PERIOD_NS,) * 2
    np.testing.assert_array_equal(other.predictor.predict(aim).channels[0], scene.predictor.predict(aim).channels[0])
    sensed = Sensed("bs1", np.full(12, 0.01 + 0.02j), 0.0)
    other.predictor.note_report("eavesdropper", 2 * PERIOD_NS, sensed)
    assert not np.allclose(other.predictor.predict(aim).channels[0][1], scene.predictor.predict(aim).channels[0][1])


@pytest.mark.parametrize("model", ["rician_shadowed", "nakagami"])
def test_where_nobody_says_how_fast_he_is_reports_show_it(model):
    config, fading = dataclasses.replace(CONFIG, fading=model), FadingParams(model=model)
    told, untold = Scene(config, fading=fading), Scene(config, states=STATIONS, fading=fading)  # the stations stand
    known, shown = (scene.errors(steps=50, skip=20)[1] for scene in (told, untold))
    assert shown.mean() < 1.3 * known.mean()
    aim = (50 * PERIOD_NS,) * 2
    of_known, of_shown = (scene.predictor.predict(aim).error_var[1] for scene in (told, untold))
    assert of_shown[2:].sum() > 0.5 * of_known[2:].sum()


def test_nothing_is_predicted_before_everything_has_been_reported():
    scene = Scene()
    with pytest.raises(InstanceError, match="channels of bs1: not reported to every receiver"):
        scene.predictor.predict((0, 0))
    for name in STATIONS:
        scene.predictor.note_report(name, 0, station_csi(scene.world, scene.streams, name, 0, scene.pilots))
    with pytest.raises(InstanceError, match="target: no echo"):
        scene.predictor.predict((0, 0))
    scene.predictor.note_report("bs1", 0, sense(scene.world, scene.streams, "bs1", 0, LIT))
    assert all(np.isfinite(mean).all() for mean in scene.predictor.predict((0, 0)).channels)  # without any state


def test_a_restored_predictor_goes_on_bit_for_bit():
    scene, other = Scene(csi_error=0.05), HisacPredictor(CONFIG)
    for k in range(6):
        scene.hear(k * PERIOD_NS)
    other.restore(unpack_plain(pack_plain(scene.predictor.state(), "state"), "state"))
    for k in range(6, 9):
        scene.hear(k * PERIOD_NS)
        scene.hear(k * PERIOD_NS, other)
    one, two = (predictor.predict((10**8, 10**8)) for predictor in (scene.predictor, other))
    for mean, again in zip(one.channels, two.channels, strict=True):
        np.testing.assert_array_equal(mean, again)
    assert pack_plain(other.state(), "state") == pack_plain(scene.predictor.state(), "state")


@pytest.mark.parametrize("wrong", [None, (), ((), {}, (), ()), (1, 2, 3, 4)])
def test_a_state_of_something_else_is_refused(wrong):
    with pytest.raises(WireError):
        HisacPredictor(CONFIG).restore(wrong)


@pytest.mark.parametrize(("name", "value"), [("taps", 0), ("memory_s", 0.0)])
def test_constants_are_positive(name, value):
    with pytest.raises(InstanceError, match=f"{name}=0"):
        dataclasses.replace(CONFIG, **{name: value})
