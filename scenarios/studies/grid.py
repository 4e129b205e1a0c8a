"""What a study computes: points, each one setting of the parameters with one seed."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Value = float | int | str | bool
Parameters = Mapping[str, Value]
Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Point:
    """One setting and one seed: whatever is random in it is drawn from streams of this seed."""

    parameters: Parameters
    seed: int

    def key(self, study: str, version: int) -> str:
        """Name of the point in a study of this name and version: a hash of parameters and seed, 32 hex digits.

        The order of the parameters does not matter; their types do: 10 and 10.0 are two points.
        """
        content = [study, version, dict(self.parameters), self.seed]
        text = json.dumps(content, sort_keys=True, allow_nan=False, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def expand(**axes: Sequence[Value]) -> tuple[Parameters, ...]:
    """All combinations of the axes, the last one fastest."""
    return tuple(dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values()))


def distinct(settings: Iterable[Parameters]) -> tuple[Parameters, ...]:
    """The settings without repetitions, in the order of their first appearance."""
    first: dict[tuple[tuple[str, Value], ...], Parameters] = {}
    for setting in settings:
        first.setdefault(tuple(sorted(setting.items())), setting)
    return tuple(first.values())


def points(settings: Sequence[Parameters], seeds: int) -> tuple[Point, ...]:
    """All settings with seed 1, then with seed 2 ...: a study that is cut short has whole seeds to show."""
    return tuple(Point(setting, seed) for seed in range(1, seeds + 1) for setting in settings)
