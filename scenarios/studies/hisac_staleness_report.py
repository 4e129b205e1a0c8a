"""Files of `study hisac-staleness` as a function of its results: a picture, the numbers, and a table."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from scenarios.studies import paper
from scenarios.studies.figures import DASHED, DOTTED, DPI, GREY, PALETTE, SOLID, Curve, Panel, Stroke, curves_figure
from scenarios.studies.framework import StudyReport
from scenarios.studies.intervals import Interval, Sample, jackknife, percent, samples
from scenarios.studies.prediction_shares import recovered
from twin.report.figure import INK
from twin.signal.arrays import RealArray

FRESH: Final = "fresh"
NOMINAL: Final = "nominal"
BOB_ONLY: Final = "bob"
USERS_ONLY: Final = "users"
TARGET_ONLY: Final = "target"
ALL: Final = "all"
METHODS: Final = (FRESH, ALL, BOB_ONLY, USERS_ONLY, TARGET_ONLY, NOMINAL)

_QUANTITIES: Final = ("see", "secrecy", "scnr_db", "off_db", "common", "private", "short_rate")
_STROKES: Final = {
    FRESH: Stroke(INK, DASHED, "", 1.2),
    ALL: Stroke(PALETTE[0], SOLID, "o", 2.2),
    BOB_ONLY: Stroke(PALETTE[1], SOLID, "v", 1.2),
    USERS_ONLY: Stroke(PALETTE[2], SOLID, "s", 1.2),
    TARGET_ONLY: Stroke(PALETTE[3], SOLID, "^", 1.2),
    NOMINAL: Stroke(GREY, DOTTED, "o", 1.4),
}
_HEAD: Final = (
    *("speed_mps", "backhaul_ms", "method"),
    *(f"{name}{end}" for name in _QUANTITIES for end in ("", "_half_width_95")),
    *("see_recovered", "see_recovered_half_width_95", "seeds"),
)
_SHORT_HEAD: Final = (
    *("speed_mps", "backhaul_ms", "method", "rates_recovered", "rates_recovered_half_width_95"),
    *("scnr_recovered", "scnr_recovered_half_width_95", "seeds"),
)


class Found:
    """Means over seeds by speed, latency and method, and what is made of them."""

    def __init__(self, table: pa.Table) -> None:
        keys = ("speed_mps", "backhaul_ms", "method")
        self._samples = {name: samples(table, keys, name) for name in _QUANTITIES}
        known = list(self._samples["see"])
        self.speeds_mps = tuple(sorted({float(key[0]) for key in known}))
        self.backhauls_ms = tuple(sorted({float(key[1]) for key in known}))
        self.instants = int(table["instants"][0].as_py())
        self.seeds = max(len(sample.seeds) for sample in self._samples["see"].values())

    def sample(self, speed_mps: float, backhaul_ms: float, method: str, what: str = "see") -> Sample:
        """One value per seed, a mean over the instants."""
        return self._samples[what][speed_mps, backhaul_ms, method]

    def share(self, speed_mps: float, backhaul_ms: float, method: str) -> Interval:
        """Share of the loss of SEE between the nominal twin and the genie that a method recovers."""
        return jackknife(recovered, self._columns(speed_mps, backhaul_ms, (method, NOMINAL, FRESH), "see"))

    def less_off(self, speed_mps: float, backhaul_ms: float, method: str, what: str) -> Interval:
        """Share of what the nominal twin is off ("off_db") or short of ("short_rate") that a method recovers."""
        return jackknife(_less, self._columns(speed_mps, backhaul_ms, (method, NOMINAL), what))

    def _columns(self, speed_mps: float, backhaul_ms: float, methods: tuple[str, ...], what: str) -> RealArray:
        columns = [self.sample(speed_mps, backhaul_ms, method, what) for method in methods]
        return np.stack([column.values for column in columns], axis=1)


def _less(means: RealArray) -> RealArray:
    """1 - first over second of two means (..., 2); nothing to recover where there is none."""
    method, nominal = np.moveaxis(means, -1, 0)
    return np.asarray(1.0 - method / np.maximum(nominal, 1e-9))


def report(table: pa.Table) -> StudyReport:
    """Picture, numbers and tables."""
    found = Found(table)
    speed_mps = found.speeds_mps[len(found.speeds_mps) // 2]
    title = "Secrecy per joule of the two stations over backhaul latency, by who is predicted"
    figure = curves_figure(title, _subtitle(found), [_see_panel(found, speed) for speed in found.speeds_mps])
    files = paper.files("see", figure, paper.About.of(title, table), paper.as_csv(_HEAD, _numbers(found)), DPI)
    title = f"How far users and echo are from what they are owed, receivers at {speed_mps:g} m/s"
    figure = curves_figure(title, _subtitle(found), _short_panels(found, speed_mps))
    short = paper.as_csv(_SHORT_HEAD, _shortfalls(found))
    files |= paper.files("demands", figure, paper.About.of(title, table), short, DPI)
    files["table.md"] = _markdown(found).encode()
    return StudyReport(_headline(found), files)


def _subtitle(found: Found) -> str:
    return f"{found.seeds} seeds x {found.instants} instants, 95 % intervals shaded; the target flies 20 times as fast."


def _see_panel(found: Found, speed_mps: float) -> Panel:
    label = "SEE (mbit/Hz/J)" if speed_mps == found.speeds_mps[0] else ""
    curves = _curves(found, speed_mps, "see", METHODS)
    return Panel(f"receivers at {speed_mps:g} m/s", "backhaul latency (ms)", label, found.backhauls_ms, curves)


def _short_panels(found: Found, speed_mps: float) -> list[Panel]:
    stale = METHODS[1:]
    titles = {
        "short_rate": "common and least private rate: short by (bit/s/Hz)",
        "off_db": "SCNR: off its threshold by (dB)",
    }
    return [
        Panel(title, "backhaul latency (ms)", "", found.backhauls_ms, _curves(found, speed_mps, what, stale))
        for what, title in titles.items()
    ]


def _curves(found: Found, speed_mps: float, what: str, methods: Sequence[str]) -> list[Curve]:
    def along(method: str) -> list[Sample]:
        return [found.sample(speed_mps, ms, method, what) for ms in found.backhauls_ms]

    return [Curve.of(method, along(method), _STROKES[method]) for method in methods]


def _numbers(found: Found) -> Iterator[tuple[str, ...]]:
    for speed in found.speeds_mps:
        for backhaul in found.backhauls_ms:
            for method in METHODS:
                entries = [found.sample(speed, backhaul, method, what).interval() for what in _QUANTITIES]
                entries.append(found.share(speed, backhaul, method))
                numbers = [f"{number:.6f}" for entry in entries for number in (entry.mean, entry.half_width)]
                yield (f"{speed:g}", f"{backhaul:g}", method, *numbers, str(found.seeds))


def _shortfalls(found: Found) -> Iterator[tuple[str, ...]]:
    for speed in found.speeds_mps:
        for backhaul in found.backhauls_ms:
            for method in METHODS[1:-1]:
                shares = [found.less_off(speed, backhaul, method, what) for what in ("short_rate", "off_db")]
                numbers = [f"{number:.6f}" for entry in shares for number in (entry.mean, entry.half_width)]
                yield (f"{speed:g}", f"{backhaul:g}", method, *numbers, str(found.seeds))


def _headline(found: Found) -> str:
    lines = [f"Recovered by predicting everything, of what staleness costs, over {found.seeds} seeds:"]
    for speed in found.speeds_mps:
        for backhaul in found.backhauls_ms:
            see = percent(found.share(speed, backhaul, ALL))
            rates, scnr = (percent(found.less_off(speed, backhaul, ALL, what)) for what in ("short_rate", "off_db"))
            lines.append(f"  {speed:g} m/s, backhaul {backhaul:g} ms: SEE {see}, users' rates {rates}, SCNR {scnr}")
    return "\n".join(lines)


def _markdown(found: Found) -> str:
    lines = ["# What prediction recovers of SEE and SCNR", "", _subtitle(found), ""]
    lines += [
        "A share of SEE is (method - nominal) / (fresh - nominal) of mean SEEs; one of users' rates is 1 - shortfall /",
        "that of the nominal twin, of the common and the least private rate below what is demanded; one of SCNR the",
        "same of how many dB it is off its threshold, either way. 95 % intervals by jackknife over seeds.",
    ]
    for speed in found.speeds_mps:
        lines += ["", f"## Receivers at {speed:g} m/s", "", "Means: SEE in mbit/Hz/J, rates short by, SCNR in dB.", ""]
        lines += [*_means(found, speed), "", "Recovered: SEE, users' rates, SCNR.", "", *_recovered(found, speed)]
    return "\n".join([*lines, ""])


def _means(found: Found, speed_mps: float) -> list[str]:
    def cell(method: str, backhaul_ms: float) -> str:
        parts = [found.sample(speed_mps, backhaul_ms, method, what) for what in ("see", "short_rate", "scnr_db")]
        return ", ".join(str(part.interval()) for part in parts)

    return paper.as_markdown(_columns(found), [(m, *(cell(m, ms) for ms in found.backhauls_ms)) for m in METHODS])


def _recovered(found: Found, speed_mps: float) -> list[str]:
    def cell(method: str, backhaul_ms: float) -> str:
        short = [found.less_off(speed_mps, backhaul_ms, method, what) for what in ("short_rate", "off_db")]
        return ", ".join(percent(entry) for entry in (found.share(speed_mps, backhaul_ms, method), *short))

    rows = [(method, *(cell(method, ms) for ms in found.backhauls_ms)) for method in METHODS[1:-1]]
    return paper.as_markdown(_columns(found), rows)


def _columns(found: Found) -> tuple[str, ...]:
    return ("method", *(f"backhaul {ms:g} ms" for ms in found.backhauls_ms))
