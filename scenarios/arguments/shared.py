"""Arguments that several commands take, and checks of what was typed."""

import argparse
from collections.abc import Callable
from typing import Final

from scenarios.load import DEFAULT_SCENARIO

MAX_SEED: Final = 2**63 - 1

Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
"""Adds a command: its name, what it calls, and what its help says."""


def add_scenario(parser: argparse.ArgumentParser, *, optional: bool) -> None:
    """The scenario, and settings on top of it."""
    scenario = parser.add_argument(
        "scenario", metavar="SCENARIO|FILE", help="a built-in name (see list), or the path of a .toml file"
    )
    if optional:
        scenario.nargs, scenario.default = "?", DEFAULT_SCENARIO
    add_settings(parser, "set one key, as in network.backhaul.latency_ms=20; may be repeated")


def add_settings(parser: argparse.ArgumentParser, text: str) -> None:
    """Settings on top of a scenario."""
    parser.add_argument("--set", dest="sets", metavar="PATH=VALUE", action="append", default=[], help=text)


def count(least: int, most: int) -> Callable[[str], int]:
    """A check for a whole number in [least, most]."""

    def check(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, {least} to {most}")
        return int(text)

    return check


def seconds(text: str) -> float:
    """A check for a number of seconds; the scenario checks its range."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number of seconds") from None
