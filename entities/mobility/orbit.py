"""A satellite in orbit as seen from the ground: position and velocity at any virtual time, and who sees it."""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from entities.mobility.elements import Elements
from entities.mobility.frames import GeoPoint, local_axes, site_m
from entities.params import OrbitParams, Vector
from twin.signal.arrays import RealArray
from twin.signal.units import NS_PER_S, to_s

_KNOT_S: Final = 10.0
_KNOT_NS: Final = int(_KNOT_S) * NS_PER_S
_KNOTS_KEPT: Final = 512

_Cubic = tuple[float, float, float, float]


class Sky:
    """A satellite in the local frame of a site, at instants in s since the epoch of its elements: SGP4 itself."""

    def __init__(self, elements: Elements, site_deg: GeoPoint) -> None:
        self.elements = elements
        self._origin_m = site_m(site_deg)
        self._axes = local_axes(site_deg)

    def at(self, since_s: RealArray) -> tuple[RealArray, RealArray]:
        """Position in m and velocity in m/s (T, 3), east, north and up of the site.

        Raises:
            ScenarioError: SGP4 has no answer at one of the instants.
        """
        position, velocity = self.elements.earth_fixed(since_s)
        return (position - self._origin_m) @ self._axes.T, velocity @ self._axes.T

    def elevation_rad(self, since_s: RealArray) -> RealArray:
        """Elevation (T,) in rad above the site's horizon, without refraction."""
        position, _ = self.at(since_s)
        return np.asarray(np.arcsin(position[:, 2] / np.linalg.norm(position, axis=1)))


class Orbit:
    """The motion of a satellite, in the local frame of the site.

    SGP4 is asked every 10 s of virtual time; in between, the cubic through position and velocity at both ends (Hermite)
    is followed. It stays within 2 cm and 2 cm/s of SGP4, most of it because SGP4's own velocity is not quite the
    derivative of its position (the error of the cubic, r (n 10 s)^4 / 384, is 0.2 mm at a mean motion of 1e-3 rad/s).
    That is far below the kilometre by which elements are off, and it costs 1 us where SGP4 with its frames costs 50.
    """

    def __init__(self, params: OrbitParams) -> None:
        self._sky = Sky(Elements(params.line1, params.line2), params.site_deg)
        self._start_s = params.start_s
        self._cubics = lru_cache(maxsize=_KNOTS_KEPT)(self._fit)

    def position_m(self, t_ns: int) -> Vector:
        """Position (x, y, z) in m: east, north, up."""
        knot, since_ns = divmod(t_ns, _KNOT_NS)
        u = to_s(since_ns)
        (a, b, c, d), (e, f, g, h), (i, j, k, m) = self._cubics(knot)
        return (a + u * (b + u * (c + u * d)), e + u * (f + u * (g + u * h)), i + u * (j + u * (k + u * m)))

    def velocity_mps(self, t_ns: int) -> Vector:
        """Velocity (x, y, z) in m/s, relative to the ground."""
        knot, since_ns = divmod(t_ns, _KNOT_NS)
        u = to_s(since_ns)
        (_, b, c, d), (_, f, g, h), (_, j, k, m) = self._cubics(knot)
        return (b + u * (2.0 * c + 3.0 * u * d), f + u * (2.0 * g + 3.0 * u * h), j + u * (2.0 * k + 3.0 * u * m))

    def _fit(self, knot: int) -> tuple[_Cubic, _Cubic, _Cubic]:
        """Coefficients of 1, u, u^2, u^3 (u in s since the knot) per axis."""
        begin_s = self._start_s + knot * _KNOT_S
        (p, q), (v, w) = self._sky.at(np.array([begin_s, begin_s + _KNOT_S]))
        step = (q - p) / _KNOT_S
        rows = np.stack([p, v, (3.0 * step - 2.0 * v - w) / _KNOT_S, (v + w - 2.0 * step) / _KNOT_S**2]).T.tolist()
        return (_cubic(rows[0]), _cubic(rows[1]), _cubic(rows[2]))


class Horizon:
    """Who can see the satellite from a point on the ground: those for whom it is at least `mask_deg` high."""

    def __init__(self, site_deg: GeoPoint, point_deg: GeoPoint, mask_deg: float) -> None:
        """The horizon of the point `point_deg`, in the local frame of `site_deg`."""
        axes = local_axes(site_deg)
        self.position_m: Vector = _vector(axes @ (site_m(point_deg) - site_m(site_deg)))
        self._up = _vector(axes @ local_axes(point_deg)[2])
        self._sine = math.sin(math.radians(mask_deg))

    def sees(self, satellite_m: Vector) -> bool:
        """Whether the satellite at `satellite_m` is at least as high as the mask."""
        x, y, z = (s - o for s, o in zip(satellite_m, self.position_m, strict=True))
        up_x, up_y, up_z = self._up
        return x * up_x + y * up_y + z * up_z >= self._sine * math.sqrt(x * x + y * y + z * z)


def _cubic(values: list[float]) -> _Cubic:
    a, b, c, d = values
    return (a, b, c, d)


def _vector(values: RealArray) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)
