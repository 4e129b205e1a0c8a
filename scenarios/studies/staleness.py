"""Study `staleness`: what latency, report period, compute time, loss, speed and pilots cost in secrecy, and where.

Each point is a whole run of the default scenario (3 s of virtual time) with one key changed. All settings share their
seeds, so worlds, pilot noise and the draws of every link are the same wherever the key lets them be, and differences
between settings are paired.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scenarios.studies.framework import Study
from scenarios.studies.grid import Point, Row
from scenarios.studies.one_run import one_run, result_row
from scenarios.studies.staleness_report import report
from scenarios.studies.staleness_sweeps import SWEEPS, point_spec, settings


def evaluate(point: Point) -> list[Row]:
    """Rates, outages, ages and attribution of one run, beside the values of all swept keys."""
    spec = point_spec(point.parameters)
    return [{sweep.key: sweep.at(spec) for sweep in SWEEPS} | result_row(one_run(spec, point.seed))]


def configured(sets: Sequence[str]) -> Study:
    """The same study of another scenario: the default one with a person's settings on top."""
    return replace(STUDY, settings=settings(sets), quick_settings=settings(sets, quick=True))


STUDY: Final = Study(
    name="staleness",
    version=1,
    description="secrecy, outage, age and attribution over latency, report period, solve time, loss, speeds and pilots",
    settings=settings(),
    quick_settings=settings(quick=True),
    seeds=8,
    quick_seeds=3,
    evaluate=evaluate,
    report=report,
    chunk=2,
    configured=configured,
)
