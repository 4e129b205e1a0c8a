"""One picture of a run: the secrecy that was reached, what fresh precoders would have reached, and the age.

Reads the run folder only. matplotlib is imported when a figure is drawn, and only its object interface is
used: no global state, no display.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.journal.ages import AgeSteps, age_steps
from twin.journal.folder import RunFolder, write_atomically
from twin.journal.objective import Objective, objective_of
from twin.journal.statistics import half_width
from twin.journal.summary import (
    OUTAGE_THRESHOLD,
    age_ms,
    combined,
    last_instant_ns,
    mean,
    users_of,
)
from twin.journal.tables import StoredTables, open_tables
from twin.report.figure_rates import MAX_USERS, Rates, ceilings_of, rates_of, shown_rows, worst_shares

SIZE_IN: Final = (10.0, 6.25)
DPI: Final = 160
MAX_POINTS: Final = 240
"""Most points that a curve shows one by one; beyond that it shows means over equal stretches of time."""

MAX_MARKERS: Final = 60
"""Most samples that get a dot each, so that a run with a single sample shows it."""

INK: Final = "#1B1F24"
MUTED: Final = "#5B636D"
RULE: Final = "#D5DAE0"
# Okabe and Ito's palette: told apart under every common colour blindness.
COLOURS: Final = ("#0072B2", "#D55E00", "#00795A", "#8F4E7B")
AGE_COLOUR: Final = "#3D4653"
NAMES: Final = {"su": "satellite user", "au": "aerial user", "gu": "ground user"}
DASHES: Final = (0, (4, 2))

_LEFT, _RIGHT, _TOP, _BOTTOM = 0.07, 0.79, 0.855, 0.085
_UNIT_X = 0.02
_LINE_PT = 15.0

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Run:
    """What the picture needs of a run."""

    tables: StoredTables
    end_ns: int
    interrupted: bool
    label: str
    objective: Objective = "min"


def secrecy_figure(folder: Path) -> Path:
    """Draw secrecy and age over time from the tables of a run folder; the path of the PNG (1600 x 1000).

    Solid is the secrecy rate with the precoders on air, dashed the rate had they been fresh, in bit/s/Hz; the
    filled gap below is the cost of staleness. A run without samples gives a picture that says so.
    """
    files = RunFolder(folder)
    run = _load(files)
    figure = _figure(run) if run.tables.metrics.num_rows else _empty_figure(run)
    write_atomically(files.figure_path, lambda path: figure.savefig(path, format="png", dpi=DPI))
    return files.figure_path


def verdict(metrics: pa.Table, objective: Objective = "min") -> str:
    """The sentence over the picture: what staleness cost the worst user, and which user that mostly is; or the sum."""
    worst = combined(metrics, objective)
    # Both at the same instants: the genie may have failed at some.
    loss, fresh = mean(worst["fresh"] - worst["secrecy"]), mean(worst["fresh"])
    if loss is None or fresh is None:
        return "No secrecy rates to compare in this run"
    margin = half_width(worst["fresh"] - worst["secrecy"])
    if margin is not None and loss - margin <= 0:
        return f"No measurable staleness cost in this run ({loss:.2f} ± {margin:.2f} bit/s/Hz)"
    share = f" ({100 * loss / fresh:.0f} %)" if fresh > 0 else ""
    if objective == "sum":
        return f"Staleness costs {loss:.2f} of {fresh:.2f} bit/s/Hz in sum{share}"
    shares = worst_shares(metrics)
    user = max(shares, key=lambda name: shares[name])
    name = NAMES.get(user, user)
    return f"Staleness costs the worst user, mostly the {name}, {loss:.2f} of {fresh:.2f} bit/s/Hz{share}"


def _load(files: RunFolder) -> _Run:
    tables = open_tables(files)
    if not files.summary_path.exists():
        return _Run(tables, last_instant_ns(tables), interrupted=False, label="")
    summary = files.read_summary()
    label = f"{summary['scenario']}, seed {summary['seed']}, {summary['virtual_s']:g} s of virtual time."
    return _Run(tables, round(summary["virtual_s"] * 1e9), bool(summary["interrupted"]), label, objective_of(summary))


def _thinned(rates: Rates) -> Rates:
    """Means over stretches of equally many samples, so that at most MAX_POINTS are left; NaN where one is."""
    stride = -(-len(rates.t_s) // MAX_POINTS)
    whole = len(rates.t_s) // stride * stride

    def means(values: Array) -> Array:
        return np.asarray(values[:whole].reshape(-1, stride).mean(axis=1))

    return Rates(means(rates.t_s), means(rates.stale), means(rates.fresh))


def _new_figure() -> Any:  # noqa: ANN401 - matplotlib is imported lazily, here and below
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _empty_figure(run: _Run) -> Any:  # noqa: ANN401
    figure = _new_figure()
    reason = "It was interrupted before the first sample." if run.interrupted else "It has no metric samples."
    figure.text(0.5, 0.55, "Nothing to show of this run", ha="center", fontsize=18, color=INK)
    figure.text(0.5, 0.47, f"{reason} {run.label}".rstrip(), ha="center", fontsize=12, color=MUTED)
    return figure


def _figure(run: _Run) -> Any:  # noqa: ANN401
    metrics = run.tables.metrics
    rows = shown_rows(metrics, run.objective)
    figure = _new_figure()
    grid = {"left": _LEFT, "right": _RIGHT, "top": _TOP, "bottom": _BOTTOM, "hspace": 0.16}
    heights = [1.0] * len(rows) + [0.8]
    axes = figure.subplots(len(heights), 1, sharex=True, gridspec_kw=grid | {"height_ratios": heights})
    for axis in axes:
        _style(axis)
    ceilings = ceilings_of(rows)
    for axis, row, ceiling, colour in zip(axes, rows, ceilings, COLOURS * len(rows), strict=False):
        _rate_panel(axis, row.rates, colour)
        _label(axis, _rate_label(row.rates, NAMES.get(row.name, row.name), row.share), colour)
        axis.set_ylim(0, max(1.08 * ceiling, OUTAGE_THRESHOLD))
    _age_panel(axes[-1], run)
    axes[-1].set_xlim(0, max(run.end_ns, 1) * 1e-9)
    axes[-1].set_xlabel("virtual time (s)", color=INK)
    _head(figure, run)
    _unit(figure, axes[:-1], "secrecy rate (bit/s/Hz)")
    _unit(figure, axes[-1:], "CSI age (ms)")
    return figure


def _head(figure: Any, run: _Run) -> None:  # noqa: ANN401
    said = verdict(run.tables.metrics, run.objective)
    figure.text(_UNIT_X - 0.006, 0.94, said, fontsize=14, weight="bold", color=INK)
    whose = "each user" if len(users_of(run.tables.metrics)) <= MAX_USERS else "all, and of the two who lose most,"
    parts = [f"Secrecy rate of {whose} with the precoders on air, and had they been fresh.", run.label]
    stretch_s = _stretch_s(run.tables.metrics)
    if stretch_s:
        parts.append(f"Lines: means over {stretch_s:.2g} s.")
    if run.interrupted:
        parts.append("Interrupted run.")
    figure.text(_UNIT_X - 0.006, 0.898, "  ".join(filter(None, parts)), fontsize=9.5, color=MUTED)


def _stretch_s(metrics: pa.Table) -> float | None:
    """Time over which a thinned curve averages; None when all samples are shown."""
    rates = rates_of(metrics, users_of(metrics)[0])
    if len(rates.t_s) <= MAX_POINTS:
        return None
    thinned = _thinned(rates).t_s
    return float(thinned[1] - thinned[0])


def _unit(figure: Any, axes: Sequence[Any], text: str) -> None:  # noqa: ANN401
    """Write what a group of panels shows, and its unit, at the middle of its left edge."""
    boxes = [axis.get_position() for axis in axes]
    middle = (boxes[0].y1 + boxes[-1].y0) / 2
    figure.text(_UNIT_X, middle, text, rotation=90, va="center", ha="center", color=INK, fontsize=10)


def _style(axis: Any) -> None:  # noqa: ANN401
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(RULE)
    axis.tick_params(colors=MUTED, labelsize=9, length=3)
    axis.grid(axis="y", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.locator_params(axis="y", nbins=4)


def _rate_panel(axis: Any, rates: Rates, colour: str) -> None:  # noqa: ANN401
    if len(rates.t_s) > MAX_POINTS:
        axis.plot(rates.t_s, rates.stale, color=colour, alpha=0.22, linewidth=0.5)
        rates = _thinned(rates)
    # One user may gain what another loses: only what staleness takes away is filled.
    costly = {"where": rates.stale < rates.fresh, "interpolate": True}
    axis.fill_between(rates.t_s, rates.stale, rates.fresh, color=colour, alpha=0.18, linewidth=0, **costly)
    axis.plot(rates.t_s, rates.fresh, color=colour, linewidth=1.2, linestyle=DASHES)
    marker = "o" if len(rates.t_s) <= MAX_MARKERS else ""
    axis.plot(rates.t_s, rates.stale, color=colour, linewidth=1.7, marker=marker, markersize=3)


def _rate_label(rates: Rates, name: str, share: float | None) -> list[tuple[Any, str]]:
    """Lines of a panel's label: the dashes of the curve that each speaks of (None: of no curve), and text."""
    outage = float(np.mean(rates.stale < OUTAGE_THRESHOLD))
    return [
        (None, name),
        (DASHES, f"fresh {_mean_text(rates.fresh)}"),
        ("solid", f"on air {_mean_text(rates.stale)}"),
        (None, f"below {OUTAGE_THRESHOLD:g} bit/s/Hz: {100 * outage:.0f} %"),
        *([] if share is None else [(None, f"worst user: {100 * share:.0f} % of time")]),
    ]


def _mean_text(values: Array) -> str:
    value = mean(values)
    return "unknown" if value is None else f"{value:.2f}"


def _age_panel(axis: Any, run: _Run) -> None:  # noqa: ANN401
    steps = age_steps(run.tables.control, run.end_ns)
    lines = ["no precoder was applied"]
    if steps.times_ns.size:
        _age_curve(axis, steps)
        ages = age_ms(run.tables, run.end_ns)
        named = {"mean": ages["mean"], "mean peak": ages["peak_mean"]}
        lines = [f"{name} {value:.1f} ms" for name, value in named.items() if value is not None]
    axis.set_ylim(bottom=0)
    _label(axis, [(None, "age of the CSI on air"), *((None, line) for line in lines)], AGE_COLOUR)


def _age_curve(axis: Any, steps: AgeSteps) -> None:  # noqa: ANN401
    """The sawtooth; where its teeth would blacken the panel, their range and mean."""
    if len(steps.data_ns) <= MAX_POINTS:
        times_ns, ages_ns = steps.sawtooth()
        axis.plot(times_ns * 1e-9, ages_ns * 1e-6, color=AGE_COLOUR, linewidth=1.0)
        return
    grid_ns = np.linspace(steps.times_ns[0], steps.times_ns[-1], 64 * MAX_POINTS, endpoint=False)
    ages_ms = steps.at(grid_ns).reshape(MAX_POINTS, -1) * 1e-6
    t_s = grid_ns.reshape(MAX_POINTS, -1).mean(axis=1) * 1e-9
    axis.fill_between(t_s, ages_ms.min(axis=1), ages_ms.max(axis=1), color=AGE_COLOUR, alpha=0.25, linewidth=0)
    axis.plot(t_s, ages_ms.mean(axis=1), color=AGE_COLOUR, linewidth=1.4)


def _label(axis: Any, lines: Sequence[tuple[Any, str]], colour: str) -> None:  # noqa: ANN401
    """Name a panel at its right edge; below, its numbers, each with a sample of the curve it speaks of."""
    arrow = {"color": colour, "linewidth": 1.6, "arrowstyle": "-", "shrinkA": 0, "shrinkB": 0}
    for row, (dashes, text) in enumerate(lines):
        y = -_LINE_PT * row - 3
        x = 12 if dashes is None else 40
        first = {"color": colour, "fontsize": 10.5, "weight": "bold"} if row == 0 else {"fontsize": 9.5}
        place = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
        axis.annotate(text, (1, 1), (x, y), va="top", **({"color": INK} | first), **place)
        if dashes is not None:
            axis.annotate(
                "",
                (12, y - 6),
                (34, y - 6),
                xycoords=_points_from_corner(axis),
                textcoords=_points_from_corner(axis),
                annotation_clip=False,
                arrowprops=arrow | {"linestyle": dashes},
            )


def _points_from_corner(axis: Any) -> Any:  # noqa: ANN401
    from matplotlib.text import OffsetFrom

    return OffsetFrom(axis.patch, (1, 1))
