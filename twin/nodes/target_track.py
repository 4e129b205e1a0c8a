"""Where a target is and will be, from echoes alone: a Kalman filter of range and direction cosines.

Range and cosines each move with nearly constant speed (white noise acceleration), and an echo measures the three with
the errors that it states. The array measures cosines, not angles: their errors are the same in every direction.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import ConfigDict

from twin.errors import InstanceError, WireError
from twin.signal.arrays import RealArray
from twin.signal.units import to_s
from twin.wire.messages import Echo
from twin.wire.packing import check_arity, check_float, check_int
from twin.wire.plain import Plain, take_array

_AXES: Final = 3
_MEASURED: Final = np.kron(np.eye(_AXES), [[1.0, 0.0]])
_REMEMBERED_S: Final = 0.1
"""How long an echo counts for how strong the target is: scatter is gone by then, shadowing is not."""
_NEAREST_M: Final = 5.0
"""Nearer than this a target's cosines could change arbitrarily fast."""


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """What a twin takes a target to be capable of: deviations of its acceleration and of its speed, in SI units."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    acceleration_mps2: float
    speed_mps: float

    def __post_init__(self) -> None:
        for name in ("acceleration_mps2", "speed_mps"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise InstanceError(f"{name}={getattr(self, name):g}: must be > 0 and finite")


class TargetTrack:
    """The filter: state (range, its speed, cosine, its speed, cosine, its speed) at the newest echo, and covariance."""

    def __init__(self, manoeuvre: Manoeuvre) -> None:
        self._manoeuvre = manoeuvre
        self._t_ns = -1
        self._mean: RealArray = np.zeros(2 * _AXES)
        self._covariance: RealArray = np.zeros((2 * _AXES, 2 * _AXES))

    @property
    def t_ns(self) -> int:
        """When the newest echo was measured; -1 before the first."""
        return self._t_ns

    def add(self, t_ns: int, echo: Echo) -> None:
        """Take an echo in that was measured at `t_ns`; what is repeated, or older than the newest, is passed over."""
        from filterpy.kalman import update

        if t_ns <= self._t_ns:
            return
        if self._t_ns < 0:
            speeds = self._scales(echo.place[0]) * self._manoeuvre.speed_mps
            mean = np.kron(echo.place, [1.0, 0.0])
            covariance = np.diag(np.stack((echo.error_var, speeds**2), axis=-1).ravel())
        else:
            before = self._ahead(t_ns)
            mean, covariance = update(*before, echo.place, np.diag(echo.error_var), _MEASURED)
        self._t_ns = t_ns
        self._mean, self._covariance = np.asarray(mean), np.asarray(0.5 * (covariance + covariance.T))

    def at(self, t_ns: int) -> tuple[RealArray, RealArray]:
        """Range in m and cosines (3,) expected at `t_ns`, and their variances (3,); before the newest echo: then.

        Raises:
            InstanceError: no echo has come yet.
        """
        if self._t_ns < 0:
            raise InstanceError("target: no echo of it has come yet")
        mean, covariance = (self._mean, self._covariance) if t_ns <= self._t_ns else self._ahead(t_ns)
        place = np.clip(mean[::2], [_NEAREST_M, -1.0, -1.0], [np.inf, 1.0, 1.0])
        return place, np.diag(covariance)[::2].copy()

    def state(self) -> Plain:
        """The memory: instant, mean, covariance."""
        return self._t_ns, self._mean.copy(), self._covariance.copy()

    def restore(self, state: object) -> None:
        """Remember what another did when it said `state`."""
        t_ns, mean, covariance = check_arity(state, 3, "TargetTrack")
        size = 2 * _AXES
        self._t_ns = check_int(t_ns, "TargetTrack.t_ns", -1)
        self._mean = take_array(mean, "TargetTrack.mean", "<f8", (size,))
        self._covariance = take_array(covariance, "TargetTrack.covariance", "<f8", (size, size))
        if not (np.isfinite(self._mean).all() and np.isfinite(self._covariance).all()):
            raise WireError("TargetTrack: must be finite")

    def _ahead(self, t_ns: int) -> tuple[RealArray, RealArray]:
        """Mean and covariance that are expected at a later instant."""
        from filterpy.common import Q_discrete_white_noise
        from filterpy.kalman import predict

        ahead_s = to_s(t_ns - self._t_ns)
        motion = np.kron(np.eye(_AXES), [[1.0, ahead_s], [0.0, 1.0]])
        shocks = self._scales(self._mean[0]) * self._manoeuvre.acceleration_mps2
        noise = np.kron(np.diag(shocks**2), Q_discrete_white_noise(2, ahead_s))
        mean, covariance = predict(self._mean, self._covariance, motion, noise)
        return np.asarray(mean), np.asarray(covariance)

    @staticmethod
    def _scales(range_m: float) -> RealArray:
        """How much a range and cosines (3,) change when something at this range moves by one metre, at most."""
        turn = 1.0 / max(float(range_m), _NEAREST_M)
        return np.array([1.0, turn, turn])


class Strength:
    """A fading mean of by how many dB echoes exceed what is expected; it begins as one echo that did not."""

    def __init__(self) -> None:
        self._t_ns = -1
        self._weight = 1.0
        self._total_db = 0.0

    @property
    def amplitude(self) -> float:
        """By how much the channel is stronger than expected; its amplitude enters an echo to the fourth power."""
        return float(10.0 ** (self._total_db / self._weight / 40.0))

    def add(self, t_ns: int, excess_db: float) -> None:
        """Fold the echo of an instant in; instants ascend."""
        fade = 1.0 if self._t_ns < 0 else float(np.exp(-to_s(t_ns - self._t_ns) / _REMEMBERED_S))
        self._weight = fade * self._weight + 1.0
        self._total_db = fade * self._total_db + excess_db
        self._t_ns = t_ns

    def state(self) -> Plain:
        """The memory: instant, weight, sum."""
        return self._t_ns, self._weight, self._total_db

    def restore(self, state: object) -> None:
        """Remember what another did when it said `state`."""
        t_ns, weight, total_db = check_arity(state, 3, "Strength")
        self._t_ns = check_int(t_ns, "Strength.t_ns", -1)
        self._weight = check_float(weight, "Strength.weight", 1.0)
        self._total_db = check_float(total_db, "Strength.total_db")
