"""`validate`: is this a scenario that can be run?"""

import sys
from collections.abc import Sequence

from scenarios.commands.warn import write_warnings
from scenarios.load import load
from scenarios.satellite_pass import check_pass


def validate(name_or_path: str, sets: Sequence[str]) -> int:
    """Write one line about a valid scenario; one that is not valid is a ScenarioError."""
    spec = load(name_or_path, sets)
    check_pass(spec)
    write_warnings(spec)
    entities = len(spec.entities)
    sys.stdout.write(
        f"{spec.scenario.name}: valid, {spec.scenario.duration_s:g} s, "
        f"{entities} entities, {2 * entities} twins, {spec.twin.coordinator} solves\n"
    )
    return 0
