"""The figures of `study staleness`: against age, against each swept key, and by leg."""

from string import ascii_lowercase
from typing import Any, Final

from scenarios.studies import paper
from scenarios.studies.paper import BLACK, BLUE, GREEN, GREY, MARKERS, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from scenarios.studies.staleness_curves import Curves
from scenarios.studies.staleness_sweeps import Sweep
from twin.journal.schemas import LEGS

_COLUMNS: Final = 4
_PREDICTIVE: Final[dict[str, Any]] = {"color": BLUE, "linestyle": "-", "marker": "o"}
_NOMINAL: Final[dict[str, Any]] = {"color": VERMILION, "linestyle": (0, (4, 1.5)), "marker": "s"}
LEG_LOOKS: Final = {
    "sensing": (GREY, ""),
    "uplink": (SKY, ""),
    "queue": (YELLOW, ""),
    "solve": (ORANGE, "////"),
    "downlink": (BLUE, ""),
    "hold": (GREEN, "\\\\\\\\"),
    "mixing": (PURPLE, "...."),
}


def against_age(curves: Curves) -> Any:  # noqa: ANN401 - matplotlib is imported lazily, here and below
    """Secrecy, outage and recovered share against the mean age, over all sweeps that move the age alone."""
    figure = paper.new_figure(2.75)
    rates, outages, shares = figure.subplots(1, 3)
    x_label = "mean age of the CSI on air (ms)"
    paper.style(rates, "(a) worst user", x_label, "secrecy rate (bit/s/Hz)")
    paper.style(outages, "(b) below 1 bit/s/Hz", x_label, "outage (%)")
    paper.style(shares, "(c) got back by prediction", x_label, "share of the nominal loss (%)")
    handles, labels = [], []
    swept = [sweep for sweep in curves.sweeps if sweep.ages]
    for sweep, marker in zip(swept, MARKERS, strict=False):
        values = curves.values(sweep)
        ages = [entry.mean for entry in curves.along(sweep, "age_ms")]
        for column, look in (("secrecy", _PREDICTIVE), ("nominal", _NOMINAL)):
            line = {**look, "marker": marker}
            paper.curve(rates, ages, curves.along(sweep, column), **line)
            paper.curve(outages, ages, curves.along(sweep, f"outage_{column}"), 100.0, **line)
        recovered = [curves.recovered_share(sweep, value) for value in values]
        paper.curve(shares, ages, recovered, 100.0, **{**_PREDICTIVE, "marker": marker})
        for column, colour, dashes in (("fresh", BLACK, (0, (1, 1.2))), ("never_updated", GREY, "-.")):
            paper.curve(
                rates, ages, curves.along(sweep, column), color=colour, linestyle=dashes, elinewidth=0, capsize=0
            )
        handles.append(_line(color=BLACK, marker=marker, linestyle="none"))
        labels.append(sweep.label)
    for axis in (rates, outages, shares):
        axis.set_ylim(bottom=0)
        axis.set_xlim(left=0)
    outages.set_ylim(0, 103)
    kinds: dict[str, dict[str, Any]] = {
        "fresh (genie)": {"color": BLACK, "linestyle": (0, (1, 1.2))},
        "predictive twin": _PREDICTIVE | {"marker": ""},
        "nominal twin": _NOMINAL | {"marker": ""},
        "never updated": {"color": GREY, "linestyle": "-."},
    }
    handles = [*(_line(**look) for look in kinds.values()), *handles]
    paper.legend(figure, handles, [*kinds, *labels], loc="outside lower center", ncol=4)
    return figure


def against_keys(curves: Curves) -> Any:  # noqa: ANN401
    """Share of the fresh rate that is lost, against every swept key: predictive and nominal twins."""
    figure, axes = _panels(len(curves.sweeps))
    for index, (sweep, axis) in enumerate(zip(curves.sweeps, axes, strict=False)):
        values = curves.values(sweep)
        label = "lost of the fresh rate (%)" if index % _COLUMNS == 0 else ""
        paper.style(axis, f"({ascii_lowercase[index]})", sweep.axis, label)
        for column, look in (("nominal", _NOMINAL), ("secrecy", _PREDICTIVE)):
            shares = [curves.loss_share(sweep, value, column) for value in values]
            paper.curve(axis, values, shares, 100.0, **look)
        axis.set_ylim(0, 105)
        if sweep.log:
            paper.logarithmic(axis, values)
    handles = [_line(**_NOMINAL), _line(**_PREDICTIVE)]
    _explain(axes[len(curves.sweeps) :], handles, ["nominal twin", "predictive twin"])
    return figure


def by_leg(curves: Curves) -> Any:  # noqa: ANN401
    """The loss of the predictive twin, stacked by leg, at every value of every sweep."""
    from matplotlib.patches import Patch

    figure, axes = _panels(len(curves.sweeps))
    for index, (sweep, axis) in enumerate(zip(curves.sweeps, axes, strict=False)):
        label = "loss (bit/s/Hz)" if index % _COLUMNS == 0 else ""
        paper.style(axis, f"({ascii_lowercase[index]})", sweep.axis, label)
        _stack(axis, curves, sweep)
    top = max(axis.get_ylim()[1] for axis in axes[: len(curves.sweeps)])
    low = min(axis.get_ylim()[0] for axis in axes[: len(curves.sweeps)])
    for axis in axes[: len(curves.sweeps)]:
        axis.set_ylim(low, top)
        axis.axhline(0.0, color=BLACK, linewidth=0.6)
    legs = list(reversed(LEGS))
    handles = [
        Patch(facecolor=LEG_LOOKS[leg][0], hatch=LEG_LOOKS[leg][1], edgecolor="white", linewidth=0) for leg in legs
    ]
    _explain(axes[len(curves.sweeps) :], handles, legs)
    return figure


def _stack(axis: Any, curves: Curves, sweep: Sweep) -> None:  # noqa: ANN401
    """One bar per value: what legs lose upwards from 0, what they gain downwards."""
    values = curves.values(sweep)
    up, down = [0.0] * len(values), [0.0] * len(values)
    for leg in LEGS:
        colour, hatch = LEG_LOOKS[leg]
        means = [entry.mean for entry in curves.along(sweep, leg)]
        bottoms = [up[i] if mean >= 0 else down[i] for i, mean in enumerate(means)]
        axis.bar(
            range(len(values)),
            means,
            bottom=bottoms,
            width=0.78,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
        )
        up = [total + max(mean, 0.0) for total, mean in zip(up, means, strict=True)]
        down = [total + min(mean, 0.0) for total, mean in zip(down, means, strict=True)]
    axis.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axis.tick_params(axis="x", labelsize=6.5 if len(values) < 6 else 6.0)


def _panels(count: int) -> tuple[Any, list[Any]]:
    """A grid with at least one place more than panels: the legend's."""
    rows = -(-(count + 1) // _COLUMNS)
    figure = paper.new_figure(1.85 * rows)
    return figure, list(figure.subplots(rows, _COLUMNS, squeeze=False).flat)


def _explain(free: list[Any], handles: list[Any], labels: list[str]) -> None:
    for axis in free:
        axis.set_axis_off()
    paper.legend(free[0], handles, labels, loc="center", handlelength=2.6)


def _line(**look: Any) -> Any:  # noqa: ANN401
    from matplotlib.lines import Line2D

    return Line2D([], [], **({"linewidth": 1.1, "markersize": 3.8} | look))
