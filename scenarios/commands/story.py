"""`story`: how one precoder version came to be, from the run folder's tables."""

import json
import sys
from pathlib import Path
from typing import Final

from rich.text import Text

from scenarios.terminal import Output
from twin.errors import UsageError
from twin.journal.folder import RunFolder
from twin.journal.tables import read_tables
from twin.report.run_end import end_of_run_ns
from twin.report.solves import find_solve
from twin.report.story import Story, tell
from twin.report.story_text import Style, story_json, story_lines

_LOOKS: Final = {
    Style.TITLE: "bold",
    Style.HEAD: "dim",
    Style.PLAIN: "",
    Style.CRITICAL: "bold",
    Style.DETAIL: "dim",
    Style.FAILURE: "red",
}


def story(path: Path, version: str, transmitter: str | None, *, as_json: bool) -> int:
    """Tell the story of a version (a number, or a name of `twin.report.solves`) of a run folder."""
    told = read_story(path, version, transmitter)
    if as_json:
        sys.stdout.write(json.dumps(story_json(told), indent=2, allow_nan=False) + "\n")
        return 0
    console = Output(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in story_lines(told):
        console.print(Text(line.text, style=_LOOKS[line.style]))
    console.print()
    console.print(f"look  {path / told.link}")
    return 0


def read_story(path: Path, version: str, transmitter: str | None) -> Story:
    """The story in a run folder.

    Raises:
        UsageError: no run folder, damaged tables, a version that never was, or a transmitter without a part in it.
    """
    folder = RunFolder.open(path)
    tables = read_tables(folder)
    told = tell(tables, find_solve(tables, version), end_of_run_ns(folder, tables), transmitter)
    if transmitter is not None and not told.deliveries:
        known = tell(tables, told.solve, 0).deliveries
        names = ", ".join(each.transmitter for each in known) or "none: this version sent no precoder"
        raise UsageError(f"transmitter={transmitter}: must be one of {names}")
    return told
