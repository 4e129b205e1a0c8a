"""What Bob and Eve hear of a sensing station and of its multicasting neighbour: Li et al., eqs (4)-(13) and (19a).

Station 1 sends W = [w_bo, w_ta] (M_1, 2), data for Bob and the sensing stream; station 2 sends O (M_2, K), which is
interference to both. Channels are over the standard deviation of the noise, so that the noise power is 1; received
amplitudes are h^H w. Errors of the channels are of bounded norm, and each term takes the worst case of its own
(twin.signal.worst_case); with radii of 0 it is what is heard. Leading axes broadcast.
"""

from typing import Final, NamedTuple

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.worst_case import least_power, most_power, power_range

_LN2: Final = float(np.log(2.0))


class Reception(NamedTuple):
    """Received powers over the noise power, each array (...)."""

    bob_data: RealArray
    """S_b: of w_bo at Bob, the least."""
    bob_data_most: RealArray
    """S_bM: of w_bo at Bob, the greatest."""
    bob_sensing: RealArray
    """T_b: of w_ta at Bob, the least."""
    bob_interference: RealArray
    """I_b: of station 2 at Bob, the greatest."""
    eve_data: RealArray
    """S_e: of w_bo at Eve, the greatest."""
    eve_data_least: RealArray
    """S_em: of w_bo at Eve, the least."""
    eve_sensing: RealArray
    """T_e: of w_ta at Eve, the least."""
    eve_sensing_most: RealArray
    """T_eM: of w_ta at Eve, the greatest."""
    eve_interference: RealArray
    """J_e: of station 2 at Eve, the least: the green interference."""


def reception(
    channels: tuple[ComplexArray, ComplexArray],
    beams: tuple[ComplexArray, ComplexArray],
    errors: tuple[RealArray, RealArray],
    jamming: ComplexArray | None = None,
) -> Reception:
    """Worst-case powers at Bob and Eve: the terms of Li et al., eqs (9)-(12), with tight amplitude bounds.

    Args:
        channels: estimates from stations 1 and 2, (..., R, M_1) and (..., R, M_2); rows 0 and 1 are Bob's and Eve's.
        beams: W (..., M_1, 2) and O (..., M_2, K) in sqrt(W).
        errors: greatest norms (..., 2) of the errors of Bob's and Eve's channels from each station.
        jamming: those columns of O that Eve cannot remove; None for all.
    """
    (h, g), (w, o), (radii_1, radii_2) = channels, beams, errors
    data, sensing = w[..., :1], w[..., 1:2]
    bob, eve = h[..., 0, :], h[..., 1, :]
    at_bob, at_eve = radii_1[..., 0], radii_1[..., 1]
    bob_data, bob_data_most = power_range(bob, data, at_bob)
    eve_data_least, eve_data = power_range(eve, data, at_eve)
    eve_sensing, eve_sensing_most = power_range(eve, sensing, at_eve)
    return Reception(
        bob_data=bob_data,
        bob_data_most=bob_data_most,
        bob_sensing=least_power(bob, sensing, at_bob),
        bob_interference=most_power(g[..., 0, :], o, radii_2[..., 0]),
        eve_data=eve_data,
        eve_data_least=eve_data_least,
        eve_sensing=eve_sensing,
        eve_sensing_most=eve_sensing_most,
        eve_interference=least_power(g[..., 1, :], o if jamming is None else jamming, radii_2[..., 1]),
    )


def bob_sensing_sinr(heard: Reception) -> RealArray:
    """SINR gamma_bo,ta = T_b / (S_bM + I_b + 1) at which Bob decodes the sensing stream, to remove it. Eq. (9)."""
    return np.asarray(heard.bob_sensing / (heard.bob_data_most + heard.bob_interference + 1.0))


def bob_sinr(heard: Reception) -> RealArray:
    """SINR gamma_bo,bo = S_b / (I_b + 1) of Bob's data, the sensing stream removed. Eq. (10)."""
    return np.asarray(heard.bob_data / (heard.bob_interference + 1.0))


def eve_sensing_sinr(heard: Reception) -> RealArray:
    """Greatest SINR gamma_e,ta = T_eM / (S_em + J_e + 1) of the sensing stream at Eve, not to be decoded. Eq. (11)."""
    return np.asarray(heard.eve_sensing_most / (heard.eve_data_least + heard.eve_interference + 1.0))


def eve_sinr(heard: Reception) -> RealArray:
    """Greatest SINR gamma_e,bo = S_e / (T_e + J_e + 1) of Bob's data at Eve. Eq. (12), robust in all its terms."""
    return np.asarray(heard.eve_data / (heard.eve_sensing + heard.eve_interference + 1.0))


def rate_difference(heard: Reception) -> RealArray:
    """R_bo - R_e = log2(1 + gamma_bo,bo) - log2(1 + gamma_e,bo) in bit/s/Hz, not clipped. Eq. (13)."""
    return np.asarray((np.log1p(bob_sinr(heard)) - np.log1p(eve_sinr(heard))) / _LN2)


def sent_power_w(beams: ComplexArray) -> RealArray:
    """P_1 of W or P_2 of O in W, (...): the squared norms of the columns together. Eqs (19b), (19c)."""
    return np.asarray((beams.real**2 + beams.imag**2).sum(axis=(-2, -1)))


def security_energy_efficiency(secrecy: RealArray, sent_w: RealArray, circuit_w: float) -> RealArray:
    """SEE = [R_S]+ / (P_1 + P_2 + P_0) in bit/s/Hz/W: secrets per joule and hertz. Eq. (19a).

    Args:
        secrecy: R_S in bit/s/Hz, (...).
        sent_w: P_1 + P_2, (...).
        circuit_w: P_0 > 0.
    """
    return np.asarray(np.maximum(secrecy, 0.0) / (sent_w + circuit_w))
