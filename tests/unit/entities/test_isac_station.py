"""The two stations: what they measure and report, what goes on air when, what they refuse; and their echoes."""

import math

import numpy as np
import pytest

from entities.entity import ACCEPTED, DEDUPLICATED, MALFORMED, STALE
from entities.isac_air import IsacAir
from entities.isac_measurement import Pilots, sense, station_csi, true_place
from entities.isac_params import DEFAULT_RECEIVERS, IsacParams
from entities.isac_station import SensingStation, Station, StationRadio
from entities.isac_world import IsacWorld
from entities.params import ReceiverParams
from entities.reporting import Reporting
from twin.emulation.kernel import Kernel
from twin.emulation.streams import Streams
from twin.signal.crlb import cosine_variance, range_variance_m2
from twin.signal.sensing import scnr
from twin.signal.units import to_db
from twin.wire.codec import decode_body, encode_body
from twin.wire.messages import Ack, Csi, Echo, Envelope, Kind, Precoder

STATIONS = ("bs1", "bs2")
POWER_MW = 316_000.0
PERIOD_NS = 5_000_000
SHAPES = {"bs1": (12, 2), "bs2": (12, 5)}
PILOTS = Pilots(1000.0, {"bob": 0.05, "eavesdropper": 0.1})


class Desk:
    """A port that keeps what passes."""

    def __init__(self):
        self.sent, self.applied = [], []

    def send(self, letter):
        self.sent.append(letter)
        return len(self.sent)

    def listen(self, receive):
        self.receive = receive

    def on_air(self, version, vector, cause, t_data_ns):
        self.applied.append((version, vector, cause, t_data_ns))


class Scene:
    """Both stations in a kernel."""

    def __init__(self):
        walking = {name: ReceiverParams(place, 0.5) for name, place in DEFAULT_RECEIVERS.items()}
        self.world = IsacWorld(IsacParams(receivers=walking), Streams(6))
        self.air = IsacAir(self.world, {"bs1": 2, "bs2": 5}, dict.fromkeys(STATIONS, POWER_MW))
        self.kernel = Kernel(STATIONS)
        self.desks = {name: Desk() for name in STATIONS}
        radio = StationRadio(self.world, self.air, Streams(6), PILOTS, POWER_MW)
        kinds = {"bs1": SensingStation, "bs2": Station}
        self.stations = {
            name: kind(name, self.kernel, self.desks[name], radio, Reporting(PERIOD_NS)) for name, kind in kinds.items()
        }

    def run(self, until_ns):
        for station in self.stations.values():
            station.start()
        self.kernel.run(until_ns)
        return self


def envelope(t_data_ns=5):
    return Envelope(1, "run", Kind.PRECODER, "edge:bs1", "bs1", 1, 77, 3, 0, 9, 10, t_data_ns, 1, 0, b"")


def beams(version, *, name="bs1", scale=1.0, at_ns=0, shape=None):
    shape = shape or SHAPES[name]
    return Precoder(name, version, np.full(shape, scale * math.sqrt(POWER_MW / math.prod(shape)), complex), at_ns)


def test_both_stations_report_once_per_cycle_and_one_of_them_its_echo():
    scene = Scene().run(2 * PERIOD_NS)
    assert [letter.kind for letter in scene.desks["bs1"].sent] == [Kind.CSI, Kind.STATE, Kind.ECHO] * 2
    assert [letter.kind for letter in scene.desks["bs2"].sent] == [Kind.CSI, Kind.STATE] * 2
    for name, desk in scene.desks.items():
        assert {letter.dst for letter in desk.sent} == {f"edge:{name}"}
        assert {letter.t_data_ns for letter in desk.sent} == {0, PERIOD_NS}
        for letter in desk.sent:
            assert type(decode_body(letter.kind, encode_body(letter.body))) is type(letter.body)


def test_channels_of_the_target_are_nobodys_to_measure():
    scene = Scene()
    csi = station_csi(scene.world, Streams(6), "bs1", 40, PILOTS)
    assert isinstance(csi, Csi)
    assert csi.receivers == ("bob", "eavesdropper", "user1", "user2", "user3", "user4")
    truth = np.delete(scene.world.channels("bs1", 40), 2, axis=0)
    errors = np.linalg.norm(csi.channels - truth, axis=1)
    assert 0.0 < errors[0] <= csi.radius[0] == pytest.approx(0.05 * np.linalg.norm(csi.channels[0]))
    assert 0.0 < errors[1] <= csi.radius[1] == pytest.approx(0.1 * np.linalg.norm(csi.channels[1]))
    np.testing.assert_allclose(csi.error_var[2:], scene.world.mean_gains("bs1", 40)[3:] / 1000.0)
    assert not csi.radius[2:].any()
    assert not csi.error_var[:2].any()


def test_pilot_noise_has_the_variance_that_is_told():
    world = Scene().world
    errors = []
    for t_ns in range(400):
        csi = station_csi(world, Streams(6), "bs2", t_ns, PILOTS)
        errors.append((csi.channels - world.channels("bs2", t_ns))[2:] / np.sqrt(csi.error_var[2:, None]))
    assert (np.abs(errors) ** 2).mean() == pytest.approx(1.0, abs=0.03)


def test_an_echo_scatters_around_the_truth_by_its_bounds():
    scene, errors = Scene(), []
    world, target = scene.world, scene.world.channels("bs1", 0)[2]
    # bright enough for bounds that no guess cuts
    beams = np.tile(target[:, None], (1, 2)) * 1e5
    for t_ns in range(600):
        echo = sense(world, Streams(6), "bs1", t_ns, beams)
        assert isinstance(echo, Echo)
        errors.append((echo.place - true_place(world, "bs1", t_ns)) / np.sqrt(echo.error_var))
    found = float(scnr(world.channels("bs1", 599)[2], beams, world.params.echo_gain))
    expected = [range_variance_m2(found, 80e6, 1e9), cosine_variance(found, 4), cosine_variance(found, 3)]
    np.testing.assert_allclose(echo.error_var, expected)
    assert echo.scnr_db == pytest.approx(to_db(found))
    np.testing.assert_array_equal(echo.beams, beams)
    np.testing.assert_allclose(np.mean(errors, axis=0), 0.0, atol=0.17)
    np.testing.assert_allclose(np.std(errors, axis=0), 1.0, atol=0.12)


def test_what_is_not_told_from_clutter_is_not_reported():
    world = Scene().world
    target = world.channels("bs1", 0)[2]
    at_one = float(scnr(target, np.tile(target[:, None], (1, 2)), world.params.echo_gain))
    for wanted, seen in ((0.099, False), (0.101, True)):
        beams = np.tile(target[:, None], (1, 2)) * math.sqrt(wanted / at_one)
        assert (sense(world, Streams(6), "bs1", 0, beams) is not None) is seen


def test_true_place_is_range_and_cosines():
    world = Scene().world
    offset_m = world.position_m("target", 0) - np.array([0.0, 0.0, 10.0])
    range_m = np.linalg.norm(offset_m)
    expected = [range_m, offset_m[1] / range_m, offset_m[2] / range_m]
    np.testing.assert_allclose(true_place(world, "bs1", 0), expected)


def test_alone_each_station_uses_its_whole_power_and_bs1_lights_up_every_direction():
    scene = Scene().run(1)
    for name, shape in SHAPES.items():
        on_air = scene.air.precoders[name]
        assert on_air.shape == shape
        assert np.vdot(on_air, on_air).real == pytest.approx(POWER_MW)
        assert scene.air.quality_db(name, 1) == pytest.approx(0.0, abs=1e-9)
    sensing = scene.air.precoders["bs1"][:, 1]
    assert sensing[0] == pytest.approx(math.sqrt(POWER_MW / 2))
    assert not sensing[1:].any()


def test_scnr_on_air_is_the_sum_of_both_streams_through_the_best_filter():
    scene = Scene().run(1)
    h = scene.world.channels("bs1", 77)[2]
    lit = sum(abs(np.vdot(h, w)) ** 2 for w in scene.air.precoders["bs1"].T)
    expected = 0.5 * scene.world.params.echo_gain * np.vdot(h, h).real * lit
    assert scene.air.scnr(77) == pytest.approx(expected)


def test_quality_of_bob_and_of_users_by_explicit_loops():
    scene = Scene().run(1)
    h, g = scene.world.channels("bs1", 50), scene.world.channels("bs2", 50)
    w, o = scene.air.precoders["bs1"], scene.air.precoders["bs2"]
    heard = sum(abs(np.vdot(g[0], column)) ** 2 for column in o.T)
    assert scene.air.quality_db("bob", 50) == pytest.approx(to_db(abs(np.vdot(h[0], w[:, 0])) ** 2 / (heard + 1.0)))
    for n in range(4):
        noise = 1.0 + sum(abs(np.vdot(h[3 + n], column)) ** 2 for column in w.T)
        noise += sum(abs(np.vdot(g[2 + n], o[:, k])) ** 2 for k in range(1, 5) if k != n + 1)
        sinr = abs(np.vdot(g[2 + n], o[:, n + 1])) ** 2 / noise
        assert scene.air.quality_db(f"user{n + 1}", 50) == pytest.approx(to_db(sinr))
    assert scene.air.quality_db("target", 50) == 0.0


def test_beams_go_on_air_and_are_acknowledged_once():
    scene = Scene().run(1)
    desk, station = scene.desks["bs1"], scene.stations["bs1"]
    assert desk.receive(envelope(), beams(3)) == ACCEPTED
    assert desk.receive(envelope(), beams(3)) == DEDUPLICATED
    assert desk.receive(envelope(), beams(2)) == STALE
    np.testing.assert_array_equal(scene.air.precoders["bs1"], beams(3).vector)
    assert station.shelf.version == 3
    assert [entry[0] for entry in desk.applied][-1] == 3
    ack = desk.sent[-1]
    assert (ack.kind, ack.dst, ack.body, ack.parent_id) == (
        Kind.ACK,
        "edge:bs1",
        Ack("bs1", 3, scene.kernel.now_ns),
        77,
    )


def test_scheduled_beams_wait_for_their_instant():
    scene = Scene().run(1)
    desk, due_ns = scene.desks["bs2"], 2_000_000
    assert desk.receive(envelope(), beams(1, name="bs2", at_ns=due_ns)) == ACCEPTED
    assert scene.stations["bs2"].shelf.version == 0
    scene.kernel.run(due_ns + 1)
    assert scene.stations["bs2"].shelf.version == 1


@pytest.mark.parametrize(
    "wrong", [beams(1, shape=(12,)), beams(1, shape=(12, 3)), beams(1, scale=1.01), beams(1, name="bs2")]
)
def test_beams_of_another_shape_power_or_station_are_malformed(wrong):
    scene = Scene().run(1)
    assert scene.desks["bs1"].receive(envelope(), wrong) == MALFORMED
    assert scene.stations["bs1"].shelf.version == 0
