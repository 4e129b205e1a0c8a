"""A pair at both its ends: what it reports, what it puts on air, what it refuses."""

import numpy as np
import pytest

from entities.entity import ACCEPTED, DEDUPLICATED, MALFORMED, STALE
from entities.interference_pair import InterferencePair, PairRadio
from entities.pairs_air import PairsAir
from entities.pairs_measurement import receiver_csi, transmitter_csi
from entities.pairs_params import Distances, PairPlace, PairsParams, receiver_of
from entities.pairs_world import PairsWorld
from entities.reporting import Reporting
from twin.emulation.kernel import Kernel
from twin.emulation.streams import Streams
from twin.signal.interference_channel import interference_covariances
from twin.wire.codec import decode_body, encode_body
from twin.wire.messages import Ack, Covariance, Csi, Envelope, Kind, Precoder

NAMES = ("pair1", "pair2", "pair3")
POWER_MW = 100.0
PERIOD_NS = 10_000_000


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
    """Three pairs in a kernel."""

    def __init__(self, **options):
        places = {name: PairPlace((20.0 * n, 0.0, 0.0), (20.0 * n, 10.0, 0.0)) for n, name in enumerate(NAMES)}
        params = PairsParams(places, distances=Distances(10.0, 10.0, 10.0), receiver_mps=1.0, **options)
        self.world = PairsWorld(params, Streams(6))
        self.air = PairsAir(self.world)
        self.kernel = Kernel((*NAMES, *map(receiver_of, NAMES)))
        self.desks = {name: (Desk(), Desk()) for name in NAMES}
        radio = PairRadio(self.world, self.air, POWER_MW, receiver_reports=True)
        self.pairs = {
            name: InterferencePair(name, self.kernel, self.desks[name], radio, Reporting(PERIOD_NS)) for name in NAMES
        }

    def run(self, until_ns):
        for pair in self.pairs.values():
            pair.start()
        self.kernel.run(until_ns)
        return self


def envelope(t_data_ns=5):
    return Envelope(1, "run", Kind.PRECODER, "edge:pair1", "pair1", 1, 77, 3, 0, 9, 10, t_data_ns, 1, 0, b"")


def precoder(version, *, scale=1.0, at_ns=0, name="pair1", shape=(4, 3)):
    return Precoder(name, version, np.full(shape, scale * np.sqrt(POWER_MW / 12), dtype=np.complex128), at_ns)


def test_both_ends_report_what_they_know_once_per_cycle():
    scene = Scene(zeta=0.2, zeta_eve=0.5).run(2 * PERIOD_NS)
    for transmitter, receiver in scene.desks.values():
        assert [letter.kind for letter in transmitter.sent] == [Kind.CSI] * 2
        assert [letter.kind for letter in receiver.sent] == [Kind.CSI, Kind.COVARIANCE] * 2
        for letter in (*transmitter.sent, *receiver.sent):
            assert letter.dst in {"edge:pair1", "edge:pair2", "edge:pair3"}
            assert type(decode_body(letter.kind, encode_body(letter.body))) is type(letter.body)
        assert [letter.trace_id for letter in transmitter.sent] == [1, 2]
        assert {letter.t_data_ns for letter in receiver.sent} == {0, PERIOD_NS}


def test_a_transmitter_without_a_precoder_serves_its_receiver_anew_with_each_report_and_stops_with_the_first():
    scene = Scene()
    scene.run(2 * PERIOD_NS + 1)
    desk = scene.desks["pair1"][0]
    assert [(version, t_ns) for version, _, _, t_ns in desk.applied] == [(0, n * PERIOD_NS) for n in range(3)]
    gains = [np.linalg.norm(scene.world.channels(t_ns)[0, 0] @ both[:, :2]) for _, both, _, t_ns in desk.applied]
    held = [np.linalg.norm(scene.world.channels(n * PERIOD_NS)[0, 0] @ desk.applied[0][1][:, :2]) for n in range(3)]
    assert gains[2] > held[2]
    assert scene.pairs["pair1"].receive(envelope(), precoder(4)) == ACCEPTED
    scene.kernel.run(4 * PERIOD_NS)
    assert [version for version, *_ in desk.applied] == [0, 0, 0, 4]


def test_a_transmitter_names_each_receivers_rows_and_says_how_far_off_they_are():
    scene = Scene(zeta=0.2, zeta_eve=0.5)
    csi = transmitter_csi(scene.world, 1, 40)
    assert isinstance(csi, Csi)
    assert csi.receivers == ("pair1",) * 4 + ("pair2",) * 4 + ("pair3",) * 4 + ("eavesdropper",) * 8
    np.testing.assert_array_equal(csi.channels[8:12], scene.world.estimated(40)[2, 1])
    np.testing.assert_array_equal(csi.channels[12:], scene.world.eve_estimated(40)[1])
    np.testing.assert_allclose(csi.error_var[:12], 0.04 * 10**4.4)
    np.testing.assert_allclose(csi.error_var[12:], 0.25 * 10**4.4)
    np.testing.assert_array_equal(csi.radius, 0.0)


def test_bounded_errors_lie_within_the_radius_that_is_reported():
    scene = Scene(zeta=0.2, zeta_eve=0.5, error_law="bounded")
    for t_ns in range(0, 10**9, 10**8):
        csi = transmitter_csi(scene.world, 0, t_ns)
        error = scene.world.channels(t_ns)[:, 0].reshape(12, 4) - csi.channels[:12]
        for receiver in range(3):
            rows = slice(4 * receiver, 4 * receiver + 4)
            assert np.linalg.norm(error[rows]) <= csi.radius[rows][0] * (1 + 1e-9)
        assert np.linalg.norm(scene.world.eve_channels(t_ns)[0] - csi.channels[12:]) <= csi.radius[12] * (1 + 1e-9)


def test_a_receiver_knows_the_channels_that_it_hears_others_through():
    scene = Scene(zeta=0.1)
    csi = receiver_csi(scene.world, 2, 7)
    assert csi.receivers == ("pair1",) * 4 + ("pair2",) * 4 + ("pair3",) * 4
    np.testing.assert_array_equal(csi.channels.reshape(3, 4, 4), scene.world.estimated(7)[2])


def test_the_covariance_is_that_of_all_others_and_of_noise():
    scene = Scene().run(PERIOD_NS)
    q, an = scene.air.split()
    expected = np.eye(4) + interference_covariances(scene.world.channels(0), q, an)
    for number, name in enumerate(NAMES):
        covariance = scene.desks[name][1].sent[1].body
        assert isinstance(covariance, Covariance)
        assert covariance.receiver == receiver_of(name)
        assert covariance.doppler_hz == pytest.approx(8.0, abs=0.01)
        np.testing.assert_allclose(covariance.matrix, expected[number], rtol=1e-12, atol=1e-12)


def test_it_starts_alone_with_little_power_where_its_receiver_hears_best():
    scene = Scene().run(PERIOD_NS)
    q, an = scene.air.split()
    for number, name in enumerate(NAMES):
        version, both, cause, t_data_ns = scene.desks[name][0].applied[0]
        assert (version, cause, t_data_ns) == (0, None, 0)
        np.testing.assert_array_equal(both, np.concatenate([q[number], an[number]], axis=1))
        channel = scene.world.channels(0)[number, number]
        left, values, _ = np.linalg.svd(channel)
        power = (np.abs(q[number]) ** 2).sum() + (np.abs(an[number]) ** 2).sum()
        assert power == pytest.approx(1.0 / (np.abs(channel) ** 2).mean(), rel=1e-9)
        assert (np.abs(an[number]) ** 2).sum() == pytest.approx(0.1 * power)
        arrives = np.abs(left.conj().T @ channel @ q[number])
        np.testing.assert_allclose(arrives[:2], np.diag(values[:2]) * np.sqrt(0.45 * power), atol=1e-9)
        np.testing.assert_allclose(arrives[2:], 0.0, atol=1e-9)


def test_the_newest_precoder_goes_on_air_and_is_acknowledged():
    scene = Scene().run(PERIOD_NS)
    pair, desk = scene.pairs["pair1"], scene.desks["pair1"][0]
    assert pair.receive(envelope(), precoder(4)) == ACCEPTED
    assert desk.applied[-1][0] == 4
    assert desk.applied[-1][3] == 5
    ack = desk.sent[-1]
    assert ack.body == Ack("pair1", 4, scene.kernel.now_ns)
    assert (ack.dst, ack.t_data_ns, ack.trace_id, ack.parent_id) == ("edge:pair1", 5, 3, 77)
    assert pair.receive(envelope(), precoder(4)) == DEDUPLICATED
    assert pair.receive(envelope(), precoder(1)) == STALE
    np.testing.assert_array_equal(np.concatenate(scene.air.split(), axis=-1)[0], precoder(4).vector)


def test_a_scheduled_precoder_waits_and_gives_way_to_a_newer_one():
    scene = Scene().run(PERIOD_NS)
    pair, now = scene.pairs["pair1"], scene.kernel.now_ns
    assert pair.receive(envelope(), precoder(4, at_ns=now + 500)) == ACCEPTED
    assert pair.receive(envelope(), precoder(7, scale=0.5, at_ns=now + 300)) == ACCEPTED
    scene.kernel.run(now + 301)
    assert pair.version == 7
    scene.kernel.run(now + 1000)
    assert [version for version, *_ in scene.desks["pair1"][0].applied] == [0, 7]


@pytest.mark.parametrize(
    "body",
    [
        precoder(4, scale=1.001),
        precoder(4, name="pair2"),
        precoder(4, shape=(4, 2)),
        precoder(4, shape=(12,)),
        Ack("pair1", 1, 2),
    ],
)
def test_what_breaks_the_budget_or_has_another_shape_is_refused(body):
    scene = Scene().run(PERIOD_NS)
    assert scene.pairs["pair1"].receive(envelope(), body) == MALFORMED
    assert scene.pairs["pair1"].version == 0
    assert scene.pairs["pair1"].receive_at_receiver(envelope(), body) == MALFORMED
