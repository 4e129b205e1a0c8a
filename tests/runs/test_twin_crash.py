"""Topology: the default one, and its coordinator crashes in the middle of the run. What is lost, and how the loop recovers."""

import pytest

from scenarios.attribution_memory import recall
from scenarios.replay import steps
from scenarios.systems import system_of

DOWN_NS, UP_NS = 100_000_000, 160_000_000
VERSIONS_PER_LIFE = 100_000_000


def crash(twin):
    return f'fault=[{{kind="twin_crash", twin="{twin}", from_s=0.1, to_s=0.16}}]'


@pytest.fixture(scope="module")
def run(emulate):
    return emulate(crash("core:base_station"), duration_s=0.4)


def test_nobody_solves_while_the_coordinator_is_down_and_it_goes_on_when_it_is_up(run):
    begins = [solve.begin_ns for solve in run.solved]
    assert not [t_ns for t_ns in begins if DOWN_NS <= t_ns < UP_NS]
    assert min(begins) < DOWN_NS
    # It has to hear of all three again, which takes a report period and the way up.
    assert UP_NS < min(t_ns for t_ns in begins if t_ns >= UP_NS) < UP_NS + 35_000_000


def test_what_reaches_a_twin_that_is_down_is_dropped_and_says_why(run):
    dropped = {msg_id: end for msg_id, end in run.ended.items() if end.reason == "crashed"}
    assert {run.sent[msg_id].dst for msg_id in dropped} == {"core:base_station"}
    assert {end.fate for end in dropped.values()} == {"dropped"}
    assert all(DOWN_NS <= end.t_ns < UP_NS for end in dropped.values())
    arrivals = [end for msg_id, end in run.ended.items() if run.sent[msg_id].dst == "core:base_station"]
    assert not [end for end in arrivals if end.reason == "" and DOWN_NS <= end.t_ns < UP_NS]


def test_precoders_of_the_next_life_are_news_to_everyone(run):
    first, second = ([s.version for s in run.solved if (s.begin_ns >= UP_NS) is late] for late in (False, True))
    assert first == list(range(1, len(first) + 1))
    assert second == [VERSIONS_PER_LIFE + n for n in range(1, len(second) + 1)]
    on_air = run.applied_at()
    assert {len(on_air[version]) for version in second[:4]} == {3}
    assert not [end for end in run.ended.values() if end.reason == "stale"]


def test_letters_of_the_next_life_carry_its_epoch(run):
    epochs = {e.epoch: e for e in run.sent.values() if e.src == "core:base_station"}
    assert set(epochs) == {0, 1}
    assert {e.epoch for e in run.sent.values() if e.src != "core:base_station"} == {0}


def test_a_clock_starts_again_with_its_twin(emulate):
    run = emulate(crash("core:base_station"), "twin.trigger=periodic", "twin.period_ms=25", duration_s=0.4)
    strikes = [solve.begin_ns - 20_000 for solve in run.solved]
    # A busy twin may begin a little late. After the restart the grid starts from there: 185, 210, ... ms.
    assert max((t_ns - UP_NS) % 25_000_000 for t_ns in strikes if t_ns > UP_NS) < 1_000_000
    assert max(t_ns % 25_000_000 for t_ns in strikes if t_ns < DOWN_NS) < 1_000_000
    assert 0 <= min(t_ns for t_ns in strikes if t_ns > UP_NS) - UP_NS - 25_000_000 < 1_000_000


def test_what_the_judge_replays_forgets_with_the_twin(emulate):
    run = emulate(crash("core:base_station"), "twin.predictor=wiener", "twin.solver=mrt", duration_s=0.3)
    known = recall(system_of(run.spec), steps(system_of(run.spec), run.facts), range(10**9))
    last, first = known[max(v for v in known if v < VERSIONS_PER_LIFE)], known[VERSIONS_PER_LIFE + 1]
    for before, after in zip(last.links, first.links, strict=True):
        assert len(set(before.instants_ns[before.counts])) == run.spec.twin.taps
        assert len(set(after.instants_ns[after.counts])) == 1


@pytest.mark.parametrize("twin", ["core:base_station", "edge:uav", "core:eavesdropper"])
def test_one_digest_however_the_kernel_is_coupled(emulate, twin):
    sets = (crash(twin), "twin.cost_us.handle=900", "network.radio.loss=0.1")
    first = emulate(*sets, window=0, duration_s=0.3)
    assert [end for end in first.ended.values() if end.reason == "crashed"]
    for transport, window in (("memory", "auto"), ("inproc", 123_456)):
        other = emulate(*sets, transport=transport, window=window, duration_s=0.3)
        assert (other.digest, other.hashes) == (first.digest, first.hashes)
