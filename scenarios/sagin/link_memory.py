"""What the space-air-ground coordinator knew of one transmitter's channels when it solved, ready to be taken again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.nodes.history import IGNORED
from twin.nodes.predictor import Predictor
from twin.signal.arrays import Instants
from twin.wire.messages import ComplexArray, RealArray


@dataclass(frozen=True, slots=True, eq=False)
class LinkMemory:
    """What was known of one transmitter's channels; R = 4 receivers, p taps, N antennas.

    Instants of the reports (R, p), newest first, which of them count (R, p), running mean channel (R, N) and power
    (R,), relative radius (R,) of the newest report. `states_ns` says when the known states of each entity were taken,
    `newest_ns` when the newest of all this was.
    """

    instants_ns: Instants
    counts: NDArray[np.bool_]
    mean: ComplexArray
    power: RealArray
    radius: RealArray
    states_ns: Mapping[str, Instants]
    newest_ns: int


def link_memory(predictor: Predictor, transmitter: str) -> LinkMemory:
    """What a predictor knows of one transmitter's channels now."""
    history, tracks = predictor.memory(transmitter)
    taps, instants_ns = history.read(0), history.instants_ns()
    states_ns = {name: track.instants_ns() for name, track in tracks.items()}
    newest_ns = max(int(instants_ns.max()), *(int(known.max()) for known in states_ns.values()), 0)
    counts = taps.noise < IGNORED
    return LinkMemory(instants_ns, counts, taps.mean, taps.power, taps.radius, states_ns, newest_ns)
