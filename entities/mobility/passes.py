"""Passes of a satellite over a site: when it rises above a mask, culminates and sets."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from entities.mobility.orbit import Sky
from twin.signal.arrays import RealArray
from twin.signal.units import SPEED_OF_LIGHT_MPS

_STEP_S: Final = 30.0
_LEAD_S: Final = 3600.0
_ZOOMS: Final = 5
_ZOOM_POINTS: Final = 41


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look at an instant (s since the epoch), and what the radio makes of it. Azimuth from north over east."""

    since_s: float
    elevation_deg: float
    azimuth_deg: float
    range_m: float
    range_rate_mps: float

    @property
    def delay_ms(self) -> float:
        """One-way propagation delay over the slant range, in ms."""
        return self.range_m / SPEED_OF_LIGHT_MPS * 1e3

    def doppler_hz(self, carrier_hz: float) -> float:
        """Bulk Doppler shift -(dr/dt) f / c in Hz: positive while the satellite comes nearer."""
        return -self.range_rate_mps * carrier_hz / SPEED_OF_LIGHT_MPS


@dataclass(frozen=True, slots=True)
class Pass:
    """One stay above the mask. Who is above it where the search begins or ends is taken to rise or set there."""

    rise: Look
    culmination: Look
    set: Look

    @property
    def duration_s(self) -> float:
        """Time above the mask in s."""
        return self.set.since_s - self.rise.since_s


def look_at(sky: Sky, since_s: float) -> Look:
    """Look angles, slant range and its rate at one instant."""
    position, velocity = (row[0] for row in sky.at(np.array([since_s])))
    range_m = float(np.linalg.norm(position))
    return Look(
        since_s=since_s,
        elevation_deg=math.degrees(math.asin(position[2] / range_m)),
        azimuth_deg=math.degrees(math.atan2(position[0], position[1])) % 360.0,
        range_m=range_m,
        range_rate_mps=float(position @ velocity) / range_m,
    )


def highest(sky: Sky, begin_s: float, end_s: float) -> Look:
    """The instant in [begin, end] at which the satellite is highest."""
    grid = np.linspace(begin_s, end_s, max(2, math.ceil((end_s - begin_s) / _STEP_S) + 1))
    elevation = sky.elevation_rad(grid)
    top = int(np.argmax(elevation))
    around = _zoom(sky, float(grid[max(top - 1, 0)]), float(grid[min(top + 1, len(grid) - 1)]))
    return look_at(sky, around)


def find_passes(sky: Sky, mask_deg: float, begin_s: float, end_s: float) -> list[Pass]:
    """Every pass that has not set at `begin_s` and has risen by `end_s` (s since the epoch), in order.

    The elevation is sampled every 30 s and at its maxima, which are refined, so no pass is too short to be found.
    Rise, set and culmination are exact to a millisecond. The search looks an hour beyond both ends and no further than
    SGP4 has answers.

    Raises:
        ScenarioError: SGP4 has no answer where the search begins.
    """
    grid = np.arange(begin_s - _LEAD_S, end_s + _LEAD_S + _STEP_S, _STEP_S)
    grid = grid[: sky.elements.alive_until(grid)]
    elevation = sky.elevation_rad(grid)
    tops = np.flatnonzero((elevation[1:-1] > elevation[:-2]) & (elevation[1:-1] >= elevation[2:])) + 1
    # Below -10 deg it is 2200 km away at least, and no maximum within half a step of there comes over the horizon.
    tops = tops[elevation[tops] > math.radians(-10.0)]
    peaks = np.array([_zoom(sky, float(grid[top - 1]), float(grid[top + 1])) for top in tops])
    times = np.sort(np.concatenate([grid, peaks]))
    heights = sky.elevation_rad(times)
    above = heights >= math.radians(mask_deg)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(np.int8)))
    found = [
        _pass(sky, math.radians(mask_deg), times, heights, (int(first), int(last)))
        for first, last in edges.reshape(-1, 2)
    ]
    return [one for one in found if one.set.since_s > begin_s and one.rise.since_s <= end_s]


def _pass(sky: Sky, mask_rad: float, times: RealArray, heights: RealArray, stay: tuple[int, int]) -> Pass:
    """The pass of the samples first to last - 1 of `times`, all of them above the mask."""
    first, last = stay
    rise_s, set_s = float(times[first]), float(times[last - 1])
    if first > 0:
        rise_s = _crossing(sky, mask_rad, float(times[first - 1]), rise_s)
    if last < len(times):
        set_s = _crossing(sky, mask_rad, set_s, float(times[last]))
    top_s = float(times[first + int(np.argmax(heights[first:last]))])
    return Pass(look_at(sky, rise_s), look_at(sky, top_s), look_at(sky, set_s))


def _crossing(sky: Sky, mask_rad: float, begin_s: float, end_s: float) -> float:
    """The instant in [begin, end] at which the mask is crossed, once: each zoom is 40 times closer."""
    for _ in range(_ZOOMS):
        instants = np.linspace(begin_s, end_s, _ZOOM_POINTS)
        above = sky.elevation_rad(instants) >= mask_rad
        after = max(int(np.argmax(above != above[0])), 1)
        begin_s, end_s = float(instants[after - 1]), float(instants[after])
    return 0.5 * (begin_s + end_s)


def _zoom(sky: Sky, begin_s: float, end_s: float) -> float:
    """The instant of the one maximum of the elevation in [begin, end]: each zoom is 20 times closer."""
    instants = np.array([begin_s])
    top = 0
    for _ in range(_ZOOMS):
        instants = np.linspace(begin_s, end_s, _ZOOM_POINTS)
        top = int(np.argmax(sky.elevation_rad(instants)))
        begin_s, end_s = float(instants[max(top - 1, 0)]), float(instants[min(top + 1, _ZOOM_POINTS - 1)])
    return float(instants[top])
