"""Which placement of the solve is best at a latency, and which ones are as good."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from scenarios.sagin.spec_twin import SaginTwinSection
from scenarios.studies.grid import Value
from scenarios.studies.intervals import Interval, Sample, samples
from scenarios.studies.paired import Paired, paired

NEGLIGIBLE: Final = 0.01
"""Nobody moves a solve for less than this share of the best rate."""


@dataclass(frozen=True, slots=True)
class Rank:
    """One placement at one latency: its mean rate, and how far it is behind the best (None for the best itself)."""

    placement: str
    rate: Interval
    behind: Paired | None

    @property
    def ties(self) -> bool:
        """Whether it is the best, or as good: the paired interval contains 0, or the difference is negligible."""
        if self.behind is None:
            return True
        return not self.behind.outside or abs(self.behind.difference.mean) < NEGLIGIBLE * self.behind.a


@dataclass(frozen=True)
class Placements:
    """Samples of a results table by placement and latency."""

    table: pa.Table

    @cached_property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len(self.table["seed"].unique())

    @cached_property
    def names(self) -> list[str]:
        """The placements, in the order of the study."""
        return [str(name) for name in self.table["coordinator"].unique().to_pylist()]

    @cached_property
    def latencies_ms(self) -> list[float]:
        """Backhaul latencies, ascending."""
        return sorted(self.table["backhaul_ms"].unique().to_pylist())

    @property
    def reference(self) -> str:
        """The placement that others are shown against: the default scenario's if it is there."""
        default = SaginTwinSection().coordinator
        return default if default in self.names else self.names[0]

    def sample(self, placement: str, latency_ms: float, column: str = "secrecy") -> Sample:
        """One number per seed."""
        if column not in self._known:
            self._known[column] = samples(self.table, ("coordinator", "backhaul_ms"), column)
        return self._known[column][placement, latency_ms]

    def interval(self, placement: str, latency_ms: float, column: str = "secrecy") -> Interval:
        """Mean over the seeds with its interval."""
        return self.sample(placement, latency_ms, column).interval()

    def ranks(self, latency_ms: float) -> list[Rank]:
        """All placements at one latency, the best mean first; equals in the order of the study."""
        order = sorted(self.names, key=lambda name: -self.interval(name, latency_ms).mean)
        best = self.sample(order[0], latency_ms).values
        found = [Rank(order[0], self.interval(order[0], latency_ms), None)]
        for name in order[1:]:
            behind = paired(best, self.sample(name, latency_ms).values)
            found.append(Rank(name, self.interval(name, latency_ms), behind))
        return found

    @cached_property
    def _known(self) -> dict[str, dict[tuple[Value, ...], Sample]]:
        return {}
