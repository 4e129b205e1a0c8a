"""Study `hisac-staleness`: what prediction recovers of SEE and SCNR, over backhaul latency and speed.

The two stations of scenario `hisac`. Receivers walk at some speed, and the target flies 20 times as fast. Everybody
reports, and the echo comes, once per period; in the middle of the time that its beams are on air the newest report is
as old as the network makes it: up (fronthaul, backhaul, core), solve, down, and half a period. At each of several
instants beams are made from the same reports in several ways, and judged in the true channels:

    fresh     for the true channels of the instant of use
    nominal   as last reported, and the target where its filter had it at the last echo
    bob       Bob's and the eavesdropper's channels predicted, the rest as last reported
    users     the users' channels predicted
    target    the target predicted
    all       everything predicted

SEE alone flatters beams that miss what the users are owed: they need less power. So what their rates are short of
stands beside it. Where no beams meet every demand, those of the instant before stay. Instants at
which the genie has no answer are left out for everybody. Fresh beams
have the SCNR at its threshold to a hair: more costs power, less is too weak; so how far off it is, either way, stands
for what staleness costs of it. Echoes are those of the beams of the instant before, everything predicted.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from entities.isac_measurement import Pilots, sense, station_csi
from entities.isac_world import IsacWorld
from scenarios.hisac.configure import circuit_w, policy_config, powers_mw, world_params
from scenarios.hisac.spec import HisacSpec
from scenarios.hisac.spec_world import DemandsSection
from scenarios.hisac.worth import Scale, Worth, worth
from scenarios.load import from_dict
from scenarios.studies.framework import Study
from scenarios.studies.grid import Point, Row, expand
from scenarios.studies.hisac_staleness_report import ALL, BOB_ONLY, FRESH, NOMINAL, TARGET_ONLY, USERS_ONLY, report
from twin.emulation.streams import Streams
from twin.errors import InstanceError, SolverError
from twin.nodes.hisac_policy import HisacPolicyConfig, in_mw, problem_of, solve_for
from twin.nodes.hisac_predictor import HisacPrediction, HisacPredictor
from twin.signal.isac import BOB, EAVESDROPPER, SENSING, STATIONS, TARGET, heard_by
from twin.signal.local_beams import sensing_beams
from twin.signal.units import from_db, to_db
from twin.solvers.rsma.solve import solve
from twin.wire.messages import ComplexArray, Report, State

Beams = tuple[ComplexArray, ...]

TARGET_OVER_USER: Final = 20.0
BACKHAULS_MS: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
SPEEDS_MPS: Final = (0.25, 0.5, 1.0)

_HISTORY: Final = 120
"""Reports before the first instant."""
_APART: Final = 12
"""Reports from one instant to the next."""
_FLOOR: Final = 1e-12


@lru_cache(maxsize=8)
def setting(speed_mps: float) -> HisacSpec:
    """The scenario at a speed."""
    walking = {"speed_mps": speed_mps}
    spec = from_dict(
        {
            "scenario": {"system": "hisac"},
            "bob": walking,
            "eavesdropper": walking,
            "users": walking,
            "target": {"speed_mps": TARGET_OVER_USER * speed_mps},
        }
    )
    assert isinstance(spec, HisacSpec)  # noqa: S101 - that is what the system makes of it
    return spec


def age_ns(spec: HisacSpec, backhaul_ms: float) -> int:
    """From the newest report to the middle of the time that its beams are on air, without jitter and queues."""
    network, cost = spec.network, spec.twin.cost_us
    once_ns = network.fronthaul.latency_ns + round(backhaul_ms * 1e6) + network.core.latency_ns
    return 2 * once_ns + 4 * cost.handle_ns + cost.solve_ns + spec.report.period_ns // 2


def evaluate(point: Point) -> list[Row]:
    """Means over instants by backhaul latency and method."""
    spec = setting(float(point.parameters["speed_mps"]))
    instants, latencies_ms = int(point.parameters["instants"]), BACKHAULS_MS[:: int(point.parameters["every"])]
    trial = _Trial(spec, point.seed)
    found: dict[tuple[float, str], list[Worth]] = {}
    for index in range(instants):
        trial.listen(_HISTORY + index * _APART)
        for latency_ms in latencies_ms:
            for method, value in trial.worths(latency_ms).items():
                found.setdefault((latency_ms, method), []).append(value)
    return [
        {"backhaul_ms": latency_ms, "method": method, **_means(worths, spec.demands)}
        for (latency_ms, method), worths in found.items()
    ]


def _means(worths: list[Worth], demands: DemandsSection) -> dict[str, float]:
    """SEE in mbit/Hz/J, SCNR in dB, how far off it is, rates in bit/s/Hz, and what is short of what they should be."""
    scnr_db = to_db(np.array([max(each.scnr, _FLOOR) for each in worths]))
    off_db = np.abs(float(to_db(demands.threshold)) - scnr_db)
    short = [max(demands.common - each.common, 0.0) + max(demands.private - each.private, 0.0) for each in worths]
    return {
        "see": 1e3 * float(np.mean([each.see for each in worths])),
        "secrecy": float(np.mean([each.secrecy for each in worths])),
        "scnr_db": float(scnr_db.mean()),
        "off_db": float(off_db.mean()),
        "common": float(np.mean([each.common for each in worths])),
        "private": float(np.mean([each.private for each in worths])),
        "short_rate": float(np.mean(short)),
    }


class _Trial:
    """One world, what was reported in it, and the beams that every method had at the last instant."""

    def __init__(self, spec: HisacSpec, seed: int) -> None:
        self._spec, self._streams = spec, Streams(seed)
        self._world = IsacWorld(world_params(spec), self._streams)
        self._policy = policy_config(spec)
        self._scale = Scale(spec.demands.threshold, circuit_w(spec), self._world.params.echo_gain)
        errors = {BOB: spec.bob.csi_error, EAVESDROPPER: spec.eavesdropper.csi_error}
        self._pilots = Pilots(float(from_db(spec.radio.pilot_snr_db)), errors)
        self._predictor = HisacPredictor(self._policy.predictor)
        self._believer = HisacPredictor(replace(self._policy.predictor, mode="none"))
        self._search = sensing_beams(self._world.channels(SENSING, 0)[0], powers_mw(spec)[SENSING])
        self._cycle = -1
        self._held: dict[tuple[float, str], Beams] = {}

    def listen(self, cycle: int) -> None:
        """Hear all reports up to a cycle."""
        while self._cycle < cycle:
            self._cycle += 1
            t_ns = self._cycle * self._spec.report.period_ns
            for entity, told in self._reports(t_ns):
                self._predictor.note_report(entity, t_ns, told)
                self._believer.note_report(entity, t_ns, told)

    def worths(self, latency_ms: float) -> Mapping[str, Worth]:
        """What each method's beams are worth when reports came over such a backhaul; nothing without a genie."""
        use_ns = self._cycle * self._spec.report.period_ns + age_ns(self._spec, latency_ms)
        truth = (self._world.channels(STATIONS[0], use_ns), self._world.channels(STATIONS[1], use_ns))
        fresh = self._genie(truth)
        aims_ns = (use_ns, use_ns)
        believed, expected = self._believer.predict(aims_ns), self._predictor.predict(aims_ns)
        for method, who in _predicted(self._spec.user_names).items():
            beams = _beams(self._policy, merged(believed, expected, who, self._spec.user_names))
            if beams is not None:
                self._held[latency_ms, method] = beams
        if fresh is None or any((latency_ms, method) not in self._held for method in _predicted(())):
            return {}
        worths = {FRESH: worth(truth, fresh, self._scale)}
        return worths | {method: worth(truth, self._held[latency_ms, method], self._scale) for method in _predicted(())}

    def _reports(self, t_ns: int) -> list[tuple[str, Report]]:
        world, told = self._world, []
        for name in STATIONS:
            csi: Report = station_csi(world, self._streams, name, t_ns, self._pilots)
            told.append((name, csi))
        last = self._held.get((BACKHAULS_MS[0], ALL))
        echo = sense(world, self._streams, SENSING, t_ns, self._search if last is None else last[0])
        if echo is not None:
            told.append((SENSING, echo))
        moving = (*STATIONS, BOB, *self._spec.user_names)
        states = [State(world.position_m(name, t_ns), world.velocity_mps(name, t_ns), 0.0) for name in moving]
        return [*told, *zip(moving, states, strict=True)]

    def _genie(self, truth: tuple[ComplexArray, ComplexArray]) -> Beams | None:
        try:
            solution = solve(problem_of(self._policy, truth))
        except SolverError:
            return None
        return in_mw(solution.precoders) if solution.status == "solved" else None


def _predicted(users: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Whose channels each method predicts."""
    own, all_users = frozenset((BOB, EAVESDROPPER)), frozenset(users)
    return {
        NOMINAL: frozenset(),
        BOB_ONLY: own,
        USERS_ONLY: all_users,
        TARGET_ONLY: frozenset((TARGET,)),
        ALL: own | all_users | {TARGET},
    }


def merged(
    believed: HisacPrediction, expected: HisacPrediction, who: frozenset[str], users: tuple[str, ...]
) -> HisacPrediction:
    """A prediction of some, and what was last reported of the others."""
    parts = []
    for one, other, station in zip(zip(*believed, strict=True), zip(*expected, strict=True), STATIONS, strict=True):
        chosen = np.array([name in who for name in heard_by(station, users)])
        bounded = chosen[: len(one[2])]
        parts.append(
            (
                np.where(chosen[:, None], other[0], one[0]),
                np.where(chosen, other[1], one[1]),
                np.where(bounded, other[2], one[2]),
            )
        )
    channels, error_var, radius = zip(*parts, strict=True)
    return HisacPrediction(channels, error_var, radius)


def _beams(policy: HisacPolicyConfig, prediction: HisacPrediction) -> Beams | None:
    try:
        solution = solve_for(policy, prediction, None)
    except (InstanceError, SolverError):
        return None
    return in_mw(solution.precoders) if solution.status == "solved" else None


STUDY: Final = Study(
    name="hisac-staleness",
    version=1,
    description="what prediction of Bob, users and target recovers of secrecy per joule and SCNR, by latency and speed",
    settings=expand(instants=(12,), every=(1,), speed_mps=SPEEDS_MPS),
    quick_settings=expand(instants=(2,), every=(2,), speed_mps=SPEEDS_MPS[1:]),
    seeds=24,
    quick_seeds=3,
    evaluate=evaluate,
    report=report,
    chunk=1,
)
