"""What instance and result files of all problems share: reading JSON from outside, and writing all or nothing."""

import json
import math
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np

from twin.errors import InstanceError, UsageError
from twin.signal.arrays import ComplexArray
from twin.solvers.result import Solution

Problem = TypeVar("Problem")

_MAX_BYTES: Final = 256 * 2**20
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class Instance(Generic[Problem]):
    """One item of an instance file."""

    id: int | str
    problem: Problem


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What became of one item; `wall_us` is the wall time of the solve, in process and compiled."""

    id: int | str
    solution: Solution
    wall_us: float


def read_items(
    path: Path, lists: Sequence[str], read: Callable[[dict[str, Any], str], Problem]
) -> list[Instance[Problem]]:
    """All instances of a file, checked to the last number before any is returned.

    Args:
        path: the file.
        lists: names under which the list of items may be found, the first that is there.
        read: makes a problem of one item, given also where it is, for messages.

    Raises:
        InstanceError: in one line: the file, the item and the field, its value and what is allowed.
    """
    try:
        name, items = _items(_parse(_load(path)), lists)
        instances = [_instance(item, f"{name}[{index}]", read) for index, item in enumerate(items)]
        _check_ids(instances, name)
    except InstanceError as error:
        raise InstanceError(f"{path}: {error}") from None
    return instances


def _items(data: object, lists: Sequence[str]) -> tuple[str, list[Any]]:
    if not isinstance(data, dict):
        raise InstanceError(f"holds {kind(data)}: must be an object with a list `{lists[0]}`")
    name = next((name for name in lists if name in data), lists[0])
    items = data.get(name)
    if not isinstance(items, list) or not items:
        found = "is missing" if items is None else f"is {kind(items)}" if items else "is empty"
        raise InstanceError(f"{name} {found}: must be a list of at least one instance")
    return name, items


def _instance(item: object, where: str, read: Callable[[dict[str, Any], str], Problem]) -> Instance[Problem]:
    if not isinstance(item, dict):
        raise InstanceError(f"{where} is {kind(item)}: must be an object")
    identity = item.get("id")
    if isinstance(identity, bool) or not isinstance(identity, int | str):
        raise InstanceError(f"{where}.id={shown(identity)}: must be an integer or a text")
    return Instance(identity, read(item, where))


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


def _check_ids(instances: Sequence[Instance[Problem]], name: str) -> None:
    """Results are matched by the text of an id: 1 and "1" would be one and the same."""
    seen: dict[str, int] = {}
    for index, instance in enumerate(instances):
        first = seen.setdefault(str(instance.id), index)
        if first != index:
            raise InstanceError(f"{name}[{index}].id={shown(instance.id)}: must differ from {name}[{first}].id")


def positive(value: object, where: str) -> float:
    """A finite number > 0."""
    found = number(value, where)
    if found <= 0.0:
        raise InstanceError(f"{where}={found:g}: must be > 0")
    return found


def number(value: object, where: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InstanceError(f"{where}={shown(value)}: must be a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise InstanceError(f"{where}={found:g}: must be finite")
    return found


def whole(value: object, where: str, least: int) -> int:
    """An integer >= least."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InstanceError(f"{where}={shown(value)}: must be an integer >= {least}")
    return value


def kind(value: object) -> str:
    """What JSON calls it."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def shown(value: object) -> str:
    """The value as JSON, cut short."""
    text = json.dumps(value) if not isinstance(value, dict | list) else kind(value)
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


def complex_entries(value: object, where: str) -> list[complex]:
    """A list of [re, im], not empty."""
    if not isinstance(value, list) or not value:
        raise InstanceError(f"{where} is {kind(value)}: must be a list of [re, im]")
    entries = []
    for index, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2:
            raise InstanceError(f"{where}[{index}]={shown(pair)}: must be [re, im]")
        entries.append(complex(*(number(part, f"{where}[{index}]") for part in pair)))
    return entries


def as_pairs(array: ComplexArray) -> list[list[float]]:
    """The entries of an array, row by row, as [re, im]."""
    return [[entry.real, entry.imag] for entry in np.ravel(array).tolist()]


def write_answers(
    path: Path, problem: str, method: str, answers: Sequence[Answer], detail: Callable[[Solution], dict[str, Any]]
) -> None:
    """Write `{"problem", "method", "results": [...]}` to a file, all of it or nothing.

    `detail` gives what the results of a problem have besides: its precoders at least.
    """
    results = [
        {
            "id": answer.id,
            "status": answer.solution.status.value,
            "objective": answer.solution.objective,
            "iterations": answer.solution.iterations,
            "wall_us": answer.wall_us,
            "violation": answer.solution.violation,
            **detail(answer.solution),
        }
        for answer in answers
    ]
    text = json.dumps({"problem": problem, "method": method, "results": results}, allow_nan=False) + "\n"
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def entry(item: dict[str, Any], name: str, where: str) -> object:
    """What an instance has under a name.

    Raises:
        InstanceError: nothing.
    """
    if name not in item:
        raise InstanceError(f"{where}.{name} is missing")
    return item[name]


def count_of(item: dict[str, Any], name: str, where: str, most: int) -> int:
    """A whole number from 1 to `most` under a name.

    Raises:
        InstanceError: it is missing, or is none.
    """
    found = whole(entry(item, name, where), f"{where}.{name}", 1)
    if found > most:
        raise InstanceError(f"{where}.{name}={found}: must be at most {most}")
    return found


def value_of(item: dict[str, Any], name: str, where: str) -> float:
    """A finite number under a name.

    Raises:
        InstanceError: it is missing, or is none.
    """
    return number(entry(item, name, where), f"{where}.{name}")
