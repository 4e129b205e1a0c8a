"""What a comparison came to, for the terminal."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TextIO

from rich.table import Table
from rich.text import Text

from scenarios.studies.paired import LEVEL, NOT_SIGNIFICANT, SIGNIFICANT, UNCLEAR
from scenarios.terminal import Output, grouped
from scenarios.values import shortened, shown

_MOST_SETTINGS: Final = 24
_FEWEST_PAIRS: Final = 6
"""With fewer, not even differences of one sign all through are rare enough: p = 2^(1 - n)."""
_WORDS: Final = {SIGNIFICANT: "differs", NOT_SIGNIFICANT: "-", UNCLEAR: "unclear"}


def show_comparison(found: Mapping[str, Any], stream: TextIO | None = None) -> None:
    """Write a comparison of two runs or studies; to standard output if `stream` is None."""
    console = Output(file=stream or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    parts = _runs(found) if found["kind"] == "runs" else _studies(found)
    console.print(f"a  {found['a']}\nb  {found['b']}\n")
    for part in parts:
        console.print(part)
        console.print()


def _runs(found: Mapping[str, Any]) -> Iterator[Text | Table | str]:
    yield Text(_verdict(found), style="bold")
    if found["scenario"]:
        yield _pairs("scenario", found["scenario"])
    same = []
    for title, everything in found["numbers"].items():
        rows = {path: row for path, row in everything.items() if not _detail(path)}
        changed = {path: row for path, row in rows.items() if row["a"] != row["b"]}
        if changed:
            yield _numbers(title, changed)
        if rows and len(changed) < len(rows):
            same.append(f"{len(rows) - len(changed)} of {title.partition(',')[0]}")
    if same:
        yield f"the same in both: {', '.join(same)}"
    yield "ages of information are shown as means; --json has their peaks, quantiles and violations"


def _detail(path: str) -> bool:
    """Whether a number is left to JSON."""
    return path.startswith("aoi.") and not path.endswith(".mean_ms")


def _verdict(found: Mapping[str, Any]) -> str:
    """What the worst user, or the sum, has more or less in b, and how sure that is."""
    if found["same_digest"]:
        return "The same run: one digest."
    pair = found["paired"]
    if pair is None or pair["difference"] is None:
        return "Other seeds, or no instants in common: nothing to pair; compare the means with care."
    spread = "" if pair["ci95"] is None else f" +- {pair['ci95']:.3f}"
    rates = f"{pair['whose'].capitalize()}: {pair['a']:.3f} in a, {pair['b']:.3f} in b"
    line = f"{rates}, b - a = {pair['difference']:+.3f}{spread} bit/s/Hz"
    return f"{line} over {grouped(pair['instants'])} instants that both have ({_run_words(pair)})."


def _run_words(pair: Mapping[str, Any]) -> str:
    if pair["ci95"] is None:
        return "too few samples for an interval"
    return "significant" if abs(pair["difference"]) > pair["ci95"] else "not significant"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, name in enumerate(columns):
        table.add_column(name, no_wrap=True, justify="left" if index == 0 else "right")
    return table


def _pairs(title: str, pairs: Mapping[str, Sequence[Any]]) -> Table:
    table = _table(title, "a", "b")
    for column in table.columns[1:]:  # values may be long texts: they go on below, and the keys stay whole
        column.no_wrap, column.overflow = False, "fold"
    for path, (first, second) in pairs.items():
        table.add_row(path, _value(first), _value(second))
    return table


def _value(value: object) -> str:
    return "-" if value is None else shortened(value) if isinstance(value, str) else shown(value)


def _numbers(title: str, rows: Mapping[str, Mapping[str, float | None]]) -> Table:
    table = _table(title, "a", "b", "b - a")
    for path, row in rows.items():
        table.add_row(path, _number(row["a"]), _number(row["b"]), _number(row["difference"], signed=True))
    return table


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:+d}" if signed else grouped(value)
    digits = 3 if abs(value) < 100 else 1
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def _studies(found: Mapping[str, Any]) -> Iterator[Text | Table | str]:
    yield Text(_study_verdict(found), style="bold")
    if found["differs"]:
        yield _pairs("differs", found["differs"])
    table = _table("mean over settings", "a", "b", "b - a", "p", "test", "")
    for row in found["overall"]:
        table.add_row(row["measure"], *_cells(row))
    yield table
    clear = [row for row in found["settings"] if row["significant"] == SIGNIFICANT]
    if clear:
        yield from _settings(found, clear)


def _study_verdict(found: Mapping[str, Any]) -> str:
    """What differs by interval and test, what by one of them alone, and whether the test can tell anything at all."""
    pairs = len(found["seeds"])
    differ, unclear = (
        [row["measure"] for row in found["overall"] if row["significant"] == kind] for kind in (SIGNIFICANT, UNCLEAR)
    )
    says = [
        f"{', '.join(differ)} differ{'s' if len(differ) == 1 else ''}" if differ else "nothing differs significantly"
    ]
    if unclear:
        says.append(f"unclear: {', '.join(unclear)}")
    if 2.0 ** (1 - pairs) >= LEVEL:
        says.append(f"{pairs} seeds are too few for an exact test, which needs {_FEWEST_PAIRS}")
    common = f"{pairs} seeds and {found['settings_in_common']} settings in common"
    return f"{found['study']}, {common} (95 % interval and exact test): {'; '.join(says)}."


def _settings(found: Mapping[str, Any], clear: Sequence[Mapping[str, Any]]) -> Iterator[Table | str]:
    largest = sorted(clear, key=lambda row: -abs(row["difference"]) / (row["half_width_95"] or 1e-300))[:_MOST_SETTINGS]
    varying = [key for key in largest[0]["setting"] if len({str(row["setting"][key]) for row in found["settings"]}) > 1]
    table = _table("setting", "measure", "a", "b", "b - a", "p", "test", "")
    for row in largest:
        name = ", ".join(f"{key} = {_value(row['setting'][key])}" for key in varying) or "the only one"
        table.add_row(name, row["measure"], *_cells(row))
    yield table
    tests = len(found["settings"])
    chance = f"about {LEVEL * tests:.0f} would by chance" if tests >= 20 else "each tested as if it were alone"
    rest = f"; the clearest {len(largest)} are shown" if len(largest) < len(clear) else ""
    yield f"{len(clear)} of {tests} numbers differ in single settings ({chance}; --json has p by Holm){rest}"


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (_number(row["a"]), _number(row["b"]))
    difference = f"{_number(row['difference'], signed=True)} ± {_number(row['half_width_95'])}"
    return (*numbers, difference, f"{row['p']:.2g}", row["test"], _WORDS[row["significant"]])
