"""Files of `study price-scaling` as a function of its results: a figure, its numbers, and a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from scenarios.studies import paper
from scenarios.studies.framework import StudyReport
from scenarios.studies.grid import Value
from scenarios.studies.intervals import Interval, Sample, samples
from scenarios.studies.paper import About

LABELS: Final = {
    "factor": "factor for all, on every report",
    "turns": "factor for all, after turns",
    "projected": "projected for each",
    "off": "no prices (selfish)",
}
COLUMNS: Final = (
    *("secrecy", "fresh", "selfish_fresh", "age_ms", "messages_per_s"),
    *("prices_per_s", "price_bytes", "price_round_bytes", "central_round_bytes"),
)


@dataclass(frozen=True)
class Scaling:
    """The results by number of pairs and way of trading."""

    table: pa.Table

    @cached_property
    def seeds(self) -> int:
        """How many there are of each setting."""
        return len(self.table["seed"].unique())

    @cached_property
    def pairs(self) -> list[int]:
        """The numbers of pairs, ascending."""
        return sorted(self.table["pairs"].unique().to_pylist())

    @cached_property
    def modes(self) -> list[str]:
        """The ways of trading, in their own order."""
        found = set(self.table["mode"].unique().to_pylist())
        return [mode for mode in LABELS if mode in found]

    def sample(self, column: str, pairs: int, mode: str) -> Sample:
        """One column of a setting over the seeds."""
        return self._samples[column][(pairs, mode)]

    def along(self, column: str, mode: str) -> list[Interval]:
        """The means of a column with the pairs."""
        return [self.sample(column, pairs, mode).interval() for pairs in self.pairs]

    def gain(self, pairs: int, mode: str) -> Interval:
        """What trading brings over selfish twins in the same worlds, in bit/s/Hz per pair."""
        return (self.sample("secrecy", pairs, mode) - self.sample("secrecy", pairs, "off")).interval()

    @cached_property
    def _samples(self) -> dict[str, dict[tuple[Value, ...], Sample]]:
        return {column: samples(self.table, ("pairs", "mode"), column) for column in COLUMNS}


def report(table: pa.Table) -> StudyReport:
    """The figure, its CSV, and table.md."""
    found = Scaling(table)
    about = About.of("Secrecy and bytes of interference prices by the number of pairs", table)
    files = paper.files("price-scaling", _figure(found), about, paper.as_csv(_HEAD, _rows(found)))
    files["table.md"] = _markdown(found).encode()
    return StudyReport(_headline(found), files)


_HEAD: Final = ("pairs", "mode", *(f"{name}{end}" for name in COLUMNS for end in ("", "_half_width_95")), "seeds")


def _rows(found: Scaling) -> Iterator[list[str]]:
    for pairs in found.pairs:
        for mode in found.modes:
            entries = [found.sample(column, pairs, mode).interval() for column in COLUMNS]
            numbers = [f"{number:.6g}" for entry in entries for number in (entry.mean, entry.half_width)]
            yield [str(pairs), mode, *numbers, str(found.seeds)]


def _figure(found: Scaling) -> Any:  # noqa: ANN401 - matplotlib is imported lazily
    figure = paper.new_figure(2.7)
    rates, sizes = figure.subplots(1, 2)
    paper.style(rates, "Secrecy", "pairs", "secrecy rate per pair (bit/s/Hz)")
    paper.style(sizes, "On the wire", "pairs", "kB per round")
    handles, labels = [], []
    for mode, colour, marker in zip(found.modes, paper.PALETTE, paper.MARKERS, strict=False):
        look: dict[str, Any] = {"color": colour, "marker": marker}
        handles.append(paper.curve(rates, found.pairs, found.along("secrecy", mode), **look))
        labels.append(LABELS[mode])
        if mode != "off":
            paper.curve(sizes, found.pairs, found.along("price_round_bytes", mode), 1e-3, **look)
    genie: dict[str, Any] = {"color": paper.GREY, "marker": "", "linestyle": "--"}
    handles.append(paper.curve(rates, found.pairs, found.along("fresh", found.modes[0]), **genie))
    paper.curve(sizes, found.pairs, found.along("central_round_bytes", found.modes[0]), 1e-3, **genie)
    labels.append("fresh genie / all channels to one place")
    rates.set_ylim(bottom=0.0)
    if any(found.sample("central_round_bytes", pairs, found.modes[0]).values.any() for pairs in found.pairs):
        sizes.set_yscale("log")  # nothing is told where a person has switched prices off in all modes
    paper.legend(figure, handles, labels, loc="outside lower center", ncols=3)
    return figure


def _headline(found: Scaling) -> str:
    lines = [f"per pair over {found.seeds} seeds, in bit/s/Hz; gains over selfish twins are paired"]
    for pairs in found.pairs:
        best = found.modes[0]
        price, central = (
            found.sample(column, pairs, best).interval().mean / 1e3
            for column in ("price_round_bytes", "central_round_bytes")
        )
        rate = found.sample("secrecy", pairs, best).interval()
        lines.append(
            f"  {pairs:2d} pairs  {rate}, {found.gain(pairs, best)} of it by prices; "
            f"{price:.1f} kB of prices per round, {central:.1f} kB if all channels went to one place"
        )
    return "\n".join(lines)


_TABLE: Final = (
    "pairs",
    "prices",
    "secrecy",
    "over selfish",
    "fresh",
    "messages/s",
    "prices/s",
    "bytes each",
    "kB/round",
)


def _cells(found: Scaling, pairs: int, mode: str) -> tuple[str, ...]:
    mean = {column: found.sample(column, pairs, mode).interval() for column in COLUMNS}
    gain = "" if mode == "off" else str(found.gain(pairs, mode))
    numbers = (f"{mean[name].mean:.0f}" for name in ("messages_per_s", "prices_per_s", "price_bytes"))
    size = f"{mean['price_round_bytes'].mean / 1e3:.1f}"
    return (str(pairs), LABELS[mode], str(mean["secrecy"]), gain, f"{mean['fresh'].mean:.2f}", *numbers, size)


def _markdown(found: Scaling) -> str:
    rows = [_cells(found, pairs, mode) for pairs in found.pairs for mode in found.modes]
    central = [
        (str(pairs), f"{found.sample('central_round_bytes', pairs, found.modes[0]).interval().mean / 1e3:.1f}")
        for pairs in found.pairs
    ]
    command = paper.command_of(found.table)
    lines = [
        "# What prices buy, and what they cost on the wire",
        "",
        f"{found.seeds} seeds of each setting. Rates are per pair in bit/s/Hz, means over time with 95 % intervals",
        "over seeds; gains over selfish twins are paired. A round is one turn of every pair. Bytes are those of whole",
        "messages: a factor of 4 x 2 numbers has 128 bytes, two thirds of its message are envelope, and each of the",
        "K - 1 others gets one. So prices on every report take about as much as the channels themselves would: what",
        "they spare is the one place that knows everything, not bytes. After turns only they take half of that.",
        *(["", f"Made by `{command}`."] if command else []),
        "",
        *paper.as_markdown(_TABLE, rows),
        "",
        "All channels to one place, and precoders back:",
        "",
        *paper.as_markdown(("pairs", "kB/round"), central),
        "",
    ]
    return "\n".join(lines)
