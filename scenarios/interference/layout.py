"""Where pairs are that nobody has placed: on a spiral, so that one more pair moves none of the others."""

import math
from typing import Final

from entities.pairs_params import PairPlace
from entities.params import Vector
from scenarios.interference.spec import InterferenceSpec

_GOLDEN_TURN: Final = (3.0 - math.sqrt(5.0)) / 2.0
_PLASTIC_TURN: Final = 0.7548776662466927
_PER_SPACING: Final = 1.9
"""In Vogel's spiral r = c n^1/2 each point has the area pi c^2: neighbours are some 1.9 c apart."""


def places(spec: InterferenceSpec) -> dict[str, PairPlace]:
    """The places of all pairs: as the scenario says, or transmitter n at c n^1/2 after n golden turns.

    Each receiver is `reach_m` away from its transmitter, in directions that fill the circle evenly, too.
    """
    pairs = spec.pairs
    if pairs.place:
        given = zip(spec.pair_names, pairs.place, strict=True)
        return {name: PairPlace(place.transmitter_m, place.receiver_m) for name, place in given}
    return {
        name: _on_the_spiral(number, pairs.spacing_m / _PER_SPACING, pairs.reach_m)
        for number, name in enumerate(spec.pair_names)
    }


def _on_the_spiral(number: int, scale_m: float, reach_m: float) -> PairPlace:
    x_m, y_m = _polar(scale_m * math.sqrt(number), number * _GOLDEN_TURN)
    along_m, across_m = _polar(reach_m, number * _PLASTIC_TURN)
    receiver_m: Vector = (x_m + along_m, y_m + across_m, 0.0)
    return PairPlace((x_m, y_m, 0.0), receiver_m)


def _polar(radius_m: float, turns: float) -> tuple[float, float]:
    angle = 2.0 * math.pi * turns
    return radius_m * math.cos(angle), radius_m * math.sin(angle)
