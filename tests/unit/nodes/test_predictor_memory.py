"""The predictor as a state machine: what it takes in, what it forgets, and that it knows messages only."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from twin.errors import InstanceError
from twin.nodes.predictor import Predictor, PredictorConfig
from twin.signal.sagin import RECEIVERS, TRANSMITTERS, USERS
from twin.wire.messages import Csi, Sensed, State
from twin.wire.plain import pack_plain

MS = 10**6
CONFIG = PredictorConfig(
    mode="wiener",
    taps=3,
    memory_s=0.5,
    wavelength_m=0.125,
    uav_gain_1m=1e6,
    rician_k=10.0,
    angular_spread=0.05,
    base_station_gain_1m=1e6,
    path_exponent=4.0,
    nakagami_m=2.0,
    phase_spread_rad=0.3,
    satellite_spread_hz=1.0,
)
PLACES_M = {
    "satellite": (0, 0, 6e5),
    "uav": (0, 0, 100),
    "base_station": (80, 0, 0),
    "su": (40, 90, 0),
    "au": (-7, -50, 0),
    "gu": (87, 50, 0),
}


def csi(t_ns, antennas=4, radius=0.0, error_var=1e-3):
    """Some channels that depend on the instant only."""
    rng = np.random.default_rng(t_ns)
    channels = rng.normal(size=(4, antennas)) + 1j * rng.normal(size=(4, antennas))
    radii = np.array([0.0, 0.0, 0.0, radius])
    return Csi(RECEIVERS, channels, np.full(4, error_var), radii)


def state(name, t_ns, speed_mps=1.0):
    x, y, z = PLACES_M[name]
    return State(np.array([x, y + speed_mps * t_ns / 1e9, z]), np.array([0.0, speed_mps, 0.0]), 0.0)


def tell(predictor, *times_ns, states=True, **kwargs):
    for t_ns in times_ns:
        for name in TRANSMITTERS:
            predictor.note_report(name, t_ns, csi(t_ns, **kwargs))
        for name in PLACES_M if states else ():
            predictor.note_report(name, t_ns, state(name, t_ns))


def same(one, other):
    pairs = zip(one.channels, other.channels, strict=True)
    return all(np.allclose(a, b, rtol=1e-9, atol=0) for a, b in pairs) and np.allclose(one.error_var, other.error_var)


def test_without_prediction_the_last_reports_come_back_as_they_are():
    predictor = Predictor(replace(CONFIG, mode="none"))
    tell(predictor, 0, 10 * MS, radius=0.5)
    prediction = predictor.predict(25 * MS)
    for channels in prediction.channels:
        assert channels.tobytes() == csi(10 * MS).channels.tobytes()
    assert not prediction.fading_var[:, 3].any()
    np.testing.assert_allclose(prediction.fading_var[:, :3], np.tile(csi(10 * MS).error_var[:3], (3, 1)))
    np.testing.assert_allclose(prediction.radius, 0.5)


def test_one_tap_is_wiener_with_one_tap():
    one, other = Predictor(replace(CONFIG, mode="one_tap")), Predictor(replace(CONFIG, taps=1))
    for predictor in (one, other):
        tell(predictor, 0, 10 * MS)
    assert same(one.predict(14 * MS), other.predict(14 * MS))


def test_what_arrives_late_is_sorted_in():
    in_order, late = Predictor(CONFIG), Predictor(CONFIG)
    tell(in_order, 0, 10 * MS, 20 * MS)
    tell(late, 0, 20 * MS, 10 * MS)
    assert same(in_order.predict(24 * MS), late.predict(24 * MS))


def test_what_is_repeated_or_too_old_for_the_taps_changes_no_tap():
    plain, troubled = Predictor(CONFIG), Predictor(CONFIG)
    tell(plain, 10 * MS, 20 * MS, 30 * MS)
    tell(troubled, 10 * MS, 20 * MS, 20 * MS, 30 * MS, 10 * MS)
    assert pack_plain(plain.state(), "state") == pack_plain(troubled.state(), "state")
    with_states = [plain.predict(34 * MS).channels[1][:3], None]
    tell(troubled, 5 * MS)
    with_states[1] = troubled.predict(34 * MS).channels[1][:3]
    np.testing.assert_allclose(*with_states, rtol=1e-12)


def test_memory_is_bounded():
    predictor = Predictor(CONFIG)
    sizes = set()
    for index in range(50):
        tell(predictor, index * 10 * MS)
        predictor.note_report("bystander", index * 10 * MS, state("su", 0))
        sizes.add(len(pack_plain(predictor.state(), "state")) if index >= 5 else None)
    assert len(sizes - {None}) == 1


def test_equal_messages_equal_states_and_equal_answers():
    one, other = Predictor(CONFIG), Predictor(CONFIG)
    for predictor in (one, other):
        tell(predictor, 0, 10 * MS, 30 * MS)
    assert pack_plain(one.state(), "state") == pack_plain(other.state(), "state")
    before = pack_plain(one.state(), "state")
    first = one.predict(35 * MS)
    assert pack_plain(one.state(), "state") == before
    again = other.predict(35 * MS)
    assert [c.tobytes() for c in first.channels] == [c.tobytes() for c in again.channels]
    assert first.error_var.tobytes() == again.error_var.tobytes()
    other.note_report("su", 40 * MS, state("su", 40 * MS))
    assert pack_plain(other.state(), "state") != before


def test_a_sensed_channel_counts_for_the_eavesdropper_alone():
    predictor = Predictor(CONFIG)
    tell(predictor, 0, 10 * MS)
    before = predictor.predict(21 * MS)
    sensed = Sensed("uav", csi(20 * MS).channels[3], 0.1)
    predictor.note_report("eavesdropper", 20 * MS, sensed)
    after = predictor.predict(21 * MS)
    assert not np.allclose(after.channels[1][3], before.channels[1][3])
    assert after.fading_var[1, 3] < before.fading_var[1, 3]
    assert after.channels[1][:3].tobytes() == before.channels[1][:3].tobytes()
    assert after.channels[2].tobytes() == before.channels[2].tobytes()


def test_sensed_and_reported_at_one_instant_count_once():
    one, other = Predictor(CONFIG), Predictor(CONFIG)
    for predictor in (one, other):
        tell(predictor, 0, 10 * MS)
    other.note_report("eavesdropper", 10 * MS, Sensed("uav", csi(10 * MS).channels[3], 0.0))
    assert pack_plain(one.state(), "state") == pack_plain(other.state(), "state")


def test_a_state_that_claims_to_be_the_eavesdroppers_is_not_used():
    predictor = Predictor(CONFIG)
    tell(predictor, 0)
    before = pack_plain(predictor.state(), "state")
    predictor.note_report("eavesdropper", 10 * MS, state("su", 0, speed_mps=50.0))
    assert pack_plain(predictor.state(), "state") == before


def test_the_eavesdropper_moves_as_fast_as_the_fastest_user():
    slow, fast = Predictor(CONFIG), Predictor(CONFIG)
    tell(slow, 0, 10 * MS)
    tell(fast, 0, 10 * MS)
    fast.note_report("gu", 10 * MS + 1, state("gu", 10 * MS, speed_mps=3.0))
    for row in (1, 2):
        assert fast.predict(14 * MS).fading_var[row, 3] > 2 * slow.predict(14 * MS).fading_var[row, 3]
        assert fast.predict(14 * MS).fading_var[row, 0] == slow.predict(14 * MS).fading_var[row, 0]


def test_before_the_first_state_a_user_is_seen_through_its_channel():
    predictor = Predictor(CONFIG)
    tell(predictor, 0, 10 * MS, states=False)
    prediction = predictor.predict(14 * MS)
    assert all(np.isfinite(mean).all() for mean in prediction.channels)
    assert np.isfinite(prediction.error_var).all()


def test_every_transmitter_may_have_a_target_of_its_own():
    predictor = Predictor(CONFIG)
    tell(predictor, 0, 10 * MS)
    targets = (12 * MS, 14 * MS, 18 * MS)
    apart = predictor.predict(targets)
    for place, target in enumerate(targets):
        together = predictor.predict(target)
        assert apart.channels[place].tobytes() == together.channels[place].tobytes()
        assert apart.error_var[place].tobytes() == together.error_var[place].tobytes()


@pytest.mark.parametrize("error_var", [0.0, 1e-3, 1e3])
def test_silence_and_noise_give_finite_answers(error_var):
    predictor = Predictor(CONFIG)
    for t_ns in (0, 10 * MS):
        tell(predictor, t_ns, error_var=error_var)
        silent = Csi(RECEIVERS, np.zeros((4, 4), dtype=np.complex128), np.full(4, error_var), np.zeros(4))
        predictor.note_report("satellite", t_ns + MS, silent)
        predictor.note_report("base_station", t_ns + MS, silent)
    prediction = predictor.predict(14 * MS)
    assert all(np.isfinite(mean).all() for mean in prediction.channels)
    assert (prediction.error_var >= 0).all()
    assert np.isfinite(prediction.error_var).all()


def test_another_number_of_antennas_starts_anew():
    predictor, fresh = Predictor(CONFIG), Predictor(CONFIG)
    tell(predictor, 0, 10 * MS)
    tell(predictor, 20 * MS, antennas=6)
    tell(fresh, 20 * MS, antennas=6)
    assert predictor.predict(21 * MS).channels[0].shape == (4, 6)
    np.testing.assert_allclose(predictor.predict(21 * MS).channels[2], fresh.predict(21 * MS).channels[2], rtol=1e-12)


def test_an_unreported_channel_is_a_clear_error():
    predictor = Predictor(CONFIG)
    for name in ("satellite", "uav"):
        predictor.note_report(name, 0, csi(0))
    partial = csi(0)
    partial = Csi(USERS, partial.channels[:3], partial.error_var[:3], partial.radius[:3])
    predictor.note_report("base_station", 0, partial)
    with pytest.raises(InstanceError, match="channels of base_station: not reported to every receiver"):
        predictor.predict(MS)
    predictor.note_report("eavesdropper", 0, Sensed("base_station", csi(0).channels[3], 0.0))
    assert predictor.predict(MS).error_var.shape == (3, 4)


@pytest.mark.parametrize(("change", "message"), [({"taps": 0}, "taps=0"), ({"memory_s": 0.0}, r"memory_s=0\.0")])
def test_bad_configurations_are_refused(change, message):
    with pytest.raises(InstanceError, match=message):
        replace(CONFIG, **change)


def test_the_configuration_travels_as_a_plain_map():
    adapter = TypeAdapter(PredictorConfig)
    assert adapter.validate_json(json.dumps(asdict(CONFIG))) == CONFIG
    with pytest.raises(ValidationError, match="mode"):
        adapter.validate_json(json.dumps({**asdict(CONFIG), "mode": "crystal ball"}))


def test_the_predictor_reaches_no_world():
    code = "import sys, twin.nodes.predictor; sys.exit(any(m.split('.')[0] == 'entities' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
