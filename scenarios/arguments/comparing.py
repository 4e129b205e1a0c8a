"""`compare`: two folders side by side."""

import argparse
from pathlib import Path

from scenarios.arguments.shared import Command


def add(command: Command) -> None:
    """Add this command."""
    parser = command("compare", _compare, "what differs between two runs, or between two folders of one study")
    parser.add_argument("a", metavar="DIR", type=Path, help="a run folder, or a study's")
    parser.add_argument("b", metavar="DIR", type=Path, help="another one of the same kind")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print everything as JSON")


def _compare(options: argparse.Namespace) -> int:
    from scenarios.commands.compare import compare

    return compare(options.a, options.b, as_json=options.as_json)
