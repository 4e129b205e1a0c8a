"""Files of `study staleness` as a function of its results: figures, their numbers, and a table to read."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from scenarios.studies import paper
from scenarios.studies.framework import StudyReport
from scenarios.studies.intervals import Interval, percent
from scenarios.studies.paper import About
from scenarios.studies.staleness_curves import Curves
from scenarios.studies.staleness_figures import against_age, against_keys, by_leg
from scenarios.studies.staleness_sweeps import Sweep
from twin.journal.schemas import LEGS

_RATES: Final = ("secrecy", "fresh", "nominal", "never_updated", "local_mrt")
_OUTAGES: Final = ("outage_secrecy", "outage_nominal", "outage_never_updated")
_AGES: Final = ("age_ms", "age_peak_ms", "age_p95_ms", "age_violation")


def report(table: pa.Table) -> StudyReport:
    """Three figures (the one by leg where runs tell), their CSV files, and table.md."""
    curves = Curves(table)
    files = paper.files(
        "age",
        against_age(curves),
        About.of("Secrecy and outage against the age of the CSI on air", table),
        paper.as_csv(_head((*_AGES, *_RATES, *_OUTAGES, "recovered_share")), _rows_by_age(curves)),
    )
    files |= paper.files(
        "sweeps",
        against_keys(curves),
        About.of("Share of the fresh secrecy rate lost, by swept key", table),
        paper.as_csv(_head(("loss_share", "nominal_loss_share")), _rows_by_key(curves)),
    )
    if curves.attributed:
        files |= paper.files(
            "attribution",
            by_leg(curves),
            About.of("Loss of the predictive twin by leg", table),
            paper.as_csv(_head(LEGS), _rows_by_leg(curves)),
        )
    files["table.md"] = _markdown(curves).encode()
    return StudyReport(_headline(curves), files)


def _head(columns: tuple[str, ...]) -> list[str]:
    return ["key", "value", *(name for column in columns for name in (column, f"{column}_half_width_95")), "seeds"]


def _points(curves: Curves) -> Iterator[tuple[Sweep, float]]:
    for sweep in curves.sweeps:
        for value in curves.values(sweep):
            yield sweep, value


def _row(curves: Curves, sweep: Sweep, value: float, entries: list[Interval]) -> list[str]:
    numbers = [f"{number:.6f}" for entry in entries for number in (entry.mean, entry.half_width)]
    return [sweep.key, f"{value:g}", *numbers, str(curves.seeds)]


def _rows_by_age(curves: Curves) -> Iterator[list[str]]:
    for sweep, value in _points(curves):
        entries = [curves.interval(sweep, value, column) for column in (*_AGES, *_RATES, *_OUTAGES)]
        yield _row(curves, sweep, value, [*entries, curves.recovered_share(sweep, value)])


def _rows_by_key(curves: Curves) -> Iterator[list[str]]:
    for sweep, value in _points(curves):
        yield _row(curves, sweep, value, [curves.loss_share(sweep, value, rate) for rate in ("secrecy", "nominal")])


def _rows_by_leg(curves: Curves) -> Iterator[list[str]]:
    for sweep, value in _points(curves):
        yield _row(curves, sweep, value, [curves.interval(sweep, value, leg) for leg in LEGS])


def _headline(curves: Curves) -> str:
    lines = [f"share of the fresh secrecy rate lost by a predictive twin (a nominal one), {curves.seeds} seeds"]
    width = max(len(sweep.label) for sweep in curves.sweeps)
    for sweep in curves.sweeps:
        values = curves.values(sweep)
        first, last = values[0], values[-1]
        here, there = (percent(curves.loss_share(sweep, value)) for value in (first, last))
        nominal = [f"{100.0 * curves.loss_share(sweep, value, 'nominal').mean:.0f}" for value in (first, last)]
        axis = f"{first:g} to {last:g} {sweep.unit}".strip()
        lines.append(f"  {sweep.label:{width}}  {axis:<14}  {here} to {there} ({nominal[0]} to {nominal[1]} %)")
    if not curves.attributed:
        lines.append("  attribution by leg: these runs do not tell")
    return "\n".join(lines)


_INTRODUCTION: Final = (
    "Each point is a run of the default scenario with one key changed; seeds are the same everywhere, so differences",
    "between rows are paired. Rates are means over time of the worst user's secrecy rate in bit/s/Hz, outage is the",
    "share of time below 1 bit/s/Hz, and ages are those of the oldest CSI behind what is on air. ± is half the width",
    "of a 95 % interval over seeds (jackknife for shares). Fresh is the genie; nominal is a twin that believes its",
    "last reports, fed with the same messages; never updated keeps the first precoders.",
)


def _markdown(curves: Curves) -> str:
    head = (
        *("value", "mean age, ms", "peak, ms", "secrecy", "fresh", "lost", "outage"),
        *("nominal", "lost", "outage", "never updated"),
    )
    lines = ["# What latency and staleness cost", "", f"{curves.seeds} seeds of each setting.", "", *_INTRODUCTION]
    command = paper.command_of(curves.table)
    lines += ["", f"Made by `{command}`."] if command else []
    for sweep in curves.sweeps:
        lines += ["", f"## {sweep.label} (`{sweep.key}`{f', {sweep.unit}' if sweep.unit else ''})", ""]
        lines += paper.as_markdown(head, [_cells(curves, sweep, value) for value in curves.values(sweep)])
        if curves.attributed:
            legs = [
                (f"{value:g}", *(str(curves.interval(sweep, value, leg)) for leg in LEGS))
                for value in curves.values(sweep)
            ]
            lines += ["", "Loss by leg in bit/s/Hz:", "", *paper.as_markdown(("value", *LEGS), legs)]
    return "\n".join([*lines, ""])


def _cells(curves: Curves, sweep: Sweep, value: float) -> tuple[str, ...]:
    def rate(column: str) -> str:
        return str(curves.interval(sweep, value, column))

    def share(column: str) -> str:
        return percent(curves.interval(sweep, value, column))

    return (
        f"{value:g}",
        *(f"{curves.interval(sweep, value, age).mean:.1f}" for age in ("age_ms", "age_peak_ms")),
        *(rate("secrecy"), rate("fresh"), percent(curves.loss_share(sweep, value)), share("outage_secrecy")),
        *(rate("nominal"), percent(curves.loss_share(sweep, value, "nominal")), share("outage_nominal")),
        rate("never_updated"),
    )
