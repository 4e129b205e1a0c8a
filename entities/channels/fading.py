"""Isotropic scatter as a function of time: a sum of sinusoids, drawn once and evaluated anywhere.

There is no state: z(t) costs the same at any t and in any order. Each antenna of each link has paths of its
own, keyed by names, so neither a further antenna nor a further link changes what the others see.
"""

import math
from collections.abc import Sequence

import numpy as np

from entities.channels.sinusoids import PATHS, Indices, add_up
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray


class Scatter:
    """Unit-power scatter z_rn(t) between one transmitter's N antennas and R receivers.

    z(t) = M^-1/2 sum_m exp j(2 pi f cos(alpha_m) t + phi_m) with M = 32 paths, phi_m uniform, and one alpha_m
    uniform in each of M equal parts of [0, pi) (cos is even). Over draws: mean 0, E|z|^2 = 1, autocorrelation
    J0(2 pi f tau) exactly, E|z|^4 = 2 - 1/M. With f = 0 it is constant in time, and still random.
    """

    def __init__(
        self, streams: Streams, links: Sequence[tuple[str, ...]], antennas: int, doppler_hz: Sequence[float]
    ) -> None:
        """Draw the paths of `links` (R keys), for `antennas` N and the Doppler spreads f (R,) in Hz."""
        draws = np.array(
            [
                [streams.generator("fading", *link, antenna).random((2, PATHS)) for antenna in range(antennas)]
                for link in links
            ]
        )
        cosines, self._start_turns = arrivals(draws)
        self._shift_hz: RealArray = np.asarray(doppler_hz, dtype=np.float64)[:, None, None] * cosines

    def at(self, t_ns: int | Instants) -> ComplexArray:
        """z(t), complex (R, N), at virtual time t, or (T, R, N) at T instants."""
        return sum_of_sinusoids(self._shift_hz, self._start_turns, t_ns)


def arrivals(draws: RealArray) -> tuple[RealArray, RealArray]:
    """cos(alpha_m) and the phases in turns at time 0, (..., M) each, of uniform draws (..., 2, M) in [0, 1)."""
    alpha = np.pi * (np.arange(PATHS) + draws[..., 0, :]) / PATHS
    return np.cos(alpha), draws[..., 1, :].copy()


def sum_of_sinusoids(
    shift_hz: RealArray, start_turns: RealArray, t_ns: int | Instants, links: Indices | None = None
) -> ComplexArray:
    """M^-1/2 sum_m exp j 2 pi (shift_m t + start_m): complex (L, ...) for shifts (L, ..., M) in Hz, starts in turns.

    Of some of the L links, by their numbers (C,), it is (C, ...); at T instants (T, L, ...) or (T, C, ...). What a sum
    comes to, to the bit, does not depend on what else is asked for. Phases are kept in turns, in two parts, and reduced
    before the cosine: at 10^15 ns and 100 Hz they are still right to 10^-12 rad.
    """
    times_ns = np.asarray(t_ns, dtype=np.int64)
    chosen = np.arange(len(shift_hz)) if links is None else links
    entries = (len(shift_hz), math.prod(shift_hz.shape[1:-1]), PATHS)
    z = np.empty((times_ns.size, len(chosen), entries[1]), dtype=np.complex128)
    add_up(shift_hz.reshape(entries), start_turns.reshape(entries), chosen, times_ns.reshape(-1), z)
    return z.reshape(*times_ns.shape, len(chosen), *shift_hz.shape[1:-1])
