"""The command line: what may be typed, and what becomes of errors. Commands live in `scenarios.commands`."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn, TextIO

from scenarios.interrupted import InterruptedRunError
from scenarios.load import DEFAULT_SCENARIO
from scenarios.values import shortened
from twin.errors import TwinError, UsageError

MAX_SEED = 2**63 - 1
MAX_JOBS = 256
MAX_STUDY_SEEDS = 1_000_000

_EPILOG = """\
without a command, the default scenario is run

exit codes: 0 fine, 2 bad input, 3 the solver could not, 4 a host was lost, 130 interrupted"""


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def main(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name); returns the exit code. A reader who leaves is no error."""
    try:
        return _answer(_with_command(argv))
    finally:
        _settle(sys.stdout)
        _settle(sys.stderr)


def _answer(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return _failed("interrupted", InterruptedRunError.exit_code, debug=debug)
    except TwinError as error:
        return _failed(str(error), error.exit_code, debug=debug)
    except OSError as error:
        what = f"{shortened(str(error.filename))}: " if error.filename is not None else ""
        return _failed(f"{what}{error.strerror or error}", UsageError.exit_code, debug=debug)
    return code


def _failed(message: str, code: int, *, debug: bool) -> int:
    with suppress(OSError):  # nobody may be reading: the exit code still says it
        if debug:
            traceback.print_exc()
        sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code


def _settle(stream: TextIO) -> None:
    """Flush a stream for the last time. What cannot be written has somewhere to go when Python flushes at exit."""
    try:
        stream.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _with_command(argv: Sequence[str]) -> list[str]:
    """Options without a command are options of `run`."""
    arguments = list(argv)
    first = next((argument for argument in arguments if argument != "--debug"), None)
    if first is None or (first.startswith("-") and first not in {"-h", "--help", "--version"}):
        return ["run", *arguments]
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="run-twin",
        description="What latency and staleness cost a digital-twin network in secrecy.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    debug = _Parser(add_help=False)
    debug.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    parser.add_argument("--version", action="version", version=f"run-twin {version('sagin-twin')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, parents=[debug], allow_abbrev=False
        )
        added.set_defaults(command=run)
        return added

    _add_run(command("run", _run, "run a scenario and keep everything in a run folder"))
    command("list", _list, "list the built-in scenarios")
    _add_scenario(command("validate", _validate, "check a scenario without running it"), optional=False)
    _add_solve(command("solve", _solve, "solve the instances in a file, without a network"))
    _add_study(command("study", _study, "compute a study over a grid in parallel, with figures and tables"))
    recover = command("recover", _recover, "rebuild a run folder from its journal")
    recover.add_argument("folder", metavar="DIR", type=Path, help="the run folder")
    return parser


def _add_scenario(parser: argparse.ArgumentParser, *, optional: bool) -> None:
    scenario = parser.add_argument(
        "scenario", metavar="SCENARIO|FILE", help="a built-in name (see list), or the path of a .toml file"
    )
    if optional:
        scenario.nargs, scenario.default = "?", DEFAULT_SCENARIO
    parser.add_argument(
        "--set",
        dest="sets",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="set one key, as in network.backhaul.latency_ms=20; may be repeated",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_scenario(parser, optional=True)
    parser.add_argument("--seed", type=_seed, default=1, help="seed of every random draw (default 1)")
    parser.add_argument("--duration", type=_seconds, metavar="S", help="virtual duration in s")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder, new or empty (default: under runs/)")
    parser.add_argument("--transport", choices=("inproc", "memory"), default="inproc", help="what carries the messages")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print summary.json and nothing else")


def _add_solve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("problem", metavar="PROBLEM", choices=("sagin",), help="sagin")
    parser.add_argument("file", metavar="FILE", type=Path, help="JSON file with the instances")
    methods = ("fast", "reference", "mrt", "zf_eve", "zf_all", "local")
    parser.add_argument("--method", choices=methods, default="fast", help="default: fast")
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the answers go")


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="a study's name (see --list)")
    parser.add_argument("--list", action="store_true", dest="listed", help="list the studies")
    parser.add_argument("--jobs", type=_count(1, MAX_JOBS), metavar="N", help="processes (default: one per processor)")
    parser.add_argument("--seeds", type=_count(2, MAX_STUDY_SEEDS), metavar="N", help="seeds of each setting")
    parser.add_argument("--quick", action="store_true", help="a small grid with few seeds")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the study's folder (default: under studies/)")


def _count(least: int, most: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, {least} to {most}")
        return int(text)

    return count


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= MAX_SEED):
        raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, 0 to {MAX_SEED}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number of seconds") from None


def _run(options: argparse.Namespace) -> int:
    from scenarios.commands.run import RunOptions, run

    names = ("scenario", "sets", "seed", "duration", "out", "transport", "as_json")
    return run(RunOptions(**{name: getattr(options, name) for name in names}))


def _list(_options: argparse.Namespace) -> int:
    from scenarios.commands.list_scenarios import list_scenarios

    return list_scenarios()


def _validate(options: argparse.Namespace) -> int:
    from scenarios.commands.validate import validate

    return validate(options.scenario, options.sets)


def _solve(options: argparse.Namespace) -> int:
    from scenarios.commands.solve import run_solve

    sys.stdout.write(run_solve(options.problem, options.file, options.method, options.out) + "\n")
    return 0


def _study(options: argparse.Namespace) -> int:
    from scenarios.commands.study import StudyOptions, list_studies, run_study

    if options.listed:
        return list_studies()
    names = ("name", "jobs", "seeds", "quick", "out")
    return run_study(StudyOptions(**{name: getattr(options, name) for name in names}))


def _recover(options: argparse.Namespace) -> int:
    from scenarios.commands.recover import recover

    return recover(options.folder)
