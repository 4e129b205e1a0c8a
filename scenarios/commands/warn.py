"""What a person should know before a scenario is run, on standard error: it can be run all the same."""

import sys
from collections.abc import Iterator

from scenarios.spec import Spec
from scenarios.spec_faults import target_of
from scenarios.systems import system_of


def write_warnings(spec: Spec) -> None:
    """Write one line per warning about a scenario."""
    for text in (*system_of(spec).warnings(), *_never(spec)):
        sys.stderr.write(f"warning: {text}\n")


def _never(spec: Spec) -> Iterator[str]:
    """What was to go wrong when the run is over."""
    over = f"the run is over at {spec.scenario.duration_s:g} s"
    for index, fault in enumerate(spec.fault):
        if fault.from_ns >= spec.scenario.duration_ns:
            yield f"fault[{index}], {fault.kind} of {target_of(fault)}, begins at {fault.from_s:g} s: {over}"
    for index, outage in enumerate(spec.network.outage):
        if outage.from_ns >= spec.scenario.duration_ns:
            yield f"network.outage[{index}] of {outage.link} begins at {outage.from_s:g} s: {over}"
