"""Curves with shaded 95 % intervals: what the paper's figures are drawn with.

matplotlib is imported when a figure is drawn, and only its object interface is used: no global state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scenarios.studies.intervals import Interval, Sample
from twin.report.figure import COLOURS, INK, MUTED, RULE

SIZE_IN: Final = (10.0, 4.9)
DPI: Final = 200
SOLID: Final = "solid"
DASHED: Final = (0, (5, 2))
DOTTED: Final = (0, (1, 1.6))
GREY: Final = "#6B7480"
PALETTE: Final = COLOURS

_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 0.065, 0.845, 0.80, 0.115, 0.16
_LABEL_STEP: Final = 0.062
"""Least distance between the labels at a panel's right edge, as a share of its height."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a curve is drawn. Curves that lie on each other all show if those below are wider (widths in points)."""

    colour: str
    dashes: Any = SOLID
    marker: str = "o"
    width: float = 1.6


@dataclass(frozen=True, slots=True)
class Curve:
    """One line with its interval. `label` stands at its right end; curves with the same one share it."""

    label: str
    intervals: Sequence[Interval]
    stroke: Stroke

    @classmethod
    def of(cls, label: str, along: Sequence[Sample], stroke: Stroke) -> "Curve":
        """The curve through the means of samples."""
        return cls(label, [sample.interval() for sample in along], stroke)


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes: curves over common values. A legend explains dashes that labels do not."""

    title: str
    x_label: str
    y_label: str
    x: Sequence[float]
    curves: Sequence[Curve]
    dashes: Sequence[tuple[str, Any]] = ()


def curves_figure(title: str, subtitle: str, panels: Sequence[Panel]) -> Any:  # noqa: ANN401 - imported lazily
    """Panels side by side with one vertical axis, which starts at 0."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.012, 0.94, title, fontsize=13, weight="bold", color=INK)
    figure.text(0.012, 0.888, subtitle, fontsize=9, color=MUTED)
    grid = {"left": _LEFT, "right": _RIGHT, "top": _TOP, "bottom": _BOTTOM, "wspace": _GAP * len(panels)}
    axes = figure.subplots(1, len(panels), squeeze=False, gridspec_kw=grid)[0]
    entries = [entry for panel in panels for curve in panel.curves for entry in curve.intervals]
    # A few wide intervals may leave the picture: the curves must not be squeezed by them.
    ceiling = min(1.06 * max(entry.high for entry in entries), 1.4 * max(entry.mean for entry in entries))
    for axis, panel in zip(axes, panels, strict=True):
        axis.set_ylim(0, ceiling if ceiling > 0 else 1.0)
        _draw(axis, panel)
    return figure


def _draw(axis: Any, panel: Panel) -> None:  # noqa: ANN401 - matplotlib is imported lazily
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(RULE)
    axis.tick_params(colors=MUTED, labelsize=9, length=3)
    axis.grid(axis="y", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.set_title(panel.title, loc="left", fontsize=10, color=INK)
    axis.set_xlabel(panel.x_label, color=INK, fontsize=10)
    axis.set_ylabel(panel.y_label, color=INK, fontsize=10)
    for curve in panel.curves:
        mean = np.array([entry.mean for entry in curve.intervals])
        half = np.array([entry.half_width for entry in curve.intervals])
        stroke = curve.stroke
        axis.fill_between(panel.x, mean - half, mean + half, color=stroke.colour, alpha=0.15, linewidth=0)
        style = {"linestyle": stroke.dashes, "linewidth": stroke.width}
        marks = {"marker": stroke.marker, "markersize": 2.2 + 1.2 * stroke.width}
        axis.plot(panel.x, mean, color=stroke.colour, **style, **marks)
    if len(panel.x) <= 8 and _evenly_spaced(panel.x):
        axis.set_xticks(list(panel.x))
    _label_ends(axis, panel)
    if panel.dashes:
        _explain_dashes(axis, panel.dashes)


def _evenly_spaced(values: Sequence[float]) -> bool:
    steps = np.diff(np.asarray(values, dtype=np.float64))
    return bool(np.allclose(steps, steps[0])) if len(steps) else False


def _label_ends(axis: Any, panel: Panel) -> None:  # noqa: ANN401
    """Name the curves at their right ends, in their order from top to bottom, pushed apart where they meet."""
    top = axis.get_ylim()[1]
    ends: dict[str, tuple[float, str]] = {}
    for curve in panel.curves:
        ends.setdefault(curve.label, (curve.intervals[-1].mean / top, curve.stroke.colour))
    ordered = sorted(ends.items(), key=lambda entry: entry[1][0])
    heights = spread_out([height for _, (height, _) in ordered], _LABEL_STEP)
    for (label, (end, colour)), height in zip(ordered, heights, strict=True):
        place = {"xycoords": "axes fraction", "textcoords": "axes fraction", "annotation_clip": False}
        line = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.7, "shrinkA": 1, "shrinkB": 2}
        x_end = axis.transAxes.inverted().transform(axis.transData.transform((panel.x[-1], 0)))[0]
        style = {"color": colour, "fontsize": 9, "va": "center", "weight": "bold"}
        axis.annotate(label, (x_end + 0.01, end), (1.03, height), arrowprops=line, **style, **place)


def spread_out(heights: Sequence[float], step: float) -> list[float]:
    """Ascending heights moved as little as possible up or down so that neighbours are `step` apart.

    Least squares with the order kept: pool neighbours whose demands overlap (isotonic regression of height - i * step).
    """
    blocks: list[list[float]] = []
    for index, height in enumerate(heights):
        blocks.append([height - index * step])
        while len(blocks) > 1 and np.mean(blocks[-2]) >= np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    base = [float(np.mean(block)) for block in blocks for _ in block]
    return [value + index * step for index, value in enumerate(base)]


def _explain_dashes(axis: Any, dashes: Sequence[tuple[str, Any]]) -> None:  # noqa: ANN401
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=INK, linewidth=1.4, linestyle=style, label=text) for text, style in dashes]
    legend = axis.legend(handles=handles, loc="best", frameon=False, fontsize=9, handlelength=2.6)
    for text in legend.get_texts():
        text.set_color(INK)
