"""`trace`: a run, a control cycle or one precoder for Perfetto, Mermaid or as CSV."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scenarios.terminal import Output, grouped
from twin.errors import UsageError
from twin.journal.folder import RunFolder, write_atomically
from twin.journal.tables import read_tables
from twin.report.run_end import end_of_run_ns
from twin.report.selection import Selection, cycle, version, whole_run
from twin.report.trace_csv import csv_trace
from twin.report.trace_mermaid import mermaid_trace
from twin.report.trace_perfetto import write_perfetto

PERFETTO_FILE: Final = "trace.pftrace"
_HOW: Final = {
    "perfetto": "open it in ui.perfetto.dev",
    "mermaid": "paste it where Mermaid is drawn",
    "csv": "times in ns",
}


def trace(path: Path, kind: str, out: Path | None, number: int | None, which: str | None) -> int:
    """Export a run folder. Text goes to standard output unless `out` says where to; Perfetto always makes a file.

    Raises:
        UsageError: no run folder, damaged tables, a cycle or version that never was, or too much for a diagram.
    """
    selection = select(path, number, which)
    if kind == "perfetto":
        out = path / PERFETTO_FILE if out is None else out
    if out is None:
        for piece in _text(selection, kind):
            sys.stdout.write(piece)
        return 0
    _write(out, selection, kind)
    console = Output(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(f"{selection.name}, {grouped(selection.messages.num_rows)} messages")
    console.print(f"look  {out}  ({_HOW[kind]})")
    return 0


def _text(selection: Selection, kind: str) -> Iterator[str]:
    return csv_trace(selection) if kind == "csv" else iter([mermaid_trace(selection)])


def _write(out: Path, selection: Selection, kind: str) -> None:
    """Write a file whole or not at all. A link, a pipe or a device is written to: it must not be replaced."""
    if not out.is_symlink() and (out.is_file() or not out.exists()):
        write_atomically(out, lambda temporary: _write_file(temporary, selection, kind))
        return
    try:
        _write_file(out, selection, kind)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from error


def _write_file(path: Path, selection: Selection, kind: str) -> None:
    with path.open("wb") as file:
        if kind == "perfetto":
            write_perfetto(selection, file)
        else:
            file.writelines(piece.encode() for piece in _text(selection, kind))


def select(path: Path, number: int | None, which: str | None) -> Selection:
    """What of the run folder is asked for: a cycle, a version, or all of it."""
    folder = RunFolder.open(path)
    tables = read_tables(folder)
    end_ns = end_of_run_ns(folder, tables)
    if number is not None:
        return cycle(tables, end_ns, number)
    return whole_run(tables, end_ns) if which is None else version(tables, end_ns, which)
