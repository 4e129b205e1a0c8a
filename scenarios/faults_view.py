"""What went wrong in a run and what it cost, line by line for the terminal: a function of summary.json."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scenarios.terminal import grouped

_SHOWN: Final = 5
_LONGEST: Final = 40


def fault_lines(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """One line per fault: kind, what it struck, its span, messages and secrecy; of many the first ones."""
    faults = summary.get("faults") or []
    for fault in faults[:_SHOWN]:
        where = fault["target"]
        target = where if len(where) <= _LONGEST else where[: _LONGEST - 3] + "..."
        span = f"{fault['from_s']:.3g} to {fault['to_s']:.3g} s"
        yield "fault", f"{fault['kind'].replace('_', ' ')} of {target}, {span}: {_struck(fault)}; {_cost(fault)}"
    if len(faults) > _SHOWN:
        yield "", f"and {grouped(len(faults) - _SHOWN)} more, in summary.json and on the page"


def _struck(fault: Mapping[str, Any]) -> str:
    counts = [f"{grouped(count)} {effect}" for effect, count in fault["messages"].items() if count]
    return ", ".join(counts) or "no message struck"


def _cost(fault: Mapping[str, Any]) -> str:
    then, otherwise = fault["secrecy_loss"], fault["secrecy_loss_outside"]
    if then is None:
        return "no sample of the metrics then"
    compared = "" if otherwise is None else f", {otherwise:.2f} without faults"
    return f"loss {then:.2f} bit/s/Hz then{compared}"
