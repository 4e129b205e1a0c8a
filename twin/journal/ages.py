"""Age of the CSI behind what is on air, as steps over time.

The age of the system at t is t minus the oldest `t_data_ns` among the precoders that are on air at t. It
exists from the instant at which every transmitter has one, grows at rate one, and falls where the oldest one
is replaced by a fresher.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Instants = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AgeSteps:
    """From `times_ns[i]` to `times_ns[i + 1]` the oldest CSI on air was measured at `data_ns[i]`.

    The last of the times is the end. `peaks_ns[i]` is the age just before fresher CSI took over, at
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


def age_steps(control: pa.Table, end_ns: int) -> AgeSteps:
    """Age of the system until `end_ns`, from a control table."""
    rows = zip(*(control[name].to_pylist() for name in _COLUMNS), strict=True)
    transmitters = set(control["transmitter"].to_pylist())
    on_air: dict[str, int] = {}
    times: list[int] = []
    oldest: list[int] = []
    # What several transmitters apply in one instant takes over together.
    for t_ns, group in groupby(rows, key=lambda row: int(row[0])):
        on_air |= {transmitter: data_ns for _, transmitter, data_ns in group}
        if len(on_air) < len(transmitters) or t_ns >= end_ns:
            continue
        data_ns = min(on_air.values())
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
