"""The one error tree. A message says what, which value, and what is allowed, in one line.

The command line prints `error: <message>` and leaves with `exit_code`; a traceback appears only with `--debug`.
"""

from typing import ClassVar


class TwinError(Exception):
    """Base of every error that we raise on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(TwinError):
    """Bad input from the person at the keyboard."""

    exit_code: ClassVar[int] = 2


class ScenarioError(UsageError):
    """A scenario (file or `--set`) that cannot be run."""


class InstanceError(UsageError):
    """An instance file that a solver cannot read."""


class RunFolderError(UsageError):
    """A run folder, or a file in it, that cannot be read or written."""


class WireError(TwinError):
    """Bytes that are not a valid frame, or a protocol that was not kept."""


class KernelError(TwinError):
    """Virtual time was asked to run backwards, or another invariant of the kernel broke."""


class SolverError(TwinError):
    """A solver could not answer. In a run this is recorded, not raised."""

    exit_code: ClassVar[int] = 3


class HostLostError(TwinError):
    """A host process is gone for good."""

    exit_code: ClassVar[int] = 4
