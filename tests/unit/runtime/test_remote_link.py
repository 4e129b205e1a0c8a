"""The supervisor: hosts are lost at every point of their lives, and nothing of it shows in what they answer."""

import re
import time

import msgpack
import pytest

from twin.errors import HostLostError, KernelError, WireError
from twin.runtime.host import release
from twin.runtime.remote import Limits, RemoteLink
from twin.wire.protocol import (
    Batch,
    HostError,
    Ping,
    Pong,
    Replay,
    Replayed,
    Restore,
    Result,
    Snapshot,
    SnapshotState,
    StateHash,
    Stop,
    Welcome,
)

NAMES = ("core", "edge")
HASH = "ab" * 32
LIMITS = Limits(hello_s=0.2, ping_s=0.02, silence_s=0.1, answer_s=0.4, restarts=2)


def exchange(link, batch, number, *names):
    results = link.exchange(dict.fromkeys(names or NAMES, batch(number)))
    return {name: result.outcomes[0].finish_ns for name, result in results.items()}


def kinds(host):
    return [type(control).__name__ for control in host.told]


def once(name, kind, how):
    """Does `how` when the host `name` is told a control of this kind for the first time."""
    left = [how]

    def when(who, control):
        return left.pop() if left and who == name and isinstance(control, kind) else None

    return when


def test_an_undisturbed_conversation(stage, opened, batch):
    link = opened(*NAMES)
    assert [exchange(link, batch, n) for n in (1, 2, 3)] == [{"core": f, "edge": f} for f in (2, 5, 9)]
    assert link.stop() == dict.fromkeys(NAMES, StateHash({"node": HASH}))
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", "Batch", "Batch", "Batch", "Stop"]
    link.close()
    assert (link.rejected, link.restarts, stage.begun) == (0, 0, [("core", 0), ("edge", 0)])
    assert stage.closed == 2


@pytest.mark.parametrize("kind", [Welcome, Ping, Batch, Snapshot, Stop])
@pytest.mark.parametrize("how", ["die", "die after"])
def test_a_host_may_be_lost_at_any_word(stage, opened, batch, kind, how):
    heard = []
    stage.when = once("core", kind, how)
    link = opened(*NAMES, tell=heard.append)
    found = [exchange(link, batch, 1), exchange(link, batch, 2), link.snapshot(NAMES), exchange(link, batch, 3)]
    states = dict.fromkeys(NAMES, b"3")
    assert found == [{"core": 2, "edge": 2}, {"core": 5, "edge": 5}, states, {"core": 9, "edge": 9}]
    assert link.stop() == dict.fromkeys(NAMES, StateHash({"node": HASH}))
    died_with_the_last_word = kind is Stop and how == "die after"
    assert link.restarts == len(heard) == (0 if died_with_the_last_word else 1)
    if not died_with_the_last_word:
        assert stage.begun[2:] == [("core", 1)]
        assert heard == ["host core was killed by SIGKILL; it is started again"]


def test_a_host_that_said_its_last_word_may_end_while_others_are_waited_for(stage, opened, batch):
    heard, left = [], ["die"]

    def when(name, control):
        if not isinstance(control, Stop):
            return None
        return "die after" if name == "core" else left.pop() if left else None

    link = opened(*NAMES, tell=heard.append)
    exchange(link, batch, 1)
    stage.when = when
    assert link.stop() == dict.fromkeys(NAMES, StateHash({"node": HASH}))
    assert heard == ["host edge was killed by SIGKILL; it is started again"]


@pytest.mark.parametrize("kind", [Restore, Replay])
def test_a_host_may_be_lost_while_it_recovers(stage, opened, batch, kind):
    link = opened(*NAMES)
    exchange(link, batch, 1)
    link.snapshot(NAMES)
    exchange(link, batch, 2)
    deaths = [Batch, kind]

    def when(name, control):
        return "die" if name == "edge" and deaths and isinstance(control, deaths[0]) and deaths.pop(0) else None

    stage.when = when
    assert exchange(link, batch, 3) == {"core": 9, "edge": 9}
    assert (link.restarts, stage.begun[2:]) == (2, [("edge", 1), ("edge", 2)])
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", "Restore", "Replay", "Batch"]


def test_a_host_may_be_lost_when_its_snapshot_was_taken_and_others_are_waited_for(stage, opened, batch):
    """What it is told again then is older than the snapshot that the kernel keeps from then on."""
    link = opened(*NAMES)
    exchange(link, batch, 1)
    for number in (2, 3, 4, 5):
        exchange(link, batch, number, "core")
    deaths = {"core": "die after", "edge": "die"}
    stage.when = lambda name, control: deaths.pop(name, None) if isinstance(control, Snapshot) else None
    assert link.snapshot(NAMES) == {"core": b"15", "edge": b"1"}
    assert kinds(stage.host("core")) != ["Welcome", "Ping", *["Replay"] * 5], "core has learnt all: this shows nothing"
    assert exchange(link, batch, 6, "core") == {"core": 27}
    assert exchange(link, batch, 2, "edge") == {"edge": 5}
    assert link.restarts == 2


def test_without_a_snapshot_all_is_replayed_and_with_one_what_came_after(stage, opened, batch):
    link = opened("edge")
    for number in (1, 2, 3):
        exchange(link, batch, number, "edge")
    stage.when = once("edge", Batch, "die")
    exchange(link, batch, 4, "edge")
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", *["Replay"] * 3, "Batch"]
    link.snapshot(["edge"])
    exchange(link, batch, 5, "edge")
    stage.when = once("edge", Batch, "die")
    assert exchange(link, batch, 6, "edge") == {"edge": 27}
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", "Restore", "Replay", "Batch"]


def test_a_replay_that_comes_out_differently_ends_the_run(stage, opened, batch):
    link = opened("edge")
    exchange(link, batch, 1, "edge")

    def when(name, control):
        if isinstance(control, Replay):
            return [Replayed(1, HASH)]
        return "die" if control == batch(2) and stage.lives["edge"] == b"edge#0" else None

    stage.when = when
    with pytest.raises(KernelError, match="host edge: batch 1: came out differently when it was replayed"):
        exchange(link, batch, 2, "edge")


def test_recalled_batches_reach_the_host_before_the_first_question(stage, opened, batch):
    link = opened(*NAMES)
    for number in (1, 2):
        link.recall(dict.fromkeys(NAMES, batch(number)))
    link.remember("core", 1, b"1")
    assert kinds(stage.host("edge")) == ["Welcome", "Ping"]
    assert exchange(link, batch, 3) == {"core": 9, "edge": 9}
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", "Replay", "Replay", "Batch"]
    assert kinds(stage.host("core")) == ["Welcome", "Ping", "Restore", "Replay", "Batch"]
    assert exchange(link, batch, 4) == {"core": 14, "edge": 14}


@pytest.mark.parametrize("kind", [Replay, Batch])
def test_a_host_may_be_lost_before_it_knows_what_was_recalled(stage, opened, batch, kind):
    link = opened("edge")
    for number in (1, 2):
        link.recall({"edge": batch(number)})
    stage.when = once("edge", kind, "die")
    assert exchange(link, batch, 3, "edge") == {"edge": 9}
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", "Replay", "Replay", "Batch"]


def test_a_frame_of_an_old_epoch_changes_nothing(stage, opened, batch):
    link = opened("edge")
    exchange(link, batch, 1, "edge")
    stage.when = once("edge", Batch, "die")
    exchange(link, batch, 2, "edge")
    stage.say(b"edge#0", Result(3, ()), HostError("lies"), Pong(), StateHash({}))
    assert exchange(link, batch, 3, "edge") == {"edge": 9}
    assert link.rejected == 4


def test_a_stranger_is_refused_once_whatever_it_says(stage, opened, batch):
    link = opened("edge")
    stage.routes[b"echo"] = stage.routes[b"old"] = ("nobody", None)
    stage.inbox += [(b"echo", [b"\xc1"])] * 3
    stage.say(b"old", *[Pong()] * 3)
    exchange(link, batch, 1, "edge")
    assert link.rejected == 6
    assert len(stage.refused) == 2
    assert stage.refused[1] == "nobody is known by this route: a host begins with HELLO"


def test_a_snapshot_of_another_moment_is_none(stage, opened, batch):
    link = opened("edge")
    exchange(link, batch, 1, "edge")
    stage.when = lambda name, control: [SnapshotState(7, b"x")] if isinstance(control, Snapshot) else None
    with pytest.raises(WireError, match="host edge: snapshot after batch 7: must be after 1"):
        link.snapshot(["edge"])


def test_duplicates_and_garbage_change_nothing(stage, opened, batch):
    link = opened("edge")
    exchange(link, batch, 1, "edge")
    stage.say(b"edge#0", Result(1, ()), Pong())
    stage.inbox.append((b"edge#0", [b"\xc1"]))
    stage.inbox.append((b"edge#0!", [b"\xc1"]))
    stage.say(b"edge#0!", Result(2, ()))
    stage.say(b"stranger", Result(2, ()))
    assert exchange(link, batch, 2, "edge") == {"edge": 5}
    assert link.rejected == 6


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Result(3, ()), "result 3 with 0 outcomes: must be 2 with 1"),
        (Result(2, ()), "result 2 with 0 outcomes: must be 2 with 1"),
        (StateHash({}), "StateHash: must answer BATCH with RESULT"),
    ],
)
def test_a_wrong_answer_ends_the_run(stage, opened, batch, answer, reason):
    link = opened("edge")
    exchange(link, batch, 1, "edge")
    stage.when = once("edge", Batch, [answer])
    with pytest.raises(WireError, match=f"host edge: {reason}"):
        exchange(link, batch, 2, "edge")


def test_what_a_host_cannot_do_ends_the_run(stage, opened, batch):
    link = opened("edge")
    stage.when = once("edge", Batch, [HostError("batch 2: expected 1")])
    with pytest.raises(KernelError, match="host edge: batch 2: expected 1"):
        exchange(link, batch, 2, "edge")


def test_a_host_that_dies_again_and_again_is_lost(stage, opened, batch):
    link = opened(*NAMES)
    exchange(link, batch, 1)
    stage.when = lambda name, control: "die" if name == "core" and isinstance(control, Batch) else None
    allowed = r"host core was killed by SIGKILL; it was started again 2 times in a row, and its RESULT of batch 2 is"
    with pytest.raises(HostLostError, match=allowed):
        exchange(link, batch, 2)
    assert stage.begun[2:] == [("core", 1), ("core", 2)]


def test_deaths_with_results_in_between_do_not_add_up(stage, opened, batch):
    link = opened("edge")
    for number in range(1, 8):
        stage.when = once("edge", Batch, "die")
        exchange(link, batch, number, "edge")
    assert link.restarts == 7


def test_a_host_that_ends_with_bad_input_is_not_started_again(stage, opened, batch):
    link = opened("edge")
    stage.gives_up = True
    stage.when = once("edge", Batch, "die")
    with pytest.raises(HostLostError, match=r"host edge was killed by SIGKILL$"):
        exchange(link, batch, 1, "edge")
    assert len(stage.begun) == 1


def test_a_host_that_falls_silent_begins_again(stage, opened, batch):
    heard = []
    link = opened(*NAMES, tell=heard.append)
    stage.when = lambda name, _: "silent" if stage.lives[name] == b"core#0" else None
    assert exchange(link, batch, 1) == {"core": 2, "edge": 2}
    assert stage.begun[2:] == [("core", 1)]
    assert re.fullmatch(r"host core has been silent for 0\.1\d* s; it is started again", heard[0])


def test_a_host_that_is_gone_and_nobodys_child_is_missed_when_it_is_asked_for(stage, opened, batch):
    link = opened(*NAMES)
    stage.ended = lambda name: None
    stage.when = once("core", Batch, "die")
    assert exchange(link, batch, 1) == {"core": 2, "edge": 2}
    stage.routes.pop(b"core#1")
    assert exchange(link, batch, 2) == {"core": 5, "edge": 5}
    assert stage.begun[2:] == [("core", 1), ("core", 2)]


def test_a_host_that_is_at_work_may_take_its_time_but_not_for_ever(stage, opened, batch):
    link = opened("edge")
    stage.when = lambda name, control: "silent" if isinstance(control, Batch) else None
    began = time.monotonic()
    with pytest.raises(HostLostError, match=r"host edge: no RESULT of batch 1 within 0\.4 s"):
        exchange(link, batch, 1, "edge")
    assert time.monotonic() - began < 5.0
    assert link.restarts == 0


def test_a_host_that_never_says_hello_is_named(stage):
    stage.on_start = lambda name, epoch: stage.enter(name, epoch) if name == "edge" else None
    link = RemoteLink(NAMES, stage, stage, LIMITS)
    with pytest.raises(HostLostError, match=r"host core: no valid HELLO within 0\.2 s$"):
        link.open({name: Welcome("run", (), 0) for name in NAMES})


@pytest.mark.parametrize(
    ("who", "objection"),
    [
        ({"name": "side", "epoch": 0}, "name=side: must be one of core, edge"),
        ({"name": "core", "epoch": 0, "version": "0.0.1"}, f"version=0.0.1: must be {release()}, as the kernel's"),
        ({"name": "core", "epoch": 0, "schema": 2}, "schema=2: must be 1, as the kernel's"),
        ({"name": "edge", "epoch": 0}, "name=edge: is taken by the host of epoch 0"),
    ],
)
def test_who_is_not_wanted_is_told_why(stage, who, objection):
    def enter_after_edge(name, epoch):
        if name == "edge":
            stage.enter("edge", 0)
            stage.enter(**who, route=b"stranger")

    stage.on_start = enter_after_edge
    link = RemoteLink(NAMES, stage, stage, LIMITS)
    refused = f"; refused was {re.escape(objection)}" if who["name"] == "core" else ""
    with pytest.raises(HostLostError, match=rf"host core: no valid HELLO within 0\.2 s{refused}$"):
        link.open({name: Welcome("run", (), 0) for name in NAMES})
    assert stage.refused == [objection]
    assert link.rejected == 1


def test_a_next_life_takes_the_place_of_the_one_before(stage, opened, batch):
    link = opened("edge")
    exchange(link, batch, 1, "edge")
    stage.enter("edge", 4, route=b"edge#4")
    stage.when = lambda name, control: "silent" if stage.lives["edge"] == b"edge#0" else None
    assert exchange(link, batch, 2, "edge") == {"edge": 5}
    assert stage.refused == ["epoch 0 is over"]
    assert kinds(stage.host("edge")) == ["Welcome", "Ping", "Replay", "Batch"]
    stage.enter("edge", 3, route=b"edge#3")
    stage.lives["edge"] = b"edge#4"
    exchange(link, batch, 3, "edge")
    assert stage.refused[1:] == ["name=edge: is taken by the host of epoch 4"]


def test_a_host_of_another_schema_is_told_so(stage, opened, batch):
    link = opened("edge")
    stage.inbox.append((b"stranger", [msgpack.packb([2, "hello", "edge", 0, 2, "1.0"])]))
    stage.routes[b"stranger"] = ("edge", None)
    exchange(link, batch, 1, "edge")
    assert stage.refused == ["schema=2: must be 1, as the kernel's"]


def test_a_kernel_that_was_stopped_for_long_hears_what_hosts_said_meanwhile(stage, opened, batch, monkeypatch):
    """Ctrl-Z and fg: the clock has gone on, the answers are in the queue, and nobody is lost."""
    link = opened(*NAMES)
    now = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def stop_for_an_hour(name, control):
        now[0] += 3600.0 if name == "edge" else 0.0

    stage.when = stop_for_an_hour
    assert exchange(link, batch, 1) == {"core": 2, "edge": 2}
    assert link.restarts == 0
    assert [kinds(stage.host(name)) for name in NAMES] == [["Welcome", "Ping", "Batch"]] * 2
