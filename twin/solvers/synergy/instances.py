"""Instance files in, result files out: JSON that other programs judge.

An instance file is `{"items": [{"id", "N", "P", "h", "a", "g"}, ...]}`: P = {"S", "U", "B"} in the unit of the noise
power (P_dB in its place will do), h / a / g = the channels of satellite / UAV / base station to {"su", "au", "gu",
"e"}, each a list of [re, im]. `noise_power` is 1 unless it is given. Anything else in an item (answers, baselines,
where it came from) is not read.
"""

import json
import math
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.errors import InstanceError, SolverError, UsageError
from twin.signal.arrays import ComplexArray
from twin.signal.units import from_db
from twin.solvers.result import Solution
from twin.solvers.synergy.problem import SynergyProblem

_LINKS: Final = (("h", "S"), ("a", "U"), ("g", "B"))
_HEARD_BY: Final = ("su", "au", "gu", "e")
_VECTORS: Final = ("w", "f", "v")
_MAX_BYTES: Final = 256 * 2**20
_MAX_DB: Final = 300.0
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One item of an instance file."""

    id: int | str
    problem: SynergyProblem


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What became of one item; `wall_us` is the wall time of the solve, in process and compiled."""

    id: int | str
    solution: Solution
    wall_us: float


def read_instances(path: Path) -> list[Instance]:
    """All instances of a file, checked to the last number before any is returned.

    Raises:
        InstanceError: in one line: the file, the item and the field, its value and what is allowed.
    """
    try:
        items = _items(_parse(_load(path)))
        instances = [_instance(item, f"items[{index}]") for index, item in enumerate(items)]
        _check_ids(instances)
    except InstanceError as error:
        raise InstanceError(f"{path}: {error}") from None
    return instances


def _load(path: Path) -> bytes:
    try:
        status = path.stat()
        text = path.read_bytes() if stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_BYTES else None
    except OSError as error:
        raise InstanceError(f"cannot be read: {error.strerror}") from None
    if text is None:
        raise InstanceError(f"must be a JSON file of at most {_MAX_BYTES >> 20} MiB, not a directory or a device")
    return text


def _parse(text: bytes) -> object:
    try:
        return json.loads(text)
    except RecursionError:
        raise InstanceError("not an instance file: nested too deeply") from None
    except ValueError as error:
        raise InstanceError(f"not JSON: {error}") from None


def _check_ids(instances: Sequence[Instance]) -> None:
    """Results are matched by the text of an id: 1 and "1" would be one and the same."""
    seen: dict[str, int] = {}
    for index, instance in enumerate(instances):
        first = seen.setdefault(str(instance.id), index)
        if first != index:
            raise InstanceError(f"items[{index}].id={_shown(instance.id)}: must differ from items[{first}].id")


def _items(data: object) -> list[Any]:
    if not isinstance(data, dict):
        raise InstanceError(f"holds {_kind(data)}: must be an object with a list `items`")
    items = data.get("items")
    if not isinstance(items, list) or not items:
        found = "is missing" if items is None else f"is {_kind(items)}" if items else "is empty"
        raise InstanceError(f"items {found}: must be a list of at least one instance")
    return items


def _instance(item: object, where: str) -> Instance:
    if not isinstance(item, dict):
        raise InstanceError(f"{where} is {_kind(item)}: must be an object")
    identity = item.get("id")
    if isinstance(identity, bool) or not isinstance(identity, int | str):
        raise InstanceError(f"{where}.id={_shown(identity)}: must be an integer or a text")
    noise = _positive(item["noise_power"], f"{where}.noise_power") if "noise_power" in item else 1.0
    powers = [_power(item, letter, where) for _, letter in _LINKS]
    channels = [_channels(item, name, letter, where) for name, letter in _LINKS]
    try:
        problem = SynergyProblem(tuple(matrix / math.sqrt(noise) for matrix in channels), tuple(powers))
    except SolverError as error:
        raise InstanceError(f"{where}: {error}") from None
    return Instance(identity, problem)


def _power(item: dict[str, Any], letter: str, where: str) -> float:
    if "P" in item:
        return _positive(_entry(item, "P", letter, where), f"{where}.P.{letter}")
    if "P_dB" not in item:
        raise InstanceError(f"{where}.P is missing: must give the powers S, U and B")
    label = f"{where}.P_dB.{letter}"
    level = _number(_entry(item, "P_dB", letter, where), label)
    if abs(level) > _MAX_DB:
        raise InstanceError(f"{label}={level:g}: must lie in [-{_MAX_DB:g}, {_MAX_DB:g}] dB")
    return from_db(level)


def _channels(item: dict[str, Any], name: str, letter: str, where: str) -> ComplexArray:
    rows = [_vector(_entry(item, name, user, where), f"{where}.{name}.{user}") for user in _HEARD_BY]
    antennas = len(rows[0])
    if "N" in item:
        wanted = _entry(item, "N", letter, where)
        if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
            raise InstanceError(f"{where}.N.{letter}={_shown(wanted)}: must be an integer >= 1")
        antennas = wanted
    for user, row in zip(_HEARD_BY, rows, strict=True):
        if len(row) != antennas:
            raise InstanceError(f"{where}.{name}.{user} has {len(row)} entries: must have {antennas}")
    return np.array(rows, dtype=np.complex128)


def _entry(item: dict[str, Any], name: str, key: str, where: str) -> object:
    table = item.get(name)
    if not isinstance(table, dict):
        found = "is missing" if table is None else f"is {_kind(table)}"
        raise InstanceError(f"{where}.{name} {found}: must be an object")
    if key not in table:
        raise InstanceError(f"{where}.{name}.{key} is missing")
    return table[key]


def _vector(value: object, where: str) -> list[complex]:
    if not isinstance(value, list) or not value:
        raise InstanceError(f"{where} is {_kind(value)}: must be a list of [re, im]")
    entries = []
    for index, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2:
            raise InstanceError(f"{where}[{index}]={_shown(pair)}: must be [re, im]")
        entries.append(complex(*(_number(part, f"{where}[{index}]") for part in pair)))
    return entries


def _positive(value: object, where: str) -> float:
    number = _number(value, where)
    if number <= 0.0:
        raise InstanceError(f"{where}={number:g}: must be > 0")
    return number


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InstanceError(f"{where}={_shown(value)}: must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InstanceError(f"{where}={number:g}: must be finite")
    return number


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(value: object) -> str:
    text = json.dumps(value) if not isinstance(value, dict | list) else _kind(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def check_writable(path: Path, instances: Path) -> None:
    """Find out before any work whether results can be written to `path`, and not over the instance file."""
    if path.is_dir():
        raise UsageError(f"{path}: is a directory: must be a file")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: its directory does not exist")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: its directory cannot be written to")
    if path.exists() and path.samefile(instances):
        raise UsageError(f"{path}: is the instance file: must be another one")


def write_results(path: Path, method: str, answers: Sequence[Answer]) -> None:
    """Write `{"problem", "method", "results": [...]}` to a file, all of it or nothing."""
    results = {"problem": "sagin", "method": method, "results": [_result(answer) for answer in answers]}
    text = json.dumps(results, allow_nan=False) + "\n"
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def _result(answer: Answer) -> dict[str, Any]:
    solution = answer.solution
    vectors = zip(_VECTORS, solution.precoders, strict=True)
    return {
        "id": answer.id,
        "status": solution.status.value,
        "objective": solution.objective,
        "iterations": solution.iterations,
        "wall_us": answer.wall_us,
        "violation": solution.violation,
        "upper_bound": solution.evidence["upper_bound"],
        "precoders": {name: [[entry.real, entry.imag] for entry in x.tolist()] for name, x in vectors},
    }
