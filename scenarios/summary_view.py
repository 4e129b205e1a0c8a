"""What a run came to, for the terminal: a function of summary.json and of what was typed."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from scenarios.terminal import Output, grouped

PAGE: Final = "report.html"

# Worth trying, in this order: what the loss shrinks with, and what it grows with.
FRESHER: Final = (
    "network.backhaul.latency_ms=1",
    "twin.coordinator=core:uav",
    "report.period_ms=5",
    "uav.speed_mps=2",
)
STALER: Final = (
    "network.backhaul.latency_ms=20",
    "uav.speed_mps=20",
    "report.period_ms=20",
    "users.speed_mps=2",
)
_KIND_WIDTH: Final = 9
_ANY_WIDTH: Final = 10_000


def show_summary(
    summary: Mapping[str, Any],
    folder: Path,
    typed: str | None = None,
    sets: Sequence[str] = (),
    *,
    stream: TextIO | None = None,
) -> None:
    """Write the block that ends a run.

    Args:
        summary: the content of summary.json.
        folder: the run folder, as the person named it.
        typed: the command that made the run, to be repeated with another setting; None for no such hint.
        sets: the settings in that command.
        stream: where to; standard output if None.
    """
    console = Output(file=stream or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(Text(verdict(summary), style="bold"))
    console.print()
    _print_tables(console, _secrecy_table(summary), _latency_table(summary))
    lines = [*_facts(summary), ("look", str(folder / PAGE))]
    if typed is not None:
        lines.append(("next", f"{typed} --set {shlex.quote(worth_trying(summary, sets))}"))
    for name, text in lines:
        console.print(f"{name:<{_KIND_WIDTH}}{text}")


def _print_tables(console: Console, left: Table, right: Table) -> None:
    """Print two tables side by side where there is room, else one under the other; no number is ever cut."""
    both = Table.grid(padding=(0, 4))
    both.add_row(left, right)
    room, console.width = console.width, _ANY_WIDTH
    fits = Measurement.get(console, console.options, both).maximum <= room
    for table in (both,) if fits else (left, right):
        console.print(table)
        console.print()
    console.width = room


def verdict(summary: Mapping[str, Any]) -> str:
    """What staleness cost, in a sentence or a few."""
    worst = summary["min_secrecy"]
    loss, fresh, ci95 = worst["staleness_loss"], worst["fresh_mean"], worst["ci95"]
    until = f"Interrupted after {summary['virtual_s']:.3g} s. " if summary.get("interrupted") else ""
    if loss is None:
        return f"{until}The run ended before the first sample of the metrics: nothing can be said."
    share = worst.get("local_mrt_share") or 0.0
    if share == 1.0:
        rates = f"{worst['mean']:.2f} of {fresh:.2f} bit/s/Hz"
        return f"{until}No precoder of a twin went on air in this run: local MRT all the way ({rates})."
    if not has_loss(summary):
        spread = "" if ci95 is None else f" +- {ci95:.2f}"
        cost = f"{until}No measurable staleness cost in this run ({loss:.2f}{spread} of {fresh:.2f} bit/s/Hz)."
        return cost + _local_mrt(share)
    spread = " (too few samples for an interval)" if ci95 is None else f" +- {ci95:.2f}"
    cost = f"{until}Staleness costs {loss:.2f}{spread} of {fresh:.2f} bit/s/Hz ({loss / fresh:.0%})."
    return f"{cost}{_without_prediction(worst)}".replace("%", " %") + _local_mrt(share)


def _without_prediction(worst: Mapping[str, Any]) -> str:
    """What a twin that believes its last reports would have lost, where it is another one."""
    if worst["nominal_mean"] is None or worst["nominal_mean"] == worst["mean"]:
        return ""
    return f" A twin that does not predict loses {worst['nominal_share']:.0%}."


def _local_mrt(share: float) -> str:
    """How often a transmitter was still without a precoder of a twin, where one was."""
    if share == 0.0:
        return ""
    percent = "under 1" if share < 0.01 else "over 99" if share > 0.99 else f"{100 * share:.0f}"
    return f" Local MRT was still on air in {percent} % of the samples."


def has_loss(summary: Mapping[str, Any]) -> bool:
    """Whether staleness cost something that the confidence interval, if there is one, tells from 0."""
    worst = summary["min_secrecy"]
    return worst["staleness_loss"] is not None and worst["staleness_loss"] > (worst["ci95"] or 0.0)


def worth_trying(summary: Mapping[str, Any], sets: Sequence[str]) -> str:
    """A setting for the next run: one that loses less where something was lost, else one that loses more."""
    taken = {setting.partition("=")[0].strip() for setting in sets}
    choices = FRESHER if has_loss(summary) else STALER
    return next((choice for choice in choices if choice.partition("=")[0] not in taken), choices[0])


def _table(name: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(name, no_wrap=True)
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _secrecy_table(summary: Mapping[str, Any]) -> Table:
    table = _table("bit/s/Hz", "stale", "fresh", f"outage < {summary.get('outage_threshold', 1.0):g}")
    for user, rates in summary["secrecy"].items():
        table.add_row(user, _rate(rates["mean"]), _rate(rates["fresh_mean"]), _share(rates["outage"]))
    worst = summary["min_secrecy"]
    table.add_row("worst user", _rate(worst["mean"]), _rate(worst["fresh_mean"]))
    if worst["nominal_mean"] != worst["mean"]:
        table.add_row("nominal twin", _rate(worst["nominal_mean"]))
    table.add_row("never updated", _rate(worst["never_updated_mean"]))
    table.add_row("local MRT", _rate(worst["local_mrt_mean"]))
    return table


def _latency_table(summary: Mapping[str, Any]) -> Table:
    table = _table("latency, ms", "p50", "p99", "count")
    for kind, latency in summary["latency_ms"].items():
        table.add_row(kind, _rate(latency["p50"]), _rate(latency["p99"]), grouped(latency["count"]))
    return table


def _facts(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    age, solves = summary["age_ms"], summary["solves"]
    yield "CSI age", f"mean {_ms(age['mean'])}, mean peak {_ms(age['peak_mean'])}, p95 {_ms(age['p95'])}"
    yield "messages", _messages(summary["messages"])
    failed = f", {grouped(solves['failed'])} failed" if solves.get("failed") else ""
    medians = f"median {_rate(solves['iterations_median'], 0)} iterations"
    yield (
        "solves",
        f"{grouped(solves['count'])}{failed}, {medians}, {_ms(solves['wall_ms_median'])} of wall time",
    )
    yield "digest", summary["digest"]
    yield "time", _times(summary)


def _messages(messages: Mapping[str, Any]) -> str:
    names = {
        "sent": "sent",
        "delivered": "delivered",
        "lost": "lost",
        "dropped": "dropped",
        "in_flight": "in flight",
    }
    counts = ", ".join(f"{text} {grouped(messages[name])}" for name, text in names.items())
    reasons = {reason: count for reason, count in messages.get("reasons", {}).items() if count and reason != "loss"}
    shown = ", ".join(f"{reason} {grouped(count)}" for reason, count in reasons.items())
    return f"{counts} ({shown})" if shown and messages["dropped"] else counts


def _times(summary: Mapping[str, Any]) -> str:
    wall_s, virtual = summary["wall_s"], f"{summary['virtual_s']:.3g} s virtual"
    return virtual if wall_s is None else f"{virtual}, emulated in {wall_s:.1f} s of wall time, seed {summary['seed']}"


def _rate(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"
