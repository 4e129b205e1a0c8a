"""Instance files of the two stations in, result files out: JSON that other programs judge.

An instance file is `{"instances": [{"id", "M1", "M2", "N", "e_h_bo", "e_h_e", "e_g_bo", "e_g_e", "gamma_th", "I_S",
"I_c", "I_p", "P1max", "P2max", "P0", "kappa2_sigma2", "H", "G"}, ...]}` (`items`, `realisations` will do too): powers
in W, channels over the standard deviation of the noise, one row [[re, im], ...] per receiver, H from station 1 to Bob,
Eve, target and users, G from station 2 to Bob, Eve and users. Anything else in an item (answers, bounds) is not read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.errors import InstanceError, SolverError
from twin.signal.arrays import ComplexArray
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
    write_answers,
)
from twin.solvers.result import Solution
from twin.solvers.rsma.problem import MAX_ANTENNAS, MAX_USERS, HisacProblem

_LISTS: Final = ("instances", "items", "realisations")


def read_instances(path: Path) -> list[Instance[HisacProblem]]:
    """All instances of a file, checked to the last number before any is returned.

    Raises:
        InstanceError: in one line: the file, the item and the field, its value and what is allowed.
    """
    return read_items(path, _LISTS, _problem)


def _problem(item: dict[str, Any], where: str) -> HisacProblem:
    users = count_of(item, "N", where, MAX_USERS)
    channels_1 = _channels(item, "H", where, (3 + users, count_of(item, "M1", where, MAX_ANTENNAS)))
    channels_2 = _channels(item, "G", where, (2 + users, count_of(item, "M2", where, MAX_ANTENNAS)))
    try:
        return HisacProblem(
            channels_1=channels_1,
            channels_2=channels_2,
            errors_1=np.array([value_of(item, name, where) for name in ("e_h_bo", "e_h_e")]),
            errors_2=np.array([value_of(item, name, where) for name in ("e_g_bo", "e_g_e")]),
            power_1_w=value_of(item, "P1max", where),
            power_2_w=value_of(item, "P2max", where),
            circuit_w=value_of(item, "P0", where),
            echo_gain=value_of(item, "kappa2_sigma2", where),
            threshold=value_of(item, "gamma_th", where),
            least_secrecy=value_of(item, "I_S", where),
            least_common=value_of(item, "I_c", where),
            least_private=value_of(item, "I_p", where),
        )
    except SolverError as error:
        raise InstanceError(f"{where}: {error}") from None


def _channels(item: dict[str, Any], name: str, where: str, shape: tuple[int, int]) -> ComplexArray:
    rows = entry(item, name, where)
    if not isinstance(rows, list) or len(rows) != shape[0]:
        found = f"has {len(rows)} rows" if isinstance(rows, list) else f"is {kind(rows)}"
        raise InstanceError(f"{where}.{name} {found}: must be a list of {shape[0]}")
    matrix = np.empty(shape, np.complex128)
    for index, row in enumerate(rows):
        entries = complex_entries(row, f"{where}.{name}[{index}]")
        if len(entries) != shape[1]:
            raise InstanceError(f"{where}.{name}[{index}] has {len(entries)} entries: must have {shape[1]}")
        matrix[index] = entries
    return matrix


def write_results(path: Path, method: str, answers: Sequence[Answer]) -> None:
    """Write the answers to a file, all of them or nothing."""
    write_answers(path, "hisac", method, answers, _detail)


def _detail(solution: Solution) -> dict[str, Any]:
    w, o = solution.precoders
    return {
        "rates": solution.rates.tolist(),
        "evidence": dict(solution.evidence),
        "precoders": {"w": [as_pairs(column) for column in w.T], "O": [as_pairs(column) for column in o.T]},
    }
