"""How long messages took, by group: of a leg, of a kind, of all."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from twin.report.columns import Narrow, narrow
from twin.report.message_routes import MISSING, Routes

_QUANTILES: Final = (0.5, 0.95, 0.99)


class LatencyQuantiles:
    """Counts of messages and quantiles of their latency in groups of routes; a latency of -1 was not delivered."""

    def __init__(self, latency_ns: Narrow, routes: Routes) -> None:
        self._sent = np.bincount(routes.route, minlength=len(routes.routes))
        lost = np.array([text.split("/", 1)[0] in {"lost", "dropped"} for text in routes.fates], dtype=np.bool_)
        self._failed = np.bincount(routes.route[lost[routes.fate]], minlength=len(routes.routes))
        delivered = latency_ns != MISSING
        self._latency_ns, self._route = latency_ns[delivered], routes.route[delivered]

    def by(self, group_of: Sequence[int], groups: int) -> list[dict[str, Any]]:
        """Of each group: messages sent, those not delivered, and quantiles in ns, linear between samples.

        `group_of` says of each route to which group it belongs.
        """
        number = narrow(np.array(group_of, dtype=np.int64))
        group = number[self._route]
        values = self._latency_ns[np.lexsort((self._latency_ns, group))]
        sent, failed = (np.zeros(groups, dtype=np.int64) for _ in range(2))
        np.add.at(sent, number, self._sent)
        np.add.at(failed, number, self._failed)
        stops = np.cumsum(np.bincount(group, minlength=groups))
        latencies = np.split(values, stops[:-1])
        return [
            {"count": int(sent[index]), "failed": int(failed[index]), "quantiles": _quantiles(latencies[index])}
            for index in range(groups)
        ]


def _quantiles(ordered: Narrow) -> list[float] | None:
    """Quantiles of ordered values; None of none."""
    if not ordered.size:
        return None
    found = []
    for q in _QUANTILES:
        place = q * (ordered.size - 1)
        low = int(place)
        below, above = int(ordered[low]), int(ordered[min(low + 1, ordered.size - 1)])
        found.append(round(below + (place - low) * (above - below), 1))
    return found
