"""What a person should know before a scenario is run, on standard error: it can be run all the same."""

import sys

from scenarios.spec import Spec
from scenarios.systems import system_of


def write_warnings(spec: Spec) -> None:
    """Write one line per warning about a scenario."""
    for text in system_of(spec).warnings():
        sys.stderr.write(f"warning: {text}\n")
