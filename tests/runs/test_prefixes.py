"""Invariant 8 on a real run: every prefix of the journal recovers to a prefix of the run."""

import numpy as np
import pytest

from scenarios import engine
from scenarios.engine import run_scenario
from scenarios.load import load
from twin.journal.facts import Handled, Opened
from twin.journal.reader import parse_journal, read_journal
from twin.journal.records import encode_fact
from twin.journal.resume import find_cut
from twin.journal.tables import build_tables, metrics_table

SETTINGS = ("scenario.duration_s=0.2", "metrics.warmup_ms=60", "twin.solver=mrt", "network.radio.loss=0.05")
SEED, OFFSETS = 5, 25


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "finish", lambda folder: folder)
        patch.setattr("twin.emulation.keeper._LEAST_BYTES", 1 << 14)
        run_scenario(load("sagin", SETTINGS), SEED, out, "memory")
    return out / "journal.wal"


def offsets(journal):
    """Anywhere behind the first record."""
    read = read_journal(journal)
    first = len(encode_fact(Opened(read.manifest))) + 16
    return np.random.default_rng(SEED).integers(first, read.bytes_good, OFFSETS).tolist()


def rows(table, *keys):
    return {tuple(row[key] for key in keys): row for row in table.to_pylist()}


def test_8_every_prefix_tells_what_the_whole_tells_of_that_time(journal):
    data, whole = journal.read_bytes(), read_journal(journal)
    expected = build_tables(whole.facts, metrics_table([]), whole.closed.t_ns)
    sent, solved = rows(expected.messages, "msg_id"), rows(expected.solves, "node", "version")
    applied = expected.control.to_pylist()
    lengths = set()
    for end in offsets(journal):
        read = parse_journal(data[:end], "wal")
        assert read.truncated == (read.bytes_good < end)
        tables = build_tables(read.facts, metrics_table([]), read.last_ns)
        for key, row in rows(tables.messages, "msg_id").items():
            known = {name: value for name, value in row.items() if value is not None}
            if row["fate"] == "in_flight":
                known |= {name: sent[key][name] for name in ("fate", "reason")}
            assert {**sent[key], **known} == sent[key]
        for key, row in rows(tables.solves, "node", "version").items():
            assert row == solved[key]
        control = tables.control.to_pylist()
        assert control == applied[: len(control)]
        lengths.add(len(control))
    assert len(lengths) > 8


def test_what_was_on_file_when_the_hosts_had_answered_is_never_cut_off(journal, tmp_path):
    """The cut falls behind the last barrier, or snapshot, that is whole: at most one barrier's facts come about anew."""
    data = journal.read_bytes()
    for end in offsets(journal):
        (tmp_path / "journal.wal").write_bytes(data[:end])
        cut = find_cut(tmp_path / "journal.wal")
        kept = list(parse_journal(data[: cut.end], "wal").facts)
        lost = list(parse_journal(data[:end], "wal").facts)[len(kept) :]
        assert not [fact for fact in lost if isinstance(fact, Handled)]
