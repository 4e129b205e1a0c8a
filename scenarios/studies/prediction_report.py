"""Files of `study prediction` as a function of its results: a picture, the numbers, and a table with the goals."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from scenarios.studies import paper
from scenarios.studies.figures import DPI
from scenarios.studies.framework import StudyReport
from scenarios.studies.intervals import percent
from scenarios.studies.prediction_figure import shares_figure
from scenarios.studies.prediction_shares import ALL_LINKS, FRESH, METHODS, NEAR_BOUNDS, NOMINAL, Goal, Rates, goals

_NUMBERS_HEAD: Final = (
    *("pilot_db", "age_tc", "method", "rate", "rate_half_width_95", "outage", "outage_half_width_95"),
    *("share", "share_half_width_95", "seeds"),
)
_GOALS_HEAD: Final = ("goal", "where", "at least", "found", "holds", "interval clear of the goal")


def report(table: pa.Table) -> StudyReport:
    """Picture, numbers and tables."""
    rates = Rates(table)
    verdicts = goals(rates)
    figure, about = shares_figure(rates, _title(rates), _subtitle(rates)), paper.About.of(_title(rates), table)
    files = paper.files("prediction", figure, about, paper.as_csv(_NUMBERS_HEAD, _numbers(rates)), DPI)
    files["goals.csv"] = paper.as_csv(_GOALS_HEAD, map(_goal_row, verdicts))
    files["table.md"] = _markdown(rates, verdicts).encode()
    return StudyReport(_headline(rates, verdicts), files)


def _numbers(rates: Rates) -> Iterator[tuple[str, ...]]:
    """One row per pilot SNR, age and method; the share of nominal is 0 and that of fresh 1 by definition."""
    for pilot_db in rates.pilots_db:
        for age in rates.ages_tc:
            for method in (NOMINAL, *rates.methods, FRESH):
                rate = rates.sample(pilot_db, age, method).interval()
                outage = rates.sample(pilot_db, age, method, "outage").interval()
                share = rates.share(pilot_db, age, method)
                spread = [(entry.mean, entry.half_width) for entry in (rate, outage, share)]
                numbers = [f"{number:.6f}" for pair in spread for number in pair]
                yield (f"{pilot_db:g}", f"{age:g}", method, *numbers, str(rates.seeds))


def _goal_row(goal: Goal) -> tuple[str, ...]:
    verdict = "yes" if goal.holds else "NO"
    return (
        goal.text,
        goal.at,
        f"{100.0 * goal.least:g} %",
        percent(goal.found, 1),
        verdict,
        "yes" if goal.clear else "no",
    )


def _title(rates: Rates) -> str:
    pilot_db = rates.pilots_db[-1]
    age = min(rates.ages_tc, key=lambda entry: abs(entry - 0.3))
    share = rates.share(pilot_db, age, ALL_LINKS[3])
    return f"Three taps get {percent(share)} of the loss back at {age:g} coherence times, pilots at {pilot_db:g} dB"


def _subtitle(rates: Rates) -> str:
    sample = f"{rates.seeds} seeds x {rates.instants} instants, 95 % intervals shaded"
    return f"Spreads 30 Hz (UAV) and 12 Hz (base station); coherence time 14.1 ms; reports every 10 ms. {sample}."


def _headline(rates: Rates, verdicts: Sequence[Goal]) -> str:
    kept = sum(goal.holds for goal in verdicts)
    lines = [f"{kept} of {len(verdicts)} goals hold over {rates.seeds} seeds of {rates.instants} instants"]
    for goal in verdicts:
        mark = "yes" if goal.holds else "NO "
        lines.append(f"  {mark}  {goal.text}: {percent(goal.found, 1)} for {100.0 * goal.least:g} % ({goal.at})")
    if not rates.samples:
        lines.append("  --   the near-bounds were not computed (quick)")
    return "\n".join(lines)


_INTRODUCTION: Final = (
    "The UAV's scatter spreads over 30 Hz and the base station's over 12 Hz; the coherence time T_c = 0.423 / 30 s is",
    "that of the UAV's links, 14.1 ms. Reports come every 10 ms; the age is from the newest one to the use. A share is",
    "(method - nominal) / (fresh - nominal) of mean rates, with a 95 % interval by jackknife over seeds: all instants",
    "and methods of a seed stay together. Outage: less than 1 bit/s/Hz for the worst user.",
    "",
    "- nominal: the last reports, believed. fresh: the true channels at the instant of use, known.",
    "- ball: the last reports, and any eavesdropper within 0.3 of the norm of her channel. Her channel is measured",
    "  exactly here, so that radius is a designer's allowance for motion and no measurement error.",
    "- one_tap: predicted from one report, believed. all_links_p: predicted from p reports, expected powers on all",
    "  links.",
    "- near_bound_p: the best that L-BFGS finds for the mean minimum rate over draws from the law that p taps state.",
    "  It is an optimum for those draws, that law and that start, so methods may come out slightly above it. Beside",
    "  that of the same taps one sees what expected powers lose; beside that of 5 taps also what 3 taps do not know.",
)


def _markdown(rates: Rates, verdicts: Sequence[Goal]) -> str:
    drawn = f", {rates.samples} draws each for the near-bounds" if rates.samples else "; no near-bounds (quick)"
    lines = ["# How much of the staleness loss prediction recovers", ""]
    lines += [f"{rates.seeds} seeds of {rates.instants} instants{drawn}.", "", *_INTRODUCTION, "", "## Goals", ""]
    lines += ["A goal holds when the mean reaches it.", "", *paper.as_markdown(_GOALS_HEAD, map(_goal_row, verdicts))]
    for pilot_db in rates.pilots_db:
        lines += ["", f"## Pilots at {pilot_db:g} dB", "", *_shares(rates, pilot_db)]
        lines += ["", "Mean rate in bit/s/Hz and outage:", "", *_rates(rates, pilot_db)]
    return "\n".join([*lines, ""])


def _shares(rates: Rates, pilot_db: float) -> list[str]:
    """Recovered shares by method and age, and rates over that of the near-bound."""
    ages, methods = rates.ages_tc, [method for method in METHODS if method in rates.methods]
    rows = [(method, *(percent(rates.share(pilot_db, age, method)) for age in ages)) for method in methods]
    for taps, bound in [(3, 3), (3, 5), (5, 5)] if rates.samples else ():
        ratios = [percent(rates.ratio(pilot_db, age, ALL_LINKS[taps], NEAR_BOUNDS[bound])) for age in ages]
        rows.append((f"rate of {taps} taps / near-bound of {bound}", *ratios))
    return paper.as_markdown(("recovered share at", *(f"{age:g} T_c" for age in ages)), rows)


def _rates(rates: Rates, pilot_db: float) -> list[str]:
    def cell(age: float, method: str) -> str:
        outage = rates.sample(pilot_db, age, method, "outage").interval()
        return f"{rates.sample(pilot_db, age, method).interval()}, {percent(outage)}"

    methods = (FRESH, NOMINAL, *rates.methods)
    rows = [(method, *(cell(age, method) for age in rates.ages_tc)) for method in methods]
    return paper.as_markdown(("rate, outage at", *(f"{age:g} T_c" for age in rates.ages_tc)), rows)
