"""Two run folders side by side: what differs in the scenario and in the numbers of summary.json.

Where both runs have one seed they took place in one world, and their metrics can be paired instant by instant: the
interval of the mean difference (batch means, as in `twin.journal.summary`) is then much narrower than those of the two
means.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.errors import RunFolderError
from twin.journal.folder import RunFolder
from twin.journal.objective import WHOSE, objective_of
from twin.journal.statistics import half_width
from twin.journal.summary import combined, mean

SECTIONS: Final = {
    "secrecy, bit/s/Hz": ("min_secrecy", "sum_secrecy", "secrecy"),
    "age": ("age_ms", "age_violation", "aoi"),
    "latency, ms": ("latency_ms",),
    "attribution, bit/s/Hz": ("loss_attribution",),
    "messages": ("messages",),
    "solves": ("solves",),
    "cost": ("bytes_per_cycle", "energy_j"),
}
"""Keys of summary.json by section; what a run lacks is None."""

_WALL: Final = "solves.wall_ms_median"
"""Wall time: another one each time."""

Flat = dict[str, Any]
Pairs = dict[str, tuple[Any, Any]]


def compare_runs(folders: tuple[Path, Path], manifests: tuple[Mapping[str, Any], Mapping[str, Any]]) -> dict[str, Any]:
    """All that differs between two runs, and every number of both, as plain values.

    Args:
        folders: the run folders.
        manifests: content of their manifests.
    """
    schemas = [manifest.get("schema") for manifest in manifests]
    if schemas[0] != schemas[1]:
        versions = " and ".join(map(str, schemas))
        raise RunFolderError(
            f"compare: run folders of schemas {versions}: must be one; recover rebuilds the older folder"
        )
    runs = [RunFolder.open(folder) for folder in folders]
    summaries = [run.read_summary() for run in runs]
    return {
        "kind": "runs",
        "a": str(folders[0]),
        "b": str(folders[1]),
        "same_digest": summaries[0].get("digest") == summaries[1].get("digest"),
        "scenario": _scenario(*manifests),
        "numbers": {
            title: _numbers(*({key: summary.get(key) for key in keys} for summary in summaries))
            for title, keys in SECTIONS.items()
        },
        "paired": _paired(runs, manifests),
    }


def flat(content: object, path: str = "") -> Flat:
    """Every value inside nested tables, and lists of tables, by its dotted path; other lists are values."""
    if isinstance(content, list) and content and all(isinstance(inner, Mapping) for inner in content):
        parts = [flat(inner, f"{path}[{place}]") for place, inner in enumerate(content)]
        return {key: value for part in parts for key, value in part.items()}
    if not isinstance(content, Mapping):
        return {path: content}
    found: Flat = {}
    for key, inner in content.items():
        found |= flat(inner, f"{path}.{key}" if path else str(key))
    return found


def differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> Pairs:
    """The dotted paths at which two tables differ, with both values; None for what one lacks."""
    flats = flat(a), flat(b)
    paths = dict.fromkeys([*flats[0], *flats[1]])
    pairs = {path: (flats[0].get(path), flats[1].get(path)) for path in paths}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def _scenario(a: Mapping[str, Any], b: Mapping[str, Any]) -> Pairs:
    """Keys of the scenario, and beside them what else a person chooses."""
    chosen = [
        manifest["scenario"] | {key: manifest.get(key) for key in ("seed", "transport", "pace")} for manifest in (a, b)
    ]
    return differing(*chosen)


def _numbers(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Both values and b - a of every number in a section; None where it has no value."""
    first, second = ({path: value for path, value in flat(side).items() if _is_number(value)} for side in (a, b))
    return {
        path: {
            "a": first.get(path),
            "b": second.get(path),
            "difference": second[path] - first[path] if path in first and path in second else None,
        }
        for path in dict.fromkeys([*first, *second])
        if path != _WALL
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _paired(runs: list[RunFolder], manifests: tuple[Mapping[str, Any], Mapping[str, Any]]) -> dict[str, Any] | None:
    """What twins aim at, b - a at the instants that both have; None for other seeds and for none in common."""
    if manifests[0].get("seed") != manifests[1].get("seed"):
        return None
    series = [_aimed(run) for run in runs]
    common, first, second = np.intersect1d(series[0]["t_ns"], series[1]["t_ns"], return_indices=True)
    if not common.size:
        return None
    difference = series[1]["secrecy"][second] - series[0]["secrecy"][first]
    return {
        "whose": WHOSE[objective_of(runs[1].read_summary())],
        "instants": int(common.size),
        "a": mean(series[0]["secrecy"][first]),
        "b": mean(series[1]["secrecy"][second]),
        "difference": mean(difference),
        "ci95": half_width(difference),
    }


def _aimed(run: RunFolder) -> dict[str, Any]:
    table, objective = run.read_table(run.metrics_path), objective_of(run.read_summary())
    try:
        return dict(combined(table, objective))
    except KeyError as error:
        raise RunFolderError(f"{run.metrics_path}: lacks a column: {error}; run: run-twin recover {run.path}") from None
