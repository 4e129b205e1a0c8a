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

from scenarios.faults_view import fault_lines
from scenarios.hints import HINTS
from scenarios.program import program
from scenarios.terminal import Output, grouped
from twin.journal.objective import WHOSE, aimed, objective_of

PAGE: Final = "report.html"

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
    legs = [_attribution_table(summary)] if summary.get("loss_attribution") else []
    _print_tables(console, [_secrecy_table(summary), *further_tables(summary), *legs, _latency_table(summary)])
    lines = [*_facts(summary), *fault_lines(summary), ("look", str(folder / PAGE))]
    if twins_were_heard(summary):
        lines.append(("story", f"{program()} story {shlex.quote(str(folder))} worst"))
    if typed is not None:
        lines.append(("next", f"{typed} --set {shlex.quote(worth_trying(summary, sets))}"))
    for name, text in lines:
        console.print(f"{name:<{_KIND_WIDTH}}{text}")


def _print_tables(console: Console, tables: Sequence[Table]) -> None:
    """Print tables side by side as far as there is room, the rest under them; no number is ever cut."""
    room, console.width = console.width, _ANY_WIDTH
    rest = list(tables)
    while rest:
        rows = [_side_by_side(rest[:count]) for count in range(len(rest), 0, -1)]
        fitting = [row for row in rows if Measurement.get(console, console.options, row).maximum <= room]
        row = next(iter(fitting), rows[-1])
        rest = rest[len(row.columns) :]
        console.print(row)
        console.print()
    console.width = room


def _side_by_side(tables: Sequence[Table]) -> Table:
    row = Table.grid(padding=(0, 4))
    row.add_row(*tables)
    return row


def verdict(summary: Mapping[str, Any]) -> str:
    """What staleness cost, in a sentence or a few."""
    worst = aimed(summary)
    loss, fresh, ci95 = worst["staleness_loss"], worst["fresh_mean"], worst["ci95"]
    until = f"Interrupted after {summary['virtual_s']:.3g} s. " if summary.get("interrupted") else ""
    share, alone = worst.get("local_mrt_share") or 0.0, _alone(summary)
    if loss is None and worst["mean"] is not None:
        return f"{until}There is nothing to compare with: the genie found no answer at any sample." + _waiting(
            share, alone
        )
    if loss is None:
        return f"{until}The run ended before the first sample of the metrics: nothing can be said."
    if fresh == 0.0 and loss == 0.0:
        return f"{until}There is no secrecy to be had in this run: the genie, too, switches everybody off."
    if share == 1.0:
        rates = f"{worst['mean']:.2f} of {fresh:.2f} bit/s/Hz"
        return f"{until}No precoder of a twin went on air in this run: {alone} all the way ({rates})."
    if not has_loss(summary):
        spread = "" if ci95 is None else f" +- {ci95:.2f}"
        cost = f"{until}No measurable staleness cost in this run ({loss:.2f}{spread} of {fresh:.2f} bit/s/Hz)."
        return cost + _waiting(share, alone)
    spread = " (too few samples for an interval)" if ci95 is None else f" +- {ci95:.2f}"
    unit = "bit/s/Hz" if objective_of(summary) == "min" else "bit/s/Hz in sum"
    cost = f"{until}Staleness costs {loss:.2f}{spread} of {fresh:.2f} {unit} ({loss / fresh:.0%})."
    beside = "" if "names" in summary else _without_prediction(worst)
    return f"{cost}{_per_joule(summary)}{_largest_part(summary)}{beside}".replace("%", " %") + _waiting(share, alone)


def _per_joule(summary: Mapping[str, Any]) -> str:
    """What it costs in secrecy per joule, where that is aimed at."""
    share = (summary.get("see") or {}).get("staleness_share")
    return "" if share is None else f" Secrecy per joule loses {share:.0%}."


def _largest_part(summary: Mapping[str, Any]) -> str:
    """The leg on which most was lost, and its share, where the loss was attributed."""
    leg, lost = _largest_leg(summary)
    return f" Largest part: {leg}, {lost / aimed(summary)['staleness_loss']:.0%}." if leg else ""


def _largest_leg(summary: Mapping[str, Any]) -> tuple[str, float]:
    """The leg on which most was lost, and how much in bit/s/Hz; ("", 0) where none is known to have cost anything."""
    parts = {leg: lost for leg, lost in (summary.get("loss_attribution") or {}).items() if lost is not None}
    leg = max(parts, key=lambda name: parts[name], default="")
    return (leg, parts[leg]) if leg and parts[leg] > 0.0 else ("", 0.0)


def _without_prediction(worst: Mapping[str, Any]) -> str:
    """What a twin that believes its last reports would have lost, where it is another one."""
    if worst["nominal_mean"] is None or worst["nominal_mean"] == worst["mean"]:
        return ""
    return f" A twin that does not predict loses {worst['nominal_share']:.0%}."


def _alone(summary: Mapping[str, Any]) -> str:
    """What a transmitter does without a twin, as the system calls it."""
    return str((summary.get("names") or {}).get("local_mrt", "local MRT"))


def _waiting(share: float, alone: str) -> str:
    """How often a transmitter was still without a precoder of a twin, where one was."""
    if share == 0.0:
        return ""
    if share == 1.0:
        return f" No precoder of a twin went on air: {alone} all the way."
    percent = "under 1" if share < 0.01 else "over 99" if share > 0.99 else f"{100 * share:.0f}"
    return f" {alone[0].upper()}{alone[1:]} was still on air in {percent} % of the samples."


def has_loss(summary: Mapping[str, Any]) -> bool:
    """Whether staleness cost something that the confidence interval, if there is one, tells from 0."""
    worst = aimed(summary)
    return worst["staleness_loss"] is not None and worst["staleness_loss"] > (worst["ci95"] or 0.0)


def twins_were_heard(summary: Mapping[str, Any]) -> bool:
    """Whether a precoder of a twin went on air, as far as the samples tell."""
    return bool(summary["solves"]["count"]) and aimed(summary).get("local_mrt_share") != 1.0


def worth_trying(summary: Mapping[str, Any], sets: Sequence[str]) -> str:
    """A setting for the next run: one that loses less where something was lost, else one that loses more.

    Where it is known on which leg most was lost, what shortens that leg comes first.
    """
    taken = {setting.partition("=")[0].strip() for setting in sets}
    leg, _ = _largest_leg(summary)
    hints = HINTS[summary.get("system", "sagin")]
    shorter = (hints.shorter[leg],) if leg in hints.shorter else ()
    choices: tuple[str, ...] = (*shorter, *hints.fresher) if has_loss(summary) else hints.staler
    return next((choice for choice in choices if choice.partition("=")[0] not in taken), choices[0])


def further_tables(summary: Mapping[str, Any]) -> Iterator[Table]:
    """What a system has besides secrecy: secrecy per joule, the echo, and the rates of the multicast."""
    if "see" not in summary:
        return
    table = _table("besides", "stale", "fresh", "missed")
    rows = (("SEE, mbit/Hz/J", "see", "", 1e3), ("SCNR, dB", "scnr", "_db", 1.0))
    rates = (("common, bit/s/Hz", "common_rate", "", 1.0), ("private, bit/s/Hz", "private_rate", "", 1.0))
    for label, name, suffix, scale in (*rows, *rates):
        part = summary[name]
        means = [part[f"{whose}mean{suffix}"] for whose in ("", "fresh_")]
        shown = [_rate(None if value is None else value * scale) for value in means]
        table.add_row(label, *shown, _share(part["missed"]) if "missed" in part else "")
    yield table


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
    worst, names = aimed(summary), summary.get("names") or {}
    if "see" not in summary:
        table.add_row(WHOSE[objective_of(summary)], _rate(worst["mean"]), _rate(worst["fresh_mean"]))
    if worst["nominal_mean"] != worst["mean"]:
        table.add_row(names.get("nominal", "nominal twin"), _rate(worst["nominal_mean"]))
    table.add_row("never updated", _rate(worst["never_updated_mean"]))
    table.add_row(names.get("local_mrt", "local MRT"), _rate(worst["local_mrt_mean"]))
    return table


def _attribution_table(summary: Mapping[str, Any]) -> Table:
    """What was lost on each leg, with its interval, and its share of the loss where there is one to share."""
    parts, widths = summary["loss_attribution"], summary.get("loss_attribution_ci95") or {}
    whole = aimed(summary)["staleness_loss"] if has_loss(summary) else None
    table = _table("leg", "lost, bit/s/Hz", "share")
    for leg, lost in parts.items():
        spread = f" +- {widths[leg]:.2f}" if lost is not None and widths.get(leg) is not None else ""
        share = None if whole is None or lost is None else lost / whole
        table.add_row(leg, f"{_rate(lost)}{spread}", _share(share))
    return table


def _latency_table(summary: Mapping[str, Any]) -> Table:
    table = _table("latency, ms", "p50", "p99", "count")
    for kind, latency in summary["latency_ms"].items():
        table.add_row(kind, _rate(latency["p50"]), _rate(latency["p99"]), grouped(latency["count"]))
    return table


def _facts(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    age, solves = summary["age_ms"], summary["solves"]
    means = f"mean {_ms(age['mean'])}, mean peak {_ms(age['peak_mean'])}, p95 {_ms(age['p95'])}"
    yield "CSI age", f"{means}{_over_limit(summary)}"
    yield "messages", _messages(summary["messages"])
    ended = [f", {grouped(solves[how])} {how}" for how in ("failed", "infeasible") if solves.get(how)]
    medians = f"median {_rate(solves['iterations_median'], 0)} iterations"
    yield (
        "solves",
        f"{grouped(solves['count'])}{''.join(ended)}, {medians}, {_ms(solves['wall_ms_median'])} of wall time",
    )
    if prices := summary.get("prices"):
        yield "prices", _prices(prices)
    yield "digest", summary["digest"]
    yield "time", _times(summary)


def _prices(prices: Mapping[str, Any]) -> str:
    """What a round of turns costs on the wire, and what it would cost to have one place decide."""
    each = f"{prices['messages_per_round']:.0f} messages of {prices['bytes_mean']:.0f} bytes"
    central = f"channels to one place and precoders back: {prices['central_bytes_per_round'] / 1e3:.1f} kB"
    return f"{prices['bytes_per_round'] / 1e3:.1f} kB a round, {each}; {central}"


def _over_limit(summary: Mapping[str, Any]) -> str:
    """How often the age exceeds its limit, where it is known and ever does."""
    share = summary.get("age_violation")
    return f", over {summary['age_limit_ms']:g} ms {_share(share)} of the time" if share else ""


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
    return f"{counts} ({shown})" if shown else counts


def _times(summary: Mapping[str, Any]) -> str:
    wall_s, virtual = summary["wall_s"], f"{summary['virtual_s']:.3g} s virtual"
    return virtual if wall_s is None else f"{virtual}, emulated in {wall_s:.1f} s of wall time, seed {summary['seed']}"


def _rate(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # adding 0.0 turns -0.0 into 0.0


def _share(value: float | None) -> str:
    return "-" if value is None else f"{round(100 * value) + 0} %"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"
