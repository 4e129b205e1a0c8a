"""What states tell of the geometry at the instants that a prediction needs: distances, directions, speeds."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.nodes.history import Track
from twin.signal.arrays import RealArray
from twin.signal.sagin import RECEIVERS, USERS


class Sight(NamedTuple):
    """From a transmitter to its receivers: distances in m, direction cosines (..., 4, p), and rows known (..., 4).

    Rows are as in RECEIVERS; the eavesdropper reports no state, so hers is never known.
    """

    distance_m: RealArray
    cosine: RealArray
    known: NDArray[np.bool_]


class Scene(Protocol):
    """Geometry and speeds as seen from the target of a prediction. Leading axes are predictions of their own."""

    def sight(self, transmitter: str, instants_s: RealArray) -> Sight:
        """At instants (..., 4, p) in s relative to the target."""

    def speed_mps(self, name: str) -> RealArray:
        """Speed of an entity (...), NaN if it has reported none."""

    def speeds_mps(self) -> RealArray:
        """Speeds of the receivers (..., 4); whoever has reported none gets the largest of a user, if any, or NaN."""


class ReportedScene:
    """The scene of one target, from the states that a predictor remembers."""

    def __init__(self, tracks: Mapping[str, Track], target_ns: int) -> None:
        self._tracks = tracks
        self._target_ns = target_ns

    def sight(self, transmitter: str, instants_s: RealArray) -> Sight:
        """At instants (4, p) in s relative to the target."""
        offsets_m = np.ones((*instants_s.shape, 3))
        known = np.zeros(len(RECEIVERS), dtype=np.bool_)
        if transmitter in self._tracks:
            origins_m = self._tracks[transmitter].position_m(self._target_ns, instants_s)
            for row, name in enumerate(USERS):
                if name in self._tracks:
                    offsets_m[row] = self._tracks[name].position_m(self._target_ns, instants_s[row]) - origins_m[row]
                    known[row] = True
        return sight_along(offsets_m, known)

    def speed_mps(self, name: str) -> RealArray:
        """Speed last reported, NaN if none was."""
        return np.asarray(self._tracks[name].speed_mps if name in self._tracks else np.nan)

    def speeds_mps(self) -> RealArray:
        """Reported speeds of the receivers (4,), NaN where no user's is known."""
        largest = max((self.speed_mps(name) for name in USERS if name in self._tracks), default=np.asarray(np.nan))
        return np.array([self.speed_mps(name) if name in self._tracks else largest for name in RECEIVERS])


def sight_along(offsets_m: RealArray, known: NDArray[np.bool_]) -> Sight:
    """Distances and cosines of the angle to the y axis, along which arrays lie, of offsets (..., 4, p, 3) in m."""
    distance_m = np.sqrt((offsets_m**2).sum(axis=-1))
    return Sight(distance_m, offsets_m[..., 1] / np.maximum(distance_m, np.finfo(np.float64).tiny), known)
