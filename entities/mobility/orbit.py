"""A satellite in orbit as seen from the ground: position and velocity at any virtual time, and who sees it."""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from entities.mobility.elements import Elements
from entities.mobility.frames import GeoPoint, local_axes, site_m
from entities.params import OrbitParams, Vector
from twin.signal.arrays import RealArray
from twin.signal.units import NS_PER_S

_KNOT_S: Final = 10.0
_KNOT_NS: Final = int(_KNOT_S) * NS_PER_S
_KNOTS_KEPT: Final = 512

_NODES: Final[RealArray] = np.arange(-2.0, 4.0)
_AT_KNOT: Final = 2
_TO_COEFFICIENTS: Final[RealArray] = np.linalg.inv(np.vander(_NODES, increasing=True)).astype(np.float64)

_Curve = tuple[float, float, float, float, float, float]


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

    SGP4 is asked for positions every 10 s of virtual time. In between, the polynomial of degree 5 through the six
    nearest of them is followed, and its derivative is the velocity: SGP4's own velocity is not quite the derivative of
    its position (1 cm/s off in a low orbit, metres per second in a deep-space one). The position stays within 1 mm of
    SGP4's for every orbit of the published test set, far below the kilometre by which elements are off, at 1 us where
    SGP4 and the frames take 50.
    """

    def __init__(self, params: OrbitParams) -> None:
        self._sky = Sky(Elements(params.line1, params.line2), params.site_deg)
        self._start_s = params.start_s
        self._curves = lru_cache(maxsize=_KNOTS_KEPT)(self._fit)

    def position_m(self, t_ns: int) -> Vector:
        """Position (x, y, z) in m: east, north, up."""
        knot, since_ns = divmod(t_ns, _KNOT_NS)
        u = since_ns / _KNOT_NS
        x, y, z = self._curves(knot)
        return (_value(x, u), _value(y, u), _value(z, u))

    def velocity_mps(self, t_ns: int) -> Vector:
        """Velocity (x, y, z) in m/s, relative to the ground."""
        knot, since_ns = divmod(t_ns, _KNOT_NS)
        u = since_ns / _KNOT_NS
        x, y, z = self._curves(knot)
        return (_slope(x, u) / _KNOT_S, _slope(y, u) / _KNOT_S, _slope(z, u) / _KNOT_S)

    def _fit(self, knot: int) -> tuple[_Curve, _Curve, _Curve]:
        """Coefficients of 1, u, ..., u^5 per axis, u in steps since the knot."""
        position, _ = self._sky.at(self._start_s + (knot + _NODES) * _KNOT_S)
        origin = position[_AT_KNOT]
        coefficients = _TO_COEFFICIENTS @ (position - origin)  # the way from the knot: two digits more than the place
        coefficients[0] += origin
        x, y, z = (_curve(column) for column in coefficients.T.tolist())
        return (x, y, z)


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


def _value(curve: _Curve, u: float) -> float:
    a, b, c, d, e, f = curve
    return a + u * (b + u * (c + u * (d + u * (e + u * f))))


def _slope(curve: _Curve, u: float) -> float:
    _, b, c, d, e, f = curve
    return b + u * (2.0 * c + u * (3.0 * d + u * (4.0 * e + u * 5.0 * f)))


def _curve(values: list[float]) -> _Curve:
    a, b, c, d, e, f = values
    return (a, b, c, d, e, f)


def _vector(values: RealArray) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)
