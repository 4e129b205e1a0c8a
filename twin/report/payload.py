"""What the page of a run holds: a header as JSON, and the columns of its tables (`columns`, `message_columns`)."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.journal.ages import age_steps
from twin.journal.tables import Tables
from twin.report.bands import bands
from twin.report.columns import Columns, Integers, steps
from twin.report.message_columns import Rows, add_messages
from twin.report.message_routes import Numbers, coded, integers

FORMAT: Final = 1
RATE_STEP: Final = 1e-4
"""Rates are kept in steps of this many bit/s/Hz."""

_NO_RATE: Final = -(2**30)
_OBJECTIVE_STEP: Final = 1e-6
_MAX_PLACES: Final = 200


def payload(
    tables: Tables, manifest: dict[str, Any], summary: dict[str, Any], end_ns: int
) -> tuple[dict[str, Any], str]:
    """The header of the page (JSON data) and its columns (base64)."""
    columns = Columns()
    messages = add_messages(columns, tables)
    header = {
        "format": FORMAT,
        "summary": summary,
        "end_ns": end_ns,
        "scenario": _scenario(manifest),
        "transport": manifest.get("transport"),
        "messages": messages.header,
        "control": _add_control(columns, tables.control, messages.row_of),
        "solves": _add_solves(columns, tables.solves, messages.row_of),
        "metrics": _add_metrics(columns, tables.metrics),
        "bands": bands(_scenario(manifest), end_ns),
        "places": list(_places(_scenario(manifest)))[:_MAX_PLACES],
    }
    _add_age(columns, tables.control, end_ns)
    header["columns"] = columns.directory
    return header, columns.base64()


def _scenario(manifest: dict[str, Any]) -> dict[str, Any]:
    scenario = manifest.get("scenario")
    return scenario if isinstance(scenario, dict) else {}


def _add_control(columns: Columns, control: pa.Table, rows: Rows) -> dict[str, Any]:
    transmitters, transmitter = _names(control["transmitter"])
    applied = integers(control["t_applied_ns"])
    columns.add("applied.time", steps(applied))
    columns.add("applied.transmitter", transmitter)
    columns.add("applied.version", steps(integers(control["version"])))
    columns.add("applied.row", _row_steps(rows.find(integers(control["msg_id"]))))
    columns.add("applied.age", applied - integers(control["t_data_ns"]))
    return {"transmitters": transmitters}


def _add_solves(columns: Columns, solves: pa.Table, rows: Rows) -> dict[str, Any]:
    texts = {}
    for name in ("node", "status", "trigger", "method"):
        texts[name], codes = _names(solves[name])
        columns.add(f"solve.{name}", codes)
    begin = integers(solves["begin_ns"])
    columns.add("solve.version", steps(integers(solves["version"])))
    columns.add("solve.begin", steps(begin))
    columns.add("solve.length", integers(solves["finish_ns"]) - begin)
    columns.add("solve.iterations", integers(solves["iterations"]))
    columns.add("solve.objective", _quantised(solves["objective"], _OBJECTIVE_STEP))
    inputs = solves["inputs"]
    counts = integers(pc.list_value_length(inputs), missing=0)
    columns.add("solve.inputs", counts)
    columns.add("solve.rows", _row_steps(rows.find(integers(pc.list_flatten(inputs)))))
    return texts | {"objective_step": _OBJECTIVE_STEP}


def _names(column: pa.ChunkedArray) -> tuple[list[str], Integers]:
    """The texts of a column in order of appearance, and the number of each row's."""
    numbers: Numbers[str] = Numbers()
    codes = coded(column, numbers)
    return numbers.items, codes


def _row_steps(rows: Integers) -> Integers:
    """Rows as differences; a row that is not there (-1) counts as itself."""
    return steps(rows + 1)


def _add_metrics(columns: Columns, metrics: pa.Table) -> dict[str, Any]:
    """The secrecy rates of every user on the grid, where the table has any."""
    if not {"t_ns", "user", "secrecy", "fresh"} <= set(metrics.column_names):
        return {"users": [], "step": RATE_STEP, "none": _NO_RATE}
    users, _ = _names(metrics["user"])
    times = integers(metrics["t_ns"])
    columns.add("metric.time", steps(times[: len(times) : max(len(users), 1)]))
    for code, user in enumerate(users):
        rows = metrics.filter(pc.equal(metrics["user"], user))
        for rate in ("secrecy", "fresh"):
            columns.add(f"metric.{rate}.{code}", steps(_quantised(rows[rate], RATE_STEP)))
    return {"users": users, "step": RATE_STEP, "none": _NO_RATE}


def _quantised(column: pa.ChunkedArray, step: float) -> Integers:
    """Reals as whole multiples of `step`; what is not finite or too large as _NO_RATE."""
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    usable = np.isfinite(values) & (np.abs(values) < -_NO_RATE * step)
    return np.where(usable, np.rint(np.where(usable, values, 0.0) / step), _NO_RATE).astype(np.int64)


def _add_age(columns: Columns, control: pa.Table, end_ns: int) -> None:
    """The steps of the age of the CSI on air (`ages.AgeSteps`): when, and since when."""
    age = age_steps(control, end_ns)
    columns.add("age.time", steps(age.times_ns.astype(np.int64)))
    columns.add("age.data", steps(age.data_ns.astype(np.int64)))


def _places(scenario: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Who is where at the start, as far as the scenario says so: name, place in m, path of one that moves."""
    for section, keys in scenario.items():
        if not isinstance(keys, dict):
            continue
        if _is_point(keys.get("position_m")):
            yield {"name": section, "at": keys["position_m"], "height_m": _height(keys)}
        path = keys.get("waypoints_m")
        if isinstance(path, list) and path and all(map(_is_point, path)):
            yield {"name": section, "at": path[0], "path": path, "height_m": _height(keys)}
        for name, point in _named(section, keys.get("positions_m")):
            if _is_point(point):
                yield {"name": name, "at": point, "height_m": 0.0}
        for item in keys.get("extra") or ():
            if isinstance(item, dict) and _is_point(item.get("position_m")):
                yield {"name": item.get("name", section), "at": item["position_m"], "height_m": 0.0}
        if "height_km" in keys:
            yield {"name": section, "at": None, "height_m": 1000.0 * float(keys["height_km"])}


def _named(section: str, places: object) -> Iterable[tuple[str, Any]]:
    """Places by name; those of a list are numbered after their section: the first of `users` is `user1`."""
    if isinstance(places, dict):
        return places.items()
    return [
        (f"{section.removesuffix('s')}{n}", place)
        for n, place in enumerate(places if isinstance(places, list) else (), 1)
    ]


def _height(keys: dict[str, Any]) -> float:
    return float(keys.get("altitude_m") or 0.0)


def _is_point(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) in {2, 3} and all(isinstance(x, int | float) for x in value)
