"""The figure of `study placement`: a map of rates by placement and latency, the best and its ties marked."""

from typing import Any

import numpy as np

from scenarios.studies import paper
from scenarios.studies.paper import BLACK, BLUE, GREEN, MARKERS, PURPLE, VERMILION
from scenarios.studies.placement_ranks import Placements
from twin.report.figure import INK

_LINES = {"base_station": BLUE, "satellite": VERMILION, "uav": GREEN, "eavesdropper": PURPLE}


def placement_map(found: Placements) -> Any:  # noqa: ANN401 - matplotlib is imported lazily, here and below
    """Left: rate by placement (rows) and latency (columns). Right: how it falls with latency, for four entities."""
    names, latencies = found.names, found.latencies_ms
    figure = paper.new_figure(0.9 + 0.19 * max(len(names), 9))
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.05))
    _map(figure, left, found)
    paper.style(right, "(b) by latency", "backhaul latency (ms)", "secrecy rate of the worst user (bit/s/Hz)")
    handles, labels = [], []
    for (entity, colour), marker in zip(_LINES.items(), MARKERS, strict=False):
        for side, dashes in (("core", "-"), ("edge", (0, (4, 1.5)))):
            name = f"{side}:{entity}"
            if name in names:
                along = [found.interval(name, latency) for latency in latencies]
                bars = paper.curve(right, latencies, along, color=colour, linestyle=dashes, marker=marker)
                handles.append(bars)
                labels.append(name)
    fresh = [found.interval(names[0], latency, "fresh") for latency in latencies]
    handles.append(paper.curve(right, latencies, fresh, color=BLACK, linestyle=(0, (1, 1.2)), elinewidth=0, capsize=0))
    labels.append("fresh (genie)")
    right.set_ylim(bottom=0)
    paper.logarithmic(right, latencies)
    paper.legend(right, handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncol=3, handlelength=2.4)
    right.get_legend().set_in_layout(True)
    return figure


def _map(figure: Any, axis: Any, found: Placements) -> None:  # noqa: ANN401
    names, latencies = found.names, found.latencies_ms
    rates = np.array([[found.interval(name, latency).mean for latency in latencies] for name in names])
    image = axis.imshow(rates, aspect="auto", cmap="cividis", vmin=0.0, vmax=float(rates.max()) or 1.0)
    axis.set_title("(a) star: best; dot: as good", loc="left", fontsize=8, color=INK)
    axis.set_xticks(range(len(latencies)), [f"{latency:g}" for latency in latencies], fontsize=7)
    axis.set_yticks(range(len(names)), names, fontsize=7)
    axis.set_xlabel("backhaul latency (ms)", fontsize=8, color=INK)
    axis.tick_params(length=0)
    for column, latency in enumerate(latencies):
        marks = {
            rank.placement: "★" if rank.behind is None else "•" if rank.ties else "" for rank in found.ranks(latency)
        }
        for row, name in enumerate(names):
            dark = rates[row, column] < 0.55 * rates.max()
            text = f"{rates[row, column]:.2f}{marks[name]}"
            axis.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if dark else BLACK)
    bar = figure.colorbar(image, ax=axis, shrink=0.8, aspect=30, pad=0.02)
    bar.ax.tick_params(labelsize=6.5, length=2)
    bar.set_label("secrecy rate of the worst user (bit/s/Hz)", fontsize=7, color=INK)
    bar.outline.set_visible(False)
