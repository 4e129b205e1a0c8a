"""A walk along random straight legs at constant speed, computable at any instant without its past."""

import math

from entities.params import Vector
from twin.emulation.streams import Streams
from twin.signal.units import to_ns, to_s

_Point = tuple[float, float]


class Walk:
    """A user who walks for ever within `roam_m` of the start, always at exactly `speed_mps`.

    Every leg lasts equally long and is L = roam_m / 2 long. Leg 2j begins at anchor j: the anchors are
    independent, uniform in the disc of radius L around the start (anchor 0 is the start itself), hence at
    most 2L apart. Between two anchors the walk turns once, at one of the two points at distance L from both.
    So a leg follows from a few hashes of its index, and no walker leaves the disc of radius 2L.
    """

    def __init__(self, streams: Streams, name: str, start_m: Vector, speed_mps: float, roam_m: float) -> None:
        """A walk keyed by `name`; `speed_mps` and `roam_m` are > 0."""
        self._streams = streams
        self._name = name
        self._start_m = start_m
        self._speed_mps = speed_mps
        self._leg_ns = max(to_ns(roam_m / (2.0 * speed_mps)), 1)
        self._leg_m = speed_mps * to_s(self._leg_ns)
        self._known: tuple[int, _Point, _Point] | None = None

    @property
    def speed_mps(self) -> float:
        """The speed, constant in time."""
        return self._speed_mps

    def position_m(self, t_ns: int) -> Vector:
        """Position (x, y, z) in m."""
        leg, since_ns = divmod(t_ns, self._leg_ns)
        (x_m, y_m), (unit_x, unit_y) = self._leg(leg)
        along_m = self._speed_mps * to_s(since_ns)
        return (x_m + along_m * unit_x, y_m + along_m * unit_y, self._start_m[2])

    def velocity_mps(self, t_ns: int) -> Vector:
        """Velocity (x, y, z) in m/s; at a turn, that of the leg that begins."""
        _, (unit_x, unit_y) = self._leg(t_ns // self._leg_ns)
        return (self._speed_mps * unit_x, self._speed_mps * unit_y, 0.0)

    def _leg(self, leg: int) -> tuple[_Point, _Point]:
        """Where a leg begins, and its unit direction; the last answer is kept, as time mostly creeps."""
        if self._known is None or self._known[0] != leg:
            begin, end = self._corner(leg), self._corner(leg + 1)
            length_m = math.dist(begin, end)
            self._known = (leg, begin, ((end[0] - begin[0]) / length_m, (end[1] - begin[1]) / length_m))
        return self._known[1:]

    def _corner(self, leg: int) -> _Point:
        """Where leg `leg` begins: an anchor if its index is even, else the turn between two anchors."""
        index, odd = divmod(leg, 2)
        if not odd:
            return self._anchor(index)
        (x_m, y_m), (to_x_m, to_y_m) = self._anchor(index), self._anchor(index + 1)
        half_x_m, half_y_m = (to_x_m - x_m) / 2.0, (to_y_m - y_m) / 2.0
        half_m = math.hypot(half_x_m, half_y_m)
        aside_m = math.sqrt(max(self._leg_m**2 - half_m**2, 0.0))
        side = math.copysign(aside_m, self._streams.uniform("walk", self._name, "side", index) - 0.5)
        # Anchors that coincide leave the direction of the turn open: any will do.
        unit_x, unit_y = (half_x_m / half_m, half_y_m / half_m) if half_m > 0.0 else (1.0, 0.0)
        return (x_m + half_x_m - side * unit_y, y_m + half_y_m + side * unit_x)

    def _anchor(self, index: int) -> _Point:
        if index == 0:
            return self._start_m[:2]
        radius_m = self._leg_m * math.sqrt(self._streams.uniform("walk", self._name, "radius", index))
        angle = 2.0 * math.pi * self._streams.uniform("walk", self._name, "angle", index)
        return (self._start_m[0] + radius_m * math.cos(angle), self._start_m[1] + radius_m * math.sin(angle))
