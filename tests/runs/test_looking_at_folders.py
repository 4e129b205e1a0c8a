"""`story` and `trace` on run folders of every kind: whole, interrupted, killed, damaged, foreign, and none at all."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from scenarios.cli import main
from scenarios.engine import recover, run_scenario
from scenarios.load import load
from twin.report.story_text import MAX_WIDTH

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = [
    "scenario.duration_s=0.2",
    "metrics.warmup_ms=60",
    "metrics.period_ms=60",
    "twin.solver=mrt",
    "network.radio.loss=0.1",
]
LOOKS = (["story", "DIR", "1"], ["trace", "DIR", "--format", "csv"], ["trace", "DIR", "--format", "perfetto"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("looking") / "whole"
    run_scenario(load("sagin", SETTINGS), 3, out, "memory")
    return out


@pytest.fixture
def folder(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "run"))


def refusal(capsys, folder, argv):
    assert main([str(folder) if word == "DIR" else word for word in argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("error: ").rstrip("\n")


def test_the_story_of_the_worst_is_that_of_the_oldest_application(whole, capsys):
    assert main(["story", str(whole), "worst"]) == 0
    lines = capsys.readouterr().out.splitlines()
    control = pd.read_parquet(whole / "control.parquet")
    updated = control[control["version"] > 0]
    worst = updated.loc[updated["age_at_application_ns"].idxmax()]
    assert lines[0].startswith(f"Version {worst['version']} of core:base_station went on air ")
    assert f"{worst['age_at_application_ns'] / 1e6:.3f} ms after its oldest measurement." in lines[0]
    assert lines[-1] == f"look  {whole}/report.html#v={worst['version']}"
    assert max(len(line) for line in lines[:-1]) <= MAX_WIDTH
    assert "\x1b" not in "".join(lines)


def test_a_terminal_gets_bold_and_red_and_the_same_words(whole, capsys, monkeypatch):
    assert main(["story", str(whole), "last-lost"]) == 0
    plain = capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert main(["story", str(whole), "last-lost"]) == 0
    styled = capsys.readouterr().out
    assert "\x1b[1m" in styled
    assert "\x1b[31m" in styled
    while "\x1b[" in styled:
        before, _, after = styled.partition("\x1b[")
        styled = before + after.partition("m")[2]
    assert styled == plain


def test_json_holds_what_the_text_says(whole, capsys):
    assert main(["story", str(whole), "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["link"], told["solve_seen"]) == (2, "report.html#v=2", True)
    steps = [step for part in (*told["inputs"], *told["deliveries"]) for step in part["steps"]]
    assert sorted({step["msg_id"] for step in steps}) == told["message_ids"]
    messages = pd.read_parquet(whole / "messages.parquet").set_index("msg_id")
    for step in steps:
        row = messages.loc[step["msg_id"]]
        assert (step["kind"], step["src"], step["dst"]) == (row["kind"], row["src"], row["dst"])
        assert (step["sent_ns"], step["data_ns"], step["size_bytes"]) == (
            row["t_send_ns"],
            row["t_data_ns"],
            row["bytes"],
        )
        assert [hop["link"] for hop in step["hops"]] == [hop["link"] for hop in row["hops"]]


def test_one_transmitter(whole, capsys):
    assert main(["story", str(whole), "2", "--transmitter", "uav"]) == 0
    text = capsys.readouterr().out
    assert "precoder of uav: " in text
    assert "precoder of satellite" not in text
    message = refusal(capsys, whole, ["story", "DIR", "2", "--transmitter", "au"])
    assert message == "transmitter=au: must be one of satellite, uav, base_station"


@pytest.mark.parametrize("argv", LOOKS, ids=lambda argv: argv[-1])
def test_what_is_no_run_folder_is_one_clear_line(argv, tmp_path, capsys):
    assert (
        refusal(capsys, tmp_path / "absent", argv) == f"{tmp_path}/absent: is not a directory: a run folder is needed"
    )
    message = refusal(capsys, tmp_path, argv)
    assert message == f"{tmp_path}: is not a run folder: it holds no manifest.json and no journal.wal"


@pytest.mark.parametrize("argv", LOOKS, ids=lambda argv: argv[-1])
@pytest.mark.parametrize("table", ["messages", "control", "solves", "metrics"])
def test_a_truncated_table_names_recover_and_recover_heals_it(argv, table, folder, whole, capsys):
    path = folder / f"{table}.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    assert refusal(capsys, folder, argv) == f"{path} is truncated; run: run-twin recover {folder}"
    path.unlink()
    assert refusal(capsys, folder, argv) == f"{path} is missing; run: run-twin recover {folder}"


def test_recover_heals_what_is_damaged_foreign_or_gone(folder, whole, capsys):
    control = folder / "control.parquet"
    pq.write_table(pq.read_table(control).replace_schema_metadata({"run-folder-schema": "2"}), control)
    message = refusal(capsys, folder, ["story", "DIR", "1"])
    assert message == f"{control}: schema version=2: this program reads 1; run: run-twin recover {folder}"
    (folder / "messages.parquet").write_bytes(b"PAR1")
    (folder / "summary.json").write_text("{")
    (folder / "manifest.json").unlink()
    (folder / "solves.parquet").unlink()
    (folder / "trace.pftrace").write_text("not ours to touch")
    assert main(["recover", str(folder)]) == 0
    assert f"story    run-twin story {folder} worst" in capsys.readouterr().out
    for name in ("messages", "control", "solves", "metrics"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), pd.read_parquet(whole / f"{name}.parquet")
        )
    assert (folder / "manifest.json").read_text() == (whole / "manifest.json").read_text()
    assert (folder / "trace.pftrace").read_text() == "not ours to touch"
    assert main(["story", str(folder), "1"]) == 0


def test_without_a_journal_there_is_nothing_to_recover_from_but_the_tables_still_tell(folder, capsys):
    (folder / "journal.wal").unlink()
    assert main(["story", str(folder), "1"]) == 0
    capsys.readouterr()
    message = refusal(capsys, folder, ["recover", "DIR"])
    assert message == f"{folder}/journal.wal: is missing: there is nothing to recover the run from"


def test_without_a_summary_the_tables_say_where_the_run_ended(folder, capsys):
    (folder / "summary.json").unlink()
    assert main(["story", str(folder), "1", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert {each["ending"] for each in first["deliveries"]} <= {"applied", "lost", "superseded"}


def test_a_summary_that_is_not_json_names_recover(folder, capsys):
    (folder / "summary.json").write_text("{")
    message = refusal(capsys, folder, ["story", "DIR", "1"])
    assert message == f"{folder}/summary.json is not JSON; run: run-twin recover {folder}"


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_journal_that_was_cut_anywhere_still_tells_every_story(share, whole, tmp_path, capsys):
    data = (whole / "journal.wal").read_bytes()
    (tmp_path / "journal.wal").write_bytes(data[: int(share * len(data))])
    recover(tmp_path)
    versions = pd.read_parquet(tmp_path / "solves.parquet")["version"]
    assert len(versions) > 0
    for version in versions:
        assert main(["story", str(tmp_path), str(version)]) == 0
    assert main(["trace", str(tmp_path), "--format", "perfetto"]) == 0
    assert main(["trace", str(tmp_path), "--format", "csv", "--out", str(tmp_path / "all.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "all.csv")) == len(pd.read_parquet(tmp_path / "messages.parquet"))
    capsys.readouterr()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["network.backhaul.latency_ms=100", "scenario.duration_s=0.08"], "this run has no solve"),
        (["network.radio.loss=1", "network.fronthaul.loss=1"], "this run has no solve"),
    ],
    ids=["it ended before", "nothing arrived"],
)
def test_a_run_without_a_solve_has_no_story_and_can_be_exported(settings, reason, tmp_path, capsys):
    run_scenario(load("sagin", [*SETTINGS, *settings]), 1, tmp_path / "run", "memory")
    assert reason in refusal(capsys, tmp_path / "run", ["story", "DIR", "worst"])
    for kind in ("perfetto", "csv"):
        assert main(["trace", str(tmp_path / "run"), "--format", kind]) == 0
    assert main(["trace", str(tmp_path / "run"), "--format", "mermaid", "--cycle", "1"]) == 0


def test_a_run_without_a_message_can_be_exported(folder, capsys):
    for name in ("messages", "control", "solves", "metrics"):
        path = folder / f"{name}.parquet"
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    assert "this run has no solve" in refusal(capsys, folder, ["story", "DIR", "1"])
    for kind in ("perfetto", "csv", "mermaid"):
        assert main(["trace", str(folder), "--format", kind]) == 0
    assert (folder / "trace.pftrace").read_bytes() == b""
    assert capsys.readouterr().out.splitlines()[-1] == "sequenceDiagram"
    message = refusal(capsys, folder, ["trace", "DIR", "--format", "csv", "--cycle", "1"])
    assert message == "cycle=1: has no messages: this run has none"


def test_a_reader_who_leaves_is_no_error(whole):
    """As in `run-twin trace DIR --format csv | head -1`."""
    command = [sys.executable, str(ROOT / "run_twin.py"), "trace", str(whole), "--format", "csv"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=dict(os.environ)
    ) as child:
        assert child.stdout.readline().startswith(b"msg_id,")
        child.stdout.close()
        assert child.wait(timeout=30) == 0
        assert child.stderr.read() == b""
