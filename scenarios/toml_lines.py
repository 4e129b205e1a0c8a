"""On which line of a TOML file a key stands. The parser does not say, so it is asked piece by piece."""

import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

_LONGEST_STATEMENT = 500  # lines; a longer one is not worth its quadratic search


def line_of(text: str, path: Path) -> int | None:
    """The line, from 1, of the statement that sets `path` or the nearest section around it; None for none.

    `text` must be valid TOML. A statement (a header or `key = value`) is the shortest run of lines that
    parses: one that is cut inside of brackets or of a long string does not.
    """
    table: Path = ()
    lengths: dict[Path, int] = {}
    best, best_line = 0, None
    for line, parsed, header in _statements(text):
        if header:
            table = _header_path(parsed, lengths)
            found = table
        else:
            found = _deepest(parsed, table, path)
        if found == path[: len(found)] and len(found) > best:
            best, best_line = len(found), line
    return best_line


def _statements(text: str) -> Iterator[tuple[int, dict[str, Any], bool]]:
    start, held = 1, ""
    for number, line in enumerate(text.split("\n"), 1):
        if not held:
            start = number
        if number - start > _LONGEST_STATEMENT:
            return
        held += line + "\n"
        try:
            parsed = tomllib.loads(held)
        except (ValueError, RecursionError):
            continue
        if parsed:
            yield start, parsed, held.lstrip().startswith("[")
        held = ""


def _header_path(parsed: dict[str, Any], lengths: dict[Path, int]) -> Path:
    """The path of a `[table]`, or of the new item of an `[[array]]`, with indices counted in `lengths`."""
    path: Path = ()
    inner: Any = parsed
    while inner:
        if isinstance(inner, list):
            lengths[path] = lengths.get(path, 0) + 1
            return (*path, lengths[path] - 1)
        if path in lengths:
            path = (*path, lengths[path] - 1)
        key = next(iter(inner))
        path, inner = (*path, key), inner[key]
    return path


def _deepest(parsed: dict[str, Any], table: Path, path: Path) -> Path:
    """How far into `path` the one statement `parsed` of `table` reaches."""
    if table != path[: len(table)]:
        return ()
    found: Path = table
    inner: Any = parsed
    for part in path[len(table) :]:
        try:
            inner = inner[part]
        except (KeyError, IndexError, TypeError):
            break
        found = (*found, part)
    return found
