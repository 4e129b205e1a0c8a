"""`run`, `list`, `validate`, `passes`: a scenario and what becomes of it."""

import argparse
import math
from pathlib import Path
from typing import Final

from scenarios.arguments.shared import MAX_SEED, Command, add_scenario, count, seconds
from scenarios.load import DEFAULT_SCENARIO
from twin.errors import UsageError

MIN_WINDOW_S: Final = 1e-9
MAX_WINDOW_S: Final = 3600.0
_UNTYPED: Final = {"scenario": DEFAULT_SCENARIO, "seed": 1, "transport": "inproc", "window": "auto"}


def add(command: Command) -> None:
    """Add these commands."""
    _add_run(command("run", _run, "run a scenario and keep everything in a run folder"))
    command("list", _list, "list the built-in scenarios")
    add_scenario(command("validate", _validate, "check a scenario without running it"), optional=False)
    _add_passes(command("passes", _passes, "list the passes of a scenario's satellite"))


def _add_run(parser: argparse.ArgumentParser) -> None:
    add_scenario(parser, optional=True)
    parser.set_defaults(scenario=None)
    parser.add_argument("--seed", type=count(0, MAX_SEED), help="seed of every random draw (default 1)")
    parser.add_argument("--duration", type=seconds, metavar="S", help="virtual duration in s")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder, new or empty (default: under runs/)")
    carry = "what carries the messages (default inproc); ipc, tcp: twins live in other processes"
    parser.add_argument("--transport", choices=("inproc", "memory", "ipc", "tcp"), help=carry)
    whose = "who starts those processes: this one, or somebody else (with run-twin host)"
    parser.add_argument("--hosts", choices=("child", "external"), default="child", help=whose)
    parser.add_argument("--listen", default="", metavar="ADDR", help="where hosts connect (default: a free address)")
    windows = "how long hosts may be left alone: as long as each message allows, not at all, or so many seconds"
    parser.add_argument("--window", type=_window, metavar="auto|lockstep|SECONDS", help=windows)
    parser.add_argument("--json", action="store_true", dest="as_json", help="print summary.json and nothing else")
    resume = (
        "go on with the run in this folder, which was killed or interrupted; scenario, seed and the like stand there"
    )
    parser.add_argument("--resume", type=Path, metavar="DIR", help=resume)


def _window(text: str) -> int | str:
    """The length of a window in ns: a number of seconds, 0 for lockstep, or "auto"."""
    if text in {"auto", "lockstep"}:
        return text if text == "auto" else 0
    try:
        window_s = float(text)
    except ValueError:
        window_s = math.nan
    if not MIN_WINDOW_S <= window_s <= MAX_WINDOW_S:
        allowed = f"must be auto, lockstep or {MIN_WINDOW_S:g} to {MAX_WINDOW_S:g} seconds"
        raise argparse.ArgumentTypeError(f"{text!r}: {allowed}")
    return round(window_s * 1e9)


def _add_passes(parser: argparse.ArgumentParser) -> None:
    add_scenario(parser, optional=True)
    parser.add_argument("--days", type=count(1, 60), metavar="D", help="how far to look (default: 2, with --count 30)")
    parser.add_argument("--count", type=count(1, 1000), metavar="N", help="list the first N only")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON and nothing else")


def _run(options: argparse.Namespace) -> int:
    from scenarios.commands.run import ResumeOptions, RunOptions, resume, run

    if options.resume is not None:
        _refuse_beside_resume(options)
        whose = (options.hosts == "external", options.listen)
        return resume(ResumeOptions(options.resume, options.transport, *whose, options.as_json))
    names = ("scenario", "sets", "seed", "duration", "out", "transport", "listen", "window", "as_json")
    typed = {name: getattr(options, name) for name in names}
    untyped = {name: value for name, value in _UNTYPED.items() if typed[name] is None}
    return run(RunOptions(external=options.hosts == "external", **{**typed, **untyped}))


def _refuse_beside_resume(options: argparse.Namespace) -> None:
    """What is run, and how, stands in the run folder."""
    words = {name: f"--{name}" for name in ("seed", "duration", "out", "window")}
    for name, word in {"scenario": "SCENARIO", "sets": "--set", **words}.items():
        value = getattr(options, name)
        if value is not None and value != []:
            raise UsageError(f"{word} beside --resume: must be left out: the run folder says what is run")


def _list(_options: argparse.Namespace) -> int:
    from scenarios.commands.list_scenarios import list_scenarios

    return list_scenarios()


def _validate(options: argparse.Namespace) -> int:
    from scenarios.commands.validate import validate

    return validate(options.scenario, options.sets)


def _passes(options: argparse.Namespace) -> int:
    from scenarios.commands.passes import PassesOptions, list_passes

    names = ("scenario", "sets", "days", "count", "as_json")
    return list_passes(PassesOptions(**{name: getattr(options, name) for name in names}))
