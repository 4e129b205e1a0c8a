"""Snapshots of hosts: when they are due, how they are journalled, and what is done with those on file."""

import pytest

from twin.emulation.keeper import Keeper
from twin.journal.facts import HostState
from twin.wire.codec import seal
from twin.wire.messages import SCHEMA, Envelope, Kind
from twin.wire.protocol import Batch, Delivery, Fate, Outcome, Reason, SolveReport

BODY = bytes(872)  # with what a delivery counts besides: 1000 bytes


def batch(number, messages=1):
    envelope = Envelope(SCHEMA, "run", Kind.ACK, "a", "b", 1, 1, 0, 0, 0, 0, 0, 0, 0, BODY)
    return Batch(number, (Delivery("edge:a", 0, seal(envelope)),) * messages)


def solved(wall_us):
    report = SolveReport("p", "m", "t", 1, (), "solved", 1, 0.0, 0.0, 1, wall_us)
    return [Outcome(Fate.DELIVERED, Reason.NONE, 0, 1, solves=(report,))]


class Hosts:
    """Says how often each was asked, in as many bytes as wanted."""

    def __init__(self, size=10):
        self.size, self.asked, self.remembered = size, [], []

    def snapshot(self, names):
        self.asked.append(list(names))
        return {name: bytes(self.size) for name in names}

    def remember(self, name, number, state):
        self.remembered.append((name, number, state))


class Recorder:
    def __init__(self):
        self.facts, self.commits = [], 0

    def record(self, fact):
        self.facts.append(fact)

    def commit(self):
        self.commits += 1


class Archive:
    def __init__(self, outcomes, states):
        self._outcomes, self._states, self.live = outcomes, states, False

    def outcomes(self, _deliveries):
        self.live = not self._outcomes
        return self._outcomes.pop(0) if self._outcomes else None

    def states(self):
        return self._states


def tell(keeper, host, first, count):
    """So many batches of 1000 bytes; the numbers of those after which snapshots were taken."""
    taken = []
    for number in range(first, first + count):
        keeper.note(host, batch(number), [])
        before = len(keeper._recorder.facts)
        keeper.keep()
        if len(keeper._recorder.facts) > before:
            taken.append(number)
    return taken


def test_a_snapshot_is_due_when_the_host_was_told_as_much_as_a_quarter_megabyte_or_eight_of_its_snapshots():
    keeper = Keeper(Hosts(size=50_000), recorder := Recorder())
    first, second = tell(keeper, "edge", 1, 800)
    assert first == 263  # 2^18 bytes
    assert second == first + 400  # 8 x 50 kB
    assert [(fact.host, fact.number) for fact in recorder.facts] == [("edge", first), ("edge", second)]
    assert recorder.commits == 2


def test_a_host_that_has_solved_for_a_second_is_due_and_only_that_one():
    keeper = Keeper(hosts := Hosts(), Recorder())
    keeper.note("core", batch(1), solved(0.6e6))
    keeper.note("edge", batch(1), [])
    keeper.keep()
    assert not hosts.asked
    keeper.note("core", batch(2), solved(0.6e6))
    keeper.keep()
    assert hosts.asked == [["core"]]


@pytest.mark.parametrize(("size", "parts"), [(1, 1), (1 << 20, 1), ((1 << 20) + 1, 2), (5 << 19, 3)])
def test_a_large_snapshot_is_journalled_in_parts(size, parts):
    keeper = Keeper(Hosts(size), recorder := Recorder())
    keeper.note("core", batch(7), solved(2e6))
    keeper.keep()
    assert [(fact.part, fact.parts, fact.number) for fact in recorder.facts] == [(k, parts, 7) for k in range(parts)]
    assert b"".join(fact.data for fact in recorder.facts) == bytes(size)
    assert all(isinstance(fact, HostState) for fact in recorder.facts)


def test_what_is_on_file_is_remembered_and_not_taken_again():
    states = [("core", 1, b"old"), ("core", 9, b"of another batch"), ("nobody", 1, b"")]
    keeper = Keeper(hosts := Hosts(), recorder := Recorder(), Archive([[]], states))
    assert keeper.recalls
    assert keeper.outcomes(()) == []
    keeper.note("core", batch(1), solved(2e6))
    keeper.keep()
    assert hosts.remembered == [("core", 1, b"old")]
    assert not hosts.asked
    assert keeper.outcomes(()) is None
    assert not keeper.recalls
    keeper.note("core", batch(2), [])
    keeper.keep()
    assert not hosts.asked, "the snapshot on file was the last that was due"
    assert not recorder.facts
