"""The journal as a file: its layout, its writes, and what happens when writing fails."""

import errno
import os
import struct
from zlib import crc32

import pytest

from twin.errors import RunFolderError
from twin.journal.facts import MAX_RECORD, Opened
from twin.journal.journal import Journal
from twin.journal.reader import read_journal
from twin.journal.records import encode_fact
from twin.journal.unwritten import Unwritten
from twin.wire.messages import Kind

MANIFEST = {"seed": 1}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.wal"


def test_layout_is_header_then_length_chained_crc_and_payload(path, story, closed):
    with Journal(path, MANIFEST) as journal:
        for fact in story:
            journal.record(fact)
        journal.close(closed)

    expected = b"TWINWAL\x02"
    crc = crc32(expected)
    for fact in [Opened(MANIFEST), *story, closed]:
        payload = encode_fact(fact)
        length = struct.pack("<I", len(payload))
        crc = crc32(length + payload, crc)
        expected += length + struct.pack("<I", crc) + payload
    assert path.read_bytes() == expected


def test_commit_is_one_write_and_nothing_is_written_before(path, story, closed, monkeypatch):
    journal = Journal(path, MANIFEST)
    before = path.read_bytes()
    writes = []
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: writes.append(len(data)) or real_write(fd, data))
    for fact in story:
        journal.record(fact)
    assert path.read_bytes() == before
    journal.commit()
    assert writes == [path.stat().st_size - len(before)]
    journal.commit()
    assert len(writes) == 1
    assert list(read_journal(path).facts) == [Opened(MANIFEST), *story]
    journal.close(closed)


def test_short_writes_are_continued(path, story, closed, monkeypatch):
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, data[:7]))
    with Journal(path, MANIFEST) as journal:
        for fact in story:
            journal.record(fact)
        journal.close(closed)
    assert list(read_journal(path).facts) == [Opened(MANIFEST), *story, closed]


def test_full_disk_is_one_clear_line_and_leaves_a_readable_prefix(path, story, monkeypatch):
    journal = Journal(path, MANIFEST)
    journal.record(story[0])
    journal.commit()
    journal.record(story[1])
    real_write = os.write
    room = [10]

    def write_until_full(fd, data):
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(fd, data[: room.pop()])

    monkeypatch.setattr(os, "write", write_until_full)
    with pytest.raises(RunFolderError, match=r"journal\.wal: cannot be written: No space left on device$"):
        journal.commit()
    with pytest.raises(RunFolderError, match="is closed"):
        journal.record(story[2])
    read = read_journal(path)
    assert list(read.facts) == [Opened(MANIFEST), story[0]]
    assert read.truncated


def test_close_makes_the_file_durable_after_the_last_write(path, closed, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    Journal(path, MANIFEST).close(closed)
    assert synced == [path.stat().st_size]


def test_failed_fsync_is_reported(path, closed, monkeypatch):
    def fail(_fd):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunFolderError, match="cannot be made durable: Input/output error"):
        Journal(path, MANIFEST).close(closed)


def test_nothing_follows_a_close(path, story, closed):
    journal = Journal(path, MANIFEST)
    journal.close(closed)
    with pytest.raises(RunFolderError, match="is closed"):
        journal.record(story[0])


def test_leaving_the_context_commits_and_tells_no_end(path, story):
    def run():
        with Journal(path, MANIFEST) as journal:
            journal.record(story[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    read = read_journal(path)
    assert list(read.facts) == [Opened(MANIFEST), story[0]]
    assert read.closed is None
    assert not read.truncated


def test_existing_journal_is_left_as_it_is(path):
    path.write_bytes(b"precious")
    with pytest.raises(RunFolderError, match=r"journal\.wal: holds a journal already"):
        Journal(path, MANIFEST)
    assert path.read_bytes() == b"precious"


def test_journal_in_a_missing_folder_says_why(tmp_path):
    with pytest.raises(RunFolderError, match="cannot be created: No such file"):
        Journal(tmp_path / "absent" / "journal.wal", MANIFEST)


def test_bad_manifest_leaves_no_file(path):
    with pytest.raises(RunFolderError, match="manifest"):
        Journal(path, {"x": float("nan")})
    assert not path.exists()


def test_oversized_fact_is_refused(path, story, sent, monkeypatch):
    assert MAX_RECORD == 2**24
    monkeypatch.setattr("twin.journal.journal.MAX_RECORD", len(encode_fact(story[0])))
    with Journal(path, {}) as journal:
        journal.record(story[0])
        with pytest.raises(RunFolderError, match="must be at most"):
            journal.record(sent(1, Kind.CSI, "uav", "edge:uav", 1, body=bytes(500)))
    assert list(read_journal(path).facts) == [Opened({}), story[0]]


def test_without_a_file_the_digests_are_those_of_the_file(path, story, closed):
    written, unwritten = Journal(path, MANIFEST), Unwritten()
    for fact in story:
        written.record(fact)
        unwritten.record(fact)
        unwritten.commit()
    written.close(closed)
    digests = read_journal(path).digests
    assert (unwritten.digest(), unwritten.digest_events()) == (digests.digest(), digests.digest_events())
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
