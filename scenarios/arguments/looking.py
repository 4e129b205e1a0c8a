"""`recover`, `report`: a run folder and what can be seen in it."""

import argparse
from pathlib import Path

from scenarios.arguments.shared import Command


def add(command: Command) -> None:
    """Add these commands."""
    _add_folder(command("recover", _recover, "rebuild a run folder from its journal"))
    _add_folder(command("report", _report, "write the page of a run folder again, from its tables"))


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the run folder")


def _recover(options: argparse.Namespace) -> int:
    from scenarios.commands.recover import recover

    return recover(options.folder)


def _report(options: argparse.Namespace) -> int:
    from scenarios.commands.report import report

    return report(options.folder)
