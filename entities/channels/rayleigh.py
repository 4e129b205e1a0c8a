"""Rayleigh MIMO channels as functions of time, and estimates of them that stay what they are when time comes back.

Each entry of each matrix is scatter of its own (`fading`). The draws are keyed by the two ends and the receive antenna,
so neither a further link nor a further antenna at either end changes what the others see.
"""

import math
from collections.abc import Sequence

import numpy as np

from entities.channels.fading import arrivals, sum_of_sinusoids
from entities.channels.sinusoids import PATHS, Indices
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, Instants, RealArray


class Rayleigh:
    """Unit-power matrices H_l(t), entries CN(0, 1) with autocorrelation J0(2 pi f_l tau), one per link l.

    Over draws they are those of `fading.Scatter`; entries of one matrix and of two are independent.
    """

    def __init__(
        self,
        streams: Streams,
        purpose: str,
        links: Sequence[tuple[str, str]],
        shape: tuple[int, int],
        doppler_hz: Sequence[float],
    ) -> None:
        """Draw the paths of all links.

        Args:
            streams: of the run.
            purpose: part of the key of every draw.
            links: (transmitter, receiver) names, L of them.
            shape: antennas of the receiver and of the transmitter.
            doppler_hz: Doppler spreads f (L,) in Hz.
        """
        receive, transmit = shape
        draws = np.empty((len(links), receive, transmit, 2, PATHS))
        for link, ends in enumerate(links):
            for antenna in range(receive):
                generator = streams.generator(purpose, *ends, antenna)
                draws[link, antenna] = generator.random((transmit, 2, PATHS))
        cosines, self._start_turns = arrivals(draws)
        self._shift_hz: RealArray = np.asarray(doppler_hz, dtype=np.float64)[:, None, None, None] * cosines

    def at(self, t_ns: int | Instants, links: Indices | None = None) -> ComplexArray:
        """H(t), (L, N_R, N_T), at virtual time t, or (T, L, N_R, N_T) at T instants; of some links, or all."""
        return sum_of_sinusoids(self._shift_hz, self._start_turns, t_ns, links)


def estimate_of(channels: ComplexArray, other: ComplexArray, zeta: float) -> ComplexArray:
    """Estimates H_hat = (1 - zeta^2) H + zeta (1 - zeta^2)^1/2 W of unit-power H, with independent W of the same law.

    It is the minimum mean square error estimate of Kong et al., eqs (13)-(15), the right way round: H = H_hat + E,
    entries of H_hat CN(0, 1 - zeta^2), of E CN(0, zeta^2), the two independent. Where H(t) and W(t) have the same
    autocorrelation so have H_hat(t) and E(t), at zero cross-correlation for every lag: looking twice, or often, at a
    channel that stands still does not make its error smaller. Shapes broadcast; zeta in [0, 1].
    """
    return np.asarray((1.0 - zeta**2) * channels + zeta * math.sqrt(1.0 - zeta**2) * other)


def bounded(channels: ComplexArray, estimates: ComplexArray, radius: float) -> ComplexArray:
    """The estimates, moved towards the channels (..., N_R, N_T) where the error is longer than `radius` (Frobenius)."""
    error = estimates - channels
    norms = np.linalg.norm(error, axis=(-2, -1), keepdims=True)
    return np.asarray(channels + error * np.minimum(1.0, radius / np.maximum(norms, np.finfo(np.float64).tiny)))
