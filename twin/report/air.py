"""What each transmitter had on air and when: the control table as a step function of time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.report.steps import integers


@dataclass(frozen=True, slots=True)
class OnAir:
    """A version on air at a transmitter, from `since_ns` to `until_ns`; the next one follows, or the run ends.

    `data_ns` is when the oldest measurement behind it was taken. Version 0 is local MRT.
    """

    transmitter: str
    version: int
    msg_id: int
    data_ns: int
    since_ns: int
    until_ns: int

    @property
    def age_ns(self) -> int:
        """Age of the data when it went on air."""
        return self.since_ns - self.data_ns

    @property
    def lasted_ns(self) -> int:
        """How long it stayed on air."""
        return self.until_ns - self.since_ns


class Air:
    """The control table of a run that ended at `end_ns`."""

    def __init__(self, control: pa.Table, end_ns: int) -> None:
        self.end_ns = end_ns
        self._transmitters = [str(name) for name in control["transmitter"].unique().to_pylist()]
        self._tables = {name: control.filter(pc.equal(control["transmitter"], name)) for name in self._transmitters}
        self._times = {name: integers(table["t_applied_ns"]) for name, table in self._tables.items()}
        self._versions = {name: integers(table["version"]) for name, table in self._tables.items()}

    def of_version(self, version: int) -> Iterator[OnAir]:
        """Where this version went on air."""
        for name in self._transmitters:
            for row in np.flatnonzero(self._versions[name] == version):
                yield self._row(name, int(row))

    def at(self, transmitter: str, t_ns: int) -> OnAir | None:
        """What was on air at `t_ns`; None before the first."""
        times = self._times.get(transmitter)
        row = -1 if times is None else int(np.searchsorted(times, t_ns, side="right")) - 1
        return None if row < 0 else self._row(transmitter, row)

    def next_newer(self, transmitter: str, version: int, t_ns: int) -> OnAir | None:
        """The first version newer than `version` that went on air at `t_ns` or later."""
        if transmitter not in self._times:
            return None
        newer = (self._times[transmitter] >= t_ns) & (self._versions[transmitter] > version)
        return self._row(transmitter, int(np.argmax(newer))) if newer.any() else None

    def _row(self, transmitter: str, row: int) -> OnAir:
        times = self._times[transmitter]
        (record,) = self._tables[transmitter].slice(row, 1).to_pylist()
        return OnAir(
            transmitter=transmitter,
            version=record["version"],
            msg_id=record["msg_id"] or 0,
            data_ns=record["t_data_ns"],
            since_ns=record["t_applied_ns"],
            until_ns=int(times[row + 1]) if row + 1 < len(times) else self.end_ns,
        )
