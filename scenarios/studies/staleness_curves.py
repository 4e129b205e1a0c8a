"""The results of `study staleness` as samples over seeds along each sweep, and what is made of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from scenarios.studies.grid import Value
from scenarios.studies.intervals import Interval, Sample, jackknife, samples
from scenarios.studies.staleness_sweeps import BASE, SWEEPS, Sweep
from twin.journal.schemas import LEGS
from twin.signal.arrays import RealArray


def lost(means: RealArray) -> RealArray:
    """Share (fresh - rate) / fresh of mean rates (..., 2) in the order rate, fresh."""
    return np.asarray(1.0 - means[..., 0] / means[..., 1])


def recovered(means: RealArray) -> RealArray:
    """Share (rate - nominal) / (fresh - nominal) of mean rates (..., 3) in that order, of what a nominal twin loses."""
    rate, nominal, fresh = np.moveaxis(means, -1, 0)
    return np.asarray((rate - nominal) / (fresh - nominal))


@dataclass(frozen=True)
class Curves:
    """Samples of a results table by sweep; the base, where nothing is varied, lies on every sweep."""

    table: pa.Table

    @cached_property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len(self.table["seed"].unique())

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """The sweeps that the table has more than one value of."""
        return tuple(sweep for sweep in SWEEPS if len(self.values(sweep)) > 1)

    @cached_property
    def attributed(self) -> bool:
        """Whether all runs say which leg lost what."""
        return all(np.isfinite(self.table[leg].to_numpy()).all() for leg in LEGS)

    def values(self, sweep: Sweep) -> list[float]:
        """The values of the sweep's key, ascending; the base's among them."""
        swept = dict.fromkeys(zip(self.table["swept"].to_pylist(), self.table[sweep.key].to_pylist(), strict=True))
        return sorted({value for name, value in swept if name in (sweep.key, BASE)})

    def sample(self, sweep: Sweep, value: float, column: str) -> Sample:
        """One number per seed at a value of a sweep."""
        found = self._samples(column)
        key = (sweep.key, value)
        return found[key] if key in found else found[BASE, 0.0]

    def interval(self, sweep: Sweep, value: float, column: str) -> Interval:
        """Mean of a column with its interval."""
        return self.sample(sweep, value, column).interval()

    def along(self, sweep: Sweep, column: str) -> list[Interval]:
        """Means of a column at every value of a sweep."""
        return [self.interval(sweep, value, column) for value in self.values(sweep)]

    def loss_share(self, sweep: Sweep, value: float, rate: str = "secrecy") -> Interval:
        """Share of the fresh rate that twins lose."""
        return jackknife(lost, self._columns(sweep, value, (rate, "fresh")))

    def recovered_share(self, sweep: Sweep, value: float) -> Interval:
        """Share of what a nominal twin loses that prediction gets back."""
        return jackknife(recovered, self._columns(sweep, value, ("secrecy", "nominal", "fresh")))

    def _columns(self, sweep: Sweep, value: float, columns: tuple[str, ...]) -> RealArray:
        return np.stack([self.sample(sweep, value, column).values for column in columns], axis=1)

    @cached_property
    def _known(self) -> dict[str, dict[tuple[Value, ...], Sample]]:
        return {}

    def _samples(self, column: str) -> dict[tuple[Value, ...], Sample]:
        if column not in self._known:
            self._known[column] = samples(self.table, ("swept", "value"), column)
        return self._known[column]
