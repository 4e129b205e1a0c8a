"""When to aim at: medians of acknowledged latencies and holds."""

import pytest

from twin.nodes.aim import Aim
from twin.wire.messages import Ack
from twin.wire.plain import pack_plain

NAMES = ("satellite", "uav", "base_station")
MS = 10**6


@pytest.fixture
def aim():
    return Aim(NAMES, hold_ns=20 * MS)


def test_before_acknowledgements_the_way_down_is_as_long_as_the_way_up(aim):
    assert aim.targets_ns(100 * MS, 8 * MS) == (118 * MS,) * 3


def test_latency_and_hold_are_measured_per_transmitter(aim):
    for version in range(1, 6):
        finish = version * 10 * MS
        aim.note_solve(version, finish)
        aim.note_ack(Ack("uav", version, finish + 3 * MS))
        aim.note_ack(Ack("satellite", version, finish + 6 * MS))
    assert aim.targets_ns(60 * MS, 9 * MS) == (71 * MS, 68 * MS, 79 * MS)


def test_one_outlier_moves_no_median(aim):
    for version, latency in enumerate((3, 3, 90, 3, 3), start=1):
        aim.note_solve(version, version * 100 * MS)
        aim.note_ack(Ack("uav", version, version * 100 * MS + latency * MS))
    assert aim.latency_ns("uav", 0) == 3 * MS
    assert aim.hold_ns("uav") == 100 * MS


def test_lost_acknowledgements_and_versions_leave_the_latency_right(aim):
    for version in range(1, 41):
        aim.note_solve(version, version * 10 * MS)
        if version % 3:
            aim.note_ack(Ack("uav", version, version * 10 * MS + 4 * MS))
    assert aim.latency_ns("uav", 0) == 4 * MS
    assert aim.hold_ns("uav") in (10 * MS, 20 * MS)


def test_a_change_of_latency_is_followed(aim):
    for version in range(1, 31):
        latency = 3 * MS if version < 20 else 7 * MS
        aim.note_solve(version, version * 10 * MS)
        aim.note_ack(Ack("uav", version, version * 10 * MS + latency))
    assert aim.latency_ns("uav", 0) == 7 * MS


def test_what_it_cannot_place_is_passed_over(aim):
    before = pack_plain(aim.state(), "state")
    aim.note_ack(Ack("uav", 7, 50 * MS))
    aim.note_ack(Ack("stranger", 1, 50 * MS))
    assert pack_plain(aim.state(), "state") == before
    aim.note_solve(1, 10 * MS)
    aim.note_ack(Ack("uav", 1, 12 * MS))
    held = pack_plain(aim.state(), "state")
    aim.note_ack(Ack("uav", 1, 12 * MS))
    assert pack_plain(aim.state(), "state") == held != before


def test_memory_is_bounded(aim):
    for version in range(1, 1000):
        aim.note_solve(version, version)
    size = len(pack_plain(aim.state(), "state"))
    for version in range(1000, 1999):
        aim.note_solve(version, version)
        aim.note_ack(Ack("uav", version, version + 1))
    assert len(pack_plain(aim.state(), "state")) < size + 300
