"""What is made of a run does not depend on how large the parts are in which its journal and its messages are read."""

import pytest

from scenarios.attribution import attribute
from scenarios.judge import evaluate
from scenarios.systems import system_of
from twin.journal.folder import RunFolder
from twin.journal.rows import table_of
from twin.journal.schemas import ATTRIBUTION
from twin.journal.summary import RunInfo, summarise
from twin.journal.tables import build_tables, metrics_table, read_tables, write_tables

SETTINGS = ("twin.predictor=wiener", "report.period_ms=10", "metrics.period_ms=20", "network.radio.loss=0.1")


@pytest.fixture(name="run", scope="module")
def _run(emulate):
    return emulate(*SETTINGS, duration_s=0.3)


@pytest.fixture(name="small_parts")
def _small_parts(monkeypatch):
    monkeypatch.setattr("twin.journal.join._PART", 37)
    monkeypatch.setattr("twin.journal.join._BLOCK", 5)


def test_the_judge_forgets_nothing_that_it_needs(run, monkeypatch):
    found = []
    for size in (1, 3, 10**6):
        monkeypatch.setattr("scenarios.judge._CHUNK", size)
        found.append(list(evaluate(system_of(run.spec), 1, run.facts, run.spec.scenario.duration_ns)))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3 * 15
    assert any(row["nominal"] != row["secrecy"] for row in found[0])


def test_tables_and_summary_of_many_parts_are_those_of_one(run, tmp_path, request):
    end_ns = run.spec.scenario.duration_ns
    metrics = metrics_table(evaluate(system_of(run.spec), 1, run.facts, end_ns))
    legs = table_of(attribute(system_of(run.spec), 1, run.facts, metrics), ATTRIBUTION)
    whole = build_tables(run.facts, metrics, end_ns, legs)
    assert whole.messages.column("msg_id").num_chunks <= 2
    request.getfixturevalue("small_parts")
    folder = RunFolder.create(tmp_path / "run")
    stored = write_tables(folder, run.facts, metrics, end_ns, legs)
    assert len(list(stored.message_parts("msg_id"))) > 20
    assert read_tables(folder).messages.equals(whole.messages)
    assert stored.control.equals(whole.control)
    info = RunInfo("sagin", 1, "", "", True, end_ns, False, None, None, run.spec.twin.coordinator, 10**7)
    assert summarise(stored, info) == summarise(whole, info)
