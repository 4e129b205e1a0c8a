"""Mean powers of the pairs' channels: where everybody is, at the instant that was asked for last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from entities.channels.pathloss import power_law_gain
from entities.mobility.static import Motion
from entities.pairs_params import EAVESDROPPER, PairsParams, receiver_of
from twin.signal.arrays import RealArray
from twin.signal.units import from_db, from_dbm


@dataclass(frozen=True, slots=True)
class Gains:
    """Mean powers of the entries of H_ji over the noise, (K, K) as [j, i], and of H_Ei, (K,), in 1/mW; their roots."""

    main: RealArray
    eve: RealArray
    main_root: RealArray
    eve_root: RealArray


class PathGains:
    """Gains as a function of time. The last answer is kept: all pairs report at the same instants."""

    def __init__(self, params: PairsParams, motions: Mapping[str, Motion]) -> None:
        self._gain_1m = from_db(params.gain_1m_db) / from_dbm(params.noise_dbm)
        self._exponent = params.exponent
        self._transmitters = [motions[name] for name in params.names]
        self._receivers = [motions[receiver_of(name)] for name in params.names]
        self._eve = [motions[EAVESDROPPER]]
        self._fixed: Gains | None = None
        if params.distances is not None:
            fixed, own = params.distances, np.eye(len(params.names)) > 0.0
            self._fixed = self._of(np.where(own, fixed.main_m, fixed.cross_m), np.full(len(own), fixed.eve_m))
        self._last: tuple[int, Gains] | None = None

    def at(self, t_ns: int) -> Gains:
        """The gains at virtual time t: shared by all who ask, not to be written to."""
        if self._fixed is not None:
            return self._fixed
        if self._last is None or self._last[0] != t_ns:
            transmitters_m = _places_m(self._transmitters, t_ns)
            main_m = np.linalg.norm(_places_m(self._receivers, t_ns)[:, None] - transmitters_m, axis=-1)
            eve_m = np.linalg.norm(_places_m(self._eve, t_ns) - transmitters_m, axis=-1)
            self._last = (t_ns, self._of(main_m, eve_m))
        return self._last[1]

    def _of(self, main_m: RealArray, eve_m: RealArray) -> Gains:
        """The gains at distances in m."""
        main, eve = (power_law_gain(self._gain_1m, distance_m, self._exponent) for distance_m in (main_m, eve_m))
        return Gains(main, eve, np.sqrt(main), np.sqrt(eve))


def _places_m(motions: Sequence[Motion], t_ns: int) -> RealArray:
    return np.array([motion.position_m(t_ns) for motion in motions])
