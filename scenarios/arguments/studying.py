"""`solve` and `study`: problems without a network, and many runs at once."""

import argparse
import sys
from pathlib import Path
from typing import Final

from scenarios.arguments.shared import Command, add_settings, count
from scenarios.solvable import SOLVABLE

MAX_JOBS: Final = 256
MAX_STUDY_SEEDS: Final = 1_000_000


def add(command: Command) -> None:
    """Add these commands."""
    _add_solve(command("solve", _solve, "solve the instances in a file, without a network"))
    _add_study(command("study", _study, "compute a study over a grid in parallel, with figures and tables"))


def _add_solve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("problem", metavar="PROBLEM", choices=tuple(SOLVABLE), help=", ".join(SOLVABLE))
    parser.add_argument("file", metavar="FILE", type=Path, help="JSON file with the instances")
    methods = "; ".join(f"{name}: {', '.join(solvable.methods)}" for name, solvable in SOLVABLE.items())
    parser.add_argument("--method", default="fast", help=f"default: fast ({methods})")
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the answers go")


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="a study's name (see --list)")
    parser.add_argument("--list", action="store_true", dest="listed", help="list the studies")
    parser.add_argument("--jobs", type=count(1, MAX_JOBS), metavar="N", help="processes (default: one per processor)")
    parser.add_argument("--seeds", type=count(2, MAX_STUDY_SEEDS), metavar="N", help="seeds of each setting")
    parser.add_argument("--quick", action="store_true", help="a small grid with few seeds")
    parser.add_argument(
        "--only", type=count(1, MAX_STUDY_SEEDS), metavar="SEED", help="compute one seed and show its rows; no folder"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the study's folder (default: under studies/)")
    add_settings(parser, "set one key of the study's scenario, where it takes settings; may be repeated")


def _solve(options: argparse.Namespace) -> int:
    from scenarios.commands.solve import run_solve

    sys.stdout.write(run_solve(options.problem, options.file, options.method, options.out) + "\n")
    return 0


def _study(options: argparse.Namespace) -> int:
    from scenarios.commands.study import StudyOptions, list_studies, run_study

    if options.listed:
        return list_studies()
    names = ("name", "jobs", "seeds", "quick", "out", "sets", "only")
    return run_study(StudyOptions(**{name: getattr(options, name) for name in names}))
