"""Reading a journal back: whole, cut short, damaged, and not a journal at all."""

import pytest

from twin.errors import RunFolderError
from twin.journal.digest import digests_of
from twin.journal.facts import Opened
from twin.journal.journal import Journal
from twin.journal.reader import parse_journal, read_journal, require
from twin.journal.unwritten import Unwritten

MANIFEST = {"seed": 1, "scenario": {"scenario": {"name": "tiny"}}, "reproducible": True}


@pytest.fixture
def path(tmp_path, story, closed):
    path = tmp_path / "journal.wal"
    with Journal(path, MANIFEST) as journal:
        for fact in story:
            journal.record(fact)
        journal.close(closed)
    return path


def record_ends(data):
    """Where each record ends, read off the lengths alone."""
    ends, start = [], 8
    while start < len(data):
        start += 8 + int.from_bytes(data[start : start + 4], "little")
        ends.append(start)
    return ends


def test_whole_journal(path, story, closed):
    read = read_journal(path)
    assert list(read.facts) == [Opened(MANIFEST), *story, closed]
    assert read.closed == closed
    assert read.manifest == MANIFEST
    assert not read.truncated
    assert read.bytes_good == path.stat().st_size


def test_digests_of_what_was_read_are_those_of_the_run(path, story):
    journal = Unwritten()
    for fact in story:
        journal.record(fact)
    read = read_journal(path)
    for again in (read.digests, digests_of(read.facts)):
        assert again.digest() == journal.digest()
        assert again.digest_events() == journal.digest_events()


def test_cut_at_every_record_boundary_is_a_killed_run_and_not_truncated(path, story):
    data = path.read_bytes()
    facts = [Opened(MANIFEST), *story]
    for count, end in enumerate(record_ends(data)[:-1], start=1):
        read = parse_journal(data[:end], "wal")
        assert list(read.facts) == facts[:count]
        assert not read.truncated
        assert read.closed is None


def test_cut_inside_a_record_is_truncated(path, story):
    data = path.read_bytes()
    for end in record_ends(data):
        read = parse_journal(data[: end - 1], "wal")
        assert read.truncated
        assert list(parse_journal(data[: read.bytes_good], "wal").facts) == list(read.facts)


@pytest.mark.parametrize("length", range(8))
def test_cut_inside_the_header_holds_no_facts(path, length):
    read = parse_journal(path.read_bytes()[:length], "wal")
    assert list(read.facts) == []
    assert read.truncated
    assert read.manifest == {}


def test_records_in_another_order_break_the_chain(path, story):
    data = path.read_bytes()
    first, second, third = record_ends(data)[1:4]
    swapped = data[:first] + data[second:third] + data[first:second] + data[third:]
    read = parse_journal(swapped, "wal")
    assert list(read.facts) == [Opened(MANIFEST), story[0]]
    assert read.truncated


def test_record_that_occurs_twice_breaks_the_chain(path, story):
    data = path.read_bytes()
    first, second = record_ends(data)[1:3]
    read = parse_journal(data[:second] + data[first:], "wal")
    assert list(read.facts) == [Opened(MANIFEST), *story[:2]]
    assert read.truncated


def test_bytes_after_the_end_are_left_aside(path, closed):
    read = parse_journal(path.read_bytes() + b"more", "wal")
    assert read.closed == closed
    assert read.truncated


def test_zeros_after_a_crash_of_the_file_system_are_left_aside(path):
    end = record_ends(path.read_bytes())[2]
    read = parse_journal(path.read_bytes()[:end] + bytes(4096), "wal")
    assert len(list(read.facts)) == 3
    assert read.bytes_good == end


def test_manifest_that_can_repeat_the_run_is_taken(path):
    require(read_journal(path).manifest, path)


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        ({"a": 1}, "scenario is missing: must be of type dict"),
        (MANIFEST | {"scenario": [1]}, "scenario is of type list: must be of type dict"),
        (MANIFEST | {"scenario": {}}, "scenario.scenario is missing: must be of type dict"),
        (
            MANIFEST | {"scenario": {"scenario": {"name": 1}}},
            "scenario.scenario.name is of type int: must be of type str",
        ),
        ({"scenario": MANIFEST["scenario"]}, "seed is missing: must be of type int"),
        (MANIFEST | {"seed": "1"}, "seed is of type str: must be of type int"),
        (MANIFEST | {"seed": True}, "seed is of type bool: must be of type int"),
        (MANIFEST | {"reproducible": None}, "reproducible is of type NoneType: must be of type bool"),
    ],
)
def test_manifest_that_cannot_is_one_clear_line(tmp_path, manifest, complaint):
    path = tmp_path / "journal.wal"
    with Journal(path, manifest):
        pass
    with pytest.raises(RunFolderError) as raised:
        require(read_journal(path).manifest, path)
    assert str(raised.value) == f"{path}: manifest key {complaint}"


def test_missing_file(tmp_path):
    with pytest.raises(RunFolderError, match=r"absent\.wal: is missing"):
        read_journal(tmp_path / "absent.wal")


def test_folder_in_place_of_the_file(tmp_path):
    with pytest.raises(RunFolderError, match="cannot be read: Is a directory"):
        read_journal(tmp_path)


def test_foreign_file(tmp_path):
    path = tmp_path / "journal.wal"
    path.write_bytes(b"PAR1 and so on")
    with pytest.raises(RunFolderError, match="is not a journal of this program"):
        read_journal(path)


def test_journal_of_another_version(path):
    data = path.read_bytes()
    with pytest.raises(RunFolderError, match="wal: journal version=1: must be 2"):
        parse_journal(data[:7] + b"\x01" + data[8:], "wal")
