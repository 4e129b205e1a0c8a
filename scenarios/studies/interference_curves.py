"""The results of `interference-figures` as curves: samples over seeds, by figure."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from scenarios.studies.grid import Value
from scenarios.studies.interference_sweeps import DEFAULTS
from scenarios.studies.intervals import Sample, samples

_BY: Final = ("figure", *DEFAULTS, "scheme", "rounds")


@dataclass(frozen=True)
class Curves:
    """Samples of a results table. Values that the table lacks are left out."""

    table: pa.Table

    @cached_property
    def realisations(self) -> int:
        """How many seeds there are."""
        return len(self.table["seed"].unique())

    def values(self, figure: int, name: str) -> list[float]:
        """The values of a parameter in a figure, ascending."""
        place = _BY.index(name)
        return sorted({float(key[place]) for key in self.samples if key[0] == figure})

    def at(self, figure: int, scheme: str, rounds: int = 0, **parameters: Value) -> Sample:
        """The rates of a scheme in bit/s/Hz per pair, at a setting of a figure; what is not said is the default."""
        setting = DEFAULTS | parameters
        return self.samples[(figure, *setting.values(), scheme, rounds)]

    def along(self, figure: int, scheme: str, name: str, **parameters: Value) -> list[Sample]:
        """The same along all values of a parameter (or of "rounds")."""
        values = self.values(figure, name)
        if name == "rounds":
            return [self.at(figure, scheme, int(value), **parameters) for value in values]
        return [self.at(figure, scheme, 0, **(parameters | {name: value})) for value in values]

    @cached_property
    def samples(self) -> dict[tuple[Value, ...], Sample]:
        """All samples: figure, setting, scheme and rounds."""
        return samples(self.table, _BY, "rate")
