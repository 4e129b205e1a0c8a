"""`recover`, `story`, `trace`: a run folder and what can be seen in it."""

import argparse
from pathlib import Path

from scenarios.arguments.shared import Command


def add(command: Command) -> None:
    """Add these commands."""
    _add_folder(command("recover", _recover, "rebuild a run folder from its journal"))
    _add_story(command("story", _story, "tell how one precoder version came to be, hop by hop"))


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the run folder")


def _add_story(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    parser.add_argument(
        "version", metavar="VERSION", help="a version, or: worst, median (by age at application), last-lost"
    )
    parser.add_argument("--transmitter", metavar="NAME", help="the precoder of this transmitter alone")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the story as JSON, times in ns")


def _recover(options: argparse.Namespace) -> int:
    from scenarios.commands.recover import recover

    return recover(options.folder)


def _story(options: argparse.Namespace) -> int:
    from scenarios.commands.story import story

    return story(options.folder, options.version, options.transmitter, as_json=options.as_json)
