"""What a pair makes of its reports: views of uncertain channels, starts, seeds, prices that are late, damped turns."""

import numpy as np
import pytest
from scipy.special import j0

from twin.nodes.base import Incoming
from twin.nodes.pricing import UPDATE_TIMER
from twin.solvers.pricing.own import Estimate, aged, awake, kept_share, own_start, unit_draws, view_of
from twin.solvers.pricing.pair import charge, leak, own_rate, price_factor, projected, update
from twin.solvers.pricing.variants import Variant
from twin.wire.codec import encode_body
from twin.wire.messages import Covariance, Csi, Envelope, Kind, Price

SLOT_NS = 1_000_000
PERIOD_NS = 3 * SLOT_NS


def normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_the_gain_of_an_estimate_has_the_error_in_it(rng):
    channel = normal(rng, 4, 6)
    assert Estimate(channel, 0.5).gain == pytest.approx(np.linalg.norm(channel) ** 2 / 24 + 0.5)


def test_views_take_the_error_for_what_the_variant_says(rng):
    own, eve = Estimate(normal(rng, 4, 6), 0.2), Estimate(normal(rng, 5, 6), 0.3)
    heard = np.eye(4) * 0.5
    plain, stat, gram, drawn = (view_of(own, eve, heard, 3.0, variant) for variant in Variant)
    np.testing.assert_array_equal(plain.leaks, leak(eve.channel)[None])
    assert plain.error_variance == 0.0
    for view in (stat, gram):
        np.testing.assert_array_equal(view.leaks, leak(eve.channel, 0.3)[None])
        assert view.error_variance == 0.2
    assert drawn.channels.shape == (16, 4, 6)
    np.testing.assert_allclose(drawn.channels.mean(axis=0), own.channel, atol=1e-15)
    spread = np.mean(np.abs(drawn.channels - own.channel) ** 2)
    assert spread == pytest.approx(0.2, rel=0.2)
    np.testing.assert_allclose(drawn.leaks.mean(axis=0), leak(eve.channel, 0.3), atol=0.6)
    assert drawn.error_variance == 0.0


def test_draws_are_the_same_ones_every_time_and_balanced():
    draws = unit_draws(64, 4, 4)
    assert draws is unit_draws(64, 4, 4)
    np.testing.assert_allclose(draws.sum(axis=0), 0.0, atol=1e-13)
    assert np.mean(np.abs(draws) ** 2) == pytest.approx(1.0, rel=0.05)
    assert unit_draws(3, 2, 2).shape == (3, 2, 2)


@pytest.mark.parametrize(("budget_mw", "streams"), [(10.0, (2, 1)), (0.01, (2, 1)), (10.0, (1, 0)), (10.0, (3, 3))])
def test_a_start_arrives_at_the_noise_level_within_the_budget(rng, budget_mw, streams):
    own = Estimate(normal(rng, 4, 6))
    q, an = own_start(own, budget_mw, *streams)
    assert (q.shape, an.shape) == ((6, streams[0]), (6, streams[1]))
    power = np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2
    assert power == pytest.approx(min(1.0 / own.gain, budget_mw))
    assert power <= budget_mw
    assert np.linalg.norm(an) ** 2 == pytest.approx(0.1 * power if streams[1] else 0.0)
    values = np.linalg.svd(own.channel)[1]
    np.testing.assert_allclose(
        np.linalg.norm(own.channel @ q, axis=0), values[: streams[0]] * np.linalg.norm(q, axis=0), rtol=1e-12
    )


def test_a_start_without_a_channel_is_finite():
    q, an = own_start(Estimate(np.zeros((2, 3), complex)), 5.0, 1, 1)
    assert np.isfinite(q).all()
    assert np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2 <= 5.0


def test_a_dead_signal_is_seeded_and_a_live_one_left_alone(rng):
    own, an = Estimate(normal(rng, 4, 6)), np.zeros((6, 1), complex)
    dead, live = np.zeros((6, 2), complex), normal(rng, 6, 2)
    assert awake(own, live, an, 10.0, 0.01) is live
    seeded = awake(own, dead, an, 10.0, 0.01)
    assert np.linalg.norm(seeded) ** 2 * own.gain == pytest.approx(0.01)
    assert (np.linalg.norm(seeded, axis=0) > 0.0).all()
    full = np.sqrt(9.9999 / 6.0) * np.ones((6, 1), complex)
    assert np.linalg.norm(awake(own, dead, full, 10.0, 0.01)) ** 2 + np.linalg.norm(full) ** 2 <= 10.0


@pytest.mark.parametrize("kept", [1.0, 0.7, 0.0])
def test_a_late_price_is_believed_in_part(rng, kept):
    channel, factor = normal(rng, 4, 6), normal(rng, 4, 2)
    price = factor @ factor.conj().T
    trace = np.trace(price).real
    expected = channel.conj().T @ (kept * price + (1.0 - kept) * trace / 4.0 * np.eye(4)) @ channel
    late = aged(channel, projected(channel, factor), trace, kept)
    np.testing.assert_allclose(charge(6, [late]), expected, atol=1e-12)


def test_what_is_kept_of_a_channel_is_the_square_of_its_correlation_up_to_the_first_zero():
    for lag in (0.0, 0.001, 0.01, 0.03):
        assert kept_share(10.0, lag) == pytest.approx(j0(2.0 * np.pi * 10.0 * lag) ** 2, abs=1e-15)
    assert kept_share(10.0, 0.0) == 1.0
    assert kept_share(0.0, 100.0) == 1.0
    assert kept_share(10.0, 2.41 / (20.0 * np.pi)) == 0.0
    assert kept_share(10.0, 1.0) == 0.0


@pytest.mark.parametrize("variant", list(Variant))
def test_the_own_rate_is_what_the_update_raises(rng, variant):
    own, eve = Estimate(3.0 * normal(rng, 4, 4), 0.01), Estimate(normal(rng, 2, 4), 0.01)
    view = view_of(own, eve, np.zeros((4, 4)), 10.0, variant)
    q, an = own_start(own, 10.0, 2, 1)
    rates = [own_rate(view, q, an)]
    for _ in range(20):
        q, an = update(view, np.zeros((4, 4)), q, an)
        rates.append(own_rate(view, q, an))
    assert np.diff(rates).min() >= -1e-9
    if variant is Variant.PLUG_IN:
        heard, told = (np.eye(3) + np.hstack([an, q]).conj().T @ g @ np.hstack([an, q]) for g in (view.leaks[0],) * 2)
        noise = np.eye(4) + own.channel @ an @ an.conj().T @ own.channel.conj().T
        signal = own.channel @ q @ q.conj().T @ own.channel.conj().T
        rate = np.linalg.slogdet(noise + signal)[1] - np.linalg.slogdet(noise)[1]
        rate -= np.linalg.slogdet(heard)[1] - np.linalg.slogdet(told[:1, :1])[1]
        assert rates[-1] == pytest.approx(rate / np.log(2.0), rel=1e-9)


class Seat:
    """One edge twin that is given messages by hand."""

    def __init__(self, table):
        self.table = table
        self.node = table.nodes["edge:pair1"]
        self.seq = 0

    def give(self, kind, src, body, t_ns):
        self.seq += 1
        message = Envelope(
            1, "x", kind, src, "edge:pair1", self.seq, self.seq, 1, 0, t_ns, t_ns, t_ns, 0, 0, encode_body(body)
        )
        return self.node.handle(Incoming(t_ns, t_ns, message, body))

    def strike(self, t_ns):
        return self.node.handle(Incoming(t_ns, t_ns, timer=UPDATE_TIMER))

    def sit(self, price_ns=0, doppler_hz=0.0, error_var=0.0):
        """Channels, a start, interference, and a price of pair 2 made at `price_ns`."""
        csi = self.table.csi(0)
        csi = Csi(csi.receivers, csi.channels, csi.error_var + error_var, csi.radius)
        self.give(Kind.CSI, "pair1", csi, 0)
        self.strike(SLOT_NS // 2)
        self.give(Kind.COVARIANCE, "rx:pair1", Covariance("pair1", 2.0 * np.eye(4) + 0j, 0.0), 0)
        factor = 0.4 * normal(np.random.default_rng(9), 4, 2)
        price = Price("pair2", 2, 1, "", float(np.linalg.norm(factor) ** 2), doppler_hz, factor)
        self.give(Kind.PRICE, "edge:pair2", price, price_ns)
        return price


@pytest.mark.parametrize("mode", ["off", "reported", "configured"])
def test_a_twin_ages_prices_as_it_is_told(lay, mode):
    seat = Seat(lay(age_aware=mode, doppler_hz=20.0))
    price = seat.sit(price_ns=100_000, doppler_hz=40.0)
    t_ns = SLOT_NS // 2 + PERIOD_NS
    finish_s = (t_ns + 2_000 - 100_000) * 1e-9
    kept = {"off": 1.0, "reported": j0(80.0 * np.pi * finish_s) ** 2, "configured": j0(40.0 * np.pi * finish_s) ** 2}
    channel = seat.table.problem.channels[1, 0]
    believed = kept[mode] * price.factor @ price.factor.conj().T + (1.0 - kept[mode]) * price.trace / 4.0 * np.eye(4)
    due = channel.conj().T @ believed @ channel
    book, play = seat.node.book, seat.node.play
    np.testing.assert_allclose(book.due(book.known, t_ns + 2_000), due, atol=1e-12)
    q, an = update(book.view(book.known), due, play.q, play.an)
    vector = seat.strike(t_ns).letters[0].body.vector
    np.testing.assert_allclose(vector, np.hstack([q, an]), atol=1e-10)


@pytest.mark.parametrize("variant", list(Variant))
def test_the_error_of_the_cross_channels_is_paid_by_all_but_the_naive(lay, variant):
    seat = Seat(lay(variant=variant.value))
    price = seat.sit(error_var=0.3)
    book = seat.node.book
    channel = seat.table.problem.channels[1, 0]
    due = charge(4, [projected(channel, price.factor)], 0.0 if variant is Variant.PLUG_IN else 0.3 * price.trace)
    np.testing.assert_allclose(book.due(book.known, 0), due, atol=1e-12)
    assert price_factor(book.view(book.known), seat.node.play.q, seat.node.play.an).shape[0] == 4


def test_a_bound_alone_counts_as_an_error_of_that_size(lay):
    seat = Seat(lay(variant="stat"))
    csi = seat.table.csi(0)
    seat.give(Kind.CSI, "pair1", Csi(csi.receivers, csi.channels, csi.error_var, csi.radius + 0.8), 0)
    assert seat.node.book.known.estimate("eavesdropper").error_variance == pytest.approx(0.64 / 4)
    seat.give(Kind.CSI, "pair1", Csi(csi.receivers, csi.channels, csi.error_var + 0.1, csi.radius + 0.8), 0)
    assert seat.node.book.known.estimate("eavesdropper").error_variance == pytest.approx(0.1)


@pytest.mark.parametrize("priced", [True, False])
@pytest.mark.parametrize("wake_snr", [0.0, 0.01])
def test_a_pair_that_has_fallen_silent_wakes_up_where_there_are_prices(lay, priced, wake_snr):
    """Its channel was too weak for a rate, and then grows: without a seed it would stay silent for ever."""
    seat = Seat(lay(priced=priced, wake_snr=wake_snr))
    seat.sit()
    node = seat.node
    node.play.q, node.play.an = 0.0 * node.play.q, 0.0 * node.play.an
    csi = seat.table.csi(0)
    strong = np.array(csi.channels)
    strong[:4] *= 30.0
    strong[-8:] *= 0.1
    seat.give(Kind.CSI, "pair1", Csi(csi.receivers, strong, csi.error_var, csi.radius), SLOT_NS)
    for turn in range(1, 6):
        seat.strike(SLOT_NS // 2 + turn * PERIOD_NS)
    lives = np.linalg.norm(node.play.q) ** 2 * node.book.known.estimate("pair1").gain > 0.1
    assert lives == (priced and wake_snr > 0.0)


@pytest.mark.parametrize(
    ("damping", "age_periods", "doppler_hz", "part"),
    [
        ("off", 9, 0.0, 1.0),
        ("always", 1, 0.0, 0.25),
        ("aged", 4, 0.0, 1.0),
        ("aged", 6, 0.0, 0.25),
        ("aged", 6, 30.0, 1.0),
    ],
)
def test_a_turn_goes_part_of_the_way_while_prices_are_old_and_channels_still(
    lay, damping, age_periods, doppler_hz, part
):
    seat = Seat(lay(damping=damping, damping_share=0.75))
    seat.sit(doppler_hz=doppler_hz)
    play, book = seat.node.play, seat.node.book
    t_ns = SLOT_NS // 2 + age_periods * PERIOD_NS
    whole = np.hstack(update(book.view(book.known), book.due(book.known, t_ns), play.q, play.an))
    old = play.precoder()
    vector = seat.strike(t_ns).letters[0].body.vector
    np.testing.assert_allclose(vector, old + part * (whole - old), atol=1e-12)
