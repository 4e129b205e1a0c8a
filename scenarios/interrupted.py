"""Ctrl-C, as the command line answers it."""

from twin.errors import TwinError


class InterruptedRunError(TwinError):
    """A run, or the completion of its folder, was stopped by Ctrl-C."""

    exit_code = 130
