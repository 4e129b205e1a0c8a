"""How a fading channel remembers itself: autocorrelation and coherence time of isotropic scatter."""

import numpy as np

from twin.signal.arrays import RealArray


def jakes(doppler_hz: float, lag_s: float | RealArray) -> RealArray:
    """Autocorrelation J0(2 pi f tau) of unit-power isotropic scatter with Doppler spread f (Clarke, Jakes).

    `lag_s` has any shape, in s; the result has the same shape, real, 1 at lag 0.
    """
    from scipy.special import j0

    return np.asarray(j0(2.0 * np.pi * doppler_hz * np.asarray(lag_s, dtype=np.float64)), dtype=np.float64)


def coherence_time_s(doppler_hz: float) -> float:
    """Coherence time 0.423 / f in s of a channel with Doppler spread f > 0 Hz (Rappaport, section 5.4).

    The constant is sqrt(9 / (16 pi)), the geometric mean of the two usual definitions, to three digits.
    """
    return 0.423 / doppler_hz
