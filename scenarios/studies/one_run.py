"""One run of a scenario in memory, without a folder: what a study computes at a point."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from scenarios import faults
from scenarios.build import build
from scenarios.judge import evaluate
from scenarios.load import DEFAULT_SCENARIO, load
from scenarios.sagin.spec import SaginSpec, only_sagin
from scenarios.spec import Spec
from scenarios.studies.grid import Row
from scenarios.systems import system_of
from twin.journal.facts import Fact
from twin.journal.rows import table_of
from twin.journal.schemas import ATTRIBUTION, LEGS
from twin.journal.statistics import Samples
from twin.journal.summary import OUTAGE_THRESHOLD, RunInfo, mean, summarise, worst_user
from twin.journal.tables import build_tables, metrics_table

RATES: Final = ("secrecy", "fresh", "nominal", "never_updated", "local_mrt")
WARMUP_MS: Final = 400
"""Longer than the first precoder takes on the slowest loop of a study."""

ATTRIBUTION_SAMPLES: Final = 150
"""Instants of a run whose loss is divided among the legs: as many as the channels let be independent, and more."""


@dataclass(slots=True)
class _Recorder:
    facts: list[Fact] = field(default_factory=list)

    def record(self, fact: Fact) -> None:
        self.facts.append(fact)

    def commit(self) -> None:
        """Nothing is on disk."""


@dataclass(frozen=True, slots=True)
class OneRun:
    """Content of summary.json (without digests), and the worst user's rates over time."""

    summary: dict[str, Any]
    worst: dict[str, Samples]


def one_run(spec: Spec, seed: int) -> OneRun:
    """Run a scenario to its end and judge it."""
    recorder = _Recorder()
    with build(spec, seed, "memory", recorder) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        events = emulation.kernel.events
        emulation.stop()
    end_ns = spec.scenario.duration_ns
    system = system_of(spec)
    metrics = metrics_table(evaluate(system, seed, recorder.facts, end_ns), system.quantities)
    legs = table_of(system.attribute(seed, recorder.facts, metrics, 1), ATTRIBUTION)
    tables = build_tables(recorder.facts, metrics, end_ns, legs)
    info = RunInfo(
        scenario=spec.scenario.name,
        seed=seed,
        digest="",
        digest_events="",
        reproducible=True,
        end_ns=end_ns,
        interrupted=False,
        kernel_events=events,
        wall_s=None,
        coordinator=system.coordinator,
        system=spec.system,
        age_limit_ns=spec.metrics.age_limit_ns,
        objective=system.objective,
        names=system.names,
        faults=faults.spans(spec.fault),
    )
    return OneRun(summarise(tables, info), worst_user(tables.metrics))


def result_row(run: OneRun) -> Row:
    """The numbers of a run that studies keep; NaN where there is none.

    Rates are means of the worst user's in bit/s/Hz, `outage_*` the share of instants at which it is below 1; ages are
    of the CSI behind what is on air.
    """
    summary = run.summary
    ages, messages, legs = summary["age_ms"], summary["messages"], summary["loss_attribution"] or {}
    row: dict[str, float | None] = {name: mean(run.worst[name]) for name in RATES}
    row |= {f"outage_{name}": _outage(run.worst[name]) for name in ("secrecy", "nominal", "never_updated")}
    row |= {"age_ms": ages["mean"], "age_peak_ms": ages["peak_mean"], "age_p95_ms": ages["p95"]}
    row |= {"age_violation": summary["age_violation"]}
    row |= {"lost_share": messages["lost"] / messages["sent"] if messages["sent"] else None}
    row |= {leg: legs.get(leg) for leg in LEGS}
    return {name: float("nan") if value is None else float(value) for name, value in row.items()}


def _outage(rates: Samples) -> float | None:
    return mean((rates < OUTAGE_THRESHOLD).astype(np.float64))


@lru_cache(maxsize=64)
def study_spec(sets: str, duration_s: float, *own: str) -> SaginSpec:
    """The default scenario with a study's duration and warm-up, a person's settings, and a point's own on top.

    Args:
        sets: settings `path=value` as a JSON list (`packed`), which makes them a parameter of a point.
        duration_s: virtual time of a run.
        own: settings of the point.
    """
    first = ["scenario.duration_s=" + repr(duration_s), f"metrics.warmup_ms={WARMUP_MS}"]
    first.append(f"metrics.attribution_samples={ATTRIBUTION_SAMPLES}")
    return only_sagin(load(DEFAULT_SCENARIO, [*first, *json.loads(sets), *own]))


def packed(sets: Sequence[str]) -> str:
    """Settings as one value of a point."""
    return json.dumps(list(sets))
