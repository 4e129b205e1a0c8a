"""The two stations in the loop: who tells whom what, what goes on air, what stays, and what it was worth."""

import json
from typing import get_args

import numpy as np
import pytest

from scenarios.build import build
from scenarios.commands.story import story
from scenarios.engine import recover, run_scenario
from scenarios.hisac.spec_twin import CONVEX, SolverName
from scenarios.load import load
from twin.journal.facts import Applied, Ended, Sent, Solved
from twin.journal.folder import RunFolder
from twin.journal.tables import read_tables
from twin.journal.unwritten import Unwritten
from twin.nodes.config import to_wire
from twin.runtime.host import Host
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import Kind, Precoder
from twin.wire.protocol import Fate, Welcome

SMALL = (
    "users.positions_m=[[75, 35, 1.5], [125, 15, 1.5]]",
    "metrics.warmup_ms=20",
    "metrics.attribution_samples=200",
)


class Recorder:
    """Facts, kept in memory."""

    def __init__(self):
        self.facts, self.journal = [], Unwritten()

    def record(self, fact):
        self.facts.append(fact)
        self.journal.record(fact)

    def commit(self):
        """Nothing to write."""


class Told:
    """What a short run left behind."""

    def __init__(self, *sets, seed=1, duration_s=0.12, window="auto", halfway=None):
        recorder = Recorder()
        spec = load("hisac", (*SMALL, *sets), duration=duration_s)
        with build(spec, seed, "memory", recorder, window) as emulation:
            emulation.start()
            if halfway is not None:
                emulation.kernel.run(spec.scenario.duration_ns // 2)
                halfway(emulation.link)
            emulation.kernel.run(spec.scenario.duration_ns)
            self.hashes = emulation.stop()
        self.facts, self.digest = recorder.facts, recorder.journal.digest()
        self.sent = {e.msg_id: e for e in (decode_envelope(f.frame) for f in self.of(Sent))}

    def of(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def routes(self, kind):
        return {(e.src, e.dst) for e in self.sent.values() if e.kind == kind}


def anew(link):
    """Puts hosts that were just made, and restored, in the place of all hosts."""
    for name, host in link._hosts.items():
        made = Host(name)
        configs = tuple(to_wire(hosted.config) for hosted in host._hosted.values())
        made.answer(Welcome(host._run_id, configs, 0))
        made.restore(host._last, host.snapshot())
        link._hosts[name] = made


@pytest.fixture(scope="module")
def told():
    return Told()


def test_echoes_reach_the_coordinator_by_the_stations_twins_and_by_the_targets(told):
    assert told.routes(Kind.ECHO) == {("bs1", "edge:bs1")}
    assert ("edge:bs1", "edge:target") in told.routes(Kind.SHARE)
    assert {("edge:bs1", "core:bs1"), ("edge:target", "core:target")} <= told.routes(Kind.SYNC)
    assert ("core:target", "core:bs1") in told.routes(Kind.SHARE)


def test_the_target_and_the_eavesdropper_say_nothing(told):
    assert not {e.msg_id for e in told.sent.values() if e.src in {"target", "eavesdropper"}}
    assert not {e.msg_id for e in told.sent.values() if e.dst in {"target", "eavesdropper"}}
    assert ("edge:bs2", "edge:eavesdropper") in told.routes(Kind.SHARE)


def test_every_message_was_taken_for_what_it_is(told):
    reasons = {fact.reason for fact in told.of(Ended) if fact.fate == Fate.DROPPED}
    assert not reasons


def test_every_solve_goes_by_both_stations_and_the_newest_echo(told):
    for fact in told.of(Solved):
        bodies = [decode_body(e.kind, e.body) for e in (told.sent[msg_id] for msg_id in fact.inputs)]
        kinds = sorted(type(getattr(body, "report", body)).__name__ for body in bodies)
        assert kinds.count("Csi") == 2
        assert kinds.count("Echo") == 1
        assert fact.problem == "hisac"


def test_beams_go_on_air_within_their_budgets(told):
    versions = {fact.transmitter: fact.version for fact in told.of(Applied)}
    assert set(versions) == {"bs1", "bs2"}
    assert min(versions.values()) > 10
    for envelope in told.sent.values():
        if envelope.kind == Kind.PRECODER:
            body = decode_body(envelope.kind, envelope.body)
            assert isinstance(body, Precoder)
            assert body.vector.shape == {"bs1": (12, 2), "bs2": (12, 3)}[body.transmitter]
            assert np.vdot(body.vector, body.vector).real <= 316_228


def test_windows_and_lockstep_tell_the_same_story(told):
    lockstep = Told(window=0)
    assert lockstep.digest == told.digest
    assert lockstep.hashes == told.hashes


def test_hosts_made_anew_from_snapshots_go_on_to_the_same_bits(told):
    """The filter of the target, the predictor and the warm start are all in the snapshot."""
    assert Told(halfway=anew).digest == told.digest


@pytest.mark.parametrize("coordinator", ["edge:bs2", "core:target", "edge:user2"])
def test_any_twin_may_coordinate(coordinator):
    told = Told(f"twin.coordinator={coordinator}", duration_s=0.08)
    assert {fact.node for fact in told.of(Solved)} == {coordinator}
    assert max(fact.version for fact in told.of(Applied)) > 3
    assert not {fact.reason for fact in told.of(Ended) if fact.fate == Fate.DROPPED and fact.reason == "malformed"}


@pytest.mark.parametrize("solver", sorted(set(get_args(SolverName)) - CONVEX))
def test_every_method_that_a_scenario_may_name_makes_beams_for_the_air(solver):
    told = Told(f"twin.solver={solver}", "demands.secrecy=0.2", duration_s=0.03)
    assert {fact.method for fact in told.of(Solved)} == {solver}
    assert "failed" not in {fact.status for fact in told.of(Solved)}
    assert not {fact.reason for fact in told.of(Ended) if fact.fate == Fate.DROPPED}


def test_what_nothing_can_reach_leaves_the_old_beams_on_air():
    told = Told("demands.secrecy=30", duration_s=0.06)
    assert {fact.status for fact in told.of(Solved)} == {"infeasible"}
    assert {fact.version for fact in told.of(Applied)} == {0}
    assert not told.routes(Kind.PRECODER)


def test_an_echo_too_weak_to_be_seen_is_not_reported():
    told = Told("sensing.detection_db=60", duration_s=0.06)
    assert not told.routes(Kind.ECHO)
    assert {fact.status for fact in told.of(Solved)} == {"failed"}  # nobody knows where the target is


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("hisac") / "run"
    return run_scenario(load("hisac", SMALL, duration=0.3), 1, out, "inproc")


def test_the_summary_says_what_staleness_cost_beside_secrecy(folder):
    summary = json.loads((folder.folder / "summary.json").read_text())
    assert list(summary["secrecy"]) == ["bob"]
    see, scnr = summary["see"], summary["scnr"]
    assert 0.0 < see["mean"] < see["fresh_mean"]
    assert see["nominal_mean"] < see["mean"]
    assert scnr["demand_db"] == pytest.approx(-3.0103, abs=1e-4)
    assert scnr["fresh_missed"] == 0.0
    assert summary["common_rate"]["fresh_missed"] == summary["private_rate"]["fresh_missed"] == 0.0
    assert summary["solves"]["failed"] == 0


def test_the_loss_is_divided_among_the_legs(folder):
    legs = folder.summary["loss_attribution"]
    assert sum(legs.values()) == pytest.approx(folder.summary["min_secrecy"]["staleness_loss"], abs=1e-6)
    attribution = read_tables(RunFolder.open(folder.folder)).attribution
    assert "counterfactual" in attribution["basis"].to_pylist()
    # With one version on air at both stations, what was measured gives back what was sent.
    mixing = np.abs(attribution["mixing"].to_numpy())
    assert np.median(mixing) < 1e-3


def test_recovering_a_folder_changes_nothing(folder):
    again = recover(folder.folder)
    assert again.summary["digest"] == folder.summary["digest"]
    assert again.summary["see"] == folder.summary["see"]


def test_a_precoders_story_tells_of_the_echo(folder, capsys):
    assert story(folder.folder, "worst", None, as_json=False) == 0
    text = capsys.readouterr().out
    assert "echo     bs1 -> edge:bs1" in text
    assert "solve by core:bs1" in text
