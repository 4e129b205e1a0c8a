"""Motion: constant speed, continuity, staying where promised, any order of asking."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from entities.mobility.static import Static
from entities.mobility.walk import Walk
from entities.mobility.waypoints import Waypoints
from twin.emulation.streams import Streams

S = 10**9
SQUARE = ((0.0, 0.0), (30.0, 0.0), (30.0, 40.0), (0.0, 40.0))


def speeds(motion, instants):
    return [math.hypot(*motion.velocity_mps(t_ns)) for t_ns in instants]


def assert_moves_at_its_speed(motion, start_ns, stop_ns, step_ns):
    """Never farther than speed * step between two samples, and exactly that far along a straight leg."""
    instants = range(start_ns, stop_ns, step_ns)
    stretch_m = motion.speed_mps * step_ns / S
    straight = 0
    for before, after in pairwise(instants):
        moved_m = math.dist(motion.position_m(before), motion.position_m(after))
        assert moved_m <= stretch_m * (1 + 1e-9) + 1e-12
        if motion.velocity_mps(before) == motion.velocity_mps(after):
            straight += 1
            assert moved_m == pytest.approx(stretch_m, rel=1e-6)
    assert straight > len(instants) // 2
    assert speeds(motion, instants) == pytest.approx([motion.speed_mps] * len(instants), rel=1e-12)


def test_static_stays():
    static = Static((1.0, 2.0, 3.0))
    assert static.position_m(0) == static.position_m(10**15) == (1.0, 2.0, 3.0)
    assert static.velocity_mps(5) == (0.0, 0.0, 0.0)
    assert static.speed_mps == 0.0


def test_a_closed_path_goes_round():
    flight = Waypoints(SQUARE, 100.0, 10.0, closed=True)
    for t_s, x_m, y_m in [
        (0, 0, 0),
        (1, 10, 0),
        (3, 30, 0),
        (5, 30, 20),
        (7, 30, 40),
        (8.5, 15, 40),
        (12, 0, 20),
        (14, 0, 0),
    ]:
        assert flight.position_m(int(t_s * S)) == pytest.approx((x_m, y_m, 100.0))
        assert flight.position_m(int((t_s + 28) * S)) == pytest.approx((x_m, y_m, 100.0))
    assert flight.velocity_mps(S) == pytest.approx((10.0, 0.0, 0.0))
    assert flight.velocity_mps(11 * S) == pytest.approx((0.0, -10.0, 0.0))


def test_an_open_path_returns_the_way_it_came():
    flight = Waypoints(SQUARE, 50.0, 10.0, closed=False)
    for t_s in range(11):
        assert flight.position_m(t_s * S) == pytest.approx(flight.position_m((20 - t_s) * S))
    assert flight.position_m(10 * S) == pytest.approx((0.0, 40.0, 50.0))
    assert flight.velocity_mps(11 * S) == pytest.approx((10.0, 0.0, 0.0))


def test_two_waypoints_are_the_same_flight_open_and_closed():
    to_and_fro = [Waypoints(SQUARE[:2], 50.0, 7.0, closed=closed) for closed in (True, False)]
    for t_ns in (0, 3 * S, 4_285_714_286, 6 * S, 100 * S):
        assert to_and_fro[0].position_m(t_ns) == to_and_fro[1].position_m(t_ns)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(("points", "speed_mps"), [(SQUARE, 0.0), (SQUARE[:1], 10.0), (((3.0, 4.0),) * 3, 10.0)])
def test_without_speed_or_destination_it_hovers(points, speed_mps, closed):
    flight = Waypoints(points, 80.0, speed_mps, closed=closed)
    assert flight.position_m(0) == flight.position_m(123 * S) == (*points[0], 80.0)
    assert flight.velocity_mps(5 * S) == (0.0, 0.0, 0.0)
    assert flight.speed_mps == 0.0


@pytest.mark.parametrize("closed", [True, False])
def test_flight_is_continuous_at_constant_speed(closed):
    points = (*SQUARE, SQUARE[-1], (-20.0, -5.0))
    assert_moves_at_its_speed(Waypoints(points, 100.0, 12.0, closed=closed), 0, 60 * S, 37_000_000)


def test_flight_works_far_out_and_before_zero():
    flight = Waypoints(SQUARE, 100.0, 10.0, closed=True)
    assert flight.position_m(14 * S * 70_000) == pytest.approx((0.0, 0.0, 100.0), abs=1e-6)
    assert flight.position_m(-2 * S) == pytest.approx((0.0, 20.0, 100.0))


@pytest.mark.parametrize("speed_mps", [0.25, 1.0, 3.0])
def test_walk_is_continuous_at_constant_speed(speed_mps):
    walk = Walk(Streams(3), "su", (40.0, 90.0, 1.5), speed_mps, 10.0)
    assert walk.speed_mps == speed_mps
    assert_moves_at_its_speed(walk, 0, 200 * S, 173_000_000)


def test_walk_is_continuous_across_every_turn():
    walk = Walk(Streams(3), "su", (0.0, 0.0, 0.0), 1.0, 10.0)
    for leg in range(1, 60):
        turn_ns = leg * 5 * S
        assert math.dist(walk.position_m(turn_ns - 1), walk.position_m(turn_ns)) < 1e-8
        assert walk.velocity_mps(turn_ns - 1) != walk.velocity_mps(turn_ns)


def test_walk_starts_at_its_start_and_stays_within_reach():
    walk = Walk(Streams(8), "gu", (5.0, -6.0, 0.0), 1.0, 10.0)
    assert walk.position_m(0) == (5.0, -6.0, 0.0)
    away_m = [math.dist(walk.position_m(t_s * S), (5.0, -6.0, 0.0)) for t_s in range(0, 5000, 3)]
    assert max(away_m) <= 10.0 + 1e-9
    assert max(away_m) > 6.0


def test_walk_anchors_fill_the_disc_evenly_and_turns_lie_on_both_sides():
    walk = Walk(Streams(9), "gu", (0.0, 0.0, 0.0), 1.0, 10.0)
    corners = np.array([walk.position_m(leg * 5 * S)[:2] for leg in range(2, 2002)])
    anchors, turns = corners[::2], corners[1::2]
    # Legs are 5 m long: the share of the disc nearer to the start than an anchor is uniform.
    share = (anchors**2).sum(axis=1) / 25.0
    assert stats.kstest(share, "uniform").statistic < 1.63 / math.sqrt(share.size)
    np.testing.assert_allclose(np.linalg.norm(turns - anchors, axis=1), 5.0)
    ahead, aside = anchors[1:] - anchors[:-1], turns[:-1] - anchors[:-1]
    left = ahead[:, 0] * aside[:, 1] > ahead[:, 1] * aside[:, 0]
    assert left.mean() == pytest.approx(0.5, abs=0.07)


def test_walk_turns_everywhere():
    walk = Walk(Streams(9), "gu", (0.0, 0.0, 0.0), 2.0, 10.0)
    headings = np.array([math.atan2(*walk.velocity_mps(int(leg * 2.5 * S) + 1)[:2]) for leg in range(800)])
    counts, _ = np.histogram(headings, bins=8, range=(-np.pi, np.pi))
    # 100 expected in each; legs of a pair are dependent
    assert counts.min() > 55
    assert counts.max() < 145


def test_walk_is_a_function_of_time_alone():
    instants = [4 * S, 10**15, 999 * S, 0, -7 * S, 12_345_678_901]
    one, other = (Walk(Streams(3), "su", (0.0, 0.0, 0.0), 1.0, 10.0) for _ in range(2))
    forward = [one.position_m(t_ns) for t_ns in instants]
    assert forward == [other.position_m(t_ns) for t_ns in reversed(instants)][::-1]


def test_walkers_and_runs_differ():
    start = (0.0, 0.0, 0.0)
    walks = [
        Walk(Streams(3), "su", start, 1.0, 10.0),
        Walk(Streams(3), "au", start, 1.0, 10.0),
        Walk(Streams(4), "su", start, 1.0, 10.0),
    ]
    assert len({walk.position_m(30 * S) for walk in walks}) == 3
