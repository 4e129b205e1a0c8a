"""The sentence over the page: what staleness cost, and which part of the loop cost most."""

from collections.abc import Mapping
from typing import Any

from twin.journal.objective import aimed, objective_of


def headline(summary: Mapping[str, Any]) -> str:
    """What staleness cost the worst user, or the sum, in a sentence or two, from summary.json."""
    worst = aimed(summary)
    until = f"Interrupted after {summary['virtual_s']:.3g} s. " if summary.get("interrupted") else ""
    loss, fresh = worst.get("staleness_loss"), worst.get("fresh_mean")
    if loss is None or fresh is None:
        return f"{until}No secrecy rates to compare in this run."
    if fresh == 0.0 and loss == 0.0:
        return f"{until}There is no secrecy to be had in this run: the genie, too, switches everybody off."
    if worst.get("local_mrt_share") == 1.0:
        alone = (summary.get("names") or {}).get("local_mrt", "local MRT")
        return f"{until}No precoder of a twin went on air in this run: {alone} all the way."
    if loss <= (worst.get("ci95") or 0.0):
        return f"{until}No measurable staleness cost in this run."
    share = f" ({100 * loss / fresh:.0f} %)" if fresh > 0 else ""
    unit = "bit/s/Hz" if objective_of(summary) == "min" else "bit/s/Hz in sum"
    return f"{until}Staleness costs {loss:.2f} of {fresh:.2f} {unit}{share}.{_largest(summary)}"


def _largest(summary: Mapping[str, Any]) -> str:
    """The leg of the loop on which most was lost, where the loss was attributed to legs."""
    parts = {name: part for name, part in (summary.get("loss_attribution") or {}).items() if part is not None}
    name = max(parts, key=lambda part: parts[part], default="")
    if not name or parts[name] <= 0.0:
        return ""
    return f" Largest part: {name}, {100 * parts[name] / aimed(summary)['staleness_loss']:.0f} %."
