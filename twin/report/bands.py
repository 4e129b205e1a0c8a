"""When something was wrong, for the bands of the page: modelled faults and outages of the schedule.

A function of the scenario in the manifest, whatever its system: every table in `fault` and `network.outage` that has a
span is one. What a fault strikes is named by its keys; where that is a lane of the page, its band is on that lane.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

MAX_BANDS: Final = 1000

_TARGETS: Final = ("twin", "entity", "link", "sites")
_NS_PER_S: Final = 1e9


def bands(scenario: Mapping[str, Any], end_ns: int) -> list[dict[str, Any]]:
    """Kind, target, the names that it touches, and begin and end in ns of all that was wrong before `end_ns`."""
    network = scenario.get("network")
    outages = _tables(network.get("outage")) if isinstance(network, dict) else iter(())
    tables = [*_tables(scenario.get("fault")), *({"kind": "outage"} | table for table in outages)]
    found = [_band(table, end_ns) for table in tables if _spans(table, end_ns)]
    return sorted(found, key=lambda band: (band["begin_ns"], band["end_ns"]))[:MAX_BANDS]


def _tables(value: object) -> Iterator[dict[str, Any]]:
    return (table for table in value if isinstance(table, dict)) if isinstance(value, list) else iter(())


def _spans(table: Mapping[str, Any], end_ns: int) -> bool:
    begin, end = table.get("from_s"), table.get("to_s")
    if not isinstance(begin, int | float) or not isinstance(end, int | float):
        return False
    return 0 <= begin < end and begin * _NS_PER_S < end_ns


def _band(table: Mapping[str, Any], end_ns: int) -> dict[str, Any]:
    targets = [_names(table.get(key)) for key in _TARGETS]
    return {
        "kind": str(table.get("kind", "fault")),
        "target": ", ".join(name for names in targets for name in names),
        "names": [part for names in targets for name in names for part in (name, *name.split(" - "))],
        "begin_ns": round(table["from_s"] * _NS_PER_S),
        "end_ns": min(round(table["to_s"] * _NS_PER_S), end_ns),
    }


def _names(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(name) for name in value] if isinstance(value, list) else []
