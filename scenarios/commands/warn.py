"""What a person should know before a scenario is run, on standard error: it can be run all the same."""

import sys

from scenarios.satellite_pass import warnings
from scenarios.spec import Spec


def write_warnings(spec: Spec) -> None:
    """Write one line per warning about a scenario."""
    for text in warnings(spec):
        sys.stderr.write(f"warning: {text}\n")
