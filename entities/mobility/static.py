"""Standing still, and what every motion offers."""

from typing import Protocol

from entities.params import Vector


class Motion(Protocol):
    """Where something is: a function of virtual time, in any order of asking."""

    def position_m(self, t_ns: int) -> Vector:
        """Position (x, y, z) in m."""

    def velocity_mps(self, t_ns: int) -> Vector:
        """Velocity (x, y, z) in m/s; at a corner, that of the leg that begins."""


class SteadyMotion(Motion, Protocol):
    """Motion at constant speed."""

    @property
    def speed_mps(self) -> float:
        """The speed, constant in time."""


class Static:
    """Something that stays where it is."""

    def __init__(self, position_m: Vector) -> None:
        self._position_m = position_m

    @property
    def speed_mps(self) -> float:
        """The speed, 0."""
        return 0.0

    def position_m(self, t_ns: int) -> Vector:  # noqa: ARG002 -- a function of time that is constant
        """Position (x, y, z) in m."""
        return self._position_m

    def velocity_mps(self, t_ns: int) -> Vector:  # noqa: ARG002 -- see position_m
        """Velocity (x, y, z) in m/s: zero."""
        return (0.0, 0.0, 0.0)
