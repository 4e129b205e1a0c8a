"""Figures fit for a paper: vector and picture of one drawing, with what made them in the metadata, and tables beside.

Widths are those of a two-column page, type is 7 to 8 pt at that size, and colours are Okabe and Ito's, told apart under
every common colour blindness; what shares a panel also differs in marker, dashes or hatching. matplotlib is imported
when a figure is drawn, and its global settings are left as they were.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from scenarios.studies.intervals import Interval
from twin.report.figure import INK, MUTED, RULE

WIDTH_IN: Final = 7.16
DPI: Final = 300
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, ORANGE, YELLOW, GREY, BLACK = "#56B4E9", "#E69F00", "#F0E442", "#8A929C", "#1B1F24"
PALETTE: Final = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, BLACK)
MARKERS: Final = "os^Dv<P"
COMMAND: Final = b"command"
"""Key of the results table's metadata under which the command line stands."""

_SMALL, _NORMAL = 7.0, 8.0
_PER_CHARACTER: Final = 0.035
"""Half the width of a character of a label, and some space, as a share of a small panel's width."""
# Type 42 keeps letters as letters in the PDF, so that they can be searched and edited.
_SETTINGS: Final[dict[Any, Any]] = {"pdf.fonttype": 42, "hatch.linewidth": 0.5}


@dataclass(frozen=True, slots=True)
class About:
    """What a figure says of itself: a title, and the command that made it."""

    title: str
    command: str

    @classmethod
    def of(cls, title: str, table: pa.Table) -> "About":
        """With the command that the results carry."""
        return cls(title, command_of(table))


def shown(command: str) -> bytes:
    """The command as text that every file can hold: bytes of a name that are no text to this locale are escaped."""
    return command.encode("utf-8", "backslashreplace")


def with_command(table: pa.Table, command: str) -> pa.Table:
    """The same results, knowing which command made them."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), COMMAND: shown(command)})


def command_of(table: pa.Table) -> str:
    """The command that made these results; "" if they do not know."""
    return str((table.schema.metadata or {}).get(COMMAND, b"").decode())


def new_figure(height_in: float) -> Any:  # noqa: ANN401 - matplotlib is imported lazily, here and below
    """A white page of the full width."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def files(name: str, figure: Any, about: About, table: bytes, dpi: int = DPI) -> dict[str, bytes]:  # noqa: ANN401
    """The figure as PDF and PNG (with so many dots per inch), and its numbers as CSV."""
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        pdf = {"Title": about.title, "Subject": about.command, "Creator": "sagin-twin", "CreationDate": None}
        png = {"Title": about.title, "Description": about.command, "Software": "sagin-twin"}
        return {
            f"{name}.pdf": _saved(figure, "pdf", dpi, pdf),
            f"{name}.png": _saved(figure, "png", dpi, png),
            f"{name}.csv": table,
        }


def _saved(figure: Any, kind: str, dpi: int, metadata: dict[str, Any]) -> bytes:  # noqa: ANN401
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def style(axis: Any, title: str, x_label: str, y_label: str) -> None:  # noqa: ANN401
    """Quiet axes with their names."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(MUTED)
    axis.tick_params(colors=INK, labelsize=_SMALL, length=2.5, width=0.6)
    axis.grid(axis="y", color=RULE, linewidth=0.5)
    axis.set_axisbelow(True)
    axis.set_title(title, loc="left", fontsize=_NORMAL, color=INK)
    axis.set_xlabel(x_label, fontsize=_NORMAL, color=INK)
    axis.set_ylabel(y_label, fontsize=_NORMAL, color=INK)


def logarithmic(axis: Any, values: Sequence[float]) -> None:  # noqa: ANN401
    """A logarithmic horizontal axis that names the values themselves, as many as there is room for."""
    axis.set_xscale("log")
    ticks = legible(values)
    axis.set_xticks(ticks, [f"{value:g}" for value in ticks])
    axis.minorticks_off()


def legible(values: Sequence[float]) -> list[float]:
    """The first and the last of ascending positive values, and those between whose labels do not run into others.

    On a logarithmic axis two labels need a share of its length between them that grows with what they say.
    """
    span = math.log(values[-1] / values[0]) or 1.0

    def apart(low: float, high: float) -> bool:
        return math.log(high / low) / span >= _PER_CHARACTER * (len(f"{low:g}") + len(f"{high:g}"))

    kept = [values[0]]
    for value in values[1:-1]:
        if apart(kept[-1], value) and apart(value, values[-1]):
            kept.append(value)
    return [*kept, *values[1:][-1:]]


def curve(axis: Any, x: Sequence[float], y: Sequence[Interval], scale: float = 1.0, **look: Any) -> Any:  # noqa: ANN401
    """Means with bars of their 95 % intervals, in order of x; the artist for a legend."""
    order = sorted(range(len(x)), key=lambda index: x[index])
    means = [scale * y[index].mean for index in order]
    halves = [scale * y[index].half_width for index in order]
    bars = {"capsize": 1.6, "elinewidth": 0.7, "capthick": 0.7, "linewidth": 1.1, "markersize": 3.4}
    return axis.errorbar([x[index] for index in order], means, yerr=halves, **(bars | look))


def legend(where: Any, handles: Sequence[Any], labels: Sequence[str], **place: Any) -> None:  # noqa: ANN401
    """A legend without a frame."""
    box = where.legend(handles, labels, frameon=False, fontsize=_SMALL, labelcolor=INK, **place)
    box.set_in_layout(place.get("loc", "").startswith("outside"))


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def as_markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as lines of Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
