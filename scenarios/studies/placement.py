"""Study `placement`: at whose edge or core twin should the solve live, for a given backhaul latency?

Each point is a whole run of the default scenario (2 s of virtual time) with the coordinator at one of the fourteen
twins and one latency of the backhaul. All share their seeds, so placements are compared in the same worlds, pair by
pair. The core twins of one cloud have all but the same latencies and are expected to tie. A transmitter's edge twin
spares its own reports and precoders the backhaul and makes those of the others cross it twice more; the edge twin of
anybody else spares nobody's.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scenarios.sagin.spec import SaginSpec
from scenarios.studies.framework import Study
from scenarios.studies.grid import Parameters, Point, Row, expand
from scenarios.studies.one_run import one_run, packed, result_row, study_spec
from scenarios.studies.placement_report import report
from twin.signal.sagin import RECEIVERS, TRANSMITTERS

LATENCIES_MS: Final = (1.0, 5.0, 20.0, 50.0)
QUICK_LATENCIES_MS: Final = (2.0, 20.0)
PLACEMENTS: Final = tuple(f"{side}:{entity}" for entity in (*TRANSMITTERS, *RECEIVERS) for side in ("edge", "core"))
QUICK_PLACEMENTS: Final = tuple(f"{side}:{entity}" for entity in TRANSMITTERS for side in ("edge", "core"))
DURATION_S: Final = 2.0
QUICK_DURATION_S: Final = 1.0


def settings(sets: Sequence[str] = (), *, quick: bool = False) -> tuple[Parameters, ...]:
    """Every placement at every latency, each a valid scenario.

    Raises:
        ScenarioError: the scenario that a person's settings make is not valid.
    """
    found = expand(
        sets=(packed(sets),),
        duration_s=(QUICK_DURATION_S if quick else DURATION_S,),
        backhaul_ms=QUICK_LATENCIES_MS if quick else LATENCIES_MS,
        coordinator=QUICK_PLACEMENTS if quick else PLACEMENTS,
    )
    for setting in found:
        point_spec(setting)
    return found


def point_spec(parameters: Parameters) -> SaginSpec:
    """The scenario of a point."""
    own = (
        f"twin.coordinator={parameters['coordinator']}",
        f"network.backhaul.latency_ms={parameters['backhaul_ms']!r}",
        "metrics.attribution=none",
    )
    return study_spec(str(parameters["sets"]), float(parameters["duration_s"]), *own)


def evaluate(point: Point) -> list[Row]:
    """Rates, outages and ages of one run."""
    return [result_row(one_run(point_spec(point.parameters), point.seed))]


def configured(sets: Sequence[str]) -> Study:
    """The same study of another scenario: the default one with a person's settings on top."""
    return replace(STUDY, settings=settings(sets), quick_settings=settings(sets, quick=True))


STUDY: Final = Study(
    name="placement",
    version=1,
    description="where the solve should live: edge or core twin of each entity, by backhaul latency",
    settings=settings(),
    quick_settings=settings(quick=True),
    seeds=8,
    quick_seeds=3,
    evaluate=evaluate,
    report=report,
    chunk=4,
    configured=configured,
)
