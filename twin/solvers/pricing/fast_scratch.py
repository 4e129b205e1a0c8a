"""Room that the kernels of one pair work in, and the kinds of averages that they know."""

from typing import Final, NamedTuple

import numpy as np

from twin.signal.arrays import ComplexArray
from twin.solvers.compiled import compiled

EXACT: Final = 0
STAT: Final = 1
GRAM: Final = 2


class Pair(NamedTuple):
    """Scratch for one pair. Matrices by what they hold; r is the width of a price's factor, d = d_s + d_a."""

    noise: ComplexArray
    """(N_R, N_R): factor of N."""
    received: ComplexArray
    """(N_R, d): H [L Q]."""
    filtered: ComplexArray
    """(N_R, d_s): N^-1 H Q."""
    price: ComplexArray
    """(N_R, r): F."""
    mse: ComplexArray
    """(d_s, d_s): factor of I + Q^H H^H N^-1 H Q."""
    echo: ComplexArray
    """(N_T, r): H^H F."""
    gain: ComplexArray
    """(N_T, N_T): K of "gram"."""
    whitened: ComplexArray
    """(N_R, N_T): C^-1 H, then N^-1 H, of "gram"."""
    square: ComplexArray
    """(N_R, N_R): N^-1 of "gram"."""
    both: ComplexArray
    """(N_T, d): G."""
    leaked: ComplexArray
    """(N_T, d): R G, then W."""
    heard: ComplexArray
    """(d, d): C."""
    system_q: ComplexArray
    extra: ComplexArray
    """(N_T, N_T): what the system of L has besides that of Q."""
    goal_q: ComplexArray
    goal_an: ComplexArray
    factor_q: ComplexArray
    factor_an: ComplexArray
    trial_q: ComplexArray
    trial_an: ComplexArray
    term_q: ComplexArray


@compiled
def room(rows: int, columns: int) -> ComplexArray:
    """A matrix of zeros."""
    return np.zeros((rows, columns), np.complex128)


@compiled
def scratch(nr: int, nt: int, ds: int, da: int, kind: int, quotes_only: bool) -> Pair:
    """Room for pairs with N_R, N_T antennas and d_s, d_a streams, and prices of the width that the kind has.

    What is not needed is empty: twenty allocations cost as much as a price.
    """
    d, r = ds + da, nr if kind == GRAM else ds
    empty = room(0, 0)
    gram, full = kind == GRAM, not quotes_only
    return Pair(
        room(nr, nr),
        room(nr, d),
        room(nr, ds),
        room(nr, r),
        room(ds, ds),
        room(nt, r) if full else empty,
        room(nt, nt) if gram else empty,
        room(nr, nt) if gram else empty,
        room(nr, nr) if gram else empty,
        room(nt, d),
        room(nt, d) if full else empty,
        room(d, d) if full else empty,
        room(nt, nt) if full else empty,
        room(nt, nt) if full else empty,
        room(nt, ds) if full else empty,
        room(nt, da) if full else empty,
        room(nt, nt) if full else empty,
        room(nt, nt) if full else empty,
        room(nt, ds) if full or gram else empty,
        room(nt, da) if full else empty,
        room(nt, ds) if full or gram else empty,
    )
