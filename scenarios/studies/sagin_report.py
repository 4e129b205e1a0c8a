"""Files of `sagin-figures` as a function of its results: a picture and a CSV for each figure, and the tables."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from scenarios.studies import paper
from scenarios.studies.figures import DASHED, DOTTED, DPI, GREY, PALETTE, SOLID, Curve, Panel, Stroke, curves_figure
from scenarios.studies.framework import StudyReport
from scenarios.studies.sagin_claims import CLOSE, Verdict, verdicts
from scenarios.studies.sagin_curves import BASELINES, CSI_ERRORS, MINIMUM, PROPOSED, QUANTITIES, SCHEMES, Curves
from scenarios.studies.sagin_expected import Comparison, comparisons
from scenarios.studies.sagin_sweeps import SWEEPS, Sweep
from twin.signal.sagin import USERS
from twin.solvers.result import Status

UNIT: Final = "bit/s/Hz"
_DASHES: Final = dict(zip(CSI_ERRORS, (SOLID, DASHED, DOTTED), strict=True))
_MARKERS: Final = dict(zip(BASELINES, "sv^", strict=True))
_GLYPHS: Final = dict(zip(BASELINES, "■▼▲", strict=True))


def report(table: pa.Table) -> StudyReport:
    """Figures 2-8, their numbers, and the tables of claims and of expected means."""
    curves = Curves(table)
    claims, means = verdicts(curves), comparisons(curves)
    files: dict[str, bytes] = {}
    for sweep in SWEEPS:
        about, numbers = paper.About.of(_title(curves, sweep), table), figure_csv(curves, sweep)
        files |= paper.files(f"fig{sweep.figure}", figure_of(curves, sweep), about, numbers, DPI)
    files["claims.csv"] = paper.as_csv(_CLAIM_HEAD, map(_claim_row, claims))
    files["expected.csv"] = paper.as_csv(_MEAN_HEAD, map(_mean_row, means))
    files["table.md"] = _markdown(curves, claims, means).encode()
    return StudyReport(_headline(curves, claims, means), files)


def figure_of(curves: Curves, sweep: Sweep) -> Any:  # noqa: ANN401 - matplotlib is imported lazily
    """One figure: the users' rates on the left, the minimum and the fixed precodings on the right."""
    x = curves.values(sweep)
    dashes = [(_error_label(error), _DASHES[error]) for error in CSI_ERRORS]
    panels = (
        Panel("each user, proposed precoding", sweep.label, f"secrecy rate ({UNIT})", x, _users(curves, sweep), dashes),
        Panel("least of the three users", sweep.label, "", x, _schemes(curves, sweep)),
    )
    subtitle = f"{sweep.fixed()}. Mean of {curves.realisations} realisations, 95 % intervals shaded."
    return curves_figure(_title(curves, sweep), subtitle, panels)


def _users(curves: Curves, sweep: Sweep) -> list[Curve]:
    """The users' curves, wide below narrow: with exact CSI all three nearly coincide."""
    strokes = list(zip(PALETTE, "os^", (3.6, 2.2, 1.0), strict=False))
    return [
        Curve.of(
            user.upper(),
            curves.along(sweep, user, csi_error=error),
            Stroke(colour, _DASHES[error], marker, width),
        )
        for user, (colour, marker, width) in zip(USERS, strokes, strict=True)
        for error in CSI_ERRORS
    ]


def _schemes(curves: Curves, sweep: Sweep) -> list[Curve]:
    """The minimum of the proposed precoding by CSI error, and of the fixed precodings."""
    found = []
    for scheme, error in SCHEMES:
        if scheme == PROPOSED:
            label, stroke = f"proposed, Δ = {error:g}", Stroke(PALETTE[3], _DASHES[error])
        else:
            label, stroke = f"{_GLYPHS[scheme]} {BASELINES[scheme]}", Stroke(GREY, SOLID, _MARKERS[scheme])
        found.append(Curve.of(label, curves.along(sweep, MINIMUM, scheme, error), stroke))
    return found


def figure_csv(curves: Curves, sweep: Sweep) -> bytes:
    """The numbers of one figure: mean and half-width of the 95 % interval of every curve at every value."""
    head = (sweep.parameter, "scheme", "csi_error", "rate", "mean", "half_width_95", "realisations")
    rows = []
    for scheme, error in SCHEMES:
        for quantity in QUANTITIES:
            along = curves.along(sweep, quantity, scheme, error)
            for value, sample in zip(curves.values(sweep), along, strict=True):
                entry = sample.interval()
                numbers = (f"{entry.mean:.6f}", f"{entry.half_width:.6f}", str(entry.count))
                rows.append((f"{value:g}", scheme, f"{error:g}", quantity, *numbers))
    return paper.as_csv(head, rows)


def _title(curves: Curves, sweep: Sweep) -> str:
    along, x = curves.along(sweep, MINIMUM), curves.values(sweep)
    first, last = along[0].interval().mean, along[-1].interval().mean
    span = f"{sweep.title} {x[0]:g} to {x[-1]:g} {sweep.unit}".rstrip()
    return f"Fig. {sweep.figure}: the minimum goes from {first:.2f} to {last:.2f} {UNIT} ({span})"


def _error_label(error: float) -> str:
    return f"CSI error Δ = {error:g}" if error else "exact CSI (Δ = 0)"


_CLAIM_HEAD: Final = ("figure", "claim", "of", "ours", "deviation", "holds")
_MEAN_HEAD: Final = ("figure", "setting", "expected", "ours", "half_width_95", "deviation_percent")


def _claim_row(verdict: Verdict) -> tuple[str, ...]:
    claim, outcome = verdict.claim, verdict.outcome
    whose = "paper" if claim.of_paper else "added"
    holds = "yes" if outcome.holds else "NO"
    return (str(claim.figure), claim.text, whose, outcome.ours, outcome.deviation, holds)


def _mean_row(entry: Comparison) -> tuple[str, ...]:
    ours = (f"{entry.ours.mean:.3f}", f"{entry.ours.half_width:.3f}", f"{100 * entry.deviation:+.1f}")
    return (str(entry.figure), entry.what, f"{entry.expected:.2f}", *ours)


def _markdown(curves: Curves, claims: Sequence[Verdict], means: Sequence[Comparison]) -> str:
    return "\n".join(
        [
            "# Figs 2-8 of the synergy precoding paper",
            "",
            f"Means over {curves.realisations} realisations in {UNIT} with 95 % intervals; differences are paired.",
            _evidence(curves.table),
            "",
            "## Claims",
            "",
            "A rate rises (falls) when its end lies above (below) its beginning by more than the interval, and no step",
            f'goes the other way by more than its own. "Closely equal" allows {100 * CLOSE:g} %. The rate of a user is',
            'not unique where it does not bind; the minimum is, and claims "added" are ours about it.',
            "",
            *paper.as_markdown(_CLAIM_HEAD, map(_claim_row, claims)),
            "",
            "## Mean minimum rates beside those of an independent prototype",
            "",
            "The paper gives no directions: bearings from the UAV are drawn in each realisation, as in the prototype.",
            "",
            *paper.as_markdown(_MEAN_HEAD, map(_mean_row, means)),
            "",
        ]
    )


def _evidence(table: pa.Table) -> str:
    failed = table.num_rows - pc.sum(pc.equal(table["status"], str(Status.SOLVED))).as_py()
    excess = max(0.0, pc.max(table["violation"]).as_py())
    return f"Of {table.num_rows} solves {failed} failed; the worst excess of a power budget is {excess:.1g} of it."


def _headline(curves: Curves, claims: Sequence[Verdict], means: Sequence[Comparison]) -> str:
    of_paper = [verdict for verdict in claims if verdict.claim.of_paper]
    failed = [verdict for verdict in of_paper if not verdict.outcome.holds]
    kept = len(of_paper) - len(failed)
    lines = [f"{kept} of the paper's {len(of_paper)} claims hold over {curves.realisations} realisations"]
    lines += [f"  not  Fig. {v.claim.figure}: {v.claim.text} ({v.outcome.deviation})" for v in failed]
    farthest = max(means, key=lambda entry: abs(entry.deviation))
    lines.append(
        f"means    within {100 * abs(farthest.deviation):.1f} % of the expected ones (farthest: Fig. "
        f"{farthest.figure}, {farthest.what}, {farthest.ours} for {farthest.expected:.2f})"
    )
    return "\n".join(lines)
