"""Instance files in, result files out: JSON that other programs judge.

An instance file is `{"items": [{"id", "N", "P", "h", "a", "g"}, ...]}`: P = {"S", "U", "B"} in the unit of the noise
power (P_dB in its place will do), h / a / g = the channels of satellite / UAV / base station to {"su", "au", "gu",
"e"}, each a list of [re, im]. `noise_power` is 1 unless it is given. Anything else in an item (answers, baselines,
where it came from) is not read.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.errors import InstanceError, SolverError
from twin.signal.arrays import ComplexArray
from twin.signal.units import from_db
from twin.solvers.json_files import (
    Answer,
    Instance,
    as_pairs,
    complex_entries,
    kind,
    number,
    positive,
    read_items,
    whole,
    write_answers,
)
from twin.solvers.result import Solution
from twin.solvers.synergy.problem import SynergyProblem

_LINKS: Final = (("h", "S"), ("a", "U"), ("g", "B"))
_HEARD_BY: Final = ("su", "au", "gu", "e")
_VECTORS: Final = ("w", "f", "v")
_MAX_DB: Final = 300.0


def read_instances(path: Path) -> list[Instance[SynergyProblem]]:
    """All instances of a file, checked to the last number before any is returned.

    Raises:
        InstanceError: in one line: the file, the item and the field, its value and what is allowed.
    """
    return read_items(path, ("items",), _problem)


def _problem(item: dict[str, Any], where: str) -> SynergyProblem:
    noise = positive(item["noise_power"], f"{where}.noise_power") if "noise_power" in item else 1.0
    powers = [_power(item, letter, where) for _, letter in _LINKS]
    channels = [_channels(item, name, letter, where) for name, letter in _LINKS]
    try:
        return SynergyProblem(tuple(matrix / math.sqrt(noise) for matrix in channels), tuple(powers))
    except SolverError as error:
        raise InstanceError(f"{where}: {error}") from None


def _power(item: dict[str, Any], letter: str, where: str) -> float:
    if "P" in item:
        return positive(_entry(item, "P", letter, where), f"{where}.P.{letter}")
    if "P_dB" not in item:
        raise InstanceError(f"{where}.P is missing: must give the powers S, U and B")
    label = f"{where}.P_dB.{letter}"
    level = number(_entry(item, "P_dB", letter, where), label)
    if abs(level) > _MAX_DB:
        raise InstanceError(f"{label}={level:g}: must lie in [-{_MAX_DB:g}, {_MAX_DB:g}] dB")
    return from_db(level)


def _channels(item: dict[str, Any], name: str, letter: str, where: str) -> ComplexArray:
    rows = [complex_entries(_entry(item, name, user, where), f"{where}.{name}.{user}") for user in _HEARD_BY]
    antennas = len(rows[0])
    if "N" in item:
        wanted = _entry(item, "N", letter, where)
        antennas = whole(wanted, f"{where}.N.{letter}", 1)
    for user, row in zip(_HEARD_BY, rows, strict=True):
        if len(row) != antennas:
            raise InstanceError(f"{where}.{name}.{user} has {len(row)} entries: must have {antennas}")
    return np.array(rows, dtype=np.complex128)


def _entry(item: dict[str, Any], name: str, key: str, where: str) -> object:
    table = item.get(name)
    if not isinstance(table, dict):
        found = "is missing" if table is None else f"is {kind(table)}"
        raise InstanceError(f"{where}.{name} {found}: must be an object")
    if key not in table:
        raise InstanceError(f"{where}.{name}.{key} is missing")
    return table[key]


def write_results(path: Path, method: str, answers: Sequence[Answer]) -> None:
    """Write the answers to a file, all of them or nothing."""
    write_answers(path, "sagin", method, answers, _detail)


def _detail(solution: Solution) -> dict[str, Any]:
    vectors = zip(_VECTORS, solution.precoders, strict=True)
    return {
        "upper_bound": solution.evidence["upper_bound"],
        "precoders": {name: as_pairs(x) for name, x in vectors},
    }
