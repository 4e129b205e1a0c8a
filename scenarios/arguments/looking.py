"""`recover`, `report`, `story`, `trace`: a run folder and what can be seen in it."""

import argparse
from pathlib import Path
from typing import Final

from scenarios.arguments.shared import Command, count

MAX_ID: Final = 2**63 - 1


def add(command: Command) -> None:
    """Add these commands."""
    _add_folder(command("recover", _recover, "rebuild a run folder from its journal"))
    _add_folder(command("report", _report, "write the page of a run folder again, from its tables"))
    _add_story(command("story", _story, "tell how one precoder version came to be, hop by hop"))
    _add_trace(command("trace", _trace, "export a run for Perfetto, as a Mermaid diagram or as CSV"))


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the run folder")


def _add_story(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    parser.add_argument(
        "version", metavar="VERSION", help="a version, or: worst, median (by age at application), last-lost"
    )
    parser.add_argument("--transmitter", metavar="NAME", help="the precoder of this transmitter alone")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the story as JSON, times in ns")


def _add_trace(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    formats = ("perfetto", "mermaid", "csv")
    parser.add_argument("--format", choices=formats, required=True, dest="kind", help="what to write")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="where to (default: standard output; of perfetto DIR/trace.pftrace)"
    )
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--cycle", metavar="N", type=count(0, MAX_ID), dest="number", help="one control cycle")
    part.add_argument("--version", metavar="V", dest="which", help="one precoder, named as in story")


def _recover(options: argparse.Namespace) -> int:
    from scenarios.commands.recover import recover

    return recover(options.folder)


def _story(options: argparse.Namespace) -> int:
    from scenarios.commands.story import story

    return story(options.folder, options.version, options.transmitter, as_json=options.as_json)


def _trace(options: argparse.Namespace) -> int:
    from scenarios.commands.trace import trace

    return trace(options.folder, options.kind, options.out, options.number, options.which)


def _report(options: argparse.Namespace) -> int:
    from scenarios.commands.report import report

    return report(options.folder)
