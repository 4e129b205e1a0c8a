"""Which pass of the satellite a scenario runs, from which instant on, and whether anybody sees anything of it."""

from functools import lru_cache
from typing import Final

from entities.mobility.elements import minute
from entities.mobility.frames import SECONDS_PER_DAY
from entities.mobility.orbit import Sky
from entities.mobility.passes import Pass, find_passes, highest
from entities.params import OrbitParams
from scenarios.sagin.spec import SaginSpec
from scenarios.sagin.spec_orbit import OrbitingSatelliteSection
from twin.errors import ScenarioError

GATEWAY: Final = "gateway"
SEARCH_DAYS: Final = 30.0
WARN_DAYS: Final = 30.0
DRIFT_KM_PER_DAY: Final = (1.0, 3.0)
"""What elements of a low orbit lose along the track, from 1 km at their epoch on: the range usually quoted, as by
Vallado and Cefola, "Two-line element sets: practice and use" (2012). Over years drag decides: it can be far more."""

_WINDOWS_DAYS: Final = (2.0, 8.0, SEARCH_DAYS)
_START_DIGITS: Final = 3


def gateway_names(satellite: OrbitingSatelliteSection) -> tuple[str, ...]:
    """The gateways' sites in the network: `gateway`, or `gateway-1`, `gateway-2`, ... where there are several."""
    count = len(satellite.gateways_deg) if satellite.orbit == "sgp4" else 0
    return (GATEWAY,) if count < 2 else tuple(f"{GATEWAY}-{number}" for number in range(1, count + 1))


def orbit_params(satellite: OrbitingSatelliteSection) -> OrbitParams | None:
    """What the world is told of the orbit; None for a satellite at rest.

    Raises:
        ScenarioError: there is no such pass.
    """
    if satellite.orbit == "static":
        return None
    elements = satellite.element_set
    points = satellite.gateways_deg or (satellite.site_deg,)
    return OrbitParams(
        line1=elements.line1,
        line2=elements.line2,
        start_s=begin_s(satellite),
        site_deg=satellite.site_deg,
        mask_deg=satellite.mask_deg,
        gateways_deg=dict(zip(gateway_names(satellite), points, strict=True)),
    )


def sky_of(satellite: OrbitingSatelliteSection) -> Sky:
    """The satellite as it is seen from the origin."""
    return Sky(satellite.element_set, satellite.site_deg)


def passes(satellite: OrbitingSatelliteSection, days: float) -> list[Pass]:
    """The passes over the origin in so many days from `satellite.from_utc` on; the first is number 1."""
    sky = sky_of(satellite)
    from_s = sky.elements.since_s(satellite.search_from)
    return find_passes(sky, satellite.mask_deg, from_s, from_s + days * SECONDS_PER_DAY)


@lru_cache(maxsize=64)
def begin_s(satellite: OrbitingSatelliteSection) -> float:
    """Virtual time 0 in s since the epoch of the elements; rise, culmination and set are taken to the nearest ms.

    Raises:
        ScenarioError: there is no such pass.
    """
    if satellite.start == "utc":
        anchor_s = satellite.element_set.since_s(satellite.search_from)
    else:
        anchor_s = round(getattr(chosen_pass(satellite)[1], satellite.start).since_s, _START_DIGITS)
    return anchor_s + satellite.start_s


@lru_cache(maxsize=64)
def chosen_pass(satellite: OrbitingSatelliteSection) -> tuple[int, Pass]:
    """The pass that is run, and its number: `pass_number`, or the highest of the first two days (or the next one).

    Raises:
        ScenarioError: there is no such pass.
    """
    found: list[Pass] = []
    for days in _WINDOWS_DAYS:
        found = passes(satellite, days)
        if satellite.pass_number == 0 and found:
            best = max(found, key=lambda one: one.culmination.elevation_deg)
            return found.index(best) + 1, best
        if 0 < satellite.pass_number <= len(found):
            return satellite.pass_number, found[satellite.pass_number - 1]
    if found:
        allowed = f"there are {len(found)} passes above {satellite.mask_deg:g} deg in {day_count(SEARCH_DAYS)}"
        raise ScenarioError(f"satellite.pass_number = {satellite.pass_number}: {allowed}{_from(satellite)}")
    raise no_pass(satellite, SEARCH_DAYS)


def check_pass(spec: SaginSpec) -> None:
    """Make sure that the satellite is above its mask at some time of the run.

    Raises:
        ScenarioError: it is not; with when it will be.
    """
    satellite = spec.satellite
    if satellite.orbit == "static":
        return
    sky, start_s = sky_of(satellite), begin_s(satellite)
    end_s = start_s + spec.scenario.duration_s
    top = highest(sky, start_s, end_s)
    if top.elevation_deg >= satellite.mask_deg:
        return
    for days in _WINDOWS_DAYS:
        if later := find_passes(sky, satellite.mask_deg, end_s, end_s + days * SECONDS_PER_DAY):
            raise ScenarioError(
                f"satellite is below {satellite.mask_deg:g} deg for the whole run (max {top.elevation_deg:.1f} deg); "
                f"next pass starts {minute(sky.elements.utc(later[0].rise.since_s))}"
            )
    raise no_pass(satellite, SEARCH_DAYS)


def warnings(spec: SaginSpec) -> list[str]:
    """What a person should know of a scenario that can be run all the same; nothing for most."""
    satellite = spec.satellite
    if satellite.orbit == "static":
        return []
    elements = satellite.element_set
    age_days = begin_s(satellite) / SECONDS_PER_DAY
    if abs(age_days) <= WARN_DAYS:
        return []
    least_km, most_km = (rate * abs(age_days) for rate in DRIFT_KM_PER_DAY)
    side = "old" if age_days > 0.0 else "too new"
    text = f"satellite.elements are {_span(abs(age_days))} {side} (epoch {minute(elements.epoch)}): "
    return [text + f"the satellite is off by about {least_km:.0f} to {most_km:.0f} km along its track, or more"]


def day_count(days: float) -> str:
    """So many days, in words."""
    return f"{days:g} day{'' if days == 1.0 else 's'}"


def _span(days: float) -> str:
    return day_count(round(days)) if days < 730.0 else f"{days / 365.25:.1f} years"


def no_pass(satellite: OrbitingSatelliteSection, days: float) -> ScenarioError:
    """The error of a mask that is not cleared in so many days from `satellite.from_utc` on."""
    sky = sky_of(satellite)
    from_s = sky.elements.since_s(satellite.search_from)
    top = highest(sky, from_s, from_s + days * SECONDS_PER_DAY)
    return ScenarioError(
        f"satellite.mask_deg = {satellite.mask_deg:g}: no pass above it in {day_count(days)}{_from(satellite)} "
        f"(max {top.elevation_deg:.2f} deg)"
    )


def _from(satellite: OrbitingSatelliteSection) -> str:
    return f" from {minute(satellite.search_from)} on"
