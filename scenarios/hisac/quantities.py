"""What the two stations have besides secrecy, by sample and in the summary: SEE, SCNR, rates of the multicast."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from scenarios.hisac.worth import Worth
from twin.journal.statistics import half_width
from twin.journal.summary import mean
from twin.signal.units import to_db

_FLOOR: Final = 1e-12
_TOLERANCE: Final = 1e-6

_OF_WORTH: Final = {"see": "see", "scnr_db": "scnr", "common_rate": "common", "private_rate": "private"}
_WHOSE: Final = ("", "_fresh", "_nominal", "_never_updated", "_local")

QUANTITIES: Final = tuple(f"{name}{whose}" for name in _OF_WORTH for whose in _WHOSE)
"""Columns: SEE in bit/s/Hz/W, SCNR in dB, rates of the common stream and of the worst private one in bit/s/Hz.

Of what is on air, of the genie (`_fresh`), of a twin that believes its last reports (`_nominal`), of the first beams
held for ever (`_never_updated`), and of the stations without twins (`_local`).
"""


def columns(*worths: Worth | None) -> dict[str, float]:
    """The columns of one sample: actual, fresh, nominal, never updated and local; NaN for None."""
    found = {}
    for name, attribute in _OF_WORTH.items():
        for whose, worth in zip(_WHOSE, worths, strict=True):
            value = float("nan") if worth is None else float(getattr(worth, attribute))
            found[name + whose] = float(to_db(max(value, _FLOOR))) if name == "scnr_db" and worth else value
    return found


def summary(metrics: pa.Table, demands: Mapping[str, float]) -> dict[str, Any]:
    """`see`, `scnr`, `common_rate` and `private_rate` of summary.json.

    Each has the means of its columns, and what is lost between `fresh_mean` and `mean` where the genie has an answer;
    with a demand (`demands`, by name) also the share of the samples that miss it, stale and fresh.
    """
    return {
        "see": _part(metrics, "see", None),
        "scnr": _part(metrics, "scnr_db", demands["scnr_db"]),
        "common_rate": _part(metrics, "common_rate", demands["common_rate"]),
        "private_rate": _part(metrics, "private_rate", demands["private_rate"]),
    }


def _part(metrics: pa.Table, name: str, demand: float | None) -> dict[str, Any]:
    values = {whose: metrics[name + whose].to_numpy() for whose in _WHOSE}
    suffix = "_db" if name.endswith("_db") else ""
    loss = values["_fresh"] - values[""]
    lost, fresh = mean(loss), mean(values["_fresh"])
    part: dict[str, Any] = {f"mean{suffix}": mean(values[""]), f"fresh_mean{suffix}": fresh}
    part |= {f"{whose[1:]}_mean{suffix}": mean(values[whose]) for whose in _WHOSE[2:]}
    part |= {f"staleness_loss{suffix}": lost, f"ci95{suffix}": half_width(loss)}
    if demand is None:
        part["staleness_share"] = lost / fresh if lost is not None and fresh else None
        return part
    part["demand" + suffix] = demand
    for whose, label in (("", "missed"), ("_fresh", "fresh_missed"), ("_nominal", "nominal_missed")):
        known = values[whose][np.isfinite(values[whose])]
        part[label] = mean((known < demand - _TOLERANCE).astype(np.float64))
    return part
