"""`validate`: is this a scenario that can be run?"""

import sys
from collections.abc import Sequence

from scenarios.commands.warn import write_warnings
from scenarios.load import load
from scenarios.systems import system_of


def validate(name_or_path: str, sets: Sequence[str]) -> int:
    """Write one line about a valid scenario; one that is not valid is a ScenarioError."""
    spec = load(name_or_path, sets)
    system = system_of(spec)
    system.check()
    write_warnings(spec)
    solver = "every transmitter's edge twin" if system.coordinator is None else system.coordinator
    sys.stdout.write(
        f"{spec.scenario.name}: valid, {spec.scenario.duration_s:g} s, "
        f"{len(spec.entities)} entities, {len(spec.twins)} twins, {solver} solves\n"
    )
    return 0
