"""A run folder: creation, atomic writing, and what is said of files that are missing or damaged."""

import errno
import json
import os
import subprocess
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twin.errors import RunFolderError
from twin.journal.folder import RunFolder, write_atomically
from twin.journal.schemas import CONTROL, MESSAGES
from twin.journal.tables import read_tables

TABLE = pa.table({"x": list(range(1000))})


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "runs" / "a")


def test_create_makes_parents_and_takes_an_empty_directory(tmp_path):
    path = tmp_path / "deep" / "run"
    assert RunFolder.create(path).path == path
    assert RunFolder.create(path).path.is_dir()


def test_create_refuses_what_is_occupied(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunFolderError, match="file: is a file: a run needs a new or empty directory"):
        RunFolder.create(tmp_path / "file")
    with pytest.raises(RunFolderError, match="is not empty: a run needs a new or empty directory"):
        RunFolder.create(tmp_path)
    with pytest.raises(RunFolderError, match="below: cannot be made a run folder: Not a directory"):
        RunFolder.create(tmp_path / "file" / "below")


def test_create_refuses_a_directory_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(RunFolderError, match="is not writable"):
        RunFolder.create(tmp_path)


def test_open_wants_a_run_folder(tmp_path, folder):
    with pytest.raises(RunFolderError, match="is not a directory"):
        RunFolder.open(tmp_path / "absent")
    with pytest.raises(RunFolderError, match="is not a run folder"):
        RunFolder.open(folder.path)
    folder.write_manifest({"seed": 1})
    assert RunFolder.open(folder.path) == folder


def test_json_is_sorted_and_survives(folder):
    content = {"b": [1, 2.5, None], "a": {"z": "µ", "y": True}}
    folder.write_manifest(content)
    text = folder.manifest_path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["a", "b"]
    folder.write_summary(content)
    assert folder.read_summary() == content
    assert folder.summary_path.read_text(encoding="utf-8") == text


def test_failed_write_leaves_the_old_file_and_nothing_else(folder):
    folder.write_summary({"seed": 1})
    with pytest.raises(RunFolderError, match=r"summary\.json: .*only finite JSON"):
        folder.write_summary({"seed": float("nan")})

    def fail(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunFolderError, match=r"summary\.json: cannot be written: No space left on device"):
        write_atomically(folder.summary_path, fail)
    assert folder.read_summary() == {"seed": 1}
    assert [path.name for path in folder.path.iterdir()] == ["summary.json"]


def test_directory_that_turned_read_only_says_why_it_was_not_written(folder, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    for write, content in (
        (folder.write_summary, {"seed": 1}),
        (partial(folder.write_table, folder.path / "t"), TABLE),
    ):
        with pytest.raises(RunFolderError, match="cannot be written: Read-only file system"):
            write(content)


def test_missing_files_say_how_to_get_them_back(folder):
    with pytest.raises(RunFolderError) as raised:
        folder.read_table(folder.messages_path)
    assert str(raised.value) == f"{folder.messages_path} is missing; run: run-twin recover {folder.path}"
    with pytest.raises(RunFolderError) as raised:
        folder.read_summary()
    assert str(raised.value) == f"{folder.summary_path} is missing; run: run-twin recover {folder.path}"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_truncated_table_says_how_to_get_it_back(folder, share):
    folder.write_table(folder.messages_path, TABLE)
    data = folder.messages_path.read_bytes()
    folder.messages_path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(RunFolderError) as raised:
        folder.read_table(folder.messages_path)
    assert str(raised.value) == f"{folder.messages_path} is truncated; run: run-twin recover {folder.path}"


@pytest.mark.parametrize(("metadata", "found"), [(None, "none"), ({"run-folder-schema": "99"}, "99")])
def test_table_of_another_schema_is_not_guessed_at(folder, metadata, found):
    pq.write_table(TABLE.replace_schema_metadata(metadata), folder.control_path)
    with pytest.raises(RunFolderError) as raised:
        folder.read_table(folder.control_path)
    wanted = f"{folder.control_path}: schema version={found}: this program reads 1; run: run-twin recover {folder.path}"
    assert str(raised.value) == wanted


def test_table_that_lacks_a_column_is_named(folder):
    for path, schema in ((folder.messages_path, MESSAGES), (folder.control_path, CONTROL)):
        folder.write_table(path, schema.empty_table())
    folder.write_table(folder.control_path, CONTROL.empty_table().drop_columns(["inputs"]))
    with pytest.raises(RunFolderError, match=r"control\.parquet has no column inputs; run: run-twin recover"):
        read_tables(folder)


@pytest.mark.parametrize("text", ["", '{"a": ', "[1]", '{"a":' * 100_000], ids=["empty", "cut", "list", "deep"])
def test_damaged_json_is_one_clear_line(folder, text):
    folder.summary_path.write_text(text)
    with pytest.raises(RunFolderError, match=r"summary\.json"):
        folder.read_summary()


def test_table_survives(folder):
    folder.write_table(folder.metrics_path, TABLE)
    assert folder.read_table(folder.metrics_path).equals(TABLE)


@pytest.mark.parametrize("name", ["für-Ωμέγα", "f\udcc3\udcbcr"], ids=["text", "bytes that no locale decoded"])
def test_name_of_the_folder_may_hold_any_character(tmp_path, name):
    folder = RunFolder.create(tmp_path / name)
    folder.write_table(folder.metrics_path, TABLE)
    folder.write_summary({"seed": 1})
    assert folder.read_table(folder.metrics_path).equals(TABLE)
    assert sorted(path.name for path in folder.path.iterdir()) == ["metrics.parquet", "summary.json"]


def test_what_killed_processes_left_of_a_file_is_swept_away_and_nothing_else(folder):
    dead = subprocess.Popen(["true"])
    dead.wait()
    kept = {f".summary.json.{os.getpid()}.tmp", "journal.wal", ".notes.tmp", f"summary.json.{dead.pid}.tmp"}
    for name in (*kept, f".messages.parquet.{dead.pid}.tmp", f".summary.json.{10**30}.tmp"):
        (folder.path / name).write_text("")
    folder.sweep()
    assert {path.name for path in folder.path.iterdir()} == kept
