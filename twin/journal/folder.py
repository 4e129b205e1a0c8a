"""A run folder: names of its files, atomic writing, and reading with errors that say what to do."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from twin.errors import RunFolderError

MANIFEST: Final = "manifest.json"
SUMMARY: Final = "summary.json"
JOURNAL: Final = "journal.wal"
MESSAGES: Final = "messages.parquet"
CONTROL: Final = "control.parquet"
SOLVES: Final = "solves.parquet"
METRICS: Final = "metrics.parquet"
ATTRIBUTION: Final = "attribution.parquet"
FIGURE: Final = "secrecy.png"

SCHEMA: Final = 1
"""Version of what the files of a run folder mean; every table carries it, and the manifest of a run that ended."""

_TEMPORARY: Final = re.compile(r"\..+\.([1-9]\d*)\.tmp")  # see `write_atomically`
_SCHEMA_KEY: Final = b"run-folder-schema"


@dataclass(frozen=True)
class RunFolder:
    """The files of one run, at `path`."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "RunFolder":
        """Make the folder (and its parents). An existing one must be empty."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            occupied = any(path.iterdir())
        except FileExistsError as error:
            raise RunFolderError(f"{path}: is a file: a run needs a new or empty directory") from error
        except OSError as error:
            raise RunFolderError(f"{path}: cannot be made a run folder: {error.strerror}") from error
        if occupied:
            raise RunFolderError(f"{path}: is not empty: a run needs a new or empty directory")
        if not os.access(path, os.W_OK | os.X_OK):
            raise RunFolderError(f"{path}: is not writable: a run needs a directory that it can write to")
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run folder: a directory that holds a manifest or a journal."""
        if not path.is_dir():
            raise RunFolderError(f"{path}: is not a directory: a run folder is needed")
        if not (path / MANIFEST).exists() and not (path / JOURNAL).exists():
            raise RunFolderError(f"{path}: is not a run folder: it holds no {MANIFEST} and no {JOURNAL}")
        return cls(path)

    @property
    def manifest_path(self) -> Path:
        """Resolved scenario, seed, versions, digest."""
        return self.path / MANIFEST

    @property
    def summary_path(self) -> Path:
        """The numbers that the terminal shows."""
        return self.path / SUMMARY

    @property
    def journal_path(self) -> Path:
        """Every fact of the run, as it was decided."""
        return self.path / JOURNAL

    @property
    def messages_path(self) -> Path:
        """One row per message."""
        return self.path / MESSAGES

    @property
    def control_path(self) -> Path:
        """One row per application of a precoder."""
        return self.path / CONTROL

    @property
    def solves_path(self) -> Path:
        """One row per solve."""
        return self.path / SOLVES

    @property
    def metrics_path(self) -> Path:
        """One row per instant of the metric grid and user."""
        return self.path / METRICS

    @property
    def attribution_path(self) -> Path:
        """One row per instant whose loss was divided among the legs of the control loop."""
        return self.path / ATTRIBUTION

    @property
    def figure_path(self) -> Path:
        """Secrecy rates and age of the CSI over time, as a picture."""
        return self.path / FIGURE

    def sweep(self) -> None:
        """Remove what processes that were killed while they wrote a file have left of it."""
        for path in self.path.iterdir():
            found = _TEMPORARY.fullmatch(path.name)
            if found is not None and not _lives(int(found[1])):
                path.unlink(missing_ok=True)

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Write manifest.json atomically; NaN is an error."""
        _write_json(self.manifest_path, manifest)

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write summary.json atomically; NaN is an error."""
        _write_json(self.summary_path, summary)

    def read_manifest(self) -> dict[str, Any]:
        """The manifest."""
        return _read_json(self.manifest_path)

    def read_summary(self) -> dict[str, Any]:
        """The summary."""
        return _read_json(self.summary_path)

    def write_table(self, path: Path, table: pa.Table) -> None:
        """Write one table as Parquet (zstd), atomically."""
        marked = table.replace_schema_metadata(_marked(table.schema).metadata)
        write_atomically(path, lambda temporary: write_parquet(temporary, marked))

    def write_parts(self, path: Path, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
        """Write one table that comes in parts, none of which is kept, in the same way; each is a row group."""

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file, pq.ParquetWriter(file, _marked(schema), compression="zstd") as writer:
                for part in parts:
                    writer.write_table(part)

        write_atomically(path, write)

    def read_table(self, path: Path) -> pa.Table:
        """One table; a missing, truncated or foreign file is a RunFolderError that says how to get it back."""
        with self._reading(path), arrow_file(path) as file:
            table = pq.read_table(file, partitioning=None)
        self._check(path, table.schema)
        return table

    def read_parts(self, path: Path, names: Sequence[str]) -> Iterator[pa.Table]:
        """Some columns of one table, a row group at a time; errors are the same."""
        with self._reading(path), arrow_file(path) as file, pq.ParquetFile(file) as parts:
            self._check(path, parts.schema_arrow)
            self.require_columns(path, parts.schema_arrow, names)
            for place in range(parts.num_row_groups):
                yield parts.read_row_group(place, columns=list(names))

    @contextlib.contextmanager
    def _reading(self, path: Path) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise RunFolderError(f"{path} is missing; run: run-twin recover {self.path}") from error
        except PermissionError as error:
            raise RunFolderError(f"{path}: cannot be read: Permission denied") from error
        except (pa.ArrowException, OSError) as error:
            raise RunFolderError(f"{path} is truncated; run: run-twin recover {self.path}") from error

    def require_columns(self, path: Path, schema: pa.Schema, names: Iterable[str]) -> None:
        """Check that the table at `path`, of this schema, has some columns; else a RunFolderError names the first."""
        if missing := [name for name in names if name not in schema.names]:
            raise RunFolderError(f"{path} has no column {missing[0]}; run: run-twin recover {self.path}")

    def _check(self, path: Path, schema: pa.Schema) -> None:
        found = (schema.metadata or {}).get(_SCHEMA_KEY, b"none").decode(errors="replace")
        if found != str(SCHEMA):
            raise RunFolderError(
                f"{path}: schema version={found}: this program reads {SCHEMA}; run: run-twin recover {self.path}"
            )


def arrow_file(path: Path) -> pa.OSFile:
    """A file for Arrow to read by itself, whatever bytes its name has.

    One of Python's would be let go by Arrow's own threads, which take the interpreter's lock for it: where that falls
    into the end of a short program the C++ runtime aborts it (exit code 134).
    """
    return pa.OSFile(os.fsencode(path), "rb")


def _marked(schema: pa.Schema) -> pa.Schema:
    """A schema that says of which version its table is."""
    return schema.with_metadata({**(schema.metadata or {}), _SCHEMA_KEY: str(SCHEMA)})


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it there: readers see all of it or none."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        # Where it cannot be removed it could not be written: that error is the one to tell.
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table as Parquet (zstd)."""
    # Of a path pyarrow makes UTF-8, which those bytes of a name that are not text to this locale do not survive.
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    try:
        text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise RunFolderError(f"{path}: {error}: only finite JSON values are allowed") from error
    write_atomically(path, lambda temporary: _write_text(temporary, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(f"{text}\n", encoding="utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunFolderError(f"{path} is missing; run: run-twin recover {path.parent}") from error
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"{path} is not JSON; run: run-twin recover {path.parent}") from error
    if not isinstance(content, dict):
        raise RunFolderError(f"{path}: must be a JSON object")
    return content
