"""What the transmitter of a pair does on its own: a little power along what its receiver hears best."""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray

START_SNR: Final = 1.0
"""Receive SNR (linear) of a start, where the budget allows it."""

NOISE_SHARE: Final = 0.1
"""Share of the power that goes to artificial noise."""


def local_start(
    channel: ComplexArray, gain: float, power_mw: float, streams: int, noise_streams: int
) -> tuple[ComplexArray, ComplexArray]:
    """Q (N_T, d_s) and L (N_T, d_a): signal where the receiver hears it best, a tenth as noise where it hears least.

    Full power at high SNR is a trap for every ascent that begins there: rates are negative, and the way back leads
    through switching pairs off. So ||Q||^2 + ||L||^2 = min(1 / gain, P). The columns of Q are the right singular
    vectors of H with the largest singular values, those of L the ones with the smallest.

    Args:
        channel: estimate of H_ii (N_R, N_T), noise-normalised, in 1/sqrt(mW).
        gain: mean power of an entry of H_ii over the noise, in 1/mW.
        power_mw: budget P.
        streams: d_s >= 1.
        noise_streams: d_a >= 0; d_s + d_a <= N_T.
    """
    vectors = right_vectors(channel)
    power = min(START_SNR / max(gain, 1e-300), power_mw)
    share = NOISE_SHARE if noise_streams else 0.0
    q = vectors[:, :streams] * np.sqrt((1.0 - share) * power / streams)
    an = vectors[:, vectors.shape[1] - noise_streams :] * np.sqrt(share * power / max(noise_streams, 1))
    return np.ascontiguousarray(q), np.ascontiguousarray(an)


def right_vectors(channel: ComplexArray) -> ComplexArray:
    """All right singular vectors (N_T, N_T), the strongest first, each turned so that its largest entry is real."""
    vectors = np.linalg.svd(channel)[2].conj().T
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.asarray(vectors * (largest.conj() / np.abs(largest)))
