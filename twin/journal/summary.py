"""The numbers of summary.json as a function of the tables and of what the run says about itself.

What has no value in a run (no samples, nothing delivered, no solves) is None, never NaN. Rates are in
bit/s/Hz. Where the genie could not solve an instant its rate is NaN there, and that instant counts neither in a
mean of fresh rates nor in what is compared with them.

Ages are exact means and quantiles over time, not over the metric grid: its period may be a multiple of that of
the reports, and then all its samples fall on the same spot of the sawtooth.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.journal.ages import age_steps
from twin.journal.aoi import ages_of_information
from twin.journal.attribution import loss_attribution
from twin.journal.economy import price_economy
from twin.journal.fault_costs import FaultSpan, fault_costs
from twin.journal.objective import Objective
from twin.journal.statistics import Samples, half_width
from twin.journal.tables import Tables
from twin.wire.protocol import Fate

OUTAGE_THRESHOLD: Final = 1.0
"""A user is in outage while its secrecy rate is below this, in bit/s/Hz."""

_MS: Final = 1e-6
_JOULES_PER_MW_NS: Final = 1e-12
_RATES: Final = ("secrecy", "fresh", "nominal", "never_updated", "local_mrt")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run says about itself. `wall_s` and `kernel_events` are None when a killed run did not tell.

    `coordinator` is the twin that solves, `age_limit_ns` the age that counts as a violation when exceeded.
    `objective` is what the twins aim at, and what a loss is of; `faults` are what goes wrong, in the scenario's order;
    `names` are what a system calls the rates that stand beside its own, where these are not the usual ones.
    """

    scenario: str
    seed: int
    digest: str
    digest_events: str
    reproducible: bool
    end_ns: int
    interrupted: bool
    kernel_events: int | None
    wall_s: float | None
    coordinator: str | None = None
    age_limit_ns: int | None = None
    objective: Objective = "min"
    faults: tuple[FaultSpan, ...] = ()
    names: Mapping[str, str] | None = None
    system: str = "sagin"


def last_instant_ns(tables: Tables) -> int:
    """The latest instant that the tables know of: where a run ends that could not say so itself."""
    messages = chain.from_iterable(part.columns for part in tables.message_parts("t_send_ns", "t_end_ns"))
    columns = chain(messages, (tables.control["t_applied_ns"], tables.metrics["t_ns"]))
    return max((pc.max(column).as_py() or 0 for column in columns), default=0)


def summarise(tables: Tables, info: RunInfo) -> dict[str, Any]:
    """The content of summary.json."""
    aimed = combined(tables.metrics, info.objective)
    loss = mean(aimed["fresh"] - aimed["secrecy"])
    prices = price_economy(tables)
    return {
        "scenario": info.scenario,
        "system": info.system,
        "seed": info.seed,
        "digest": info.digest,
        "digest_events": info.digest_events,
        "reproducible": info.reproducible,
        "interrupted": info.interrupted,
        "virtual_s": info.end_ns / 1e9,
        "wall_s": info.wall_s,
        "kernel_events": info.kernel_events,
        "messages": _messages(tables),
        "latency_ms": _latency_ms(tables),
        "age_ms": age_ms(tables, info.end_ns),
        "age_limit_ms": None if info.age_limit_ns is None else info.age_limit_ns * _MS,
        "age_violation": _age_violation(tables, info),
        "aoi": ages_of_information(tables, info.coordinator, info.end_ns, info.age_limit_ns),
        "solves": _solves(tables.solves),
        "outage_threshold": OUTAGE_THRESHOLD,
        "secrecy": _secrecy(tables.metrics),
        "objective": info.objective,
        "min_secrecy": _combined_secrecy(tables, "min"),
        **({"sum_secrecy": _combined_secrecy(tables, "sum")} if info.objective == "sum" else {}),
        **({} if info.names is None else {"names": dict(info.names)}),
        "bytes_per_cycle": _bytes_per_cycle(tables),
        **({"prices": prices} if prices else {}),
        "energy_j": _energy_j(tables.control, info.end_ns),
        "unsolved_samples": int(np.isnan(aimed["fresh"]).sum()),
        "faults": fault_costs(info.faults, tables, aimed["t_ns"], aimed["fresh"] - aimed["secrecy"], info.end_ns),
        **loss_attribution(tables.attribution, loss, int(np.isfinite(aimed["fresh"]).sum())),
    }


def mean(values: Samples) -> float | None:
    """Mean of the finite values; None if there are none."""
    finite = values[np.isfinite(values)]
    return float(np.mean(finite)) if finite.size else None


def quantile(values: Samples, q: float) -> float | None:
    """Quantile of the finite values, linear between samples; None if there are none."""
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, q)) if finite.size else None


def _floats(column: pa.ChunkedArray) -> Samples:
    """A numeric column as float64, null as NaN."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _messages(tables: Tables) -> dict[str, Any]:
    fates, reasons = Counter[str](), Counter[str]()
    sent = intra = 0
    for part in tables.message_parts("fate", "reason", "intra"):
        for counter, name in ((fates, "fate"), (reasons, "reason")):
            counter.update({item["values"]: item["counts"] for item in pc.value_counts(part[name]).to_pylist()})
        sent += part.num_rows
        intra += int(pc.sum(part["intra"]).as_py() or 0)
    return {
        "sent": sent,
        **{fate.value: fates[fate] for fate in Fate},
        "intra_twin": intra,
        "inter_twin": sent - intra,
        "reasons": {reason: count for reason, count in sorted(reasons.items()) if reason},
    }


def _latency_ms(tables: Tables) -> dict[str, Any]:
    found: dict[str, list[Samples]] = {}
    for part in tables.message_parts("kind", "fate", "latency_ns"):
        delivered = part.filter(pc.equal(part["fate"], Fate.DELIVERED.value))
        for kind in part["kind"].unique().to_pylist():
            rows = delivered.filter(pc.equal(delivered["kind"], kind))
            found.setdefault(kind, []).append(_floats(rows["latency_ns"]) * _MS)
    return {kind: _quantiles(np.concatenate(values)) for kind, values in sorted(found.items())}


def _quantiles(values: Samples) -> dict[str, Any]:
    return {
        "count": int(values.size),
        "p50": quantile(values, 0.50),
        "p95": quantile(values, 0.95),
        "p99": quantile(values, 0.99),
    }


def age_ms(tables: Tables, end_ns: int) -> dict[str, float | None]:
    """Age over time, and just before fresher CSI takes over (peaks), from the first metric sample to the end."""
    steps = age_steps(tables.control, end_ns)
    first_ns = pc.min(tables.metrics["t_ns"]).as_py()
    begin_ns = 0 if first_ns is None else first_ns
    over_time = (None, None) if first_ns is None else (steps.mean_ns(begin_ns), steps.quantile_ns(begin_ns, 0.95))
    ages_ns = (over_time[0], steps.peak_mean_ns(begin_ns), over_time[1])
    return {
        name: None if age_ns is None else age_ns * _MS
        for name, age_ns in zip(("mean", "peak_mean", "p95"), ages_ns, strict=True)
    }


def _age_violation(tables: Tables, info: RunInfo) -> float | None:
    """Share of the time from the first metric sample on in which the age of the system exceeds its limit."""
    first_ns = pc.min(tables.metrics["t_ns"]).as_py()
    if first_ns is None or info.age_limit_ns is None:
        return None
    return age_steps(tables.control, info.end_ns).violation(first_ns, info.age_limit_ns)


def _solves(solves: pa.Table) -> dict[str, Any]:
    statuses = solves["status"].to_pylist()
    return {
        "count": solves.num_rows,
        "failed": statuses.count("failed"),
        "infeasible": statuses.count("infeasible"),
        "iterations_median": quantile(_floats(solves["iterations"]), 0.5),
        "cost_ms_median": quantile(_floats(solves["cost_ns"]) * _MS, 0.5),
        "wall_ms_median": quantile(_floats(solves["wall_us"]) * 1e-3, 0.5),
    }


def users_of(metrics: pa.Table) -> list[str]:
    """The users of a metrics table, in its order."""
    return [str(user) for user in metrics["user"].unique().to_pylist()]


def _secrecy(metrics: pa.Table) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for user in users_of(metrics):
        rows = metrics.filter(pc.equal(metrics["user"], user))
        rates = _floats(rows["secrecy"])
        result[user] = {
            "mean": mean(rates),
            "fresh_mean": mean(_floats(rows["fresh"])),
            "outage": mean((rates < OUTAGE_THRESHOLD).astype(np.float64)),
        }
    return result


def worst_user(metrics: pa.Table) -> dict[str, Samples]:
    """Minimum over the users of each rate at each instant, in time order; and the instants, as `t_ns`."""
    return combined(metrics, "min")


def combined(metrics: pa.Table, objective: Objective) -> dict[str, Samples]:
    """Minimum, or sum, over the users of each rate at each instant, in time order; and the instants, as `t_ns`.

    Where the rate of one user is NaN so is what it is combined to.
    """
    times, place = np.unique(_floats(metrics["t_ns"]), return_inverse=True)
    combine, start = (np.minimum, np.inf) if objective == "min" else (np.add, 0.0)
    rates = {rate: np.full(times.shape, start) for rate in _RATES}
    with np.errstate(invalid="ignore"):
        for rate, value in rates.items():
            combine.at(value, place, _floats(metrics[rate]))
    return {"t_ns": times, **rates}


def _combined_secrecy(tables: Tables, objective: Objective) -> dict[str, Any]:
    rates = combined(tables.metrics, objective)
    return {
        "mean": mean(rates["secrecy"]),
        "fresh_mean": mean(rates["fresh"]),
        "staleness_loss": mean(rates["fresh"] - rates["secrecy"]),
        "staleness_share": _share_lost(rates["secrecy"], rates["fresh"]),
        "nominal_mean": mean(rates["nominal"]),
        "nominal_share": _share_lost(rates["nominal"], rates["fresh"]),
        "never_updated_mean": mean(rates["never_updated"]),
        "local_mrt_mean": mean(rates["local_mrt"]),
        "local_mrt_share": _local_mrt_share(tables.control, rates["t_ns"]),
        "ci95": half_width(rates["fresh"] - rates["secrecy"]),
    }


def _share_lost(rates: Samples, fresh: Samples) -> float | None:
    """Mean of (fresh - rate) over that of fresh; None where there is nothing to lose."""
    loss, whole = mean(fresh - rates), mean(fresh)
    return loss / whole if loss is not None and whole else None


def _local_mrt_share(control: pa.Table, times_ns: Samples) -> float | None:
    """Share of the instants at which a transmitter still has version 0 on air: local MRT from its own measurement."""
    updated = control.filter(pc.greater(control["version"], 0)).group_by("transmitter")
    first_ns = updated.aggregate([("t_applied_ns", "min")])["t_applied_ns_min"].to_pylist()
    waiting = len(first_ns) < pc.count_distinct(control["transmitter"]).as_py()
    all_updated_ns = np.inf if waiting else max(first_ns, default=0)
    return mean((times_ns < all_updated_ns).astype(np.float64))


def _bytes_per_cycle(tables: Tables) -> float | None:
    """Bytes of all messages sent per control cycle; trace 0 names no cycle."""
    cycles: set[int] = set()
    total = 0
    for part in tables.message_parts("trace_id", "bytes"):
        cycles.update(part["trace_id"].unique().to_pylist())
        total += pc.sum(part["bytes"]).as_py() or 0
    count = len(cycles - {0})
    return float(total) / count if count else None


def _energy_j(control: pa.Table, end_ns: int) -> float | None:
    """Transmit energy: the power of what is on air, integrated to the end of the run, of all transmitters."""
    if not control.num_rows:
        return None
    until: dict[str, int] = {}
    total = 0.0
    columns: Sequence[list[Any]] = [control[name].to_pylist() for name in ("t_applied_ns", "transmitter", "power_mw")]
    for start_ns, transmitter, power_mw in reversed(list(zip(*columns, strict=True))):
        stop_ns = until.get(transmitter, end_ns)
        total += power_mw * max(0, min(stop_ns, end_ns) - start_ns) * _JOULES_PER_MW_NS
        until[transmitter] = start_ns
    return total
