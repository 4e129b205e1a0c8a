"""`passes`: when the satellite of a scenario can be seen, and which pass a run of it would take."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from entities.mobility.elements import Elements, minute
from entities.mobility.frames import GeoPoint
from entities.mobility.orbit import Sky
from entities.mobility.passes import Look, Pass, find_passes
from scenarios.commands.warn import write_warnings
from scenarios.load import load
from scenarios.sagin.satellite_pass import SEARCH_DAYS, chosen_pass, day_count, gateway_names, no_pass, passes
from scenarios.sagin.spec import SaginSpec, only_sagin
from twin.errors import ScenarioError
from twin.signal.units import to_db

DAYS: Final = 2.0
_REFERENCE_M: Final = 600e3
_HEAD: Final = (
    "   #  rise, UTC             az  culminates   az  elev  range   gain  set        az  lasts        delay   Doppler\n"
    "                           deg              deg   deg     km     dB            deg    min           ms       kHz\n"
)


@dataclass(frozen=True, slots=True)
class PassesOptions:
    """What was typed after `passes`."""

    scenario: str
    sets: list[str]
    days: int | None
    count: int | None
    as_json: bool


def list_passes(options: PassesOptions) -> int:
    """Write the passes over the scenario's site from `satellite.from_utc` on.

    Raises:
        ScenarioError: the scenario is not valid, or there is no pass.
    """
    spec = only_sagin(load(options.scenario, options.sets))
    days = float(options.days) if options.days else SEARCH_DAYS if options.count else DAYS
    found = passes(spec.satellite, days)
    if not found:
        raise no_pass(spec.satellite, days)
    chosen = _chosen(spec)
    if chosen is not None:
        write_warnings(spec)
    rows = [_row(spec, number, one, chosen) for number, one in enumerate(found[: options.count], 1)]
    if options.as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return 0
    sys.stdout.write(_title(spec, days) + "\n\n" + _HEAD)
    sys.stdout.writelines(_line(row) + "\n" for row in rows)
    sys.stdout.writelines(line + "\n" for line in _notes(spec, chosen))
    return 0


def _chosen(spec: SaginSpec) -> tuple[int, Pass] | None:
    """The pass that a run would take; None where the run begins at an instant of its own, or there is no such pass."""
    if spec.satellite.start == "utc":
        return None
    try:
        return chosen_pass(spec.satellite)
    except ScenarioError:
        return None  # a list is what helps to find a number that there is


def _row(spec: SaginSpec, number: int, one: Pass, chosen: tuple[int, Pass] | None) -> dict[str, Any]:
    carrier_hz, elements = spec.radio.carrier_ghz * 1e9, spec.satellite.element_set
    gain_db = float(to_db((_REFERENCE_M / one.culmination.range_m) ** 2))
    return {
        "number": number,
        "run": chosen is not None and chosen[0] == number,
        "rise": _look(elements, one.rise, carrier_hz),
        "culmination": {**_look(elements, one.culmination, carrier_hz), "gain_to_600_km_db": gain_db},
        "set": _look(elements, one.set, carrier_hz),
        "duration_s": one.duration_s,
    }


def _look(elements: Elements, look: Look, carrier_hz: float) -> dict[str, Any]:
    return {
        "utc": elements.utc(look.since_s).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "azimuth_deg": look.azimuth_deg,
        "elevation_deg": look.elevation_deg,
        "range_km": look.range_m / 1e3,
        "delay_ms": look.delay_ms,
        "doppler_khz": look.doppler_hz(carrier_hz) / 1e3,
    }


def _line(row: dict[str, Any]) -> str:
    rise, top, end = row["rise"], row["culmination"], row["set"]
    mark = ">" if row["run"] else " "
    delay = f"{top['delay_ms']:.1f} to {max(rise['delay_ms'], end['delay_ms']):.1f}"
    doppler = f"{rise['doppler_khz']:+.0f} to {end['doppler_khz']:+.0f}"
    return (
        f"{mark}{row['number']:3d}  {_second(rise['utc'], 'T')}  {rise['azimuth_deg']:3.0f}  "
        f"{_second(top['utc'])}    {top['azimuth_deg']:3.0f}  {top['elevation_deg']:4.1f}  {top['range_km']:5.0f}  "
        f"{top['gain_to_600_km_db']:5.1f}  {_second(end['utc'])}  {end['azimuth_deg']:3.0f}  "
        f"{row['duration_s'] / 60.0:5.1f}  {delay:>11}  {doppler:>8}"
    )


def _second(utc: str, separator: str = "") -> str:
    """An instant to the nearest second: the time of day, or date and time around a separator."""
    instant = datetime.fromisoformat(utc) + timedelta(milliseconds=500)
    return f"{instant:%Y-%m-%d{separator}%H:%M:%S}" if separator else f"{instant:%H:%M:%S}"


def _title(spec: SaginSpec, days: float) -> str:
    satellite = spec.satellite
    return (
        f"satellite {satellite.element_set.catalog_number} over {_point(satellite.site_deg)}, "
        f"above {satellite.mask_deg:g} deg, {day_count(days)} from {minute(satellite.search_from)} on "
        f"(elements of {minute(satellite.element_set.epoch)})"
    )


def _notes(spec: SaginSpec, chosen: tuple[int, Pass] | None) -> Iterator[str]:
    """What a run of the scenario makes of the list."""
    satellite = spec.satellite
    yield ""
    if satellite.orbit == "static":
        yield f"In {spec.scenario.name} the satellite is at rest; --set satellite.orbit=sgp4 lets it fly."
    if chosen is None:
        yield f"A run begins at {minute(satellite.search_from)}, whatever the pass."
        return
    number, one = chosen
    late = (
        f" {abs(satellite.start_s):g} s {'after' if satellite.start_s > 0 else 'before'}"
        if satellite.start_s
        else " at"
    )
    yield f">  the pass that is run: virtual time begins{late} its {satellite.start} (pass {number})"
    for name, point in zip(gateway_names(satellite), satellite.gateways_deg, strict=False):
        yield f"   {name} at {_point(point)} {_seen_from(satellite.element_set, point, satellite.mask_deg, one)}"


def _seen_from(elements: Elements, point: GeoPoint, mask_deg: float, one: Pass) -> str:
    """When a gateway sees the satellite during, or around, a pass over the site."""
    seen = find_passes(Sky(elements, point), mask_deg, one.rise.since_s, one.set.since_s)
    if not seen:
        return "does not see it on that pass"
    first = seen[0]
    begin, end = (elements.utc(look.since_s) for look in (first.rise, first.set))
    top = first.culmination.elevation_deg
    return f"sees it from {begin:%H:%M:%S} to {end:%H:%M:%S}, at most {top:.1f} deg high"


def _point(point: GeoPoint) -> str:
    latitude, longitude = point
    return f"{abs(latitude):g} {'N' if latitude >= 0 else 'S'} {abs(longitude):g} {'E' if longitude >= 0 else 'W'}"
