"""The results of `sagin-figures` as curves: samples over seeds along each sweep."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from scenarios.studies.grid import Value
from scenarios.studies.intervals import Sample, samples
from scenarios.studies.sagin_sweeps import DEFAULTS, Sweep
from twin.signal.sagin import USERS

PROPOSED: Final = "proposed"
MINIMUM: Final = "minimum"
QUANTITIES: Final = (*USERS, MINIMUM)
CSI_ERRORS: Final = (0.0, 0.1, 0.2)
BASELINES: Final = {"zf_eve": "ZF to Eve", "zf_all": "ZF to all", "mrt": "MRT"}
"""Methods of the paper's fixed precodings, and their names."""

SCHEMES: Final = (*((PROPOSED, error) for error in CSI_ERRORS), *((name, 0.0) for name in BASELINES))
"""Scheme and CSI error of everything that is computed."""


@dataclass(frozen=True)
class Curves:
    """Samples of a results table by sweep. Values of a sweep that the table lacks are left out."""

    table: pa.Table

    @cached_property
    def realisations(self) -> int:
        """How many seeds there are."""
        return len(self.table["seed"].unique())

    def values(self, sweep: Sweep) -> list[float]:
        """The values of the sweep's parameter in the table, ascending."""
        return [float(value) for value in sweep.values if self._key(sweep, value, PROPOSED, 0.0) in self._of[MINIMUM]]

    def along(self, sweep: Sweep, quantity: str, scheme: str = PROPOSED, csi_error: float = 0.0) -> list[Sample]:
        """Samples of a rate (a user's, or "minimum") in bit/s/Hz at each of the sweep's values."""
        keys = (self._key(sweep, value, scheme, csi_error) for value in self.values(sweep))
        return [self._of[quantity][key] for key in keys]

    @cached_property
    def _of(self) -> dict[str, dict[tuple[Value, ...], Sample]]:
        by = [*DEFAULTS, "scheme", "csi_error"]
        return {quantity: samples(self.table, by, quantity) for quantity in QUANTITIES}

    @staticmethod
    def _key(sweep: Sweep, value: float, scheme: str, csi_error: float) -> tuple[Value, ...]:
        return (*(DEFAULTS | {sweep.parameter: value}).values(), scheme, csi_error)
