"""Age of information as steps over time: of what a twin holds, and of the CSI behind what is on air.

Whoever holds one datum from each of several sources has the age t minus the instant of the oldest measurement among
them. It exists from the instant at which every source has told something, grows at rate one, and falls where the oldest
datum is replaced by a fresher (S. Kaul, R. Yates, M. Gruteser, "Real-time status: How often should one update?", 2012;
peaks as in M. Costa, M. Codreanu, A. Ephremides, "On the age of information in status update systems with packet
management", 2016). The system holds one precoder of each transmitter on air.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Instants = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AgeSteps:
    """From `times_ns[i]` to `times_ns[i + 1]` the oldest datum held was measured at `data_ns[i]`.

    The last of the times is the end. `peaks_ns[i]` is the age just before fresher data took over, at
    `peak_times_ns[i]`.
    """

    times_ns: Instants
    data_ns: Instants
    peak_times_ns: Instants
    peaks_ns: Instants

    def sawtooth(self) -> tuple[Instants, Instants]:
        """The corners (t_ns, age_ns) of the age over time."""
        times = np.repeat(self.times_ns, 2)[1:-1]
        ages = times - np.repeat(self.data_ns, 2)
        return times, ages

    def at(self, t_ns: Instants) -> Instants:
        """The age at instants that lie between the first and the last of `times_ns`."""
        index = np.searchsorted(self.times_ns[:-1], t_ns, side="right") - 1
        return np.asarray(t_ns - self.data_ns[index])

    def mean_ns(self, begin_ns: float) -> float | None:
        """Mean age over time from `begin_ns` to the end: integral over length. None for no length."""
        low, high = self._ranges(begin_ns)
        lengths = high - low
        return float(np.sum((low + high) / 2 * lengths) / np.sum(lengths)) if lengths.size else None

    def quantile_ns(self, begin_ns: float, q: float) -> float | None:
        """The age below which the system is for the share `q` of the time from `begin_ns` to the end.

        Between two steps the age takes every value of a range for equally long, so the time T(x) spent below the age x
        is linear between the ends of these ranges. None for no length.
        """
        low, high = self._ranges(begin_ns)
        if not low.size:
            return None
        knots, place = np.unique(np.concatenate([low, high]), return_inverse=True)
        # Above a knot T grows by as many ns per ns as ranges are open there.
        opened = np.cumsum(np.bincount(place, np.repeat([1.0, -1.0], low.size), knots.size))[:-1]
        below = np.concatenate([[0.0], np.cumsum(opened * np.diff(knots))])
        index = max(1, int(np.searchsorted(below, q * below[-1])))
        return float(knots[index] - (below[index] - q * below[-1]) / opened[index - 1])

    def violation(self, begin_ns: float, limit_ns: float) -> float | None:
        """Share of the time from `begin_ns` to the end in which the age exceeds `limit_ns`. None for no length."""
        low, high = self._ranges(begin_ns)
        over = np.maximum(high - np.maximum(low, limit_ns), 0.0)
        return float(np.sum(over) / np.sum(high - low)) if low.size else None

    def peak_mean_ns(self, begin_ns: float) -> float | None:
        """Mean of the peaks from `begin_ns` on. None without any."""
        peaks_ns = self.peaks_ns[self.peak_times_ns >= begin_ns]
        return float(np.mean(peaks_ns)) if peaks_ns.size else None

    def _ranges(self, begin_ns: float) -> tuple[Instants, Instants]:
        """The ages at the start and at the end of every stretch between two steps, from `begin_ns` on."""
        if not self.data_ns.size:
            return self.data_ns, self.data_ns
        starts, stops = np.maximum(self.times_ns[:-1], begin_ns), self.times_ns[1:]
        kept = starts < stops
        return (starts - self.data_ns)[kept], (stops - self.data_ns)[kept]


def age_steps(control: pa.Table, end_ns: int) -> AgeSteps:
    """Age of the system until `end_ns`, from a control table."""
    return oldest_steps(zip(*(control[name].to_pylist() for name in _COLUMNS), strict=True), end_ns)


def oldest_steps(told: Iterable[tuple[int, str, int]], end_ns: int) -> AgeSteps:
    """Age until `end_ns` of whoever was told (instant, source, instant of measurement), in order of time.

    Of each source what was told last is held. Sources are those that tell something at all, also after the end.
    """
    rows = list(told)
    sources = {source for _, source, _ in rows}
    held: dict[str, int] = {}
    times: list[int] = []
    oldest: list[int] = []
    # What several sources tell in one instant takes over together.
    for t_ns, group in groupby(rows, key=lambda row: row[0]):
        held |= {source: data_ns for _, source, data_ns in group}
        if len(held) < len(sources) or t_ns >= end_ns:
            continue
        data_ns = min(held.values())
        if not oldest or data_ns != oldest[-1]:
            times.append(t_ns)
            oldest.append(data_ns)
    fresher = [i for i in range(1, len(oldest)) if oldest[i] > oldest[i - 1]]
    return AgeSteps(
        times_ns=np.array([*times, end_ns] if times else [], dtype=np.float64),
        data_ns=np.array(oldest, dtype=np.float64),
        peak_times_ns=np.array([times[i] for i in fresher], dtype=np.float64),
        peaks_ns=np.array([times[i] - oldest[i - 1] for i in fresher], dtype=np.float64),
    )


_COLUMNS = ("t_applied_ns", "transmitter", "t_data_ns")
