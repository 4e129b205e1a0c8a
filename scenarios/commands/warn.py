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
    """What was to go wrong when the run is over, or can strike nothing."""
    over = f"the run is over at {spec.scenario.duration_s:g} s"
    yield from _faults(spec, over)
    for index, outage in enumerate(spec.network.outage):
        if outage.from_ns >= spec.scenario.duration_ns:
            yield f"network.outage[{index}] of {outage.link} begins at {outage.from_s:g} s: {over}"


def _faults(spec: Spec, over: str) -> Iterator[str]:
    if not spec.fault:
        return  # and the network is not built to find out
    from scenarios.faults import idle

    system = system_of(spec)
    graph, site_of = system.graph(), system.sites()
    for index, fault in enumerate(spec.fault):
        what = f"fault[{index}], {fault.kind} of {target_of(fault)},"
        if fault.from_ns >= spec.scenario.duration_ns:
            yield f"{what} begins at {fault.from_s:g} s: {over}"
        elif why := idle(fault, graph, site_of):
            yield f"{what} strikes nothing: {why}"
