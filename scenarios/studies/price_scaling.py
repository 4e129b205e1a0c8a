"""Study `price-scaling`: what do prices buy, and what do they cost on the wire, as pairs become more?

Each point is a whole run of the scenario `interference` with K pairs and one way of trading prices; all of them share
their seeds, and one more pair leaves the world of the others as it was. Pairs stand equally dense whatever their
number: more pairs are a larger field, not a more crowded one.

    factor      one factor for all, whenever the receiver has reported what it hears and after every turn
    turns       the same, after turns only
    projected   one for each that pays, projected by the channel from it
    off         no prices: every pair for itself

Bytes are those of whole messages, envelopes included, per round: one turn of every pair. What it would take to bring
all channels to one place is every report of every transmitter, and a precoder back to each (`twin.journal.economy`).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from scenarios.load import load
from scenarios.spec import Spec
from scenarios.studies.framework import Study
from scenarios.studies.grid import Parameters, Point, Row, expand
from scenarios.studies.one_run import one_run, packed
from scenarios.studies.price_scaling_report import report

SCENARIO: Final = "interference"
PAIRS: Final = (3, 5, 10, 20, 30)
QUICK_PAIRS: Final = (3, 6)
MODES: Final = ("factor", "turns", "projected", "off")
QUICK_MODES: Final = ("factor", "off")
DURATION_S: Final = 0.8
QUICK_DURATION_S: Final = 0.4
WARMUP_MS: Final = {DURATION_S: 400, QUICK_DURATION_S: 200}
_OWN: Final = {
    "factor": (),
    "turns": ("twin.requote=update",),
    "projected": ("twin.price_form=projected",),
    "off": ("twin.prices=off",),
}


def settings(sets: Sequence[str] = (), *, quick: bool = False) -> tuple[Parameters, ...]:
    """Every way of trading with every number of pairs, each a valid scenario.

    Raises:
        ScenarioError: the scenario that a person's settings make is not valid.
    """
    found = expand(
        sets=(packed(sets),),
        duration_s=(QUICK_DURATION_S if quick else DURATION_S,),
        pairs=QUICK_PAIRS if quick else PAIRS,
        mode=QUICK_MODES if quick else MODES,
    )
    for setting in found:
        point_spec(setting)
    return found


def point_spec(parameters: Parameters) -> Spec:
    """The scenario of a point."""
    duration_s = float(parameters["duration_s"])
    first = (
        f"scenario.duration_s={duration_s!r}",
        f"metrics.warmup_ms={WARMUP_MS[duration_s]}",
        "metrics.period_ms=40",
        "metrics.attribution=none",
        "report.period_ms=10",
    )
    own = (*_OWN[str(parameters["mode"])], f"pairs.count={parameters['pairs']}")
    return load(SCENARIO, [*first, *json.loads(str(parameters["sets"])), *own])


def evaluate(point: Point) -> list[Row]:
    """Rates per pair, messages per second and bytes per round of one run; NaN where the genie has no answer."""
    spec = point_spec(point.parameters)
    summary = one_run(spec, point.seed).summary
    pairs, rates = int(point.parameters["pairs"]), summary["sum_secrecy"]
    return [
        {
            "secrecy": rates["mean"] / pairs,
            "fresh": _each(rates["fresh_mean"], pairs),
            "selfish_fresh": _each(rates["nominal_mean"], pairs),
            "age_ms": summary["age_ms"]["mean"],
            "messages_per_s": summary["messages"]["sent"] / summary["virtual_s"],
            **_wire(summary),
        }
    ]


def _each(rate: float | None, pairs: int) -> float:
    return float("nan") if rate is None else rate / pairs


def _wire(summary: dict[str, Any]) -> dict[str, float]:
    """What is sent of prices; nothing where there are none."""
    prices = summary.get("prices") or {}
    return {
        "prices_per_s": prices.get("messages", 0) / summary["virtual_s"],
        "price_bytes": prices.get("bytes_mean", 0.0),
        "price_round_bytes": prices.get("bytes_per_round", 0.0),
        "central_round_bytes": prices.get("central_bytes_per_round", 0.0),
    }


def configured(sets: Sequence[str]) -> Study:
    """The same study of another scenario: `interference` with a person's settings on top."""
    return replace(STUDY, settings=settings(sets), quick_settings=settings(sets, quick=True))


STUDY: Final = Study(
    name="price-scaling",
    version=1,
    description="what prices buy and what they cost on the wire, by the number of interfering pairs",
    settings=settings(),
    quick_settings=settings(quick=True),
    seeds=4,
    quick_seeds=2,
    evaluate=evaluate,
    report=report,
    chunk=1,
    configured=configured,
)
