"""Who brings hosts to life: this process, as its children, or somebody else.

A child dies with the kernel whatever kills that (`serving`), and is killed when it is not needed any more: no way out
of a run leaves one behind. What it writes to standard error goes to a file without a name, whose last line says why it
ended.

A child proves that it is one: its routing id holds a number that this process drew for this life of it alone, and gave
it in its environment, which no other user can read. Nobody else on this machine can take its place, whoever is first.
"""

import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Protocol

import twin
from twin.errors import HostLostError
from twin.wire.router import NUMBER_VARIABLE, route_of

PROGRAM: Final = Path(twin.__file__).resolve().parent.parent / "run_twin.py"
_LINE: Final = 300  # characters of a last line that are shown
_TAIL: Final = 1 << 16  # bytes at the end of what a child said in which that line is looked for
_END_S: Final = 5.0  # for what was killed to end
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Nursery(Protocol):
    """Brings hosts to life and knows when they die."""

    def start(self, name: str, epoch: int, address: str) -> None:
        """Let the host `name` begin its life `epoch` and connect to `address`."""

    def next_life(self, name: str, epoch: int, address: str) -> str:
        """Where a life `epoch` after the first comes from, in words."""

    def ended(self, name: str) -> str | None:
        """How its last life ended, in words; None while it lives, or when that cannot be known."""

    def gave_up(self, name: str) -> bool:
        """Whether it said itself that another life would end in the same way."""

    def objection(self, name: str, epoch: int, route: bytes) -> str:
        """Why a host with this epoch and routing id is not the one that is waited for; "" when it is."""

    def stop(self, name: str) -> None:
        """See to it that its last life is over."""

    def close(self, grace_s: float) -> None:
        """See to it that all are over; those that are about to end anyway have `grace_s`."""

    def pids(self) -> dict[str, int]:
        """The process of every host that is known to live."""


class Children:
    """Hosts as child processes.

    Args:
        command: what starts a host; `--connect ADDRESS --name NAME --epoch N --parent PID` is added.
    """

    def __init__(self, command: Sequence[str] = (sys.executable, str(PROGRAM), "host")) -> None:
        self._command = tuple(command)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._epochs: dict[str, int] = {}
        self._routes: dict[str, bytes] = {}
        self._said: dict[str, IO[bytes]] = {}

    def start(self, name: str, epoch: int, address: str) -> None:
        """Start a child."""
        self.stop(name)
        arguments = ("--connect", address, "--name", name, "--epoch", str(epoch), "--parent", str(os.getpid()))
        number = secrets.token_hex(8)
        environment: Mapping[str, str] = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), NUMBER_VARIABLE: number}
        try:
            said = self._said[name] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own program
                (*self._command, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                process_group=0,  # Ctrl-C is for the kernel, which still needs its hosts to end well
            )
        except OSError as error:
            raise HostLostError(f"host {name}: cannot be started: {error.strerror}") from error
        self._epochs[name], self._routes[name] = epoch, route_of(name, epoch, number)

    def next_life(self, name: str, epoch: int, address: str) -> str:  # noqa: ARG002 - the interface of all nurseries
        """From here."""
        return "it is started again"

    def ended(self, name: str) -> str | None:
        """How the child ended."""
        process = self._processes.get(name)
        if process is None or process.poll() is None:
            return None
        code = process.returncode
        how = f"was killed by {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
        last = self._last_line(name)
        return f"{how}: {last}" if last else how

    def gave_up(self, name: str) -> bool:
        """Bad input: the next one would be given the same."""
        process = self._processes.get(name)
        return process is not None and process.poll() == _BAD_INPUT

    def objection(self, name: str, epoch: int, route: bytes) -> str:
        """A child is known by the number that it was given."""
        if epoch == self._epochs.get(name) and secrets.compare_digest(route, self._routes[name]):
            return ""
        return f"name={name}: is taken by the child of epoch {self._epochs.get(name)}"

    def stop(self, name: str) -> None:
        """Kill the child: what it knows, the kernel knows too."""
        process = self._processes.pop(name, None)
        if process is not None:
            process.kill()
            with suppress(subprocess.TimeoutExpired):  # the system has it, and ends it when it can
                process.wait(_END_S)
        said = self._said.pop(name, None)
        if said is not None:
            said.close()

    def close(self, grace_s: float) -> None:
        """Children that were told to stop end by themselves; the others are killed."""
        until = time.monotonic() + grace_s
        for process in self._processes.values() if grace_s else ():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        for name in list(self._said):
            self.stop(name)

    def pids(self) -> dict[str, int]:
        """The children that live."""
        return {name: process.pid for name, process in self._processes.items() if process.poll() is None}

    def _last_line(self, name: str) -> str:
        said = self._said[name]
        said.seek(max(0, said.seek(0, os.SEEK_END) - _TAIL))
        lines = said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:_LINE].removeprefix("error: ") if lines else ""


class Outsiders:
    """Hosts that somebody else starts: each has a higher epoch than the one before it."""

    def __init__(self) -> None:
        self._epochs: dict[str, int] = {}

    def start(self, name: str, epoch: int, address: str) -> None:
        """Nothing but to wait for it."""
        del address
        self._epochs[name] = epoch

    def next_life(self, name: str, epoch: int, address: str) -> str:
        """From somebody else."""
        return f"its next life is waited for: {start_command(name, epoch, address)}"

    def ended(self, name: str) -> str | None:  # noqa: ARG002 - nobody tells
        """Nobody tells."""
        return None

    def gave_up(self, name: str) -> bool:  # noqa: ARG002 - nobody tells
        """Nobody tells."""
        return False

    def objection(self, name: str, epoch: int, route: bytes) -> str:  # noqa: ARG002 - nobody gave them one
        """Whoever comes, unless it is a life that is over."""
        least = self._epochs[name]
        return "" if epoch >= least else f"epoch {epoch} is over: must be at least {least}"

    def stop(self, name: str) -> None:
        """It is not ours to end."""

    def close(self, grace_s: float) -> None:
        """They find the kernel gone."""

    def pids(self) -> dict[str, int]:
        """Nobody tells."""
        return {}


def start_command(name: str, epoch: int, address: str) -> str:
    """What somebody else types to start a host."""
    life = f" --epoch {epoch}" if epoch else ""
    return f"run_twin.py host --connect {shlex.quote(address)} --name {name}{life}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # those for real time have no names but the first and the last
        return f"signal {number}"


_BAD_INPUT: Final = 2
