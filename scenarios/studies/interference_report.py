"""Files of `interference-figures` as a function of its results: a picture and a CSV for each figure, and the claims."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from scenarios.studies import paper
from scenarios.studies.figures import DASHED, DOTTED, DPI, GREY, PALETTE, SOLID, Curve, Panel, Stroke, curves_figure
from scenarios.studies.framework import StudyReport
from scenarios.studies.interference_claims import FIG3, PROPOSED, TURNS, Verdict, verdicts
from scenarios.studies.interference_curves import Curves
from scenarios.studies.intervals import Sample

UNIT: Final = "bit/s/Hz"
SCHEMES: Final = {
    PROPOSED: "proposed",
    "selfish": "selfish",
    "mmse_eve": "MSE + Eve",
    "mmse": "MSE",
    "alignment": "alignment",
}
_FIXED: Final = "3 pairs, 4 x 4 antennas, 2 streams, 1 of noise"
_HEAD: Final = ("figure", "claim", "ours", "deviation", "holds")

WHY: Final = (
    "## Where the paper's values are not reached, and why",
    "",
    "With N_E >= N_T the eavesdropper leaves no direction unheard, and with N_R = N_T none is free for noise that",
    "the own receiver would not hear: there is no secrecy degree of freedom. So the optimum arrives with some 8 to",
    "20 dB of SNR per pair (-36 to -24 dB of power at 44 dB of gain) where 44 to 64 are allowed: the budget does not",
    "bind, and the rates are the same at all powers, where the paper has half a bit between 10 and 20 dB. Several",
    "starts gain over one (Fig. 4 over Fig. 3): the best points often leave pairs off.",
    "",
    "The paper's price has the wrong sign and its cross channels the wrong index (as printed the sum falls below",
    "selfish play); zeta is a standard deviation per entry and used as a radius; how its channels are drawn beside",
    "their estimates is not said. So its numbers are those of another algorithm on another model. Turns settle more",
    "slowly than it says.",
)


def report(table: pa.Table) -> StudyReport:
    """Figures 3-6, their numbers, and the claims."""
    curves = Curves(table)
    found = verdicts(curves)
    files: dict[str, bytes] = {}
    for figure, draw in _FIGURES.items():
        title, subtitle, panels = draw(curves)
        about = paper.About.of(title, table)
        picture = curves_figure(title, f"{subtitle}. Mean of {curves.realisations} realisations.", panels)
        files |= paper.files(f"fig{figure}", picture, about, _numbers(curves, figure), DPI)
    files["claims.csv"] = paper.as_csv(_HEAD, map(_row, found))
    files["table.md"] = _markdown(curves, found).encode()
    return StudyReport(_headline(curves, found), files)


Drawn = tuple[str, str, Sequence[Panel]]


def _fig3(curves: Curves) -> Drawn:
    rounds = curves.values(3, "rounds")
    panels: list[Panel] = []
    for power in curves.values(3, "power_db"):
        lines = []
        for zeta, colour in zip(curves.values(3, "zeta"), PALETTE, strict=False):
            along = curves.along(3, TURNS, "rounds", power_db=power, zeta=zeta)
            lines.append(Curve.of(f"ζ = {zeta:g}", along, Stroke(colour)))
        panels.append(Panel(f"{power:g} dB", "rounds", _axis(panels), rounds, lines))
    last = _mean(curves.along(3, TURNS, "rounds")[-1])
    return (
        f"Fig. 3: {last} {UNIT} per pair after {rounds[-1]:g} rounds at 20 dB, ζ = 0.1",
        f"{_FIXED}, 8 of Eve",
        panels,
    )


def _fig4(curves: Curves) -> Drawn:
    powers = curves.values(4, "power_db")
    panels: list[Panel] = []
    for zeta in curves.values(4, "zeta"):
        lines = []
        for (scheme, label), colour in zip(SCHEMES.items(), (*PALETTE, GREY), strict=True):
            stroke = Stroke(colour) if scheme == PROPOSED else Stroke(colour, DASHED, "s")
            lines.append(Curve.of(label, curves.along(4, scheme, "power_db", zeta=zeta), stroke))
        panels.append(Panel(f"ζ = {zeta:g}", "transmit power (dB)", _axis(panels), powers, lines))
    along = curves.along(4, PROPOSED, "power_db", zeta=0.0)
    title = (
        f"Fig. 4: exact CSI gives {_mean(along[0])} at {powers[0]:g} dB, {_mean(along[-1])} {UNIT} at {powers[-1]:g} dB"
    )
    return title, f"{_FIXED}, 8 of Eve; minimum total MSE and alignment are ours, after the cited schemes", panels


def _fig5(curves: Curves) -> Drawn:
    zetas = curves.values(5, "zeta")
    panels: list[Panel] = []
    for power in curves.values(5, "power_db"):
        strokes = ((10.0, Stroke(PALETTE[0])), (1.0, Stroke(PALETTE[1], DASHED, "s")))
        lines = [
            Curve.of(f"Eve at {eve_m:g} m", curves.along(5, PROPOSED, "zeta", power_db=power, eve_m=eve_m), stroke)
            for eve_m, stroke in strokes
        ]
        panels.append(Panel(f"{power:g} dB", "error ζ", _axis(panels), zetas, lines))
    near = curves.along(5, PROPOSED, "zeta", power_db=10.0, eve_m=1.0)
    title = (
        f"Fig. 5: an Eve at 1 m leaves {_mean(near[0])} with exact CSI, {_mean(near[-1])} {UNIT} at ζ = {zetas[-1]:g}"
    )
    return title, f"{_FIXED}, 8 of Eve", panels


def _fig6(curves: Curves) -> Drawn:
    distances = curves.values(6, "eve_m")
    styles = zip(curves.values(6, "eve_antennas"), (*PALETTE, GREY), (SOLID, DASHED, DOTTED, SOLID), strict=False)
    lines = [
        Curve.of(
            f"$N_E$ = {count:g}", curves.along(6, PROPOSED, "eve_m", eve_antennas=int(count)), Stroke(colour, dashes)
        )
        for count, colour, dashes in styles
    ]
    panel = Panel("proposed", "distance of Eve (m)", _axis([]), distances, lines)
    far = curves.along(6, PROPOSED, "eve_m", eve_antennas=int(curves.values(6, "eve_antennas")[-1]))
    span = f"{distances[0]:g} to {distances[-1]:g} m"
    title = f"Fig. 6: from {_mean(far[0])} to {_mean(far[-1])} {UNIT} as Eve goes from {span}"
    return title, f"{_FIXED}, 20 dB, ζ = 0.1", [panel]


_FIGURES: Final = {3: _fig3, 4: _fig4, 5: _fig5, 6: _fig6}


def _axis(panels: Sequence[Panel]) -> str:
    """The label of the vertical axis, at the first panel only."""
    return "" if panels else f"secrecy rate per pair ({UNIT})"


def _mean(sample: Sample) -> str:
    return f"{sample.interval().mean:.2f}"


def _numbers(curves: Curves, figure: int) -> bytes:
    head = ("power_db", "zeta", "eve_m", "eve_antennas", "scheme", "rounds", "mean", "half_width_95", "realisations")
    return paper.as_csv(head, _number_rows(curves, figure))


def _number_rows(curves: Curves, figure: int) -> Iterator[Sequence[str]]:
    for (number, *key), sample in curves.samples.items():
        if number == figure:
            entry = sample.interval()
            cells = [value if isinstance(value, str) else f"{value:g}" for value in key]
            yield (*cells, f"{entry.mean:.6f}", f"{entry.half_width:.6f}", str(entry.count))


def _row(verdict: Verdict) -> tuple[str, ...]:
    claim, outcome = verdict.claim, verdict.outcome
    return (str(claim.figure), claim.text, outcome.ours, outcome.deviation, "yes" if outcome.holds else "NO")


def _markdown(curves: Curves, found: Sequence[Verdict]) -> str:
    excess = max(0.0, pc.max(curves.table["violation"]).as_py())
    lines = [
        "# Figs 3-6 of the interference pricing paper",
        "",
        f"Secrecy rate per pair in {UNIT}: means over {curves.realisations} realisations with 95 % intervals;",
        f"differences are paired. {_FIXED}, 8 of Eve. The worst excess of a power budget is {excess:.1g} of it.",
        "",
        "## Claims",
        "",
        *paper.as_markdown(_HEAD, map(_row, found)),
        "",
        *WHY,
        "",
    ]
    return "\n".join(lines)


def _headline(curves: Curves, found: Sequence[Verdict]) -> str:
    kept = sum(verdict.outcome.holds for verdict in found)
    lines = [f"{kept} of the paper's {len(found)} claims hold over {curves.realisations} realisations"]
    lines += [
        f"  not  Fig. {v.claim.figure}: {v.claim.text} ({v.outcome.deviation})" for v in found if not v.outcome.holds
    ]
    rates = [
        f"{_mean(curves.along(3, TURNS, 'rounds', power_db=power, zeta=zeta)[-1])} for {value:g}"
        for (power, zeta), value in FIG3.items()
    ]
    lines.append(f"Fig. 3   ours for the paper's: {', '.join(rates)} {UNIT}")
    return "\n".join(lines)
