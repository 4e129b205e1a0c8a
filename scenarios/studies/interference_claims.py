"""What Kong et al., section IV, say of Figs 3-6, each statement checked against paired intervals over seeds.

All claims stay in the table, whatever becomes of them, with how far off they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from scenarios.studies.grid import Value
from scenarios.studies.interference_curves import Curves
from scenarios.studies.intervals import Interval, Sample

PROPOSED: Final = "proposed"
TURNS: Final = "turns"
NONE: Final = "none"
SETTLED: Final = 0.02
"""Turns have converged when the rest gains less than this share."""

ZERO: Final = 0.05
"""A rate is practically zero below this, in bit/s/Hz."""

FIG3: Final[dict[tuple[float, float], float]] = {
    (10.0, 0.1): 1.35,
    (10.0, 0.5): 0.55,
    (20.0, 0.1): 1.85,
    (20.0, 0.5): 0.82,
}
"""The paper's rates by power in dB and zeta."""

_ROUNDS_TO_SETTLE: Final = {0.1: 10, 0.5: 15}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What we find: numbers, how far off the claim (NONE when it holds), and the verdict."""

    ours: str
    deviation: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about one figure."""

    figure: int
    text: str
    check: Callable[[Curves], Outcome]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim with its outcome."""

    claim: Claim
    outcome: Outcome


def verdicts(curves: Curves) -> list[Verdict]:
    """All claims, in the order of the figures."""
    return [Verdict(claim, claim.check(curves)) for claim in CLAIMS]


def _settles(zeta: float) -> Callable[[Curves], Outcome]:
    limit = _ROUNDS_TO_SETTLE[zeta]

    def check(curves: Curves) -> Outcome:
        texts, worst = [], 0.0
        for power in curves.values(3, "power_db"):
            last = curves.along(3, TURNS, "rounds", power_db=power, zeta=zeta)[-1].interval().mean
            then = curves.at(3, TURNS, limit, power_db=power, zeta=zeta).interval().mean
            rest = (last - then) / last if last > 0.0 else 0.0
            texts.append(f"{power:g} dB: {then:.2f} of {last:.2f}")
            worst = max(worst, rest)
        holds = worst < SETTLED
        return Outcome("; ".join(texts), NONE if holds else f"{100 * worst:.0f} % still to come", holds)

    return check


def _reaches(power: float, zeta: float) -> Callable[[Curves], Outcome]:
    paper = FIG3[power, zeta]

    def check(curves: Curves) -> Outcome:
        ours = curves.along(3, TURNS, "rounds", power_db=power, zeta=zeta)[-1].interval()
        holds = ours.low <= paper <= ours.high
        share = 100.0 * (ours.mean / paper - 1.0)
        return Outcome(str(ours), NONE if holds else f"{share:+.0f} %", holds)

    return check


def _grow(steps: Sequence[tuple[str, Interval]], ours: str) -> Outcome:
    """A claim that every one of some differences is positive."""
    where, least = min(steps, key=lambda step: step[1].low)
    holds = least.low > 0.0
    return Outcome(ours, NONE if holds else f"{least} {where}", holds)


def _all_zetas_rise_with_power(curves: Curves) -> Outcome:
    low, high = curves.values(3, "power_db")[0], curves.values(3, "power_db")[-1]
    steps, texts = [], []
    for zeta in curves.values(3, "zeta"):
        one, two = (curves.along(3, TURNS, "rounds", power_db=power, zeta=zeta)[-1] for power in (low, high))
        steps.append((f"at zeta {zeta:g}", (two - one).interval()))
        texts.append(f"zeta {zeta:g}: {_mean(one)} -> {_mean(two)}")
    return _grow(steps, "; ".join(texts))


def _smaller_errors_are_better(curves: Curves) -> Outcome:
    steps, texts = [], []
    for power in curves.values(3, "power_db"):
        ends = [curves.along(3, TURNS, "rounds", power_db=power, zeta=zeta)[-1] for zeta in curves.values(3, "zeta")]
        steps.append((f"at {power:g} dB", (ends[0] - ends[-1]).interval()))
        texts.append(f"{power:g} dB: {_mean(ends[0])} and {_mean(ends[-1])}")
    return _grow(steps, "; ".join(texts))


def _above(scheme: str, zeta: float) -> Callable[[Curves], Outcome]:
    def check(curves: Curves) -> Outcome:
        gains, powers = _gains(curves, scheme, zeta), curves.values(4, "power_db")
        steps = [(f"at {power:g} dB", gain.interval()) for power, gain in zip(powers, gains, strict=True)]
        return _grow(steps, f"by {steps[0][1]} at {powers[0]:g} dB, {steps[-1][1]} at {powers[-1]:g} dB")

    return check


def _gain_moves(scheme: str, zeta: float, sign: float) -> Callable[[Curves], Outcome]:
    def check(curves: Curves) -> Outcome:
        gains = _gains(curves, scheme, zeta)
        change = (gains[-1] - gains[0]).interval()
        holds = sign * change.mean > change.half_width
        return Outcome(f"{_mean(gains[0])} -> {_mean(gains[-1])}", NONE if holds else f"changes by {change}", holds)

    return check


def _gains(curves: Curves, scheme: str, zeta: float) -> list[Sample]:
    proposed = curves.along(4, PROPOSED, "power_db", zeta=zeta)
    return [one - two for one, two in zip(proposed, curves.along(4, scheme, "power_db", zeta=zeta), strict=True)]


def _moves(figure: int, name: str, sign: float, **at: Value) -> Callable[[Curves], Outcome]:
    """A rate that rises (falls) from one end of a sweep to the other, and in no step goes back by its interval."""

    def check(curves: Curves) -> Outcome:
        along, values = curves.along(figure, PROPOSED, name, **at), curves.values(figure, name)
        ours = f"{_mean(along[0])} -> {_mean(along[-1])}"
        for value, (one, two) in zip(values, pairwise(along), strict=False):
            step = (two - one).interval()
            if sign * step.mean < -step.half_width:
                return Outcome(ours, f"changes by {step} after {value:g}", holds=False)
        total = (along[-1] - along[0]).interval()
        holds = sign * total.mean > total.half_width
        return Outcome(ours, NONE if holds else f"changes by {total}", holds)

    return check


def _nearer_is_worse(curves: Curves) -> Outcome:
    steps = []
    for power in curves.values(5, "power_db"):
        for zeta in curves.values(5, "zeta"):
            far, near = (curves.at(5, PROPOSED, power_db=power, zeta=zeta, eve_m=eve_m) for eve_m in (10.0, 1.0))
            steps.append((f"at {power:g} dB, zeta {zeta:g}", (far - near).interval()))
    return _grow(steps, f"by {steps[0][1]} {steps[0][0]}, {steps[-1][1]} {steps[-1][0]}")


def _vanishes(curves: Curves) -> Outcome:
    zeta = curves.values(5, "zeta")[-1]
    rate = curves.at(5, PROPOSED, power_db=10.0, zeta=zeta, eve_m=1.0).interval()
    return Outcome(str(rate), NONE if rate.mean < ZERO else f"{rate.mean:.2f}, {ZERO:g} allowed", rate.mean < ZERO)


def _antennas_matter_less_far_away(curves: Curves) -> Outcome:
    few, many = curves.values(6, "eve_antennas")[0], curves.values(6, "eve_antennas")[-1]
    losses = []
    for eve_m in (curves.values(6, "eve_m")[0], curves.values(6, "eve_m")[-1]):
        one, two = (curves.at(6, PROPOSED, eve_m=eve_m, eve_antennas=int(count)) for count in (few, many))
        losses.append(one - two)
    change = (losses[0] - losses[1]).interval()
    ours = f"{few:g} to {many:g} antennas cost {_mean(losses[0])} near, {_mean(losses[1])} far away"
    return Outcome(ours, NONE if change.low > 0.0 else f"near - far {change}", change.low > 0.0)


def _mean(sample: Sample) -> str:
    return f"{sample.interval().mean:.2f}"


CLAIMS: Final = (
    *(
        Claim(3, f"converges within {limit} rounds at zeta {zeta:g}", _settles(zeta))
        for zeta, limit in _ROUNDS_TO_SETTLE.items()
    ),
    *(
        Claim(3, f"{paper:g} bit/s/Hz at {power:g} dB, zeta {zeta:g}", _reaches(power, zeta))
        for (power, zeta), paper in FIG3.items()
    ),
    Claim(3, "more power, more secrecy", _all_zetas_rise_with_power),
    Claim(3, "smaller errors, more secrecy", _smaller_errors_are_better),
    Claim(4, "rises with the power, exact CSI", _moves(4, "power_db", 1.0, zeta=0.0)),
    Claim(4, "above minimum total MSE, exact CSI", _above("mmse_eve", 0.0)),
    Claim(4, "that gain shrinks with the power", _gain_moves("mmse_eve", 0.0, -1.0)),
    Claim(4, "above alignment, exact CSI", _above("alignment", 0.0)),
    Claim(4, "above minimum total MSE, zeta 0.1", _above("mmse_eve", 0.1)),
    Claim(4, "that gain grows with the power", _gain_moves("mmse_eve", 0.1, 1.0)),
    Claim(4, "above alignment, zeta 0.1", _above("alignment", 0.1)),
    Claim(5, "falls with zeta, Eve at 10 m", _moves(5, "zeta", -1.0, power_db=10.0, eve_m=10.0)),
    Claim(5, "falls with zeta, Eve at 1 m", _moves(5, "zeta", -1.0, power_db=10.0, eve_m=1.0)),
    Claim(5, "an Eve at 1 m costs secrecy", _nearer_is_worse),
    Claim(5, "practically zero at 10 dB, Eve at 1 m, zeta > 0.4", _vanishes),
    Claim(6, "rises with Eve's distance", _moves(6, "eve_m", 1.0, eve_antennas=4)),
    Claim(6, "falls with Eve's antennas", _moves(6, "eve_antennas", -1.0, eve_m=10.0)),
    Claim(6, "her antennas matter less far away", _antennas_matter_less_far_away),
)
