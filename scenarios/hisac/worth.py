"""What beams are worth in the true channels: secrecy, secrecy per joule, echo, and the rates of the multicast.

Nothing here is a worst case, and nobody is given what the design hopes for: the sensing stream is removed by whoever
can decode it at the threshold, by Bob as by the eavesdropper, and stays interference to whoever cannot.
"""

from typing import NamedTuple

import numpy as np

from twin.signal.hisac import (
    Reception,
    bob_sensing_sinr,
    bob_sinr,
    eve_sensing_sinr,
    eve_sinr,
    reception,
    security_energy_efficiency,
    sent_power_w,
)
from twin.signal.rsma import common_rate, common_sinrs, foreign_power, private_sinrs, rates, stream_powers
from twin.signal.sensing import scnr
from twin.wire.messages import ComplexArray

_BOB_EVE = 2
_MW_PER_W = 1e3


class Worth(NamedTuple):
    """`secrecy` of Bob in bit/s/Hz, `see` in bit/s/Hz/W, `scnr` linear, rates in bit/s/Hz, SINRs linear.

    `common` is the rate of the common stream, that of the user who hears it worst; `private` the least of the private
    rates, with the common stream removed.
    """

    secrecy: float
    see: float
    scnr: float
    common: float
    private: float
    bob: float
    eve: float


class Scale(NamedTuple):
    """What of a scenario enters: SINR that decodes, P_0 in W, kappa^2 sigma^2 for channels over sigma in sqrt(mW)."""

    threshold: float
    circuit_w: float
    echo_gain: float


def worth(channels: tuple[ComplexArray, ComplexArray], beams: tuple[ComplexArray, ...], scale: Scale) -> Worth:
    """What beams (M_1, 2) and (M_2, N + 1 or more) in sqrt(mW) are worth in channels (3 + N, M_1) and (2 + N, M_2).

    Rows are Bob, Eve, the target (of the first station only) and the users. Li et al., eqs (9)-(19a).
    """
    first, second = beams
    heard = reception(channels, (first, second), (np.zeros(2), np.zeros(2)))
    bob, eve = decoded_sinrs(heard, scale.threshold)
    secrecy = max(float(np.log2(1.0 + bob) - np.log2(1.0 + eve)), 0.0)
    sent_w = (sent_power_w(first) + sent_power_w(second)) / _MW_PER_W
    users = len(channels[1]) - _BOB_EVE
    powers = stream_powers(channels[1][_BOB_EVE:], second)
    # What comes after the users' streams is noise to everybody.
    foreign = foreign_power(channels[0][_BOB_EVE + 1 :], first) + powers[:, users + 1 :].sum(axis=-1)
    powers = powers[:, : users + 1]
    return Worth(
        secrecy=secrecy,
        see=float(security_energy_efficiency(np.array(secrecy), sent_w, scale.circuit_w)),
        scnr=float(scnr(channels[0][_BOB_EVE], first, scale.echo_gain)),
        common=float(common_rate(common_sinrs(powers, foreign))),
        private=float(rates(private_sinrs(powers, foreign)).min()),
        bob=bob,
        eve=eve,
    )


def decoded_sinrs(heard: Reception, threshold: float) -> tuple[float, float]:
    """SINRs of Bob's data at Bob and at Eve, each with the sensing stream removed if it is decoded there.

    Bob: S / (I + 1) if T / (S + I + 1) >= threshold, else S / (T + I + 1); the eavesdropper likewise.
    """
    decodes = float(bob_sensing_sinr(heard)) >= threshold
    with_sensing = heard.bob_data / (heard.bob_sensing + heard.bob_interference + 1.0)
    bob = float(bob_sinr(heard) if decodes else with_sensing)
    leaks = float(eve_sensing_sinr(heard)) >= threshold
    eve = float(heard.eve_data / (heard.eve_interference + 1.0) if leaks else eve_sinr(heard))
    return bob, eve
