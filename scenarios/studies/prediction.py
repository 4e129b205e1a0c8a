"""Study `prediction`: how much of what stale precoders lose a predicting twin gets back.

Users and eavesdropper walk at 1.5 m/s and the UAV flies straight at 45 m/s, so that its scatter spreads over 30 Hz
and the base station's over 12 Hz: the coherence time T_c = 0.423 / 30 s = 14.1 ms is that of the UAV's links. Everybody
reports every 10 ms. At each of several instants the newest report is `age` old; a method makes precoders from the
reports, and they are judged on the true channels at the instant of use: least secrecy rate, clipped at 0.

Methods share worlds, reports and pilot noise, pilot SNRs share the draws of the noise. The eavesdropper is measured
exactly here, so the ball around her channel cannot come from a CSI error: its radius is a fixed share of its norm,
which stands for what a designer allows for who knows that the channel moves but not how.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from entities.measurement import estimate
from entities.world import World
from scenarios.load import from_dict
from scenarios.sagin.configure import powers_mw, predictor_config, world_params
from scenarios.sagin.spec import SaginSpec, only_sagin
from scenarios.studies.framework import Study
from scenarios.studies.grid import Point, Row, expand
from scenarios.studies.prediction_bound import drawn, sample_average_precoders, standard_draws
from scenarios.studies.prediction_report import report
from scenarios.studies.prediction_shares import (
    AGES_TC,
    ALL_LINKS,
    BALL,
    FRESH,
    NEAR_BOUNDS,
    NOMINAL,
    ONE_TAP,
    PILOTS_DB,
    TAPS,
)
from twin.emulation.streams import Streams
from twin.nodes.predictor import Prediction, Predictor
from twin.nodes.sagin_policy import uncertainty
from twin.signal.arrays import ComplexArray
from twin.signal.correlation import coherence_time_s
from twin.signal.sagin import TRANSMITTERS, USERS
from twin.signal.units import from_db, to_ns
from twin.solvers.synergy.fast import solve_fast
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.uncertainty import relative_ball
from twin.wire.messages import Report, State

BALL_SHARE: Final = 0.3
"""Radius of the eavesdropper's ball over the norm of her channel."""
USER_MPS: Final = 1.5
UAV_MPS: Final = 45.0
SPREAD_HZ: Final = 30.0
TC_NS: Final = to_ns(float(coherence_time_s(SPREAD_HZ)))
OUTAGE: Final = 1.0
"""In outage is an instant with less than this, in bit/s/Hz."""

_PERIOD_NS: Final = 10_000_000
_REPORTS: Final = 40
_FIRST_NS: Final = 400_000_000
_INSTANTS: Final = 12
_STEP_NS: Final = 250_000_000
"""Between two instants: 18 coherence times of the UAV's links, 7 of the base station's."""
_MID_FLIGHT_M: Final = UAV_MPS * 1.775
_TRACK_M: Final = ((-_MID_FLIGHT_M, 0.0), (1000.0 - _MID_FLIGHT_M, 0.0))
"""Straight on for 22 s, over the origin between the sixth and the seventh instant of twelve."""

Precoders = Sequence[ComplexArray]
Reports = list[tuple[str, int, Report]]


@lru_cache(maxsize=1)
def setting() -> SaginSpec:
    """The scenario: the default one with faster entities; of its twins only the predictor's constants are used."""
    faster = {
        "users": {"speed_mps": USER_MPS},
        "eavesdropper": {"speed_mps": USER_MPS},
        "uav": {"speed_mps": UAV_MPS, "waypoints_m": _TRACK_M},
    }
    return only_sagin(from_dict(faster))


def instants_ns(count: int) -> list[int]:
    """The instants of the newest report, well apart, around the middle of those of a full run."""
    first = max(0, (_INSTANTS - count) // 2)
    return [_FIRST_NS + (first + index) * _STEP_NS for index in range(count)]


def evaluate(point: Point) -> list[Row]:
    """Mean rate and share of instants in outage, by age and method."""
    instants, samples = int(point.parameters["instants"]), int(point.parameters["samples"])
    streams, antennas = Streams(point.seed), setting().satellite.antennas
    world = World(world_params(setting()), streams)
    pilot_snr = float(from_db(float(point.parameters["pilot_db"])))
    rates: dict[tuple[float, str], list[float]] = {}
    for t_ns in instants_ns(instants):
        instant = Instant(world, streams, t_ns, pilot_snr)
        draws = standard_draws(streams.generator("law", t_ns), samples, antennas) if samples else None
        for age in AGES_TC:
            for method, rate in instant.rates(round(age * TC_NS), draws):
                rates.setdefault((age, method), []).append(rate)
    return [
        {
            "age_tc": age,
            "method": method,
            "rate": float(np.mean(found)),
            "outage": float(np.mean(np.array(found) < OUTAGE)),
        }
        for (age, method), found in rates.items()
    ]


class Instant:
    """All that has been reported up to one instant, as the predictors of all methods remember it."""

    def __init__(self, world: World, streams: Streams, t_ns: int, pilot_snr: float) -> None:
        self._world, self._t_ns = world, t_ns
        powers = powers_mw(setting())
        self._powers_mw = tuple(powers[name] for name in TRANSMITTERS)
        config = predictor_config(setting())
        self._believer = Predictor(replace(config, mode="none"))
        self._predictors = [Predictor(replace(config, mode="wiener", taps=taps)) for taps in TAPS]
        for entity, measured_ns, told in _reports(world, streams, t_ns, pilot_snr):
            for predictor in (self._believer, *self._predictors):
                predictor.note_report(entity, measured_ns, told)

    def rates(self, age_ns: int, draws: ComplexArray | None) -> Iterator[tuple[str, float]]:
        """Every method with the least rate that its precoders reach `age_ns` later; the near-bounds need draws."""
        use_ns = self._t_ns + age_ns
        truth = SynergyProblem(tuple(self._world.channels(name, use_ns) for name in TRANSMITTERS), self._powers_mw)

        def reached(precoders: Precoders) -> float:
            return max(float(truth.rates(precoders).min()), 0.0)

        believed = self._problem(self._believer.predict(use_ns))
        predictions = [predictor.predict(use_ns) for predictor in self._predictors]
        robust = [self._robust(prediction) for prediction in predictions]
        yield FRESH, reached(solve_fast(truth).precoders)
        yield NOMINAL, reached(solve_fast(believed).precoders)
        yield BALL, reached(solve_fast(believed, uncertainty=relative_ball(believed, BALL_SHARE)).precoders)
        # One tap of the Wiener predictor is the predictor "one_tap".
        yield ONE_TAP, reached(solve_fast(self._problem(predictions[0])).precoders)
        for taps, precoders in zip(TAPS, robust, strict=True):
            yield ALL_LINKS[taps], reached(precoders)
        if draws is not None:
            for taps, bound in NEAR_BOUNDS.items():
                which = TAPS.index(taps)
                channels = drawn(predictions[which], draws)
                yield bound, reached(sample_average_precoders(channels, self._powers_mw, robust[which]))

    def _problem(self, prediction: Prediction) -> SynergyProblem:
        return SynergyProblem(prediction.channels, self._powers_mw)

    def _robust(self, prediction: Prediction) -> tuple[ComplexArray, ...]:
        return solve_fast(self._problem(prediction), uncertainty=uncertainty("all_links", prediction)).precoders


def _reports(world: World, streams: Streams, t_ns: int, pilot_snr: float) -> Reports:
    """What everybody trusted has reported of itself and of its channels, every 10 ms up to `t_ns`."""
    told: Reports = []
    for back in range(_REPORTS, -1, -1):
        measured_ns = t_ns - back * _PERIOD_NS
        for name in (*TRANSMITTERS, *USERS):
            state = State(world.position_m(name, measured_ns), world.velocity_mps(name, measured_ns), 0.0)
            told.append((name, measured_ns, state))
        for name in TRANSMITTERS:
            csi = estimate(world, streams, name, measured_ns, pilot_snr=pilot_snr, csi_error=0.0)
            told.append((name, measured_ns, csi))
    return told


STUDY: Final = Study(
    name="prediction",
    version=1,
    description="how much of the staleness loss prediction recovers, by age, pilot SNR, taps and robustness",
    settings=expand(instants=(_INSTANTS,), samples=(128,), pilot_db=PILOTS_DB),
    quick_settings=expand(instants=(3,), samples=(0,), pilot_db=PILOTS_DB),
    seeds=32,
    quick_seeds=8,
    evaluate=evaluate,
    report=report,
    chunk=2,
)
