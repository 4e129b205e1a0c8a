"""Flight along straight legs between waypoints, at constant speed, for ever."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from entities.params import Vector
from twin.signal.units import to_s


class Waypoints:
    """A path through waypoints at constant altitude and speed, starting at the first at time 0.

    After the last waypoint it returns to the first in a straight line (`closed`) or the way it came. Without
    speed, or with nowhere to go, it hovers at the first waypoint and its `speed_mps` is 0.
    """

    def __init__(
        self, points_m: Sequence[tuple[float, float]], altitude_m: float, speed_mps: float, *, closed: bool
    ) -> None:
        back = [points_m[0]] if closed else list(reversed(points_m[:-1]))
        legs = [(begin, end) for begin, end in pairwise([*points_m, *back]) if begin != end]
        lengths_m = [math.dist(begin, end) for begin, end in legs]
        self._hover_m: Vector = (*points_m[0], altitude_m)
        self._begins_m = [begin for begin, _ in legs]
        self._units = [
            ((end[0] - begin[0]) / length_m, (end[1] - begin[1]) / length_m)
            for (begin, end), length_m in zip(legs, lengths_m, strict=True)
        ]
        self._flown_m = [0.0, *accumulate(lengths_m)]
        self._speed_mps = speed_mps if legs else 0.0

    @property
    def speed_mps(self) -> float:
        """The speed, constant in time."""
        return self._speed_mps

    def position_m(self, t_ns: int) -> Vector:
        """Position (x, y, z) in m."""
        if self._speed_mps == 0.0:
            return self._hover_m
        leg, along_m = self._leg(t_ns)
        (x_m, y_m), (unit_x, unit_y) = self._begins_m[leg], self._units[leg]
        return (x_m + along_m * unit_x, y_m + along_m * unit_y, self._hover_m[2])

    def velocity_mps(self, t_ns: int) -> Vector:
        """Velocity (x, y, z) in m/s; at a waypoint, that of the leg that begins."""
        if self._speed_mps == 0.0:
            return (0.0, 0.0, 0.0)
        unit_x, unit_y = self._units[self._leg(t_ns)[0]]
        return (self._speed_mps * unit_x, self._speed_mps * unit_y, 0.0)

    def _leg(self, t_ns: int) -> tuple[int, float]:
        """The leg flown at t and the distance in m since it began."""
        along_m = (self._speed_mps * to_s(t_ns)) % self._flown_m[-1]
        leg = min(bisect_right(self._flown_m, along_m), len(self._units)) - 1
        return leg, along_m - self._flown_m[leg]
