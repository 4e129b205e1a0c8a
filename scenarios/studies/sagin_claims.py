"""What Yin et al., section V, say of Figs 2-8, each statement checked against paired intervals over seeds.

A claim holds when the intervals support it: a rate "rises" when it is higher at the end of the sweep by more
than its interval, and no step of the sweep lies below zero by more than its own. All claims stay in the table,
whatever becomes of them. Where a user's rate does not bind it is not unique, so the minimum, which is, stands
beside the claims about single users.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scenarios.studies.intervals import Interval, Sample
from scenarios.studies.sagin_curves import BASELINES, CSI_ERRORS, MINIMUM, Curves
from scenarios.studies.sagin_sweeps import SWEEPS, Sweep

CLOSE: Final = 0.05
"""Two mean rates are "closely equal" when they differ by less than this share of the smaller."""

PLATEAU: Final = 1.0 / 3.0
"""A rate "grows slowly and reaches a platform" when its last step is less than this share of its first."""

NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What we find: numbers, how far off the claim (NONE when it holds), and the verdict."""

    ours: str
    deviation: str
    holds: bool


Check = Callable[[Curves, Sweep], Outcome]


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about one figure. `of_paper` is false for what we add about the minimum."""

    figure: int
    text: str
    check: Check
    of_paper: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim with its outcome."""

    claim: Claim
    outcome: Outcome


def verdicts(curves: Curves) -> list[Verdict]:
    """All claims, in the order of the figures."""
    sweeps = {sweep.figure: sweep for sweep in SWEEPS}
    return [Verdict(claim, claim.check(curves, sweeps[claim.figure])) for claim in CLAIMS]


def _moves(quantity: str, sign: float) -> Check:
    def check(curves: Curves, sweep: Sweep) -> Outcome:
        along, values = curves.along(sweep, quantity), curves.values(sweep)
        total = _change(along[0], along[-1], sign)
        pairs = itertools.pairwise(along)
        steps = [_change(one, two, sign) for one, two in pairs]
        against = min(range(len(steps)), key=lambda index: steps[index].high)
        ours = f"{_mean(along[0])} → {_mean(along[-1])}"
        if steps[against].high < 0.0:
            share = 100.0 * abs(steps[against].mean) / along[against].interval().mean
            where = f"from {values[against]:g} to {values[against + 1]:g}"
            verb = "falls" if sign > 0 else "rises"
            size = f"{-steps[against].mean:.2f} ± {steps[against].half_width:.2f}"
            return Outcome(ours, f"{verb} by {size} ({share:.1f} %) {where}", holds=False)
        if total.low <= 0.0:
            return Outcome(ours, f"change of {sign * total.mean:.2f} ± {total.half_width:.2f}", holds=False)
        return Outcome(ours, NONE, holds=True)

    return check


def _rises(quantity: str) -> Check:
    return _moves(quantity, 1.0)


def _falls(quantity: str) -> Check:
    return _moves(quantity, -1.0)


def _rises_then_falls(quantity: str) -> Check:
    def check(curves: Curves, sweep: Sweep) -> Outcome:
        along, values = curves.along(sweep, quantity), curves.values(sweep)
        peak = max(range(len(along)), key=lambda index: along[index].interval().mean)
        ours = f"{_mean(along[0])} → {_mean(along[-1])}, highest at {values[peak]:g}"
        if peak == len(along) - 1:
            last = _change(along[-2], along[-1])
            return Outcome(ours, f"still changes by {last} in the last step", holds=False)
        rise, fall = _change(along[0], along[peak]), _change(along[peak], along[-1])
        holds = peak > 0 and rise.low > 0.0 and fall.high < 0.0
        return Outcome(ours, NONE if holds else f"changes by {rise}, then by {fall}", holds)

    return check


def _close(one: str, other: str) -> Check:
    def check(curves: Curves, sweep: Sweep) -> Outcome:
        gaps = []
        for value, a, b in zip(curves.values(sweep), curves.along(sweep, one), curves.along(sweep, other), strict=True):
            least = min(a.interval().mean, b.interval().mean)
            gaps.append((abs((a - b).interval().mean) / least, (a - b).interval(), value))
        share, gap, value = max(gaps, key=lambda entry: entry[0])
        ours = f"{one.upper()} - {other.upper()} at most {gap} ({100 * share:.1f} %), at {value:g}"
        holds = share < CLOSE
        return Outcome(ours, NONE if holds else f"{100 * share:.1f} % apart, {100 * CLOSE:g} % allowed", holds)

    return check


def _above(quantity: str, others: Sequence[str]) -> Check:
    def check(curves: Curves, sweep: Sweep) -> Outcome:
        gaps = []
        for other in others:
            pairs = zip(curves.along(sweep, quantity), curves.along(sweep, other), strict=True)
            for value, (a, b) in zip(curves.values(sweep), pairs, strict=True):
                gaps.append(((a - b).interval(), other, value))
        gap, other, value = min(gaps, key=lambda entry: entry[0].low)
        ours = f"{quantity.upper()} - {other.upper()} at least {gap}, at {value:g}"
        holds = gap.low > 0.0
        return Outcome(ours, NONE if holds else f"the difference is {gap}", holds)

    return check


def _beats_baselines(curves: Curves, sweep: Sweep) -> Outcome:
    proposed, gaps = curves.along(sweep, MINIMUM), []
    for scheme, name in BASELINES.items():
        baseline = curves.along(sweep, MINIMUM, scheme)
        for value, a, b in zip(curves.values(sweep), proposed, baseline, strict=True):
            gaps.append(((a - b).interval(), f"{_mean(a)} against {_mean(b)} ({name})", value))
    gap, text, value = min(gaps, key=lambda entry: entry[0].mean)
    holds = all(entry[0].low > 0.0 for entry in gaps)
    ours = f"closest {text}, at {value:g}"
    return Outcome(ours, NONE if holds else f"the difference is {gap}", holds)


def _degrades_with_error(curves: Curves, sweep: Sweep) -> Outcome:
    by_error = [curves.along(sweep, MINIMUM, csi_error=error) for error in CSI_ERRORS]
    steps = []
    for one, two in itertools.pairwise(by_error):
        for value, a, b in zip(curves.values(sweep), one, two, strict=True):
            steps.append((_change(a, b), value))
    step, value = max(steps, key=lambda entry: entry[0].high)
    averages = [sum(sample.interval().mean for sample in along) / len(along) for along in by_error]
    ours = f"{' / '.join(f'{mean:.2f}' for mean in averages)} on average over the sweep"
    holds = step.high < 0.0
    return Outcome(ours, NONE if holds else f"changes by {step} at {value:g}", holds)


def _levels_off(quantity: str) -> Check:
    def check(curves: Curves, sweep: Sweep) -> Outcome:
        along = curves.along(sweep, quantity)
        first, last = _change(along[0], along[1]), _change(along[-2], along[-1])
        ours = f"first step {first}, last {last}"
        holds = last.mean < PLATEAU * first.mean
        deviation = NONE if holds else f"last / first = {last.mean / first.mean:.2f}, {PLATEAU:.2f} allowed"
        return Outcome(ours, deviation, holds)

    return check


def _change(one: Sample, two: Sample, sign: float = 1.0) -> Interval:
    change = (two - one).interval()
    return Interval(sign * change.mean, change.half_width, change.count)


def _mean(sample: Sample) -> str:
    return f"{sample.interval().mean:.2f}"


def _claims() -> tuple[Claim, ...]:
    su, au, gu = "su", "au", "gu"
    least = "the minimum "
    return (
        Claim(2, "SU rises with the satellite's power", _rises(su)),
        Claim(2, "AU rises with the satellite's power", _rises(au)),
        Claim(2, "GU rises first, then falls", _rises_then_falls(gu)),
        Claim(2, "SU and AU are closely equal", _close(su, au)),
        Claim(2, "CSI errors of 0.1, 0.2 degrade the minimum", _degrades_with_error),
        Claim(2, "above ZF and MRT", _beats_baselines),
        Claim(2, least + "rises", _rises(MINIMUM), of_paper=False),
        *(Claim(3, f"{user.upper()} rises with the UAV's power", _rises(user)) for user in (au, su, gu)),
        Claim(3, "above ZF and MRT", _beats_baselines),
        Claim(3, least + "rises", _rises(MINIMUM), of_paper=False),
        *(Claim(4, f"{user.upper()} rises with the base station's power", _rises(user)) for user in (gu, su, au)),
        Claim(4, "SU levels off at high power", _levels_off(su)),
        Claim(4, "AU levels off at high power", _levels_off(au)),
        Claim(4, least + "rises", _rises(MINIMUM), of_paper=False),
        Claim(5, "GU rises with the satellite's antennas", _rises(gu)),
        Claim(5, "GU is above SU and AU", _above(gu, (su, au))),
        Claim(5, "above ZF and MRT", _beats_baselines),
        Claim(5, least + "rises", _rises(MINIMUM), of_paper=False),
        *(Claim(6, f"{user.upper()} rises with the UAV's antennas", _rises(user)) for user in (su, au, gu)),
        Claim(6, "above ZF and MRT", _beats_baselines),
        Claim(6, least + "rises", _rises(MINIMUM), of_paper=False),
        *(Claim(7, f"{user.upper()} rises with the base station's antennas", _rises(user)) for user in (su, au, gu)),
        Claim(7, "above ZF and MRT", _beats_baselines),
        Claim(7, least + "rises", _rises(MINIMUM), of_paper=False),
        *(Claim(8, f"{user.upper()} falls with the UAV's altitude", _falls(user)) for user in (su, au, gu)),
        Claim(8, "CSI errors of 0.1, 0.2 degrade the minimum", _degrades_with_error),
        Claim(8, least + "falls", _falls(MINIMUM), of_paper=False),
    )


CLAIMS: Final = _claims()
