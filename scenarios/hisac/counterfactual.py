"""What the coordinator of the two stations would have done, had it known histories that are moved in time.

The history that a solve went by is moved as a whole, station by station: what was measured at t is measured at
t + shift, with the *same error* that it had, on the true channels of then. States and the filter of the target move
likewise. Nothing is moved past the milestone that the shift leads to, nor past the newest thing that was known. Running
means (over half a second) stay as they were: a shift is short beside them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from entities.isac_measurement import true_place
from entities.isac_world import IsacWorld
from scenarios.hisac.bench import HisacBench
from scenarios.hisac.configure import policy_config, world_params
from scenarios.hisac.spec import HisacSpec
from scenarios.hisac.spec_twin import CONVEX
from scenarios.record import Knowledge, Precoders, Vectors
from twin.emulation.streams import Streams
from twin.errors import InstanceError, SolverError
from twin.nodes.hisac_policy import in_mw, in_w, solve_for
from twin.nodes.hisac_predictor import Expected, HisacPrediction, HisacPredictor, joined
from twin.signal.arrays import ComplexArray, Instants, RealArray
from twin.signal.isac import SENSING, STATIONS, TARGET
from twin.signal.units import NS_PER_S
from twin.solvers.result import WarmStart

_LINKS: Final = len(STATIONS)
_STEP_NS: Final = 1_000_000
_REMEMBERED: Final = 4096


class HisacCounterfactual:
    """The coordinator's own policy: same predictor, same filter, same robustness, same solver, same errors."""

    def __init__(self, spec: HisacSpec, seed: int, known: Sequence[Knowledge], on_air: Vectors) -> None:
        self._config = policy_config(spec)
        # The convex solvers keep their compiled problems between solves: they are for one thread at a time.
        self.parallel = self._config.solver not in CONVEX
        self._params, self._seed = world_params(spec), seed
        self._bench = HisacBench(spec, seed, 1)
        self._known, self._on_air = known, on_air

    def answers(self, cases: Instants) -> list[Precoders | None]:
        """What the policy sends out in each case. A world has a memory that threads must not share."""
        retaken = _Retaken(IsacWorld(self._params, Streams(self._seed)), HisacPredictor(self._config.predictor))
        return [self._answer(retaken, case) for case in cases.reshape(-1, 3, _LINKS)]

    def rates(self, t_ns: int, answers: Sequence[Precoders | None]) -> RealArray:
        """Bob's secrecy rate at t for each of some beams."""
        truth = self._bench.truth(t_ns)
        return np.array([np.nan if x is None else self._bench.worth(truth, x).secrecy for x in answers])

    def _answer(self, retaken: "_Retaken", case: Instants) -> Precoders | None:
        places, shifts_ns, targets_ns = case.tolist()
        known = [self._known[place] for place in places]
        try:
            parts = [retaken.expect(known[link], link, shifts_ns[link], targets_ns[link]) for link in range(_LINKS)]
            start = [self._on_air[name, k.version] for name, k in zip(STATIONS, known, strict=True)]
            return self._solved(joined(parts), WarmStart(in_w(start)))
        except (InstanceError, SolverError):
            return None

    def _solved(self, prediction: HisacPrediction, start: WarmStart) -> Precoders | None:
        solution = solve_for(self._config, prediction, start)
        return in_mw(solution.precoders) if solution.status == "solved" else None


class _Retaken:
    """Predicts from histories that are measured again."""

    def __init__(self, world: IsacWorld, predictor: HisacPredictor) -> None:
        self._world, self._predictor = world, predictor
        self._truth = lru_cache(_REMEMBERED)(self._measured)

    def expect(self, known: Knowledge, link: int, shift_ns: int, target_ns: int) -> Expected:
        """What the predictor expects of one station's channels, everything having been measured later by a shift."""
        channels, tracks, target, strength = known.links[link]
        latest_ns = max(known.measured_ns[link] + shift_ns, _newest_ns(known.links[link]))
        self._predictor.restore(
            (
                tuple(
                    self._moved(name, history, shift_ns, latest_ns) if place == link else history
                    for place, (name, history) in enumerate(zip(STATIONS, channels, strict=True))
                ),
                {name: self._moved_track(name, track, shift_ns, latest_ns) for name, track in tracks.items()},
                self._moved_target(target, shift_ns, latest_ns),
                strength,
            )
        )
        return self._predictor.expect(STATIONS[link], target_ns)

    def _measured(self, station: str, t_ns: int) -> ComplexArray:
        """True channels to everybody but the target."""
        rows = [row for row, name in enumerate(self._world.heard_by(station)) if name != TARGET]
        return self._world.channels(station, t_ns)[rows]

    def _moved(self, station: str, history: tuple[Any, ...], shift_ns: int, latest_ns: int) -> tuple[Any, ...]:
        """The state of a history of channels (`ChannelHistory.state`), measured later."""
        count, t_ns, channels, *rest = history
        moved_ns, moved = t_ns.copy(), channels.copy()
        for row, tap in zip(*np.nonzero(np.arange(t_ns.shape[1]) < count[:, None]), strict=True):
            before_ns = int(t_ns[row, tap])
            after_ns = min(before_ns + shift_ns, latest_ns)
            moved_ns[row, tap] = after_ns
            moved[row, tap] += self._truth(station, after_ns)[row] - self._truth(station, before_ns)[row]
        return (count, moved_ns, moved, *rest)

    def _moved_track(self, name: str, track: tuple[Any, ...], shift_ns: int, latest_ns: int) -> tuple[Any, ...]:
        """The state of a track (`Track.state`), reported later."""
        t_ns, _, _ = track
        after_ns = np.minimum(t_ns + shift_ns, latest_ns)
        motion = np.array(
            [(self._world.position_m(name, int(t)), self._world.velocity_mps(name, int(t))) for t in after_ns]
        )
        return after_ns, motion, float(np.linalg.norm(motion[0, 1]))

    def _moved_target(self, target: tuple[Any, ...], shift_ns: int, latest_ns: int) -> tuple[Any, ...]:
        """The state of the filter (`TargetTrack.state`), its errors those that it had."""
        t_ns, mean, covariance = target
        if t_ns < 0:
            return target
        after_ns = min(t_ns + shift_ns, latest_ns)
        return after_ns, mean + self._flown(after_ns) - self._flown(t_ns), covariance

    def _flown(self, t_ns: int) -> RealArray:
        """Range and cosines of the target, each with its rate, (6,)."""
        now, soon = (true_place(self._world, SENSING, t) for t in (t_ns, t_ns + _STEP_NS))
        return np.stack((now, (soon - now) * (NS_PER_S / _STEP_NS)), axis=-1).ravel()


def _newest_ns(state: tuple[Any, ...]) -> int:
    """When the newest thing in a state of the predictor was measured."""
    channels, tracks, target, _ = state
    instants = [int(history[1].max()) for history in channels] + [int(track[0].max()) for track in tracks.values()]
    return max(*instants, int(target[0]), 0)
