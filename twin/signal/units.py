"""Units: decibels at the edges, linear and SI inside; virtual time in integer nanoseconds.

Powers are in milliwatts throughout, so a level in dBm and the power in mW are one `from_db` apart.
"""

from typing import Final, overload

import numpy as np

from twin.signal.arrays import Instants, RealArray

NS_PER_S: Final = 10**9
SPEED_OF_LIGHT_MPS: Final = 299_792_458.0


@overload
def from_db(value_db: float) -> float: ...
@overload
def from_db(value_db: RealArray) -> RealArray: ...
def from_db(value_db: float | RealArray) -> float | RealArray:
    """Linear power ratio 10^(x/10) of a level in dB (any shape)."""
    linear = np.power(10.0, np.asarray(value_db, dtype=np.float64) / 10.0)
    return float(linear) if np.ndim(value_db) == 0 else np.asarray(linear)


@overload
def to_db(value: float) -> float: ...
@overload
def to_db(value: RealArray) -> RealArray: ...
def to_db(value: float | RealArray) -> float | RealArray:
    """Level 10 log10(x) in dB of a linear power ratio x >= 0 (any shape); -inf for 0."""
    with np.errstate(divide="ignore"):
        level = 10.0 * np.log10(np.asarray(value, dtype=np.float64))
    return float(level) if np.ndim(value) == 0 else np.asarray(level)


@overload
def from_dbm(value_dbm: float) -> float: ...
@overload
def from_dbm(value_dbm: RealArray) -> RealArray: ...
def from_dbm(value_dbm: float | RealArray) -> float | RealArray:
    """Power in mW of a level in dBm (any shape)."""
    return from_db(value_dbm)


@overload
def to_dbm(value_mw: float) -> float: ...
@overload
def to_dbm(value_mw: RealArray) -> RealArray: ...
def to_dbm(value_mw: float | RealArray) -> float | RealArray:
    """Level in dBm of a power in mW (any shape); -inf for 0."""
    return to_db(value_mw)


def wavelength_m(carrier_hz: float) -> float:
    """Wavelength c / f in m of a carrier of f > 0 Hz."""
    return SPEED_OF_LIGHT_MPS / carrier_hz


def to_ns(seconds: float) -> int:
    """The instant or duration in s as an integer number of nanoseconds, to the nearest."""
    return round(seconds * NS_PER_S)


@overload
def to_s(time_ns: int) -> float: ...
@overload
def to_s(time_ns: Instants) -> RealArray: ...
def to_s(time_ns: int | Instants) -> float | RealArray:
    """Instants or durations in ns as seconds (any shape)."""
    return time_ns / NS_PER_S
