"""A study's folder: manifest.json, one Parquet file in parts/ per finished chunk, and what is made of them.

Parts are written atomically and never changed, so a study that is killed goes on where it was. Which points
went into which part depends on how the work was shared out; the merged results do not.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.studies.framework import Study
from scenarios.studies.grid import Point, Row
from scenarios.values import shortened
from twin.errors import RunFolderError
from twin.journal.folder import arrow_file, write_atomically, write_parquet

MANIFEST: Final = "manifest.json"
PARTS: Final = "parts"
RESULTS: Final = "results.parquet"
RESERVED: Final = ("point", "row", "seed")
"""Columns of every results table beside parameters and results: the point's key, the row in it, the seed."""


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """The files of one study, at `path`."""

    path: Path
    study: Study

    @classmethod
    def open(cls, path: Path, study: Study, manifest: Mapping[str, Any]) -> "StudyFolder":
        """The folder of this study, made if need be; `manifest` is written, with name and version in front.

        A directory with other content, of another study or of another version (of the study, or of any package
        named under "versions") is refused: their rows do not mix.
        """
        folder = cls(path, study)
        content = {"study": study.name, "version": study.version, **manifest}
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"{path}: is a file: a study needs a directory")
        if path.is_dir() and any(path.iterdir()):
            _check_same(path, _read_manifest(path), content)
        try:
            (path / PARTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{path}: cannot be made a study's folder: {error.strerror}") from error
        text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
        # A folder's name may hold bytes that are no text here; what Python makes of them JSON can only escape.
        folder.write(MANIFEST, f"{text}\n".encode(errors="backslashreplace"))
        return folder

    def write(self, name: str, content: bytes) -> Path:
        """Write one file of the folder atomically; its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda temporary: _write_bytes(temporary, content))
        return path

    def write_part(self, rows_of: Sequence[tuple[Point, list[Row]]]) -> None:
        """Keep the rows of finished points."""
        keys = [self.study.key(point) for point, _ in rows_of]
        name = hashlib.blake2b("".join(keys).encode(), digest_size=16).hexdigest()
        rows = [
            _full_row(point, key, index, row)
            for key, (point, point_rows) in zip(keys, rows_of, strict=True)
            for index, row in enumerate(point_rows)
        ]
        if any(row.keys() != rows[0].keys() for row in rows):
            raise ValueError(f"columns={sorted(rows[0])}: must be the same in every row of a study")
        table = pa.Table.from_pylist(rows)
        path = self.path / PARTS / f"{name}.parquet"
        write_atomically(path, lambda temporary: write_parquet(temporary, table))

    def finished(self) -> set[str]:
        """Keys of the points whose rows are there."""
        keys: set[str] = set()
        for path in self._part_paths():
            keys.update(_read_part(path, ["point"])["point"].unique().to_pylist())
        return keys

    def results(self, points: Sequence[Point]) -> pa.Table:
        """The rows of these points in their order, whatever the order in which they were computed.

        Points that are not there yet have no rows; rows of other points (another number of seeds, another grid)
        are left out.
        """
        position = {self.study.key(point): index for index, point in enumerate(points)}
        parts = [_read_part(path) for path in self._part_paths()]
        if not parts:
            raise RunFolderError(f"{self.path}: holds no results yet: run the study")
        try:
            table = pa.concat_tables(parts, promote_options="permissive")
        except pa.ArrowException as error:
            raise RunFolderError(f"{self.path / PARTS}: files do not go together: take another folder") from error
        places = np.array([position.get(key, -1) for key in table["point"].to_pylist()])
        rows = table["row"].to_numpy()
        order = np.lexsort((rows, places))
        order = order[places[order] >= 0]
        # Two processes that shared a folder may both have computed a point, with the same rows.
        again = (np.diff(places[order]) == 0) & (np.diff(rows[order]) == 0)
        return table.take(np.delete(order, np.flatnonzero(again) + 1)).combine_chunks()

    def write_results(self, table: pa.Table) -> Path:
        """Write the merged results."""
        path = self.path / RESULTS
        write_atomically(path, lambda temporary: write_parquet(temporary, table))
        return path

    def _part_paths(self) -> list[Path]:
        return sorted((self.path / PARTS).glob("[0-9a-f]*.parquet"))


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _full_row(point: Point, key: str, index: int, row: Row) -> Row:
    head: Row = {"point": key, "row": index, "seed": point.seed, **point.parameters}
    taken = head.keys() & row.keys()
    if taken:
        raise ValueError(f"columns={sorted(taken)}: must differ from the parameters and from {', '.join(RESERVED)}")
    return head | row


def _read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        with arrow_file(path) as file:
            return pq.read_table(file, columns=columns, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise RunFolderError(f"{path}: cannot be read: delete it, and its points are computed again") from error


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunFolderError(f"{path}: is not a study's folder: it must be one, or new, or empty") from error
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError(f"{path / MANIFEST}: cannot be read: take another folder") from error
    return content if isinstance(content, dict) else {}


def _check_same(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for what in ("study", "version"):
        if found.get(what) != wanted[what]:
            label = "study" if what == "study" else "study version"
            value = shortened(str(found.get(what, "none")))
            raise RunFolderError(f"{path}: holds {label} {value}, not {wanted[what]}: take another folder")
    versions = found.get("versions")
    if versions != wanted.get("versions", versions):
        message = "holds rows made with other versions of Python or packages (see manifest.json): take another folder"
        raise RunFolderError(f"{path}: {message}")
