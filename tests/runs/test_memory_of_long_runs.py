"""A run of ten times the length uses no more memory, neither while it runs nor when its folder is finished."""

import gc
import tracemalloc

import pytest

from scenarios.attribution import attribute
from scenarios.build import build
from scenarios.judge import evaluate
from scenarios.load import load
from scenarios.systems import system_of
from twin.journal.facts import Closed
from twin.journal.folder import RunFolder
from twin.journal.journal import Journal
from twin.journal.reader import read_journal
from twin.journal.rows import table_of
from twin.journal.schemas import ATTRIBUTION
from twin.journal.summary import RunInfo, summarise
from twin.journal.tables import metrics_table, write_tables

SETTINGS = ("twin.solver=mrt", "twin.predictor=none", "report.period_ms=50", "metrics.period_ms=50",
            "metrics.warmup_ms=0", "metrics.attribution_samples=60")  # fmt: skip
SHORT_S, LONG_S = 0.2, 2.0
MOST_MORE_MB = 0.6
"""The facts of 1.8 s, had they been kept, would take three times as much."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """What is kept until it is full is full early in the short run already."""
    monkeypatch.setattr("twin.journal.join._PART", 64)
    monkeypatch.setattr("twin.journal.rows._CHUNK", 16)
    monkeypatch.setattr("scenarios.judge._CHUNK", 2)


def peak_mb(action, *arguments):
    """The most that `action` holds at one time, in MB of Python's and NumPy's memory."""
    gc.collect()
    tracemalloc.start()
    try:
        action(*arguments)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def emulate(spec, path):
    with Journal(path, {"scenario": spec.as_dict()}) as journal, build(spec, 1, "inproc", journal) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        hashes = emulation.stop()
        journal.close(Closed(spec.scenario.duration_ns, emulation.kernel.events, 0.0, False, hashes))


def finish(spec, folder):
    """All that is made of a journal, but for picture and page."""
    journal, end_ns = read_journal(folder.journal_path), spec.scenario.duration_ns
    metrics = metrics_table(evaluate(system_of(spec), 1, journal.facts, end_ns))
    legs = table_of(attribute(system_of(spec), 1, journal.facts, metrics), ATTRIBUTION)
    tables = write_tables(folder, journal.facts, metrics, end_ns, legs)
    info = RunInfo("sagin", 1, "", "", True, end_ns, False, None, None, spec.twin.coordinator)
    assert summarise(tables, info)["messages"]["sent"] > 900 * spec.scenario.duration_ns / 1e9


def test_a_run_of_ten_times_the_length_uses_no_more_memory(tmp_path):
    peaks = {}
    for duration_s in (0.1, SHORT_S, LONG_S):  # what is made once and kept is made by the first
        spec = load("sagin", [f"scenario.duration_s={duration_s}", *SETTINGS])
        folder = RunFolder.create(tmp_path / f"{duration_s}")
        peaks[duration_s] = [peak_mb(emulate, spec, folder.journal_path), peak_mb(finish, spec, folder)]
    for short_mb, long_mb in zip(peaks[SHORT_S], peaks[LONG_S], strict=True):
        assert long_mb - short_mb < MOST_MORE_MB
