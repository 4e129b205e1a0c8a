"""Reading a journal back: every prefix of the file reads as a prefix of the facts.

A journal may be larger than memory: it is scanned once when it is opened, and its facts are read from the file again
by whoever asks for them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from io import SEEK_END, BytesIO
from operator import getitem
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple
from zlib import crc32

from twin.errors import RunFolderError
from twin.journal.digest import Digests, digests_of
from twin.journal.facts import MAX_RECORD, Applied, Closed, Ended, Fact, Opened
from twin.journal.journal import HEADER, LENGTH, MAGIC, VERSION, chained_crc
from twin.journal.records import decode_fact

_HEAD = 2 * LENGTH.size
REQUIRED: Final[dict[str, type]] = {
    "scenario": dict,
    "scenario.scenario": dict,
    "scenario.scenario.name": str,
    "seed": int,
    "reproducible": bool,
}
"""Keys of a manifest, and their types, without which a run can't be recovered."""


class Record(NamedTuple):
    """A good record: its fact and its bytes, where it ends in the file, and the CRC that the next one continues."""

    fact: Fact
    payload: bytes
    end: int
    crc: int


class Facts:
    """The good facts of a journal, read from it anew by every iteration."""

    def __init__(self, opened: Callable[[], BinaryIO]) -> None:
        """Of what `opened` opens: the bytes of a journal from its beginning."""
        self._opened = opened

    def __iter__(self) -> Iterator[Fact]:
        with self._opened() as file:
            for record in records_of(file):
                yield record.fact


@dataclass(frozen=True, slots=True)
class JournalRead:
    """What a journal holds.

    `truncated` says that bytes after the last good record were left aside: `bytes_good` bytes were read. A
    run that was killed between two writes leaves a journal that is not truncated and has no `closed`. `last_ns` is
    the last instant at which something was applied or ended.
    """

    facts: Facts
    truncated: bool
    closed: Closed | None
    manifest: dict[str, Any]
    bytes_good: int
    digests: Digests
    last_ns: int


def read_journal(path: Path) -> JournalRead:
    """All facts up to the first partial or broken record; a missing or foreign file is a RunFolderError."""
    try:
        return _scan(lambda: path.open("rb"), str(path))
    except FileNotFoundError as error:
        raise RunFolderError(f"{path}: is missing: there is nothing to recover the run from") from error
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read: {error.strerror}") from error


def parse_journal(data: bytes, name: str) -> JournalRead:
    """The same for the bytes of a journal; `name` is what errors call it."""
    return _scan(lambda: BytesIO(data), name)


def require(manifest: dict[str, Any], path: Path, required: Mapping[str, type] = REQUIRED) -> None:
    """Check that the manifest of the journal at `path` says how to repeat the run.

    Raises:
        RunFolderError: a key that is required is missing or of another type.
    """
    for key, kind in required.items():
        *sections, last = key.split(".")
        table = reduce(getitem, sections, manifest)
        if type(table.get(last)) is not kind:
            found = f"of type {type(table[last]).__name__}" if last in table else "missing"
            raise RunFolderError(f"{path}: manifest key {key} is {found}: must be of type {kind.__name__}")


class _Tally:
    """Passes the facts of a file on, once, and keeps what a scan is after."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.good = 0
        self.first: Fact | None = None
        self.last: Fact | None = None
        self.last_ns = 0

    def __iter__(self) -> Iterator[Fact]:
        for fact, _, good, _ in records_of(self._file):
            self.good = good
            self.first = self.first or fact
            self.last = fact
            if type(fact) is Ended or type(fact) is Applied:
                self.last_ns = max(self.last_ns, fact.t_ns)
            yield fact


def _scan(opened: Callable[[], BinaryIO], name: str) -> JournalRead:
    with opened() as file:
        size = file.seek(0, SEEK_END)
        file.seek(0)
        head = file.read(len(HEADER))
        check_header(name, head)
        file.seek(0)
        tally = _Tally(file)
        digests = digests_of(tally)
    good = max(tally.good, len(HEADER) if len(head) == len(HEADER) else 0)
    return JournalRead(
        facts=Facts(opened),
        truncated=good < max(size, len(HEADER)),
        closed=tally.last if isinstance(tally.last, Closed) else None,
        manifest=tally.first.manifest if isinstance(tally.first, Opened) else {},
        bytes_good=good,
        digests=digests,
        last_ns=tally.last_ns,
    )


def check_header(name: str, head: bytes) -> None:
    """Check that a file which begins so is a journal that this program reads, or the beginning of one."""
    if not MAGIC.startswith(head[: len(MAGIC)]):
        raise RunFolderError(f"{name}: is not a journal of this program")
    if len(head) == len(HEADER) and head != HEADER:
        raise RunFolderError(f"{name}: journal version={head[-1]}: must be {VERSION}")


def records_of(file: BinaryIO) -> Iterator[Record]:
    """The good records of a journal that is open at its beginning."""
    start, crc = len(HEADER), crc32(HEADER)
    opened = False
    file.read(start)
    while len(head := file.read(_HEAD)) == _HEAD:
        length = head[: LENGTH.size]
        (size,) = LENGTH.unpack(length)
        if size > MAX_RECORD:
            return
        payload = file.read(size)
        crc = chained_crc(crc, length, payload)
        if len(payload) < size or crc != LENGTH.unpack_from(head, LENGTH.size)[0]:
            return
        try:
            fact = decode_fact(payload)
        except RunFolderError:
            return
        # The first record, and only the first, opens the run; nothing follows the last.
        if (type(fact) is Opened) == opened:
            return
        opened = True
        start += _HEAD + size
        yield Record(fact, payload, start, crc)
        if type(fact) is Closed:
            return
