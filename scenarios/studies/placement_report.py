"""Files of `study placement` as a function of its results: a figure, its numbers, and the ranking as a table."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from scenarios.studies import paper
from scenarios.studies.framework import StudyReport
from scenarios.studies.paper import About
from scenarios.studies.placement_figure import placement_map
from scenarios.studies.placement_ranks import NEGLIGIBLE, Placements, Rank

_HEAD: Final = (
    *("backhaul_ms", "rank", "coordinator", "secrecy", "secrecy_half_width_95"),
    *("behind_best", "behind_best_half_width_95", "p", "test", "as_good"),
    *("outage", "age_ms", "age_peak_ms", "fresh", "nominal", "seeds"),
)


def report(table: pa.Table) -> StudyReport:
    """The map, its CSV, and table.md."""
    found = Placements(table)
    about = About.of("Secrecy rate by placement of the solve and backhaul latency", table)
    files = paper.files("placement", placement_map(found), about, paper.as_csv(_HEAD, _rows(found)))
    files["table.md"] = _markdown(found).encode()
    return StudyReport(_headline(found), files)


def _rows(found: Placements) -> Iterator[list[str]]:
    for latency in found.latencies_ms:
        for index, rank in enumerate(found.ranks(latency), 1):
            numbers = [rank.rate.mean, rank.rate.half_width, *_difference(rank)]
            more = [
                found.interval(rank.placement, latency, column).mean
                for column in ("outage_secrecy", "age_ms", "age_peak_ms", "fresh", "nominal")
            ]
            p, test = ("", "") if rank.behind is None else (f"{rank.behind.p:.6f}", rank.behind.test)
            yield [
                *(f"{latency:g}", str(index), rank.placement),
                *(f"{number:.6f}" for number in numbers),
                *(p, test, "yes" if rank.ties else "no"),
                *(f"{number:.6f}" for number in more),
                str(found.seeds),
            ]


def _difference(rank: Rank) -> tuple[float, float]:
    """Mean and half-width of how far a placement is from the best; 0 for the best."""
    if rank.behind is None:
        return 0.0, 0.0
    return rank.behind.difference.mean, rank.behind.difference.half_width


def _named(ranks: list[Rank]) -> str:
    """The best placement, and with it all that are as good."""
    best, *others = [rank.placement for rank in ranks if rank.ties]
    if not others:
        return best
    if len(others) == len(ranks) - 1:
        return f"{best}, and all others tie with it"
    return f"{best}, tied with {', '.join(others)}"


def _headline(found: Placements) -> str:
    lines = [f"best place for the solve over {found.seeds} seeds (paired; ties are not told apart)"]
    for latency in found.latencies_ms:
        ranks = found.ranks(latency)
        worst = ranks[-1]
        gap = f"{worst.placement} is worst, {_difference(worst)[0]:+.2f} bit/s/Hz"
        lines.append(f"  backhaul {latency:g} ms  {ranks[0].rate}  {_named(ranks)}; {gap}")
    return "\n".join(lines)


_INTRODUCTION: Final = (
    "Each point is a run of the default scenario with the coordinator at one twin and one backhaul latency. Rates are",
    "means over time of the worst user's secrecy rate in bit/s/Hz, with a 95 % interval over seeds. All placements",
    "share their seeds, so differences to the best are paired: their intervals are narrower than those of the rates. A",
    "placement is as good as the best where that interval contains 0 or the difference is below",
    f"{100 * NEGLIGIBLE:g} % of the best rate; p is that of an exact test of the same pairs.",
)


def _markdown(found: Placements) -> str:
    lines = ["# Where should the solve live?", "", f"{found.seeds} seeds of each setting.", "", *_INTRODUCTION]
    command = paper.command_of(found.table)
    lines += ["", f"Made by `{command}`."] if command else []
    best = [
        (f"{latency:g}", str(found.ranks(latency)[0].rate), _named(found.ranks(latency)))
        for latency in found.latencies_ms
    ]
    lines += ["", *paper.as_markdown(("backhaul, ms", "rate", "best"), best)]
    head = ("coordinator", "rate", "behind the best", "p", "as good", "mean age, ms", "outage")
    for latency in found.latencies_ms:
        rows = [_cells(found, rank, latency) for rank in found.ranks(latency)]
        lines += ["", f"## Backhaul {latency:g} ms", "", *paper.as_markdown(head, rows)]
    return "\n".join([*lines, ""])


def _cells(found: Placements, rank: Rank, latency: float) -> tuple[str, ...]:
    age, outage = (found.interval(rank.placement, latency, column).mean for column in ("age_ms", "outage_secrecy"))
    behind = ("best", "") if rank.behind is None else (str(rank.behind.difference), f"{rank.behind.p:.2g}")
    verdict = "yes" if rank.ties else "no"
    return (rank.placement, str(rank.rate), *behind, verdict, f"{age:.1f}", f"{100 * outage:.0f} %")
