"""The kernels that are called from Python: all pairs at one place, one pair's update, one pair's price.

Each is made by a function that is given the state of the source files that the kernel calls into, and encloses it.
"""

from collections.abc import Callable
from typing import Final

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.compiled import entry, fingerprint
from twin.solvers.pricing.fast_pair import improve, join, quote
from twin.solvers.pricing.fast_play import Game, play
from twin.solvers.pricing.fast_scratch import scratch

_SOURCES: Final = fingerprint(__file__, "fast_linear", "fast_scratch", "fast_pair", "fast_play", "fast_entries")


def _play_entry(sources: int) -> Callable[..., int]:
    """All pairs in turn, at one place."""

    @entry
    def play_kernel(
        channels: ComplexArray,
        leaks: ComplexArray,
        errors: RealArray,
        budgets: RealArray,
        kind: int,
        priced: bool,
        rounds: int,
        inner: int,
        tolerance: float,
        stretch: bool,
        q: ComplexArray,
        an: ComplexArray,
        trace: RealArray,
    ) -> int:
        if sources == 0:
            return 0
        return play(
            Game(channels, leaks, errors, budgets, kind, priced), rounds, inner, tolerance, stretch, q, an, trace
        )

    return play_kernel


def _update_entry(sources: int) -> Callable[..., float]:
    """One pair's update, on what its twin knows."""

    @entry
    def update_kernel(
        h: ComplexArray,
        r: ComplexArray,
        interference: ComplexArray,
        charge: ComplexArray,
        budget: float,
        error: float,
        kind: int,
        inner: int,
        q: ComplexArray,
        an: ComplexArray,
    ) -> float:
        if sources == 0:
            return 0.0
        pair = scratch(h.shape[1], h.shape[2], q.shape[1], an.shape[1], kind, False)
        rate = 0.0
        for _ in range(inner):
            rate = improve(h, r, interference, charge, q, an, budget, error, kind, pair)
        return rate

    return update_kernel


def _price_entry(sources: int) -> Callable[..., float]:
    """One pair's price."""

    @entry
    def price_kernel(
        h: ComplexArray,
        interference: ComplexArray,
        q: ComplexArray,
        an: ComplexArray,
        error: float,
        kind: int,
        factor: ComplexArray,
    ) -> float:
        if sources == 0:
            return 0.0
        pair = scratch(h.shape[0], h.shape[1], q.shape[1], an.shape[1], kind, True)
        join(q, an, pair.both)
        rate = quote(h, interference, q, an, error, kind, pair)
        for row in range(factor.shape[0]):
            for column in range(factor.shape[1]):
                factor[row, column] = pair.price[row, column]
        return rate

    return price_kernel


play_kernel = _play_entry(_SOURCES)
update_kernel = _update_entry(_SOURCES)
price_kernel = _price_entry(_SOURCES)
