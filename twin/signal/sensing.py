"""The echo of a target: Li et al., eqs (16)-(18)."""

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray


def best_filter(channel: ComplexArray) -> ComplexArray:
    """Echo beamformer a = h_t / ||h_t||, (..., M): S of eq. (21) has rank one, this is its eigenvector."""
    return np.asarray(channel / np.linalg.norm(channel, axis=-1, keepdims=True))


def filter_share(channel: ComplexArray, echo_filter: ComplexArray) -> RealArray:
    """|a^H h_t|^2 / (||a||^2 ||h_t||^2), (...): what a filter leaves of the SCNR of the best one, in [0, 1]."""
    heard = np.abs((echo_filter.conj() * channel).sum(axis=-1)) ** 2
    norms = np.linalg.norm(echo_filter, axis=-1) * np.linalg.norm(channel, axis=-1)
    return np.asarray(heard / norms**2)


def scnr(
    channel: ComplexArray, streams: ComplexArray, echo_gain: float, echo_filter: ComplexArray | None = None
) -> RealArray:
    """Signal-to-clutter-plus-noise ratio of the echo of both streams behind a receive filter, linear, (...).

        kappa^2 |a^H h_t|^2 (|h_t^H w_bo|^2 + |h_t^H w_ta|^2) / (2 sigma^2 ||a||^2)        Li et al., eq. (18)

    Clutter has the power of the noise, whatever is sent.

    Args:
        channel: h_t over the standard deviation sigma of the noise, (..., M); the way there and back are the same.
        streams: W (..., M, K) in sqrt(W).
        echo_gain: kappa^2 sigma^2, where kappa^2 is the mean square of the coefficient of the radar cross section:
            with channels over sigma, one of the two sigma^2 that they bring remains.
        echo_filter: a (..., M), of any length; None for the best one.
    """
    there = (channel.conj()[..., None, :] @ streams)[..., 0, :]
    lit = (there.real**2 + there.imag**2).sum(axis=-1)
    back = (channel.real**2 + channel.imag**2).sum(axis=-1)
    share = 1.0 if echo_filter is None else filter_share(channel, echo_filter)
    return np.asarray(0.5 * echo_gain * back * share * lit)
