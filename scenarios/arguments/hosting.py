"""`host`: a process that hosts twins. `run_twin.py` takes a shorter way there; this one is for the list of commands."""

from scenarios.arguments.shared import Command
from twin.runtime.command import add_arguments, run


def add(command: Command) -> None:
    """Add this command."""
    add_arguments(command("host", run, "host twins for a run in another process"))
