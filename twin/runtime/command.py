"""`host`: a process that hosts twins for a kernel elsewhere. Imports nothing that twins do not need: it must be quick.

`run_twin.py` calls `main` for this command, so that nothing of scenarios and entities is loaded.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from twin.errors import TwinError, UsageError, WireError
from twin.wire.addresses import check_address
from twin.wire.limits import MAX_EPOCH
from twin.wire.packing import check_name

_INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `host`."""
    parser.add_argument(
        "--connect", metavar="ADDR", required=True, help="the kernel's address: tcp://127.0.0.1:PORT or ipc://PATH"
    )
    parser.add_argument("--name", required=True, help="which host this is: edge, core, or edge1, edge2, ...")
    parser.add_argument("--epoch", type=int, default=0, metavar="N", help="which life of it this is (default 0)")
    parser.add_argument("--wait", type=float, default=60.0, metavar="S", help="how long to wait for the kernel")
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Host twins until the kernel says that the run is over."""
    address = check_address(options.connect, "connect")
    if address.endswith(":*"):
        raise UsageError(f"connect={address}: must name a port")
    if not 0 <= options.epoch <= MAX_EPOCH:
        raise UsageError(f"epoch={options.epoch}: must be 0 to {MAX_EPOCH}")
    if not 0.0 < options.wait <= _MOST_WAIT_S:
        raise UsageError(f"wait={options.wait:g}: must be more than 0 and at most {_MOST_WAIT_S:g} s")
    try:
        check_name(options.name, "name")
    except WireError as error:
        raise UsageError(str(error)) from error
    from twin.runtime.host import Host
    from twin.runtime.serving import Service

    Service(Host(options.name, options.epoch), address, options.parent).run(options.wait)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run the command line `host ...`; returns the exit code."""
    parser = _Parser(prog="run-twin host", description="host twins for a kernel elsewhere", allow_abbrev=False)
    add_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    try:
        return run(parser.parse_args(arguments[1:]))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except TwinError as error:
        if "--debug" in arguments:
            raise
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return error.exit_code


_MOST_WAIT_S = 86_400.0
