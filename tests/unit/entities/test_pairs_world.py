"""The world of pairs: path gains as stated, draws kept by names, estimates that the two ends share."""

import math

import numpy as np
import pytest

from entities.pairs_params import Distances, PairPlace, PairsParams, receiver_of
from entities.pairs_world import PairsWorld
from scenarios.interference.topology import propagation
from twin.emulation.streams import Streams
from twin.errors import ScenarioError

T_NS = 1_234_000_000
PAPER = Distances(10.0, 10.0, 10.0)


def places(count):
    return {
        f"pair{n}": PairPlace((30.0 * n, 0.0, 0.0), (30.0 * n + 3.0 * n, 4.0 * n, 0.0)) for n in range(1, count + 1)
    }


def world(count=3, seed=2, **options):
    return PairsWorld(PairsParams(places(count), **options), Streams(seed))


def test_the_papers_distances_give_44_db_per_antenna():
    paper = world(distances=PAPER)
    np.testing.assert_allclose(10 * np.log10(paper.gains(0)), 44.0, atol=1e-9)
    np.testing.assert_allclose(10 * np.log10(paper.eve_gains(T_NS)), 44.0, atol=1e-9)


def test_gains_follow_the_distances_between_the_ends():
    found = world(eavesdropper_m=(0.0, 40.0, 0.0))
    for j in range(1, 4):
        for i in range(1, 4):
            distance_m = math.dist((33.0 * j, 4.0 * j), (30.0 * i, 0.0))
            assert 10 * math.log10(found.gains(0)[j - 1, i - 1]) == pytest.approx(70 - 26 * math.log10(distance_m))
        heard_m = math.dist((0.0, 40.0), (30.0 * j, 0.0))
        assert 10 * math.log10(found.eve_gains(0)[j - 1]) == pytest.approx(70 - 26 * math.log10(heard_m))


def test_gains_are_those_of_the_instant_whatever_was_asked_before():
    options = {"receiver_mps": 2.0, "eavesdropper_mps": 1.0}
    found, instants = world(**options), [0, T_NS, 0, 7 * T_NS, T_NS]
    for t_ns in instants:
        np.testing.assert_array_equal(found.gains(t_ns), world(**options).gains(t_ns))
        np.testing.assert_array_equal(found.eve_gains(t_ns), world(**options).eve_gains(t_ns))
        found.gains(t_ns)[:] = 0.0  # what one does with an answer is nobody else's business
        found.eve_gains(t_ns)[:] = 0.0
    assert not np.array_equal(found.gains(0), found.gains(T_NS))


def test_entries_have_the_power_of_their_gain():
    power, expected = np.zeros((3, 3)), world().gains(0)
    for seed in range(60):
        power += (np.abs(world(seed=seed).channels(0)) ** 2).mean(axis=(2, 3)) / 60
    np.testing.assert_allclose(power, expected, rtol=0.2)  # 960 entries: 3 %


def test_one_more_pair_leaves_the_channels_of_the_others_as_they_were():
    options = {"receiver_mps": 1.0, "eavesdropper_mps": 1.0, "zeta": 0.3, "zeta_eve": 0.4}
    few, many = world(2, **options), world(4, **options)
    for name in ("channels", "estimated"):
        np.testing.assert_array_equal(getattr(few, name)(T_NS), getattr(many, name)(T_NS)[:2, :2])
    for name in ("eve_channels", "eve_estimated"):
        np.testing.assert_array_equal(getattr(few, name)(T_NS), getattr(many, name)(T_NS)[:2])


@pytest.mark.parametrize("law", ["statistical", "bounded"])
def test_both_ends_know_the_same_estimates(law):
    found = world(receiver_mps=2.0, zeta=0.2, zeta_eve=0.6, error_law=law)
    whole, heard = found.estimated(T_NS), found.eve_estimated(T_NS)
    for pair in range(3):
        channels, eve = found.estimated_from(pair, T_NS)
        np.testing.assert_array_equal(channels, whole[:, pair])
        np.testing.assert_array_equal(eve, heard[pair])
        np.testing.assert_array_equal(found.estimated_at(pair, T_NS), whole[pair])
        np.testing.assert_array_equal(found.to_receiver(pair, T_NS), found.channels(T_NS)[pair])


def test_the_true_channels_do_not_depend_on_what_is_known_of_them():
    known, guessed = world(receiver_mps=1.0), world(receiver_mps=1.0, zeta=0.5, zeta_eve=1.0, error_law="bounded")
    np.testing.assert_array_equal(known.channels(T_NS), guessed.channels(T_NS))
    np.testing.assert_array_equal(known.channels(T_NS), known.estimated(T_NS))
    np.testing.assert_array_equal(known.eve_channels(T_NS), guessed.eve_channels(T_NS))


def test_bounded_errors_are_within_their_root_mean_square_norm():
    found = world(receiver_mps=3.0, zeta=0.3, zeta_eve=0.7, error_law="bounded")
    cut = 0
    for t_ns in range(0, 2_000_000_000, 50_000_000):
        error = (found.channels(t_ns) - found.estimated(t_ns)) / np.sqrt(found.gains(t_ns))[..., None, None]
        norms = np.linalg.norm(error, axis=(-2, -1))
        assert norms.max() <= 0.3 * 4 * (1 + 1e-9)
        cut += int((norms > 0.3 * 4 * (1 - 1e-9)).sum())
    assert 0 < cut < 360


def test_with_nothing_known_of_her_the_estimate_is_zero():
    np.testing.assert_allclose(world(zeta_eve=1.0).eve_estimated(T_NS), 0.0, atol=1e-9)


def test_receivers_walk_and_transmitters_stand():
    found = world(receiver_mps=1.5)
    assert np.linalg.norm(found.velocity_mps(receiver_of("pair2"), T_NS)) == pytest.approx(1.5)
    assert np.linalg.norm(found.velocity_mps("pair2", T_NS)) == 0.0
    np.testing.assert_array_equal(found.position_m("pair2", T_NS), [60.0, 0.0, 0.0])
    assert found.doppler_hz(receiver_of("pair1")) == pytest.approx(1.5 * 2.4e9 / 299_792_458)


def test_light_takes_its_time_between_the_ends_of_a_pair_alone():
    found = world(receiver_mps=2.0)
    propagation_ns, end = propagation(found), receiver_of("pair3")
    for t_ns in (0, T_NS):
        distance_m = np.linalg.norm(found.position_m("pair3", t_ns) - found.position_m(end, t_ns))
        assert found.distance_m(end, "pair3", t_ns) == pytest.approx(distance_m, rel=1e-12)
        expected_ns = round(distance_m / 0.299792458)
        assert expected_ns > 30
        assert propagation_ns("pair3", end, t_ns) == propagation_ns(end, "pair3", t_ns) == expected_ns
    assert (
        propagation_ns("pair3", "edge-cloud:pair3", 0) == propagation_ns("edge-cloud:pair3", "core-cloud:pair3", 0) == 0
    )


def test_she_attacks_all_or_each_in_turn():
    np.testing.assert_array_equal(world().attacked(T_NS), [1, 1, 1])
    turns = world(dwell_ns=10**9)
    for second in range(7):
        expected = [0.0, 0.0, 0.0]
        expected[second % 3] = 1.0
        np.testing.assert_array_equal(turns.attacked(second * 10**9 + 999), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"streams": 3, "noise_streams": 2}, r"streams=3, noise_streams=2: must have 1 and 0 at least, .* than 4"),
        ({"eve": 0}, r"eve=0: must be >= 1"),
        ({"zeta": 1.5}, r"zeta=1.5: must lie in \[0, 1\]"),
        ({"zeta_eve": -0.1}, r"zeta_eve=-0.1: must lie in \[0, 1\]"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(options, message):
    with pytest.raises(ScenarioError, match=message):
        PairsParams(places(2), **options)
