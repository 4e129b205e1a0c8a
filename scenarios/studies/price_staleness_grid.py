"""What `study price-staleness` varies: how fast channels move, how late prices come, how many are lost, who plays how.

Everything but the prices is in time: links take none, but those between edge clouds and, so that no way around is the
shorter one, those to the core cloud, where nothing goes that a turn waits for. Both ends of every pair report in every
slot. So what a point loses against the one without latency and loss at the same motion is what old prices cost. Motion
is named by the correlation rho of a channel with itself a period later, J0(2 pi f T) = rho. That says little about
how long a channel lasts: after 1000 periods it is at 1/e where it forgets geometrically with rho = 0.999, after 28 by
Jakes' law with the same rho. `lasting_as` has the motion of a channel that lasts as long as a geometric one.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from scipy.optimize import brentq

from scenarios.interference.spec import InterferenceSpec, only_interference
from scenarios.load import load
from scenarios.studies.grid import Parameters, distinct
from scenarios.studies.one_run import packed
from twin.signal.correlation import jakes
from twin.signal.units import wavelength_m

PERIOD_MS: Final = 10.0
AROUND_MS: Final = 1.0
CARRIER_GHZ: Final = 2.4
CORRELATIONS: Final = (1.0, 0.999, 0.99, 0.9)
GEOMETRIC: Final = (0.999, 0.99)
"""Of channels that forget geometrically: motions that last as long are looked at, too, without loss. For 0.9 that is
nearly the motion of 0.99 above, 8.7 against 9.5 periods."""
AGES: Final = (0.0, 1.0, 2.0, 5.0, 10.0)
"""Latency of the prices, in periods."""
LOSSES: Final = (0.0, 0.1, 0.25, 0.5)

PRICED, SELFISH = "priced", "selfish"
PLAYS: Final = {
    PRICED: (),
    SELFISH: ("twin.prices=off",),
    "not aged": ("twin.age_aware=off",),
    "not woken": ("twin.wake_snr=0",),
    "damped": ("twin.damping=always",),
    "ten inner": ("twin.inner=10",),
    "ten inner, damped": ("twin.inner=10", "twin.damping=always"),
}
"""How the twins play, by what differs from the play with prices that every other point has."""

ROUNDS: Final = (80, 30)
"""Periods of a run, and how many of them the play is given to find its place."""
QUICK_ROUNDS: Final = (32, 12)

_AT_ONCE: Final = tuple(
    f"network.{link}.{key}"
    for link in ("radio", "fronthaul", "backhaul", "core", "edge")
    for key in ("latency_ms=0", "jitter_ms=0", "rate_mbps=1000000")
)
_WORLD: Final = (
    "pairs.count=5",
    "pairs.transmit_antennas=6",
    "pairs.receive_antennas=4",
    "radio.distances=fixed",
    "pairs.power_dbm=10",
    "radio.zeta=0",
    "eavesdropper.zeta=1",
    f"radio.carrier_ghz={CARRIER_GHZ}",
    "metrics.warmup_ms=0",
)
_TWIN: Final = (
    "twin.variant=stat",
    "twin.inner=3",
    "twin.damping=off",
    "twin.cost_us.solve=20",
    f"twin.period_ms={PERIOD_MS}",
    f"report.period_ms={PERIOD_MS / 5}",
)


def settings(sets: Sequence[str] = (), *, quick: bool = False) -> tuple[Parameters, ...]:
    """Latency by loss by motion; selfish play; and the other plays where prices are in time, late and very late.

    Raises:
        ScenarioError: the scenario that a person's settings make is not valid.
    """
    rounds, warmup = QUICK_ROUNDS if quick else ROUNDS
    motions, ages, losses = ((1.0, 0.99), (0.0, 2.0, 5.0), (0.5,)) if quick else (CORRELATIONS, AGES, LOSSES)
    common: Parameters = {"sets": packed(sets), "rounds": rounds, "warmup": warmup}

    def point(correlation: float, age: float, loss: float, play: str) -> Parameters:
        return {**common, "correlation": correlation, "age": age, "loss": loss, "play": play}

    found = [point(rho, age, 0.0, PRICED) for rho in motions for age in ages]
    lossy = ages[:1] if quick else ages
    found += [point(rho, age, loss, PRICED) for rho in motions for age in lossy for loss in losses]
    found += [point(rho, 0.0, 0.0, SELFISH) for rho in motions]
    if not quick:
        lasting = [lasting_as(rho) for rho in GEOMETRIC]
        found += [point(rho, age, 0.0, PRICED) for rho in lasting for age in ages]
        found += [point(rho, 0.0, 0.0, SELFISH) for rho in lasting]
        others = [play for play in PLAYS if play not in {PRICED, SELFISH}]
        found += [point(rho, age, 0.0, play) for rho in motions for age in (0.0, 10.0) for play in others]
    chosen = distinct(found)
    for setting in chosen if sets else ():
        point_spec(setting)
    return chosen


def point_spec(parameters: Parameters) -> InterferenceSpec:
    """The scenario of a point."""
    late_ms = float(parameters["age"]) * PERIOD_MS
    own = (
        f"pairs.speed_mps={speed_mps(float(parameters['correlation']))!r}",
        f"eavesdropper.speed_mps={speed_mps(float(parameters['correlation']))!r}",
        f"network.edge.latency_ms={late_ms!r}",
        f"network.backhaul.latency_ms={late_ms + AROUND_MS!r}",
        f"network.edge.loss={float(parameters['loss'])!r}",
        f"scenario.duration_s={int(parameters['rounds']) * PERIOD_MS / 1e3!r}",
        *PLAYS[str(parameters["play"])],
    )
    return _spec(str(parameters["sets"]), own)


@lru_cache(maxsize=256)
def _spec(sets: str, own: tuple[str, ...]) -> InterferenceSpec:
    return only_interference(load("interference", [*_AT_ONCE, *_WORLD, *_TWIN, *json.loads(sets), *own]))


def correlation_after(correlation: float, periods: float) -> float:
    """J0(2 pi f a T), of a channel with itself `periods` periods later, for the f that gives rho after one."""
    doppler_hz = speed_mps(correlation) / float(wavelength_m(CARRIER_GHZ * 1e9))
    return float(jakes(doppler_hz, periods * PERIOD_MS / 1e3))


def lasting_periods(correlation: float) -> float:
    """Periods a until a channel is at 1/e: J0(2 pi f a T) = 1/e for the f that gives rho in (0, 1) after one."""
    return _reach(math.exp(-1.0)) / _reach(correlation)


def lasting_as(geometric: float) -> float:
    """The rho by Jakes' law of a channel at 1/e when rho^a of a geometric one is, after a = -1 / ln rho periods."""
    return float(jakes(1.0, -math.log(geometric) * _reach(math.exp(-1.0))))


@lru_cache(maxsize=16)
def speed_mps(correlation: float) -> float:
    """Speed at which channels have this correlation after a period: J0(2 pi f T) = rho with f = v / lambda.

    `correlation` lies in (0, 1]; the least such speed, so that channels forget more and more until then.
    """
    if correlation == 1.0:
        return 0.0
    return float(wavelength_m(CARRIER_GHZ * 1e9)) * _reach(correlation) / (PERIOD_MS / 1e3)


def _reach(correlation: float) -> float:
    """The least f tau at which J0(2 pi f tau) has fallen to this correlation in (0, 1)."""
    return float(brentq(lambda reach: float(jakes(1.0, reach)) - correlation, 0.0, 2.404825 / (2.0 * math.pi)))
