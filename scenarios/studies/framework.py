"""A study: a question answered by many runs of one function over a grid, with figures as functions of the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from scenarios.studies.grid import Parameters, Point, Row, points

Evaluate = Callable[[Point], list[Row]]


@dataclass(frozen=True, slots=True)
class StudyReport:
    """What a study says.

    Attributes:
        headline: the answer in a few lines, for the terminal.
        files: content of each file to write, by its path within the study's folder.
        failed: whether the study found what must not be: the command then fails.
    """

    headline: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """A named study.

    Attributes:
        name: as on the command line.
        version: to be raised whenever a point's rows change; finished points of another version do not count.
        description: one line for the list of studies.
        settings: the grid, without seeds (see `grid.expand`).
        quick_settings: a small grid for `--quick`, to be done in under half a minute.
        seeds: how many seeds each setting gets; 1 to `seeds`.
        quick_seeds: the same for `--quick`.
        evaluate: the rows (at least one) of a point. A function at the top level of a module, so that other
            processes find it, and pure: all that is random comes from streams of the point's seed. Column names
            must differ from those of the parameters and from `results.RESERVED`.
        report: figures and tables as a pure function of the results, whose rows come in the order of the points.
        chunk: how many points one process takes at a time; they become one file. Aim at a second or more.
        configured: the same study with a person's settings (`--set`) on top of its scenario; None if it takes none.
    """

    name: str
    version: int
    description: str
    settings: tuple[Parameters, ...]
    quick_settings: tuple[Parameters, ...]
    seeds: int
    quick_seeds: int
    evaluate: Evaluate
    report: Callable[[pa.Table], StudyReport]
    chunk: int = 16
    configured: "Callable[[Sequence[str]], Study] | None" = None

    def points(self, *, seeds: int | None = None, quick: bool = False) -> tuple[Point, ...]:
        """The points in canonical order; `seeds` overrides the study's own number."""
        own = self.quick_seeds if quick else self.seeds
        return points(self.quick_settings if quick else self.settings, seeds if seeds is not None else own)

    def key(self, point: Point) -> str:
        """Name of a point of this study and version."""
        return point.key(self.name, self.version)
