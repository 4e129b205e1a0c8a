"""The picture of `study prediction`: recovered share against age, one panel per pilot SNR, goals marked."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scenarios.studies.figures import DASHED, DOTTED, GREY, PALETTE, SIZE_IN, SOLID, Stroke, spread_out
from scenarios.studies.prediction_shares import ALL_LINKS, BALL, NEAR_BOUNDS, ONE_TAP, SHARE_GOALS, Rates
from twin.report.figure import INK, MUTED, RULE

SHOWN: Final = {
    NEAR_BOUNDS[5]: ("near-bound, 5 taps", Stroke(INK, DASHED, "", 1.2)),
    NEAR_BOUNDS[3]: ("near-bound, 3 taps", Stroke(PALETTE[0], DASHED, "", 1.2)),
    ALL_LINKS[5]: ("5 taps, all links", Stroke(PALETTE[2], SOLID, "^", 1.2)),
    ALL_LINKS[3]: ("3 taps, all links", Stroke(PALETTE[0], SOLID, "o", 2.2)),
    ALL_LINKS[2]: ("2 taps, all links", Stroke(PALETTE[3], SOLID, "s", 1.2)),
    ALL_LINKS[1]: ("1 tap, all links", Stroke(PALETTE[1], SOLID, "v", 1.2)),
    BALL: ("eve ball, old CSI", Stroke(GREY, SOLID, "D", 1.0)),
    ONE_TAP: ("1 tap, believed", Stroke(GREY, DOTTED, "o", 1.4)),
}
"""Label and stroke of the methods in the picture. Four taps are left out: they lie between three and five."""

_FLOOR, _CEILING = -0.25, 1.0
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 0.065, 0.83, 0.79, 0.115, 0.09
_LABEL_STEP: Final = 0.056


def shares_figure(rates: Rates, title: str, subtitle: str) -> Any:  # noqa: ANN401 - matplotlib is imported lazily
    """The picture; shares below -25 % and above 100 % leave it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.012, 0.94, title, fontsize=13, weight="bold", color=INK)
    figure.text(0.012, 0.888, subtitle, fontsize=9, color=MUTED)
    grid = {"left": _LEFT, "right": _RIGHT, "top": _TOP, "bottom": _BOTTOM, "wspace": _GAP}
    axes = figure.subplots(1, len(rates.pilots_db), squeeze=False, sharey=True, gridspec_kw=grid)[0]
    for axis, pilot_db in zip(axes, rates.pilots_db, strict=True):
        _frame(axis, pilot_db)
        _draw(axis, rates, pilot_db)
    axes[0].set_ylabel("recovered share of the staleness loss (%)", color=INK, fontsize=10)
    _label_ends(axes[-1], rates)
    return figure


def _frame(axis: Any, pilot_db: float) -> None:  # noqa: ANN401 - matplotlib is imported lazily
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.spines["left"].set_color(RULE)
    axis.tick_params(colors=MUTED, labelsize=9, length=3)
    axis.grid(axis="y", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.axhline(0.0, color=MUTED, linewidth=0.8)
    axis.set_xlim(0.0, 1.03)
    axis.set_ylim(100.0 * _FLOOR, 100.0 * _CEILING)
    axis.set_title(f"pilots at {pilot_db:g} dB", loc="left", fontsize=10, color=INK)
    axis.set_xlabel("age at use / coherence time", color=INK, fontsize=10)


def _draw(axis: Any, rates: Rates, pilot_db: float) -> None:  # noqa: ANN401
    ages = np.array(rates.ages_tc)
    for method in reversed([method for method in SHOWN if method in rates.methods]):
        stroke = SHOWN[method][1]
        shares = [rates.share(pilot_db, age, method) for age in rates.ages_tc]
        mean = 100.0 * np.array([share.mean for share in shares])
        half = 100.0 * np.array([share.half_width for share in shares])
        axis.fill_between(ages, mean - half, mean + half, color=stroke.colour, alpha=0.13, linewidth=0)
        style = {"linestyle": stroke.dashes, "linewidth": stroke.width}
        axis.plot(ages, mean, color=stroke.colour, marker=stroke.marker, markersize=2.0 + stroke.width, **style)
    for goal_db, age, least in SHARE_GOALS:
        if goal_db == pilot_db:
            style = {"marker": "*", "markersize": 13, "markeredgecolor": "white", "markeredgewidth": 0.8, "zorder": 5}
            axis.plot([age], [100.0 * least], color=INK, linestyle="none", **style)
            note: dict[str, Any] = {"xytext": (0, -16), "textcoords": "offset points", "ha": "center", "fontsize": 8}
            note["bbox"] = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
            axis.annotate(f"goal, 3 taps: {100.0 * least:g} %", (age, 100.0 * least), color=INK, **note)


def _label_ends(axis: Any, rates: Rates) -> None:  # noqa: ANN401
    """Name the curves at the right ends of the last panel."""
    ends = [(_height(rates, method), *SHOWN[method]) for method in SHOWN if method in rates.methods]
    ends.sort(key=lambda end: end[0])
    heights: Sequence[float] = spread_out([end[0] for end in ends], _LABEL_STEP)
    x_end = rates.ages_tc[-1] / axis.get_xlim()[1]
    for (end, label, stroke), height in zip(ends, heights, strict=True):
        place = {"xycoords": "axes fraction", "textcoords": "axes fraction", "annotation_clip": False}
        line: dict[str, Any] = {
            "arrowstyle": "-",
            "color": stroke.colour,
            "linewidth": 0.6,
            "alpha": 0.7,
            "shrinkA": 1,
            "shrinkB": 2,
        }
        line["relpos"] = (0.0, 0.5)
        style = {"color": stroke.colour, "fontsize": 9, "va": "center", "weight": "bold"}
        axis.annotate(label, (x_end + 0.01, end), (1.05, height), arrowprops=line, **style, **place)


def _height(rates: Rates, method: str) -> float:
    """Where a curve ends in the last panel, as a share of its height."""
    mean = rates.share(rates.pilots_db[-1], rates.ages_tc[-1], method).mean
    return float(np.clip((mean - _FLOOR) / (_CEILING - _FLOOR), 0.0, 1.0))
