"""Rate splitting for N users of one station, with another station's streams as noise: Li et al., eqs (6), (14), (15).

Channels are over the standard deviation of the noise: row n of (N, M_2) and (N, M_1) leads from the own and from the
foreign station to user n. O = [o_c, o_1 .. o_N] (M_2, N + 1), the foreign W (M_1, K). Leading axes broadcast.
"""

from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray

_LN2: Final = float(np.log(2.0))


def stream_powers(channels: ComplexArray, streams: ComplexArray) -> RealArray:
    """|g_n^H o_k|^2, (..., N, K), over the noise power."""
    heard = channels.conj() @ streams
    return np.asarray(heard.real**2 + heard.imag**2)


def foreign_power(channels: ComplexArray, streams: ComplexArray) -> RealArray:
    """|h_n^H w_bo|^2 + |h_n^H w_ta|^2, (..., N): what users hear of the other station."""
    return np.asarray(stream_powers(channels, streams).sum(axis=-1))


def common_sinrs(powers: RealArray, foreign: RealArray) -> RealArray:
    """SINR (..., N) of the common stream at each user, all private streams being noise. Eq. (14).

    Args:
        powers: (..., N, N + 1) of `stream_powers`, column 0 the common stream.
        foreign: (..., N) of `foreign_power`.
    """
    return np.asarray(powers[..., 0] / (powers[..., 1:].sum(axis=-1) + foreign + 1.0))


def private_sinrs(powers: RealArray, foreign: RealArray) -> RealArray:
    """SINR (..., N) of each user's private stream, the common one removed. Eq. (15); arguments as `common_sinrs`."""
    private = powers[..., 1:]
    own = np.diagonal(private, axis1=-2, axis2=-1)
    return np.asarray(own / ((private * (1.0 - np.eye(private.shape[-1]))).sum(axis=-1) + foreign + 1.0))


def rates(sinrs: RealArray) -> RealArray:
    """log2(1 + sinr) in bit/s/Hz, elementwise."""
    return np.asarray(np.log1p(sinrs) / _LN2)


def common_rate(sinrs: RealArray) -> RealArray:
    """R_c = min_n log2(1 + gamma_c,n) in bit/s/Hz, (...): all users must decode the common stream."""
    return np.asarray(rates(sinrs).min(axis=-1))


def fair_split(common: float, private: RealArray) -> RealArray:
    """The split C_n >= 0, sum C_n = R_c, of the common rate that makes the least C_n + R_n greatest, (N,) in bit/s/Hz.

    Args:
        common: R_c >= 0.
        private: R_n, (N,).
    """
    rising = np.sort(private)
    levels = (common + np.cumsum(rising)) / np.arange(1, len(rising) + 1)
    reached = int(np.flatnonzero(levels >= rising)[-1])  # level and rates are in this order for as many as take part
    return np.asarray(np.maximum(levels[reached] - private, 0.0))


def common_need(private: RealArray, demands: float | RealArray) -> RealArray:
    """sum_n [D_n - R_n]+ in bit/s/Hz, (...): the common rate that tops private rates up to the users' demands."""
    return np.asarray(np.maximum(demands - private, 0.0).sum(axis=-1))


def decoding_sinrs(powers: RealArray, foreign: RealArray, what: RealArray, heard: RealArray) -> RealArray:
    """SINR of any stream at any user with any streams as noise, (..., R): eqs (14), (15) and what SDMA, NOMA, OMA need.

    Args:
        powers: |g_u^H o_k|^2, (..., R, K): in row r the streams at the user u of decoding r.
        foreign: (..., R) likewise.
        what: (R, K), row r has a 1 at the stream that is decoded (more where it has the user to itself, in a part of
            the band where only that part of the noise and of the foreign streams is).
        heard: (R, K), row r has ones at the streams that are noise, neither decoded nor removed before.
    """
    return np.asarray((powers * what).sum(axis=-1) / ((powers * heard).sum(axis=-1) + foreign + 1.0))
