"""Secrecy rates: Yin et al., eqs (14)-(16)."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sinr import eve_sinrs, received_powers, user_sinrs

_LN2: Final = float(np.log(2.0))


def secrecy_rate(sinr_user: RealArray, sinr_eve: RealArray) -> RealArray:
    """Secrecy rate [log2(1 + user) - log2(1 + eve)]+ in bit/s/Hz, elementwise.

    SINRs are linear and >= 0; shapes broadcast. Yin et al., eqs (14)-(16).
    """
    return np.asarray(np.maximum(np.log1p(sinr_user) - np.log1p(sinr_eve), 0.0) / _LN2)


def secrecy_rates(channels: Sequence[ComplexArray], precoders: Sequence[ComplexArray]) -> RealArray:
    """Secrecy rates (3,) of SU, AU, GU in bit/s/Hz with three precoders on air. Yin et al., eqs (8)-(16).

    Args:
        channels: three noise-normalised matrices (4, N_j), rows in the order SU, AU, GU, eavesdropper.
        precoders: three vectors (N_j,) in sqrt(mW).
    """
    powers = received_powers(channels, precoders)
    return secrecy_rate(user_sinrs(powers), eve_sinrs(powers))
