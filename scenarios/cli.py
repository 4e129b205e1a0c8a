"""The command line: from what was typed to an exit code. What may be typed stands in `scenarios.arguments`."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import NoReturn, TextIO

from scenarios.arguments import comparing, hosting, looking, running, studying
from scenarios.interrupted import InterruptedRunError
from scenarios.values import shortened
from twin.errors import TwinError, UsageError

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

    for group in (running, looking, comparing, studying, hosting):
        group.add(command)
    return parser
