"""What the transmitter of a pair does on its own: a little power along what its receiver hears best."""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray

NOISE_SHARE: Final = 0.1
"""Share of the power that goes to artificial noise."""


def local_start(
    channel: ComplexArray, gain: float, power_mw: float, streams: int, noise_streams: int
) -> tuple[ComplexArray, ComplexArray]:
    """Q (N_T, d_s) and L (N_T, d_a) that arrive with about the power of the noise, from a transmitter's own estimate.

    Full power at high SNR is a trap for every ascent that begins there: rates are negative, and the way back leads
    through switching pairs off. So ||Q||^2 + ||L||^2 = min(1 / gain, P), a tenth of it noise; the columns of Q are the
    right singular vectors of H with the largest singular values, those of L the ones with the smallest.

    Args:
        channel: estimate of H_ii (N_R, N_T), noise-normalised, in 1/sqrt(mW).
        gain: mean power of an entry of H_ii over the noise, in 1/mW.
        power_mw: budget P.
        streams: d_s >= 1.
        noise_streams: d_a >= 0; d_s + d_a <= N_T.
    """
    transmit = channel.shape[1]
    vectors = np.linalg.svd(channel, full_matrices=True)[2].conj().T
    power = power_mw if gain * power_mw <= 1.0 else 1.0 / gain
    share = NOISE_SHARE if noise_streams else 0.0
    q = vectors[:, :streams] * np.sqrt((1.0 - share) * power / streams)
    noise = vectors[:, transmit - noise_streams :] * np.sqrt(share * power / max(noise_streams, 1))
    return np.ascontiguousarray(q), np.ascontiguousarray(noise)
