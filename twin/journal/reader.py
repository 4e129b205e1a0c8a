"""Reading a journal back: every prefix of the file reads as a prefix of the facts."""

from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from twin.errors import RunFolderError
from twin.journal.facts import MAX_RECORD, Closed, Fact, Opened
from twin.journal.journal import HEADER, LENGTH, MAGIC, VERSION, chained_crc
from twin.journal.records import decode_fact

_HEAD = 2 * LENGTH.size
_REQUIRED: Final[dict[str, type]] = {
    "scenario": dict,
    "scenario.scenario": dict,
    "scenario.scenario.name": str,
    "seed": int,
    "reproducible": bool,
}


@dataclass(frozen=True, slots=True)
class JournalRead:
    """What a journal holds.

    `truncated` says that bytes after the last good record were left aside: `bytes_good` bytes were read. A
    run that was killed between two writes leaves a journal that is not truncated and has no `closed`.
    """

    facts: list[Fact]
    truncated: bool
    closed: Closed | None
    manifest: dict[str, Any]
    bytes_good: int


def read_journal(path: Path) -> JournalRead:
    """All facts up to the first partial or broken record; a missing or foreign file is a RunFolderError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RunFolderError(f"{path}: is missing: there is nothing to recover the run from") from error
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_journal(data, str(path))


def parse_journal(data: bytes, name: str) -> JournalRead:
    """The same for the bytes of a journal; `name` is what errors call it."""
    _check_header(name, data[: len(HEADER)])
    facts, good = _read_records(data)
    first, last = (facts[0], facts[-1]) if facts else (None, None)
    return JournalRead(
        facts=facts,
        truncated=good < max(len(data), len(HEADER)),
        closed=last if isinstance(last, Closed) else None,
        manifest=first.manifest if isinstance(first, Opened) else {},
        bytes_good=good,
    )


def require(manifest: dict[str, Any], path: Path) -> None:
    """Check that the manifest of the journal at `path` says how to repeat the run.

    Raises:
        RunFolderError: a key that recovering needs is missing or of another type.
    """
    for key, kind in _REQUIRED.items():
        *sections, last = key.split(".")
        table = reduce(getitem, sections, manifest)
        if type(table.get(last)) is not kind:
            found = f"of type {type(table[last]).__name__}" if last in table else "missing"
            raise RunFolderError(f"{path}: manifest key {key} is {found}: must be of type {kind.__name__}")


def _check_header(name: str, head: bytes) -> None:
    if not MAGIC.startswith(head[: len(MAGIC)]):
        raise RunFolderError(f"{name}: is not a journal of this program")
    if len(head) == len(HEADER) and head != HEADER:
        raise RunFolderError(f"{name}: journal version={head[-1]}: must be {VERSION}")


def _read_records(data: bytes) -> tuple[list[Fact], int]:
    """The facts, and how many bytes they and the header take."""
    facts: list[Fact] = []
    start, crc = len(HEADER), crc32(HEADER)
    if len(data) < start:
        return facts, 0
    while start + _HEAD <= len(data):
        length = data[start : start + LENGTH.size]
        (size,) = LENGTH.unpack(length)
        end = start + _HEAD + size
        if size > MAX_RECORD or end > len(data):
            break
        payload = data[start + _HEAD : end]
        crc = chained_crc(crc, length, payload)
        if crc != LENGTH.unpack_from(data, start + LENGTH.size)[0]:
            break
        try:
            fact = decode_fact(payload)
        except RunFolderError:
            break
        # The first record, and only the first, opens the run; nothing follows the last.
        if isinstance(fact, Opened) == bool(facts):
            break
        facts.append(fact)
        start = end
        if isinstance(fact, Closed):
            break
    return facts, start
