"""Frames: from the inertial frame of SGP4 to the rotating Earth, and from there to the plane around a site.

    TEME           true equator, mean equinox of date: what SGP4 answers in
    Earth-fixed    turned by Greenwich mean sidereal time about the pole; x through Greenwich, z through the pole
    local          x east, y north, z up at a site on the WGS 84 ellipsoid: the frame in which entities live

Left out: the motion of the pole (up to 15 m) and UT1 - UTC (below 0.9 s, as leap seconds keep it: up to 0.5 km at
7000 km). Both are less than SGP4's own error, a kilometre at best.
"""

from typing import Final

import numpy as np

from twin.signal.arrays import RealArray

EARTH_RATE_RAD_S: Final = 7.29211514670698e-5
EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius (2 a + b) / 3 of WGS 84."""
SECONDS_PER_DAY: Final = 86_400.0

_J2000_JD: Final = 2_451_545.0
_DAYS_PER_CENTURY: Final = 36_525.0
_SEMI_MAJOR_M: Final = 6_378_137.0
_FLATTENING: Final = 1.0 / 298.257223563

GeoPoint = tuple[float, float]
"""Geodetic latitude and longitude in deg, north and east positive."""


def sidereal_rad(jd: float, day: RealArray) -> RealArray:
    """Greenwich mean sidereal time in rad at the Julian date jd + day (UT1), any shape of `day`.

    In s of time: 67310.54841 + (876600 h + 8640184.812866) T + 0.093104 T^2 - 6.2e-6 T^3, T in Julian centuries of UT1
    since J2000. Aoki et al. 1982 (IAU 1982), the one that belongs to TEME: Vallado et al. 2006, appendix C.
    """
    days = (jd - _J2000_JD) + day
    centuries = days / _DAYS_PER_CENTURY
    # 876600 h a century are one turn a day: whole turns are taken off first, or they would cost three digits.
    turns = np.remainder(days, 1.0)
    slow_s = 67310.54841 + 8640184.812866 * centuries + 0.093104 * centuries**2 - 6.2e-6 * centuries**3
    return np.asarray(2.0 * np.pi * np.remainder(turns + slow_s / SECONDS_PER_DAY, 1.0))


def to_earth_fixed(position: RealArray, velocity: RealArray, sidereal: RealArray) -> tuple[RealArray, RealArray]:
    """TEME position and velocity (..., 3) in the rotating frame: r' = R3(theta) r, v' = R3(theta) v - omega x r'.

    `sidereal` (...) is theta in rad; units of length and time are those of the input, time in s. Vallado et al. 2006,
    appendix C, without the motion of the pole.
    """
    cosine, sine = np.cos(sidereal), np.sin(sidereal)

    def turned(vector: RealArray) -> RealArray:
        x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
        return np.stack([cosine * x + sine * y, cosine * y - sine * x, z], axis=-1)

    fixed = turned(position)
    carried = np.stack([-fixed[..., 1], fixed[..., 0], np.zeros_like(fixed[..., 2])], axis=-1)
    return fixed, turned(velocity) - EARTH_RATE_RAD_S * carried


def site_m(point: GeoPoint) -> RealArray:
    """Earth-fixed position (3,) in m of a point on the WGS 84 ellipsoid (height 0)."""
    latitude, longitude = np.radians(point)
    squashed = (1.0 - _FLATTENING) ** 2
    normal_m = _SEMI_MAJOR_M / np.sqrt(np.cos(latitude) ** 2 + squashed * np.sin(latitude) ** 2)
    across_m = normal_m * np.cos(latitude)
    return np.array(
        [across_m * np.cos(longitude), across_m * np.sin(longitude), squashed * normal_m * np.sin(latitude)]
    )


def local_axes(point: GeoPoint) -> RealArray:
    """Unit vectors east, north and up (rows, (3, 3)) at a point, in the Earth-fixed frame; up is the normal."""
    latitude, longitude = np.radians(point)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    return np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )


def great_circle_m(one: GeoPoint, other: GeoPoint) -> float:
    """Distance in m over the ground, on the sphere of the mean radius (haversine): within 0.6 % of the ellipsoid's."""
    (lat_1, lon_1), (lat_2, lon_2) = np.radians(one), np.radians(other)
    half = np.sin((lat_2 - lat_1) / 2.0) ** 2 + np.cos(lat_1) * np.cos(lat_2) * np.sin((lon_2 - lon_1) / 2.0) ** 2
    return float(2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(min(float(half), 1.0))))
