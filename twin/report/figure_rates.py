"""The rates that the picture of a run shows: of each user or, of many, of all and of those who lose most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.journal.objective import WHOSE, Objective
from twin.journal.summary import combined, users_of

MAX_USERS: Final = 4
"""As many have room for a panel each."""

_LOSERS: Final = 2

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of one user in time order."""

    t_s: Array
    stale: Array
    fresh: Array

    @property
    def ceiling(self) -> float:
        """The largest finite rate."""
        both = np.concatenate((self.stale, self.fresh))
        return float(np.max(both, where=np.isfinite(both), initial=0.0))


@dataclass(frozen=True, slots=True)
class Row:
    """One panel: whose rates, and for what share of the time the worst ones (None: of all)."""

    name: str
    rates: Rates
    share: float | None


def rates_of(metrics: pa.Table, user: str) -> Rates:
    """The rates of one user."""
    rows = metrics.filter(pc.equal(metrics["user"], user))
    return Rates(rows["t_ns"].to_numpy() * 1e-9, rows["secrecy"].to_numpy(), rows["fresh"].to_numpy())


def worst_shares(metrics: pa.Table) -> dict[str, float]:
    """Share of the samples in which each user has the lowest secrecy rate; the first of equals counts."""
    users = users_of(metrics)
    lowest = np.argmin(np.vstack([rates_of(metrics, user).stale for user in users]), axis=0)
    return {user: float(np.mean(lowest == index)) for index, user in enumerate(users)}


def shown_rows(metrics: pa.Table, objective: Objective) -> list[Row]:
    """The panels of a run from top to bottom."""
    users, shares = users_of(metrics), worst_shares(metrics)
    rows = [Row(user, rates_of(metrics, user), shares[user]) for user in users]
    if len(rows) <= MAX_USERS:
        return rows
    whole = combined(metrics, objective)
    first = Row(WHOSE[objective], Rates(whole["t_ns"] * 1e-9, whole["secrecy"], whole["fresh"]), None)
    return [first, *sorted(rows, key=_lost, reverse=True)[:_LOSERS]]


def ceilings_of(rows: Sequence[Row]) -> list[float]:
    """The top of each panel's axis: one for all users, and one for their sum."""
    users = max((row.rates.ceiling for row in rows if row.share is not None), default=0.0)
    return [users if row.share is not None else row.rates.ceiling for row in rows]


def _lost(row: Row) -> float:
    loss = row.rates.fresh - row.rates.stale
    finite = loss[np.isfinite(loss)]
    return float(finite.mean()) if finite.size else 0.0
