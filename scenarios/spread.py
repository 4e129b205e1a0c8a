"""Offsets that fill an interval evenly however few of them there are: multiples of the golden ratio, modulo 1."""

from itertools import pairwise
from typing import Final

GOLDEN: Final = 0.6180339887498949


def offset(index: int) -> float:
    """Frac(k g) in [0, 1) for k = `index` and the golden ratio g = (5^1/2 - 1) / 2.

    The most even of all such sequences (three-distance theorem): n of them in a row leave no gap above 1.9 / n.
    """
    return (index * GOLDEN) % 1.0


def thinned(count: int, most: int) -> list[int]:
    """At most `most` of the indices below `count`: one of each of equal blocks, at a place that moves on evenly.

    A fixed stride could fall in step with something periodic in what is sampled.
    """
    if count <= most:
        return list(range(count))
    edges = [index * count // most for index in range(most + 1)]
    return [low + int(offset(index) * (high - low)) for index, (low, high) in enumerate(pairwise(edges))]
