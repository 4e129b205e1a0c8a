"""`run --resume` as it is typed: what it says, and what it does not take."""

import json
import shutil

import pytest

from scenarios.cli import main
from scenarios.commands import run as command
from twin.errors import HostLostError

SETTINGS = ("scenario.duration_s=0.12", "metrics.warmup_ms=40", "metrics.period_ms=40", "twin.solver=mrt")


def typed(*words):
    return ["run", *words, *(word for setting in SETTINGS for word in ("--set", setting))]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "whole"
    assert main(typed("sagin", "--seed", "3", "--out", str(out), "--json", "--transport", "memory")) == 0
    return out


def killed(whole, tmp_path):
    folder = tmp_path / "a run"
    folder.mkdir()
    for name in ("journal.wal", "manifest.json"):
        shutil.copy(whole / name, folder)
    journal = folder / "journal.wal"
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])
    return folder


@pytest.mark.parametrize("transport", [(), ("--transport", "inproc")])
def test_a_killed_run_is_gone_on_with_and_says_what_it_came_to(whole, tmp_path, capsys, transport):
    folder = killed(whole, tmp_path)
    assert main(["run", "--resume", str(folder), "--json", *transport]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["digest"] == json.loads((whole / "summary.json").read_text())["digest"]
    assert captured.err == ""


def test_who_interrupts_when_the_run_is_at_its_end_is_not_sent_to_go_on_with_it(whole, tmp_path, capsys, monkeypatch):
    def interrupted(_folder):
        raise KeyboardInterrupt

    folder = killed(whole, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("scenarios.engine.finish", interrupted)
        assert main(["run", "--resume", str(folder), "--json"]) == 130
    assert f"interrupted; run: {command.program()} recover '{folder}'" in capsys.readouterr().err
    assert main(["recover", str(folder)]) == 0


def test_without_json_it_ends_as_a_run_does(whole, tmp_path, capsys):
    folder = killed(whole, tmp_path)
    assert main(["run", "--resume", str(folder)]) == 0
    digest = json.loads((whole / "summary.json").read_text())["digest"]
    assert f"digest   {digest}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sagin",), "SCENARIO beside --resume: must be left out"),
        (("--seed", "1"), "--seed beside --resume: must be left out"),
        (("--set", "pairs.count=3"), "--set beside --resume: must be left out"),
        (("--duration", "2"), "--duration beside --resume: must be left out"),
        (("--out", "x"), "--out beside --resume: must be left out"),
        (("--window", "auto"), "--window beside --resume: must be left out"),
        (("--hosts", "external"), "hosts=external: must go with transport ipc or tcp"),
    ],
)
def test_what_the_run_folder_says_may_not_be_said_again(whole, tmp_path, capsys, words, said):
    folder = killed(whole, tmp_path)
    before = (folder / "journal.wal").read_bytes()
    assert main(["run", "--resume", str(folder), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert (folder / "journal.wal").read_bytes() == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda whole, _: whole, "the run came to its end: there is nothing to resume"),
        (lambda _, tmp_path: tmp_path, "is not a run folder"),
        (lambda _, tmp_path: tmp_path / "nowhere", "is not a directory: a run folder is needed"),
        (lambda whole, _: whole / "journal.wal", "is not a directory: a run folder is needed"),
    ],
)
def test_what_is_no_killed_run_is_refused_in_one_line(whole, tmp_path, capsys, make, said):
    assert main(["run", "--resume", str(make(whole, tmp_path))]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert error.count("\n") == 1


def test_a_resumed_run_that_lost_a_host_says_how_to_go_on_again(tmp_path, capsys, monkeypatch):
    def lose(*_args):
        raise HostLostError("host edge: was killed")

    monkeypatch.setattr("scenarios.resuming.resume", lose)
    assert main(["run", "--resume", str(tmp_path)]) == 4
    assert (
        f"host edge: was killed; to go on, run: {command.program()} run --resume {tmp_path}" in capsys.readouterr().err
    )


def test_a_run_that_lost_a_host_says_how_to_go_on(whole, tmp_path, capsys, monkeypatch):
    out = tmp_path / "lost"

    def lose(*_args):
        shutil.copytree(whole, out)
        raise HostLostError("host edge: was killed")

    monkeypatch.setattr("scenarios.engine.run_scenario", lose)
    assert main(typed("sagin", "--out", str(out), "--json")) == 4
    assert f"host edge: was killed; to go on, run: {command.program()} run --resume {out}" in capsys.readouterr().err
