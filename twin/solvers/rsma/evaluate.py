"""What beams are worth: objective and constraints of problem P1 from the beams alone, by twin.signal."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from twin.signal.arrays import RealArray
from twin.signal.hisac import (
    Reception,
    bob_sensing_sinr,
    bob_sinr,
    eve_sensing_sinr,
    rate_difference,
    reception,
    security_energy_efficiency,
    sent_power_w,
)
from twin.signal.rsma import common_need, decoding_sinrs, fair_split, foreign_power, rates, stream_powers
from twin.signal.sensing import scnr
from twin.solvers.result import Solution, Status, WarmStart
from twin.solvers.rsma.problem import Beams, HisacProblem
from twin.solvers.rsma.scheme import Scheme, Split

_STATIONS: Final = (
    "power_1",
    "power_2",
    "secrecy_rate",
    "bob_order",
    "eve_order",
    "bob_sensing",
    "eve_sensing",
    "bob_data",
    "scnr",
)
"""Constraints that all schemes have: eqs (19b), (19c), (19d), (19e), (19f), and four of (19g)."""


def heard(problem: HisacProblem, beams: Beams, scheme: Scheme) -> Reception:
    """Worst-case powers at Bob and Eve."""
    channels = problem.channels_1, problem.channels_2
    jamming = beams[1][:, np.array(scheme.jamming, dtype=bool)]
    return reception(channels, beams, (problem.errors_1, problem.errors_2), jamming)


def efficiency(problem: HisacProblem, beams: Beams, scheme: Scheme) -> float:
    """Worst-case SEE in bit/s/Hz/W, eq. (19a)."""
    secrecy = rate_difference(heard(problem, beams, scheme))
    sent_w = sent_power_w(beams[0]) + sent_power_w(beams[1])
    return float(security_energy_efficiency(secrecy, sent_w, problem.circuit_w))


def echo_scnr(problem: HisacProblem, beams: Beams, scheme: Scheme) -> float:
    """SCNR of eq. (18), linear."""
    return scheme.echo_share * float(scnr(problem.channels_1[2], beams[0], problem.echo_gain))


def decoded_rates(problem: HisacProblem, beams: Beams, scheme: Scheme) -> RealArray:
    """Rates (R,) in bit/s/Hz of the scheme's decodings."""
    users = list(scheme.users)
    foreign = foreign_power(problem.channels_1[3:], beams[0])[users]
    powers = stream_powers(problem.channels_2[2:], beams[1])[users]
    what = np.zeros_like(powers)
    what[np.arange(len(users)), list(scheme.streams)] = scheme.parts
    return np.asarray(rates(decoding_sinrs(powers, foreign, what, scheme.heard)) / scheme.parts)


def constraint_names(scheme: Scheme) -> tuple[str, ...]:
    """Names of what `excesses` gives."""
    return (*_STATIONS, *(scheme.names if scheme.split is Split.NONE else ("split_of_common_rate",)))


def excesses(problem: HisacProblem, beams: Beams, scheme: Scheme) -> RealArray:
    """By how much each constraint is missed, <= 0 where it is met.

    Powers are relative to their budgets; rates in bit/s/Hz; SINRs and SCNR linear; the orderings (19e) and (19f) are
    differences of received powers over the noise.
    """
    return _excesses(problem, beams, scheme, heard(problem, beams, scheme), decoded_rates(problem, beams, scheme))


def _excesses(problem: HisacProblem, beams: Beams, scheme: Scheme, at: Reception, reached: RealArray) -> RealArray:
    least = problem.threshold
    values = [
        float(sent_power_w(beams[0])) / problem.power_1_w - 1.0,
        float(sent_power_w(beams[1])) / problem.power_2_w - 1.0,
        problem.least_secrecy - float(rate_difference(at)),
        float(at.bob_data_most - at.bob_sensing),
        float(at.eve_data - at.eve_sensing),
        least - float(bob_sensing_sinr(at)),
        float(eve_sensing_sinr(at)) - least,
        least - float(bob_sinr(at)),
        least - echo_scnr(problem, beams, scheme),
    ]
    if scheme.split is Split.NONE:
        return np.concatenate([values, scheme.owed - reached])
    common, private = reached[: problem.users], reached[problem.users :]
    owed = scheme.owed[problem.users :]
    if scheme.split is Split.BEST:
        need = float(common_need(private, owed))
    else:
        need = problem.users * float(np.maximum(owed - private, 0.0).max())
    return np.array([*values, need - float(common.min())])


def user_rates(problem: HisacProblem, beams: Beams, scheme: Scheme) -> RealArray:
    """What each user gets, (N,) in bit/s/Hz: its own stream and a fair part of the common one.

    A stream that several must decode has the least of their rates.
    """
    return _user_rates(problem, scheme, decoded_rates(problem, beams, scheme))


def _user_rates(problem: HisacProblem, scheme: Scheme, reached: RealArray) -> RealArray:
    streams = np.array(scheme.streams)
    own = np.array([reached[streams == 1 + user].min() for user in range(problem.users)])
    common = reached[streams == 0]
    if not len(common):
        return own
    part = common.min() / problem.users if scheme.split is Split.EQUAL else fair_split(float(common.min()), own)
    return np.asarray(own + part)


def within_budgets(problem: HisacProblem, beams: Beams) -> Beams:
    """The same beams, those of a station over its budget scaled down onto it."""
    scaled = []
    for streams, most_w in zip(beams, (problem.power_1_w, problem.power_2_w), strict=True):
        used_w = float(sent_power_w(streams))
        scaled.append(streams * np.sqrt((1.0 - 1e-14) * most_w / used_w) if used_w > most_w else streams)
    return scaled[0], scaled[1]


def evaluated(
    problem: HisacProblem,
    scheme: Scheme,
    method: str,
    beams: Beams,
    iterations: int,
    evidence: Mapping[str, float] | None = None,
) -> Solution:
    """A solution from beams: solved if they meet every constraint, else infeasible with the one that is met least.

    Beams that are not finite make a failed solution with both stations silent. The objective is the SEE of the beams,
    also where they are not allowed. Evidence of an infeasible one has "least_met:NAME", by how much (`excesses`).
    """
    finite = all(np.isfinite(x).all() for x in beams)
    beams = within_budgets(problem, beams) if finite else (np.zeros_like(beams[0]), np.zeros_like(beams[1]))
    at, reached = heard(problem, beams, scheme), decoded_rates(problem, beams, scheme)
    secrecy, sent_w = rate_difference(at), (sent_power_w(beams[0]), sent_power_w(beams[1]))
    missed = _excesses(problem, beams, scheme, at, reached)
    worst = int(np.argmax(missed))
    feasible = bool(missed[worst] <= 0.0)
    status = (Status.SOLVED if feasible else Status.INFEASIBLE) if finite else Status.FAILED
    least_met = {} if feasible else {f"least_met:{constraint_names(scheme)[worst]}": float(missed[worst])}
    return Solution(
        problem="hisac",
        method=method,
        status=status,
        objective=float(security_energy_efficiency(secrecy, sent_w[0] + sent_w[1], problem.circuit_w)),
        precoders=beams,
        rates=_user_rates(problem, scheme, reached),
        violation=float(missed[worst]),
        iterations=iterations,
        warm=WarmStart(beams) if feasible else None,
        evidence={
            "secrecy_rate": float(secrecy),
            "scnr": echo_scnr(problem, beams, scheme),
            "power_1_w": float(sent_w[0]),
            "power_2_w": float(sent_w[1]),
            **least_met,
            **(evidence or {}),
        },
    )
