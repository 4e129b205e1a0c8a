"""What the twins of a run aim at: the worst user, or the sum of all, as summary.json says."""

from collections.abc import Mapping
from typing import Any, Final, Literal

Objective = Literal["min", "sum"]
"""What the rates of the users are combined to: the worst one, or their sum."""

WHOSE: Final[Mapping[str, str]] = {"min": "worst user", "sum": "sum"}
"""Whose rate it is, by objective."""


def objective_of(summary: Mapping[str, Any]) -> Objective:
    """The objective of a run; the worst user of one that does not say."""
    return "sum" if summary.get("objective") == "sum" else "min"


def aimed(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rates and the loss of what the twins of a run aim at; empty where the summary has none."""
    found: Mapping[str, Any] = summary.get(f"{objective_of(summary)}_secrecy") or {}
    return found
