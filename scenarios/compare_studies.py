"""Two folders of one study side by side: a paired test over the seeds that both have.

A setting is what the parameters of a point say that vary in a folder; what is the same all over one folder and another
in the other is what is being compared. Rows of a point are told apart by their number. Both studies drew their worlds
from the same seeds, so differences are paired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.compare_runs import differing
from scenarios.studies.paired import holm, paired
from scenarios.studies.results import RESERVED, RESULTS
from twin.errors import RunFolderError, UsageError
from twin.signal.arrays import RealArray

_SEEDS: Final = 2
"""Fewest seeds in common: fewer say nothing of the spread."""

Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Results:
    """The rows of one folder: seed -> row of values, by setting."""

    table: pa.Table
    constants: dict[str, Any]
    varying: tuple[str, ...]


def compare_studies(
    folders: tuple[Path, Path], manifests: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> dict[str, Any]:
    """Every number of a study in both folders with its paired difference, over all settings and in each of them.

    Raises:
        UsageError: two different studies, or fewer than two seeds of a setting in common.
        RunFolderError: a folder without results.
    """
    for what in ("study", "version"):
        values = [manifest.get(what) for manifest in manifests]
        if values[0] != values[1]:
            raise UsageError(f"compare: {what} {values[0]} and {what} {values[1]}: must be the same")
    parameters = [_parameters(manifest) for manifest in manifests]
    results = [_read(folder, names) for folder, names in zip(folders, parameters, strict=True)]
    keys = tuple(dict.fromkeys([*results[0].varying, *results[1].varying]))
    groups = [_groups(result, keys) for result in results]
    common = {group: seeds for group in groups[0] if len(seeds := _common(group, groups)) >= _SEEDS}
    if not common:
        raise UsageError(
            f"{folders[0]} and {folders[1]}: share no setting with at least {_SEEDS} seeds: nothing to pair"
        )
    labels, measures = _columns(results, groups, common)
    constants = [result.constants for result in results]
    return {
        "kind": "studies",
        "study": manifests[0]["study"],
        "a": str(folders[0]),
        "b": str(folders[1]),
        "differs": differing(*constants) | differing(*(_about(manifest) for manifest in manifests)),
        "settings_in_common": len(common),
        "settings_in_one": len(groups[0].keys() ^ groups[1].keys()),
        "seeds": sorted(set.intersection(*map(set, common.values()))),
        "overall": [row for name in measures if (row := _overall(name, results, groups, common)) is not None],
        "settings": [
            {"setting": _setting(group, keys, labels, results[0], groups[0]), **row}
            for name in measures
            for group, row in _by_setting(name, results, groups, common)
        ],
    }


def _parameters(manifest: Mapping[str, Any]) -> set[str]:
    settings = manifest.get("parameters")
    return (
        {key for setting in settings if isinstance(setting, dict) for key in setting}
        if isinstance(settings, list)
        else set()
    )


def _about(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {key: manifest.get(key) for key in ("quick", "seeds", "versions")}


def _read(folder: Path, parameters: set[str]) -> _Results:
    path = folder / RESULTS
    try:
        with path.open("rb") as file:
            table = pq.read_table(file, partitioning=None)
    except FileNotFoundError:
        raise RunFolderError(f"{folder}: holds no {RESULTS} yet: run the study to its end") from None
    except (pa.ArrowException, OSError):
        raise RunFolderError(f"{path}: cannot be read: run the study again, it goes on where it was") from None
    if not set(RESERVED) <= set(table.column_names) or not table.num_rows:
        raise RunFolderError(f"{path}: is not a table of results: run the study again")
    names = [name for name in table.column_names if name in parameters]
    constants = {name: table[name][0].as_py() for name in names if len(table[name].unique()) == 1}
    return _Results(table, constants, tuple(name for name in names if name not in constants))


def _groups(result: _Results, keys: tuple[str, ...]) -> dict[Group, dict[int, int]]:
    """Setting and number of the row within its point -> seed -> row of the table."""
    columns = [result.table[name].to_pylist() if name in result.table.column_names else None for name in keys]
    found: dict[Group, dict[int, int]] = {}
    rows, seeds = result.table["row"].to_pylist(), result.table["seed"].to_pylist()
    for index, (row, seed) in enumerate(zip(rows, seeds, strict=True)):
        group = (*(None if column is None else column[index] for column in columns), row)
        found.setdefault(group, {})[seed] = index
    return found


def _common(group: Group, groups: list[dict[Group, dict[int, int]]]) -> list[int]:
    return sorted(groups[0][group].keys() & groups[1].get(group, {}).keys())


def _columns(
    results: list[_Results], groups: list[dict[Group, dict[int, int]]], common: Mapping[Group, list[int]]
) -> tuple[list[str], list[str]]:
    """Columns that name the rows of a point, and those that are measured: numbers that differ between seeds."""
    known = {*RESERVED, *results[0].constants, *results[0].varying}
    names = [name for name in results[0].table.column_names if name not in known]
    labels, measures = [], []
    for name in names:
        if name not in results[1].table.column_names:
            continue
        kind = results[0].table.schema.field(name).type
        if pa.types.is_floating(kind) or pa.types.is_integer(kind):
            finite = [column[np.isfinite(column)] for column in _values(name, results[0], groups[0], common)]
            if any(column.size and np.ptp(column) > 0 for column in finite):
                measures.append(name)
            elif any(column.size for column in finite):
                labels.append(name)
        else:
            labels.append(name)
    return labels, measures


def _values(
    name: str, result: _Results, groups: Mapping[Group, Mapping[int, int]], common: Mapping[Group, list[int]]
) -> list[RealArray]:
    """The values of a column over the common seeds of each common setting."""
    column = np.asarray(result.table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    return [column[[groups[group][seed] for seed in seeds]] for group, seeds in common.items()]


def _overall(
    name: str, results: list[_Results], groups: list[dict[Group, dict[int, int]]], common: Mapping[Group, list[int]]
) -> dict[str, Any] | None:
    """A column averaged over all settings: one pair per seed that every setting has in both folders."""
    seeds = sorted(set.intersection(*map(set, common.values())))
    whole = dict.fromkeys(common, seeds)
    pairs = [np.stack(_values(name, *side, whole)) for side in zip(results, groups, strict=True)]
    known = np.isfinite(pairs[0] + pairs[1]).all(axis=1)
    if not known.any():
        return None
    found = paired(pairs[0][known].mean(axis=0), pairs[1][known].mean(axis=0))
    return None if found is None else {"measure": name, **found.as_dict()}


def _by_setting(
    name: str, results: list[_Results], groups: list[dict[Group, dict[int, int]]], common: Mapping[Group, list[int]]
) -> list[tuple[Group, dict[str, Any]]]:
    """A column in each setting, each tested as if it were alone; `p_holm` allows for their number."""
    sides = [_values(name, *side, common) for side in zip(results, groups, strict=True)]
    compared = zip(common, map(paired, *sides), strict=True)
    found = [(group, entry) for group, entry in compared if entry is not None]
    adjusted = holm([entry.p for _, entry in found])
    return [
        (group, {"measure": name, **entry.as_dict(), "p_holm": p})
        for (group, entry), p in zip(found, adjusted, strict=True)
    ]


def _setting(
    group: Group, keys: tuple[str, ...], labels: list[str], result: _Results, groups: Mapping[Group, Mapping[int, int]]
) -> dict[str, Any]:
    """What tells a setting from others: its parameters, and the labels of the row."""
    index = next(iter(groups[group].values()))
    return dict(zip(keys, group[:-1], strict=True)) | {name: result.table[name][index].as_py() for name in labels}
