"""The write-ahead record of a run: every fact reaches the disk before the kernel acts upon it.

File layout, integers little-endian:

    magic "TWINWAL" + version (1 byte)
    then records:  length (u32)  CRC-32 (u32)  payload (MessagePack, `records`)

A record's CRC covers its length and payload and continues from the CRC before it, the first from that of the
header: a record that was moved, repeated or left out breaks the chain as surely as a flipped bit. `record`
only fills a buffer in memory; `commit` hands it over in one write(2), so a process that is killed loses
nothing that was acted upon, and what it leaves is always a readable prefix (`reader`).

A journal that exists is gone on with after a `cut`: `resume` says where.

Nothing is hashed here: the digests of a run are those of what its journal says (`reader`).
"""

import fcntl
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from zlib import crc32

from twin.errors import RunFolderError
from twin.journal.facts import MAX_RECORD, Closed, Fact, Opened
from twin.journal.records import encode_fact

MAGIC: Final = b"TWINWAL"
VERSION: Final = 2
HEADER: Final = MAGIC + bytes([VERSION])
LENGTH: Final = struct.Struct("<I")


def chained_crc(previous: int, length: bytes, payload: bytes) -> int:
    """CRC-32 of a record that follows a record with CRC `previous`."""
    return crc32(payload, crc32(length, previous))


class Journal:
    """Records facts in a file."""

    def __init__(self, path: Path, manifest: dict[str, Any] | None) -> None:
        """A new journal; without a manifest, one that exists, as it is: `cut` says after which record it goes on.

        Raises:
            RunFolderError: the file cannot be written, or another process is writing to it.
        """
        self._path = path
        self._buffer = bytearray()
        self._crc = crc32(HEADER)
        self._open = True
        self._fd = -1
        if manifest is not None:
            self._buffer += HEADER
            self.record(Opened(manifest))
        self._fd = _reopen(path) if manifest is None else _create(path)
        self.commit()

    def cut(self, end: int, crc: int) -> None:
        """Go on after the record that ends at byte `end` and has this CRC; what is behind it is lost."""
        try:
            os.ftruncate(self._fd, end)
        except OSError as error:
            raise RunFolderError(f"{self._path}: cannot be cut: {error.strerror}") from error
        self._crc = crc

    @property
    def live(self) -> bool:
        """Whether facts come about for the first time: always, but see `Resumption`."""
        return True

    def record(self, fact: Fact) -> None:
        """Add a fact to the buffer."""
        if not self._open:
            raise RunFolderError(f"{self._path}: the journal is closed: no fact can follow")
        payload = encode_fact(fact)
        if len(payload) > MAX_RECORD:
            raise RunFolderError(f"{self._path}: fact of {len(payload)} bytes: must be at most {MAX_RECORD}")
        length = LENGTH.pack(len(payload))
        self._crc = chained_crc(self._crc, length, payload)
        self._buffer += length + LENGTH.pack(self._crc) + payload

    def commit(self) -> None:
        """Write the buffer in one write(2); more only where the system took a part of it."""
        if self._fd < 0 or not self._buffer:
            return
        rest, self._buffer = memoryview(self._buffer), bytearray()
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            self._drop()
            raise RunFolderError(f"{self._path}: cannot be written: {error.strerror}") from error

    def close(self, closed: Closed) -> None:
        """Record the last fact, make the file durable, and let go of it."""
        self.record(closed)
        self.commit()
        try:
            if self._fd >= 0:
                os.fsync(self._fd)
        except OSError as error:
            raise RunFolderError(f"{self._path}: cannot be made durable: {error.strerror}") from error
        finally:
            self._drop()

    def _drop(self) -> None:
        self._open = False
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what was recorded; a journal that was not closed reads as one of an interrupted run."""
        if self._open:
            self.commit()
            self._drop()


def _create(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
    try:
        return _claimed(os.open(path, flags, 0o644), path)
    except FileExistsError as error:
        raise RunFolderError(f"{path}: holds a journal already: a run never overwrites one") from error
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be created: {error.strerror}") from error


def _reopen(path: Path) -> int:
    try:
        return _claimed(os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)), path)
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be written: {error.strerror}") from error


def _claimed(fd: int, path: Path) -> int:
    """The file, locked for as long as it is open: two processes that write to one journal would spoil it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise RunFolderError(f"{path}: another process is writing to it: the run is still going on") from error
    except OSError:
        pass  # a file system that knows no locks
    return fd
