"""Rates of transmitter-receiver pairs that share a band, with artificial noise and an eavesdropper on each pair.

Channels are noise-normalised (in 1/sqrt(mW), so that the noise covariance is I at every receiver): H_ji (N_R, N_T)
leads from transmitter i to receiver j, H_Ei (N_E, N_T) to the eavesdropper. Transmitter i sends Q_i s_i + L_i z_i (Kong
et al., eq. (1)), precoders in sqrt(mW), covariance X_i = Q_i Q_i^H + L_i L_i^H. The receiver treats interference as
noise; the eavesdropper is assumed to remove all but the artificial noise of the pair that she attacks (eq. (4)).

Leading axes of the channels, draws for example, broadcast: channels (..., K, K, N_R, N_T) with [j, i] = H_ji,
eve_channels (..., K, N_E, N_T), precoders q (K, N_T, d_s) = Q and an (K, N_T, d_a) = L.
"""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray

_LN2: Final = float(np.log(2.0))


def _gram(a: ComplexArray) -> ComplexArray:
    """A A^H of the last two axes."""
    return np.asarray(a @ np.swapaxes(a, -1, -2).conj())


def _log2_det(a: ComplexArray) -> RealArray:
    """log2 det of Hermitian positive definite matrices."""
    return np.asarray(np.linalg.slogdet(a)[1] / _LN2)


def interference_covariances(channels: ComplexArray, q: ComplexArray, an: ComplexArray) -> ComplexArray:
    """Y_j = sum_{i != j} H_ji X_i H_ji^H, (..., K, N_R, N_R): Kong et al., eq. (21) with the index of transmitter i."""
    sent = channels @ np.concatenate([q, an], axis=-1)
    others = 1.0 - np.eye(len(q))
    return np.asarray((_gram(sent) * others[..., None, None]).sum(axis=-3))


def noise_covariances(channels: ComplexArray, q: ComplexArray, an: ComplexArray) -> ComplexArray:
    """N_i = I + Y_i + H_ii L_i L_i^H H_ii^H, (..., K, N_R, N_R), over the noise power: Kong et al., eq. (18)."""
    own = _own(channels) @ an
    return np.asarray(np.eye(channels.shape[-2]) + interference_covariances(channels, q, an) + _gram(own))


def user_rates(channels: ComplexArray, q: ComplexArray, an: ComplexArray) -> RealArray:
    """Achievable rates log2 det(I + Z_i N_i^-1), (..., K), in bit/s/Hz: Kong et al., eqs (5) and (17)."""
    noise = noise_covariances(channels, q, an)
    return np.asarray(_log2_det(noise + _gram(_own(channels) @ q)) - _log2_det(noise))


def eve_rates(eve_channels: ComplexArray, q: ComplexArray, an: ComplexArray) -> RealArray:
    """The eavesdropper's rates log2 det(I + Z_Ei N_Ei^-1), (..., K), in bit/s/Hz: Kong et al., eqs (6), (19)-(20)."""
    noise = np.eye(eve_channels.shape[-2]) + _gram(eve_channels @ an)
    return np.asarray(_log2_det(noise + _gram(eve_channels @ q)) - _log2_det(noise))


def pair_secrecy_rates(
    channels: ComplexArray, eve_channels: ComplexArray, q: ComplexArray, an: ComplexArray
) -> RealArray:
    """Secrecy rates [mean(C_R,i - C_E,i)]+ in bit/s/Hz, (K,): Kong et al., eqs (12) and (16).

    The mean is over the draws, if the channels have such an axis: a code spans them all. A pair whose difference is
    negative does not send secrets, and counts as 0.
    """
    difference = user_rates(channels, q, an) - eve_rates(eve_channels, q, an)
    return np.asarray(np.maximum(difference.reshape(-1, len(q)).mean(axis=0), 0.0))


def _own(channels: ComplexArray) -> ComplexArray:
    """H_ii, (..., K, N_R, N_T)."""
    pairs = np.arange(channels.shape[-3])
    return np.asarray(channels[..., pairs, pairs, :, :])
