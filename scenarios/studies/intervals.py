"""Means with 95 % confidence intervals over seeds, and paired differences where two methods share the seeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import stdtrit

from scenarios.studies.grid import Value
from twin.signal.arrays import RealArray

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """mean +- half_width contains the expectation with 95 % confidence; `count` samples were averaged."""

    mean: float
    half_width: float
    count: int

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half_width

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.half_width:.2f}"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One value (S,) for each seed (S,); seeds ascend."""

    seeds: NDArray[np.int64]
    values: RealArray

    def __sub__(self, other: "Sample") -> "Sample":
        """Paired differences, seed by seed; both must have the same seeds."""
        if not np.array_equal(self.seeds, other.seeds):
            raise ValueError(f"seeds={self.seeds.size} and {other.seeds.size}: paired samples need the same seeds")
        return Sample(self.seeds, self.values - other.values)

    def interval(self) -> Interval:
        """Mean and interval over the seeds."""
        return interval(self.values)


def percent(entry: Interval, digits: int = 0) -> str:
    """An interval of a share in per cent."""
    return f"{100.0 * entry.mean:.{digits}f} ± {100.0 * entry.half_width:.{digits}f} %"


def student_t(count: int) -> float:
    """The quantile of Student's t distribution that leaves 2.5 % above it, with count - 1 degrees of freedom."""
    return float(stdtrit(count - 1, 0.5 + 0.5 * CONFIDENCE))


def interval(values: RealArray) -> Interval:
    """Mean and half-width t_{n-1} s / sqrt(n) of independent samples (n,), s their standard deviation.

    The interval is exact for normal samples. One sample says nothing of its spread: n must be >= 2.
    """
    count = len(values)
    if count < 2:
        raise ValueError(f"samples={count}: an interval needs at least 2")
    error = float(np.std(values, ddof=1)) / np.sqrt(count)
    return Interval(float(np.mean(values)), student_t(count) * float(error), count)


def jackknife(statistic: Callable[[RealArray], RealArray], values: RealArray) -> Interval:
    """A smooth statistic of sample means with its 95 % interval, by leaving out one seed at a time.

    half-width = t_{n-1} ((n - 1) / n sum_i (T_i - mean T)^2)^1/2 with T_i the statistic of the means without sample i:
    for one mean, that of `interval`. The samples of a seed stay together, so what they share cancels.

    Args:
        statistic: from means (..., d) to values (...).
        values: samples (n, d), n >= 2.
    """
    count = len(values)
    if count < 2:
        raise ValueError(f"samples={count}: an interval needs at least 2")
    without = (values.sum(axis=0) - values) / (count - 1)
    left = statistic(without)
    error = np.sqrt((count - 1) / count * float(((left - left.mean()) ** 2).sum()))
    return Interval(float(statistic(values.mean(axis=0))), student_t(count) * float(error), count)


def samples(table: pa.Table, by: Sequence[str], value: str) -> dict[tuple[Value, ...], Sample]:
    """The samples over seeds of a column of a results table, for each combination of the columns `by` in it.

    The order is that of first appearance. Two rows of one group with the same seed are a ValueError: `by` must
    tell the rows of a point apart.
    """
    groups: dict[tuple[Value, ...], dict[int, float]] = {}
    columns = [table[name].to_pylist() for name in (*by, "seed", value)]
    for *names, seed, number in zip(*columns, strict=True):
        group = groups.setdefault(tuple(names), {})
        if seed in group:
            raise ValueError(f"seed={seed}: two rows for {dict(zip(by, names, strict=True))}: must be one")
        group[seed] = number
    return {names: _sample(group) for names, group in groups.items()}


def _sample(group: Mapping[int, float]) -> Sample:
    seeds = sorted(group)
    return Sample(np.array(seeds, dtype=np.int64), np.array([group[seed] for seed in seeds], dtype=np.float64))
