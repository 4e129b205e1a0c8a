"""Files of `study price-staleness` as a function of its results: a picture, the numbers, and tables."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from scenarios.studies import paper
from scenarios.studies.figures import DASHED, DPI, GREY, PALETTE, Curve, Panel, Stroke, curves_figure
from scenarios.studies.framework import StudyReport
from scenarios.studies.intervals import Interval, percent
from scenarios.studies.price_staleness_grid import PRICED, SELFISH, correlation_after, lasting_periods
from scenarios.studies.price_staleness_shares import EXPECTED, EXPECTED_AGES, EXPECTED_SELFISH, LASTING, Shares

_HEAD: Final = (
    *("correlation", "age_periods", "loss", "play", "rate", "rate_half_width_95"),
    *("share_of_fresh", "share_half_width_95", "messages_per_round", "seeds"),
)
_TITLE: Final = "Prices that come late or not at all"
_INTRODUCTION: Final = (
    "Five pairs with 6 x 4 antennas, two streams and one of noise, all 10 m from each other and from an eavesdropper",
    "with four antennas of whom nothing is known; full power would arrive 54 dB above the noise. Everybody knows the",
    "channels of now; only prices are late, by so many periods, or lost. rho is the correlation of a channel with",
    "itself a period later. A share is the mean sum of secrecy rates over that with prices in time at the same motion,",
    "with a 95 % interval by jackknife over seeds.",
    "",
    "The expected shares are a prototype's: turns at one place, judged right after each round, in channels that forget",
    "geometrically, rho^a after a periods. Here channels forget by Jakes' law, and the same rho after one period is",
    "another speed: at rho 0.999 they are at 1/e after 28 periods, geometric ones after 1000. So motions that last as",
    "long stand beside the expectation, too (docs/interference.md has the way from one to the other, step by step).",
    "What ages first in slow channels is the play: a price that is two periods late is wrong mostly because others",
    "have taken turns since. At rho 0.9 turns and prices are soon about channels that are gone: there is less to lose",
    "to old prices, and selfish play is not far behind. At rho 1 late prices make the play settle later; worlds differ",
    "by 15 points there, so that few seeds say little.",
)


def report(table: pa.Table) -> StudyReport:
    """Picture, numbers and tables."""
    shares = Shares(table)
    figure = curves_figure(_TITLE, _subtitle(shares), list(_panels(shares)))
    about = paper.About.of(_TITLE, table)
    files = paper.files("price-staleness", figure, about, paper.as_csv(_HEAD, _numbers(shares)), DPI)
    files["table.md"] = _markdown(shares).encode()
    return StudyReport(_headline(shares), files)


def _settings(shares: Shares) -> Iterator[tuple[float, float, float, str]]:
    for rho in shares.correlations:
        for play in shares.plays:
            for age in shares.ages:
                yield from ((rho, age, loss, play) for loss in shares.losses if shares.has(rho, age, loss, play))


def _numbers(shares: Shares) -> Iterator[tuple[str, ...]]:
    for setting in _settings(shares):
        *keys, play = setting
        pair = (shares.rate(*setting), shares.share(*setting))
        numbers = [f"{number:.6f}" for entry in pair for number in (entry.mean, entry.half_width)]
        yield (*(f"{key:g}" for key in keys), play, *numbers, f"{shares.messages(*setting):.3f}", str(shares.seeds))


def _panels(shares: Shares) -> Iterator[Panel]:
    for place, rho in enumerate(_with_losses(shares)):
        curves = []
        for loss, colour in zip(shares.losses, PALETTE, strict=False):
            if all(shares.has(rho, age, loss) for age in shares.ages):
                along = [_scaled(shares.share(rho, age, loss)) for age in shares.ages]
                curves.append(Curve(f"{100 * loss:g} %", along, Stroke(colour)))
        if shares.has(rho, 0.0, play=SELFISH):
            selfish = [_scaled(shares.share(rho, 0.0, play=SELFISH))] * len(shares.ages)
            curves.append(Curve("selfish", selfish, Stroke(GREY, DASHED, "", 1.2)))
        yield Panel(f"ρ = {rho:g}", "periods late", "% of prices in time" if place == 0 else "", shares.ages, curves)


def _with_losses(shares: Shares) -> list[float]:
    """Motions at which prices were also lost; where none were, all."""
    found = [rho for rho in shares.correlations if any(shares.has(rho, 0.0, loss) for loss in shares.losses[1:])]
    return found or shares.correlations


def _scaled(entry: Interval) -> Interval:
    return Interval(100.0 * entry.mean, 100.0 * entry.half_width, entry.count)


def _subtitle(shares: Shares) -> str:
    seeds = f"{shares.seeds} seeds, 95 % intervals shaded"
    return f"Sum of secrecy rates of five pairs. {seeds}. Curves by the share of prices that is lost."


def _headline(shares: Shares) -> str:
    lines = [f"sum secrecy rate with late prices, % of prices in time, {shares.seeds} seeds"]
    for rho in shares.correlations:
        late = ", ".join(f"{percent(shares.share(rho, age))} at {age:g}" for age in shares.ages if age)
        selfish = percent(shares.share(rho, 0.0, play=SELFISH))
        lines.append(f"  rho {rho:g}: {late} periods; selfish {selfish}")
    return "\n".join(lines)


def _markdown(shares: Shares) -> str:
    lines = [f"# {_TITLE}", "", f"{shares.seeds} seeds.", "", *_INTRODUCTION, "", "## Latency", "", *_latency(shares)]
    lines += ["", f"Expected of selfish play: {EXPECTED_SELFISH[0]} to {EXPECTED_SELFISH[1]} %."]
    lines += ["", "## Loss", "", "With prices as late as the column says:", "", *_losses(shares)]
    if set(shares.plays) - {PRICED, SELFISH}:
        lines += ["", "## What each rule is worth", "", *_plays(shares)]
    return "\n".join([*lines, ""])


def _latency(shares: Shares) -> list[str]:
    rows = []
    for rho in shares.correlations:
        cells = [percent(shares.share(rho, age)) for age in shares.ages]
        selfish = percent(shares.share(rho, 0.0, play=SELFISH))
        lasts = f"{lasting_periods(rho):.3g}" if rho < 1.0 else "never"
        rows.append((f"{rho:g}", lasts, str(shares.rate(rho, 0.0)), *cells, selfish))
        rows += [(name, "", "", *_expected(shares, like), "") for name, like in _likenesses(rho)]
        rows.append(("correlation then", "", "", *(f"{correlation_after(rho, age):.2f}" for age in shares.ages), ""))
    head = ("rho", "1/e after, periods", "in time, bit/s/Hz", *(f"{age:g} late" for age in shares.ages), "selfish")
    return paper.as_markdown(head, rows)


def _likenesses(rho: float) -> Iterator[tuple[str, float]]:
    """Names of rows, and the rho of the prototype's channels that are like those of this motion."""
    if rho in EXPECTED and LASTING.get(rho) != rho:
        yield "expected, same rho", rho
    if rho in LASTING:
        yield f"expected, lasts as long ({LASTING[rho]:g})", LASTING[rho]


def _expected(shares: Shares, rho: float) -> list[str]:
    expected = dict(zip(EXPECTED_AGES, EXPECTED[rho], strict=True))
    return [f"{expected[age]} %" if age in expected else "" for age in shares.ages]


def _losses(shares: Shares) -> list[str]:
    rows = []
    for rho in _with_losses(shares):
        for loss in shares.losses[1:]:
            cells = [percent(shares.share(rho, age, loss)) if shares.has(rho, age, loss) else "" for age in shares.ages]
            rows.append((f"{rho:g}", f"{100 * loss:g} %", *cells))
    return paper.as_markdown(("rho", "lost", *(f"{age:g} late" for age in shares.ages)), rows)


def _plays(shares: Shares) -> list[str]:
    """The share of each play beside that of the play with all rules, at the latencies where both were run."""
    rows = []
    for rho in _with_losses(shares):
        for play in shares.plays:
            ages = [age for age in shares.ages if shares.has(rho, age, play=play)]
            if play != SELFISH and len(ages) > 1:
                cells = [percent(shares.share(rho, age, play=play)) if age in ages else "" for age in shares.ages]
                rows.append((f"{rho:g}", play, *cells))
    return paper.as_markdown(("rho", "play", *(f"{age:g} late" for age in shares.ages)), rows)
