"""The figure of `study placement`: a map of rates by placement and latency, and gains over the default placement."""

from typing import Any, Final

import numpy as np

from scenarios.studies import paper
from scenarios.studies.intervals import Interval
from scenarios.studies.paper import BLACK, BLUE, GREEN, PURPLE, VERMILION
from scenarios.studies.placement_ranks import Placements
from twin.report.figure import INK

_LOOKS: Final = {
    "base_station": (BLUE, "o"),
    "satellite": (VERMILION, "s"),
    "uav": (GREEN, "^"),
    "eavesdropper": (PURPLE, "D"),
}
"""Whose twins get a line: users share their transmitter's clouds."""
_DASHES: Final[dict[str, Any]] = {"core": "-", "edge": (0, (4, 1.5))}
_APART: Final = 1.035
"""Ratio of neighbouring lines' abscissae, so that their bars do not cover each other."""


def placement_map(found: Placements) -> Any:  # noqa: ANN401 - matplotlib is imported lazily, here and below
    """Left: rate by placement (rows) and latency (columns). Right: paired gain over one placement, with intervals."""
    figure = paper.new_figure(1.35 + 0.19 * max(len(found.names), 8))
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
    _map(left, found)
    _gains(figure, right, found)
    return figure


def _map(axis: Any, found: Placements) -> None:  # noqa: ANN401
    names, latencies = found.names, found.latencies_ms
    rates = np.array([[found.interval(name, latency).mean for latency in latencies] for name in names])
    top = float(rates.max()) or 1.0
    axis.imshow(rates, aspect="auto", cmap="cividis", vmin=0.0, vmax=top)
    axis.set_title("(a) worst user (bit/s/Hz): ★ best, • as good", loc="left", fontsize=8, color=INK)
    axis.set_xticks(range(len(latencies)), [f"{latency:g}" for latency in latencies], fontsize=7)
    axis.set_yticks(range(len(names)), names, fontsize=7)
    axis.set_xlabel("backhaul latency (ms)", fontsize=8, color=INK)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    for column, latency in enumerate(latencies):
        for rank in found.ranks(latency):
            row = names.index(rank.placement)
            mark = "★" if rank.behind is None else "•" if rank.ties else "  "
            colour = "white" if rates[row, column] < 0.6 * top else BLACK
            text = f"   {rates[row, column]:.2f} {mark}"
            axis.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)


def _gains(figure: Any, axis: Any, found: Placements) -> None:  # noqa: ANN401
    names, latencies = found.names, found.latencies_ms
    reference = found.reference
    shown = [f"{side}:{entity}" for entity in _LOOKS for side in _DASHES if f"{side}:{entity}" in names]
    paper.style(
        axis, "(b) paired difference, 95 % intervals", "backhaul latency (ms)", f"gain over {reference} (bit/s/Hz)"
    )
    paper.logarithmic(axis, latencies)
    axis.axhline(0.0, color=BLACK, linewidth=0.8)
    handles, labels = [], []
    for index, name in enumerate(name for name in shown if name != reference):
        side, _, entity = name.partition(":")
        colour, marker = _LOOKS[entity]
        shift = _APART ** (index - len(shown) / 2)
        gains: list[Interval] = [
            (found.sample(name, latency) - found.sample(reference, latency)).interval() for latency in latencies
        ]
        look = {"color": colour, "marker": marker, "linestyle": _DASHES[side]}
        handles.append(paper.curve(axis, [latency * shift for latency in latencies], gains, **look))
        labels.append(name)
    paper.legend(figure, handles, labels, loc="outside lower center", ncol=4, handlelength=2.8)
