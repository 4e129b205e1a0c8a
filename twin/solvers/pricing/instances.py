"""Instance files of the interference channel in, result files out: JSON that other programs judge.

An instance file is `{"realisations": [{"id", "K", "Nt", "Nr", "Ne", "ds", "da", "Ptot_dB", "gain_over_noise", "zeta_R",
"zeta_E", "Hhat", "HhatE"}, ...]}` (`items` and `instances` will do too): unit-gain, noise-normalised estimates
Hhat[j][i] from transmitter i to receiver j, a list of Nr * Nt [re, im] row by row with entries CN(0, 1 - zeta_R^2),
HhatE[i] of Ne * Nt to the eavesdropper; the channel is sqrt(g) (Hhat + zeta W), W of CN(0, 1), with g =
gain_over_noise["main"], ["int"] or ["eve"]. Ptot = 10^(Ptot_dB / 10) per transmitter. Anything else in an item
(answers, seeds of judges) is not read.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.errors import InstanceError, SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.units import from_db
from twin.solvers.json_files import (
    Answer,
    Instance,
    as_pairs,
    complex_entries,
    count_of,
    entry,
    kind,
    read_items,
    value_of,
    whole,
    write_answers,
)
from twin.solvers.pricing.problem import MAX_ANTENNAS, MAX_PAIRS, InterferenceProblem
from twin.solvers.result import Solution

_LISTS: Final = ("items", "instances", "realisations")
_MAX_DB: Final = 200.0


def read_instances(path: Path) -> list[Instance[InterferenceProblem]]:
    """All instances of a file, checked to the last number before any is returned.

    Raises:
        InstanceError: in one line: the file, the item and the field, its value and what is allowed.
    """
    return read_items(path, _LISTS, _problem)


def _problem(item: dict[str, Any], where: str) -> InterferenceProblem:
    pairs = count_of(item, "K", where, MAX_PAIRS)
    transmit, receive, heard = (count_of(item, name, where, MAX_ANTENNAS) for name in ("Nt", "Nr", "Ne"))
    main, cross, eve = (_gain(item, name, where) for name in ("main", "int", "eve"))
    level = value_of(item, "Ptot_dB", where)
    if abs(level) > _MAX_DB:
        raise InstanceError(f"{where}.Ptot_dB={level:g}: must lie in [-{_MAX_DB:g}, {_MAX_DB:g}] dB")
    gains: RealArray = np.where(np.eye(pairs) > 0.0, main, cross)
    rows = _listed(item.get("Hhat"), f"{where}.Hhat", pairs)
    channels = [
        [
            math.sqrt(gains[j, i]) * _matrix(entry, f"{where}.Hhat[{j}][{i}]", receive, transmit)
            for i, entry in enumerate(_listed(row, f"{where}.Hhat[{j}]", pairs))
        ]
        for j, row in enumerate(rows)
    ]
    eves = [
        math.sqrt(eve) * _matrix(entry, f"{where}.HhatE[{i}]", heard, transmit)
        for i, entry in enumerate(_listed(item.get("HhatE"), f"{where}.HhatE", pairs))
    ]
    try:
        return InterferenceProblem(
            channels=np.array(channels),
            eve_channels=np.array(eves),
            powers_mw=np.full(pairs, from_db(level)),
            streams=whole(entry(item, "ds", where), f"{where}.ds", 1),
            noise_streams=whole(entry(item, "da", where), f"{where}.da", 0),
            zeta=value_of(item, "zeta_R", where),
            zeta_eve=value_of(item, "zeta_E", where),
            gains=gains,
            eve_gains=np.full(pairs, eve),
        )
    except SolverError as error:
        raise InstanceError(f"{where}: {error}") from None


def _gain(item: dict[str, Any], name: str, where: str) -> float:
    table = entry(item, "gain_over_noise", where)
    if not isinstance(table, dict):
        raise InstanceError(f"{where}.gain_over_noise is {kind(table)}: must be an object")
    gain = value_of(table, name, f"{where}.gain_over_noise")
    if gain < 0.0:
        raise InstanceError(f"{where}.gain_over_noise.{name}={gain:g}: must be >= 0")
    return gain


def _listed(value: object, where: str, length: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        found = f"has {len(value)} entries" if isinstance(value, list) else f"is {kind(value)}"
        raise InstanceError(f"{where} {found}: must be a list of {length}")
    return value


def _matrix(value: object, where: str, rows: int, columns: int) -> ComplexArray:
    entries = complex_entries(value, where)
    if len(entries) != rows * columns:
        raise InstanceError(f"{where} has {len(entries)} entries: must have {rows * columns}")
    return np.array(entries, dtype=np.complex128).reshape(rows, columns)


def write_results(path: Path, method: str, answers: Sequence[Answer]) -> None:
    """Write the answers to a file, all of them or nothing."""
    write_answers(path, "ic", method, answers, _detail)


def _detail(solution: Solution) -> dict[str, Any]:
    q, an = solution.precoders
    return {
        "rates": solution.rates.tolist(),
        "on": int(solution.evidence["on"]),
        "precoders": {"Q": [as_pairs(x) for x in q], "L": [as_pairs(x) for x in an]},
    }
