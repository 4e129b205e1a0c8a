"""`recover`: a run folder and what can be seen in it."""

import argparse
from pathlib import Path

from scenarios.arguments.shared import Command


def add(command: Command) -> None:
    """Add these commands."""
    _add_folder(command("recover", _recover, "rebuild a run folder from its journal"))


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the run folder")


def _recover(options: argparse.Namespace) -> int:
    from scenarios.commands.recover import recover

    return recover(options.folder)
