"""Random faults over short runs of every system: whatever goes wrong, what is true of every run stays true.

A failure names the scenario and the seed; `study faults --only SEED` runs it again.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as changed

from scenarios.commands.study import StudyOptions, complete, run_study
from scenarios.invariants import Observed, violations
from scenarios.load import load
from scenarios.spec_faults import KINDS
from scenarios.studies.faults import STUDY, evaluate, make, settings
from scenarios.studies.faults_script import script
from scenarios.studies.grid import Point
from scenarios.systems import system_names, system_of
from twin.errors import KernelError
from twin.journal.facts import Applied, Ended, Hop, Sent, Struck

RUNS = 200
POINTS = [Point(setting, seed) for seed in range(1, RUNS // len(settings()) + 1) for setting in settings()]
PARTS = 8

FAULTS = """fault=[
  {kind="link_outage", link="core", from_s=0.02, to_s=0.03},
  {kind="twin_crash", twin="core:uav", from_s=0.035, to_s=0.05},
  {kind="duplication", link="radio", share=0.5, from_s=0, to_s=0.06},
]"""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_invariant_holds_in_200_runs(part):
    rows = [(point.parameters["scenario"], point.seed, evaluate(point)[0]) for point in POINTS[part::PARTS]]
    assert [(scenario, seed, row["first"]) for scenario, seed, row in rows if row["violations"]] == []
    assert sum(row["struck"] for _, _, row in rows) > len(rows)


def test_every_system_and_every_kind_of_fault_has_its_turn():
    scripts = [script(point.parameters["scenario"], point.seed) for point in POINTS]
    assert {written.scenario for written in scripts} == set(system_names())
    text = Counter(kind for written in scripts for kind in KINDS if f'"{kind}"' in written.sets[-1])
    assert set(text) == set(KINDS)
    assert min(text.values()) > 20


def test_a_script_is_a_function_of_its_seed_and_a_valid_scenario():
    written = script("sagin", 5)
    assert script("sagin", 5) == written != script("sagin", 6)
    assert written.spec() == load("sagin", written.sets)
    assert evaluate(Point({"scenario": "sagin"}, 5)) == evaluate(Point({"scenario": "sagin"}, 5))


@pytest.fixture(scope="module")
def run():
    spec = load("sagin", ["scenario.duration_s=0.06", "metrics.warmup_ms=10", "report.period_ms=10", FAULTS])
    made = make(spec, 3)
    observed = Observed(system_of(spec), made.facts, made.counts)
    assert violations(observed) == []
    return observed


def anything(_fact):
    return True


def altered(run, kind, change, which=anything, *, recount=True):
    """What is found in the run when the first such fact of a kind is replaced by others."""
    place = next(k for k, fact in enumerate(run.facts) if type(fact) is kind and which(fact))
    facts = [*run.facts[:place], *change(run.facts[place]), *run.facts[place + 1 :]]
    fates = Counter(fact.fate for fact in facts if type(fact) is Ended)
    counts = fates | Counter(sent=run.counts["sent"]) if recount else run.counts
    return {line.partition(":")[0] for line in violations(replace(run, facts=facts, counts=counts))}


def handled(end):
    """The same message, as if its receiver had handled it at once."""
    return changed(end, fate="delivered", reason="", begin_ns=end.t_ns, finish_ns=end.t_ns)


def delivered_to(run, *names):
    return lambda fact: fact.fate == "delivered" and run.sent[fact.msg_id][0].dst in names and fact.hops


def test_a_fact_that_is_missing_or_told_twice_is_found(run):
    assert "conservation" in altered(run, Sent, lambda fact: [fact, fact])
    assert "conservation" in altered(run, Sent, lambda fact: [])
    assert "conservation" in altered(run, Ended, lambda fact: [fact, fact])
    assert "conservation" in altered(run, Ended, lambda fact: [], recount=False)
    assert "conservation" in altered(run, Ended, lambda fact: [changed(fact, reason="")], lambda fact: fact.reason)


def test_a_message_that_is_faster_than_its_links_is_found(run):
    def faster(fact):
        first, *rest = fact.hops
        hop = Hop(first.link, first.queue_ns, first.serialisation_ns, 1, first.jitter_ns)
        return [changed(fact, hops=(hop, *rest), t_ns=fact.t_ns - first.propagation_ns + 1)]

    assert "latency" in altered(run, Ended, faster, delivered_to(run, "edge:uav"))
    assert "latency" in altered(run, Ended, lambda fact: [changed(fact, t_ns=fact.t_ns + 1)], delivered_to(run, "uav"))


def test_a_copy_that_is_handled_is_found(run):
    def repeated(fact):
        return fact.reason == "deduplicated" and run.sent[fact.msg_id][0].flags

    assert "order" in altered(run, Ended, lambda fact: [handled(fact)], repeated)


def test_an_old_version_and_too_much_power_on_air_are_found(run):
    def real(fact):
        return fact.version > 0

    loud = np.full(8, 1e3, dtype="<c16").tobytes()
    assert "control" in altered(run, Applied, lambda fact: [fact, changed(fact, t_ns=fact.t_ns + 1)], real)
    assert "control" in altered(run, Applied, lambda fact: [changed(fact, vector=loud)], real)
    assert "control" in altered(run, Applied, lambda fact: [changed(fact, t_data_ns=fact.t_ns + 1)], real)


def test_a_twin_that_handles_while_it_is_down_and_a_cut_link_that_carries_are_found(run):
    crashed = next(end for end in run.ended.values() if end.reason == "crashed")
    assert "crashes" in altered(run, Ended, lambda fact: [handled(fact)], lambda fact: fact is crashed)
    cut = next(end for end in run.ended.values() if end.reason == "outage" and end.hops[-1].serialisation_ns == 0)
    hop = changed(cut.hops[-1], serialisation_ns=900, propagation_ns=10**6)
    through = changed(handled(cut), hops=(*cut.hops[:-1], hop), t_ns=cut.t_ns + 10**6 + 900)
    assert "cuts" in altered(run, Ended, lambda _fact: [through], lambda fact: fact is cut)


def test_a_strike_that_is_not_so_is_found(run):
    def copied(fact):
        return fact.effect == "duplicated" and fact.msg_id in run.ended

    assert "strikes" in altered(run, Struck, lambda fact: [changed(fact, fault=99)])
    assert "strikes" in altered(run, Struck, lambda fact: [changed(fact, effect="lost")], copied)
    assert "strikes" in altered(run, Struck, lambda fact: [changed(fact, effect="skewed")], copied)
    assert "strikes" in altered(run, Struck, lambda fact: [changed(fact, t_ns=60_000_000)], copied)


def test_counts_that_are_not_those_of_the_facts_are_found(run):
    counts = run.counts + Counter(delivered=1)
    assert any(line.startswith("conservation: ") for line in violations(replace(run, counts=counts)))


def test_a_run_that_cannot_be_made_is_a_violation(monkeypatch):
    def refuse(*_args):
        raise KernelError("event at -1 ns")

    monkeypatch.setattr("scenarios.studies.faults.build", refuse)
    (row,) = evaluate(Point({"scenario": "sagin"}, 1))
    assert (row["violations"], row["first"], row["sent"]) == (1, "run: event at -1 ns", 0)


def test_another_digest_is_a_violation(monkeypatch):
    def differs(spec, seed, transport="memory", window="auto"):
        return make(spec, seed + (window == 0), transport, window)

    monkeypatch.setattr("scenarios.studies.faults.make", differs)
    (row,) = evaluate(Point({"scenario": "sagin"}, 2))
    assert row["first"] == "digest: another one over memory with window=0"


def quick(tmp_path, **changes):
    study = replace(STUDY, quick_settings=({"scenario": "sagin"},), quick_seeds=2, **changes)
    options = StudyOptions("faults", 1, None, True, tmp_path / "study")
    return complete(study, options)


def breaks(point):
    return [evaluate(point)[0] | {"violations": 1, "first": "order: told so"}]


def test_the_study_says_that_all_is_well(tmp_path, capsys):
    assert quick(tmp_path) == 0
    assert capsys.readouterr().out.startswith("every invariant holds in 2 runs: ")
    assert (tmp_path / "study" / "failed.txt").read_text() == ""


def test_the_study_says_what_breaks_and_how_to_see_it_again_and_fails(tmp_path, capsys):
    assert quick(tmp_path, evaluate=breaks) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 of 2 runs break an invariant: ")
    assert lines[1:3] == ["  sagin, seed 1: order: told so", "    again: run-twin study faults --only 1"]
    assert "run-twin run sagin --seed 2 --set " in (tmp_path / "study" / "failed.txt").read_text()


def test_one_seed_is_shown_again_without_a_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_study(StudyOptions("faults", None, None, False, None, only=7)) == 0
    text = capsys.readouterr().out
    assert text.count("seed        7\n") == len(settings())
    assert text.count("violations  0\n") == len(settings())
    assert list(tmp_path.iterdir()) == []
