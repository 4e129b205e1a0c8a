"""Received powers and signal-to-interference-and-noise ratios: Yin et al., eqs (8)-(13), unit noise power.

Channels are noise-normalised: c = channel amplitude over the noise's standard deviation, in 1/sqrt(mW), so
that with precoders in sqrt(mW) the noise power is 1 at every receiver.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray

_OTHERS: Final[RealArray] = 1.0 - np.eye(3)


def received_powers(channels: Sequence[ComplexArray], precoders: Sequence[ComplexArray]) -> RealArray:
    """Powers p[j, k] = |c_jk^H x_j|^2 of transmitter j at receiver k, over the noise power.

    Args:
        channels: three matrices (4, N_j); row k is the channel vector c_jk to receiver k (SU, AU, GU,
            eavesdropper).
        precoders: three vectors x_j (N_j,) in sqrt(mW).

    Returns:
        (3, 4), linear; the numerators and interference terms of Yin et al., eqs (8)-(13).
    """
    amplitudes = np.array([matrix.conj() @ vector for matrix, vector in zip(channels, precoders, strict=True)])
    return np.asarray(amplitudes.real**2 + amplitudes.imag**2)


def user_sinrs(powers: RealArray) -> RealArray:
    """SINR gamma_k = p[k, k] / (sum_{j != k} p[j, k] + 1) of user k for the signal of its own transmitter.

    `powers` is (..., 3, 4) from `received_powers`; the result is (..., 3), linear. Yin et al., eqs (8)-(10).
    """
    own = np.diagonal(powers, axis1=-2, axis2=-1)
    interference = (powers[..., :3] * _OTHERS).sum(axis=-2)
    return np.asarray(own / (interference + 1.0))


def eve_sinrs(powers: RealArray) -> RealArray:
    """SINR p[k, e] / (sum_{j != k} p[j, e] + 1) of the eavesdropper for the signal meant for user k.

    `powers` is (..., 3, 4) from `received_powers`; the result is (..., 3), linear. Yin et al., eqs (11)-(13).
    """
    heard = powers[..., 3]
    interference = (heard[..., None, :] * _OTHERS).sum(axis=-1)
    return np.asarray(heard / (interference + 1.0))
