"""Reports taken again: what a coordinator would have known, had every report been measured a while later.

The history that a solve went by is moved in time as a whole, transmitter by transmitter: what was measured at t is
measured at t + shift, on the true channels of then, with the *same draws* of pilot noise and of the eavesdropper's ball
that the real report had. Gaps that lost reports left, and reports that were older than others, move with it. States are
moved likewise. Nothing is moved past the milestone that the shift leads to, nor past the newest thing that was known.
Running means (over half a second) stay as they were: a shift is short beside them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from entities.measurement import PilotDraws, estimates_with, pilot_draws
from entities.world import World
from scenarios.record import Knowledge
from scenarios.sagin.configure import antennas, predictor_config
from scenarios.sagin.link_memory import LinkMemory
from scenarios.sagin.spec import SaginSpec
from twin.emulation.streams import Streams
from twin.nodes.history import IGNORED, Taps
from twin.nodes.predictor import EVE_ROW, Moments, Predictor
from twin.nodes.scene import Sight, sight_along
from twin.signal.arrays import ComplexArray, Instants, RealArray
from twin.signal.sagin import RECEIVERS, TRANSMITTERS, USERS
from twin.signal.units import NS_PER_S, from_db


@dataclass(frozen=True, slots=True, eq=False)
class _States:
    """Where one entity was, K histories of q states: instants in s from the target, motion, is any known."""

    instants_s: RealArray
    motion: RealArray
    known: NDArray[np.bool_]

    def position_m(self, instants_s: RealArray) -> RealArray:
        """Positions (K, ..., 3) at instants (K, ...) from the target: linear motion from the nearest state."""
        spread = (len(self.known),) + (1,) * (instants_s.ndim - 1)
        since_s = instants_s[..., None] - self.instants_s.reshape(*spread, -1)
        nearest = np.argmin(np.abs(since_s), axis=-1)
        which = np.arange(len(self.known)).reshape(spread)
        motion = self.motion[which, nearest]
        ahead_s = instants_s - self.instants_s[which, nearest]
        return np.asarray(motion[..., 0, :] + ahead_s[..., None] * motion[..., 1, :])


class RetakenScene:
    """Geometry and speeds for K predictions at once (`twin.nodes.scene.Scene`)."""

    def __init__(self, states: Callable[[str], _States]) -> None:
        """Of the states of entities, each asked for when first needed."""
        self._states = cache(states)

    def sight(self, transmitter: str, instants_s: RealArray) -> Sight:
        """At instants (K, 4, p) in s relative to the targets."""
        origin = self._states(transmitter)
        origins_m = origin.position_m(instants_s)
        offsets_m = np.ones((*instants_s.shape, 3))
        known = np.zeros(instants_s.shape[:2], dtype=np.bool_)
        for row, name in enumerate(USERS):
            user = self._states(name)
            known[:, row] = origin.known & user.known
            moved_m = user.position_m(instants_s[:, row]) - origins_m[:, row]
            offsets_m[:, row] = np.where(known[:, row, None, None], moved_m, 1.0)
        return sight_along(offsets_m, known)

    def speed_mps(self, name: str) -> RealArray:
        """Speeds (K,) of the newest states, NaN where there is none."""
        states = self._states(name)
        return np.where(states.known, np.linalg.norm(states.motion[:, 0, 1], axis=-1), np.nan)

    def speeds_mps(self) -> RealArray:
        """Speeds (K, 4) of the receivers."""
        speeds = np.array([self.speed_mps(name) for name in USERS])
        known = np.array([self._states(name).known for name in USERS])
        largest = np.where(known, speeds, -1.0).max(axis=0)
        largest = np.where(known.any(axis=0), largest, np.nan)
        return np.concatenate((np.where(known, speeds, largest), largest[None])).T


class Retaken:
    """The histories behind some solves, ready to be measured again at other instants.

    Attributes:
        antennas: of each transmitter, in the order of TRANSMITTERS.
    """

    def __init__(self, spec: SaginSpec, streams: Streams, known: Sequence[Knowledge]) -> None:
        self._predictor = Predictor(predictor_config(spec))
        self._pilot_snr = float(from_db(spec.radio.pilot_snr_db))
        self._csi_error = spec.eavesdropper.csi_error
        sizes = antennas(spec)
        self._histories = [
            _History(streams, name, sizes[name], self._csi_error, known, link) for link, name in enumerate(TRANSMITTERS)
        ]

    def moments(
        self, world: World, link: int, places: Instants, shifts_ns: Instants, targets_ns: Instants
    ) -> tuple[Moments, RealArray]:
        """What the predictor expects of one transmitter's channels, K times, and the relative radii (K,) of the ball.

        Args:
            world: true channels, which no other thread may use meanwhile.
            link: the transmitter, by its place in TRANSMITTERS.
            places: whose histories (K,), by their place in `known`.
            shifts_ns: by how much later (K,) everything is measured.
            targets_ns: the instants (K,) to predict.
        """
        name, history = TRANSMITTERS[link], self._histories[link]
        latest_ns = np.maximum(history.measured_ns[places] + shifts_ns, history.newest_ns[places])
        instants_ns = np.minimum(history.instants_ns[places] + shifts_ns[:, None, None], latest_ns[:, None, None])
        channels, noise = self._measured(world, name, history, places, instants_ns)
        taps = Taps(
            (instants_ns - targets_ns[:, None, None]) / NS_PER_S,
            channels,
            np.where(history.counts[places], noise, IGNORED),
            history.radius[places],
            history.mean[places],
            history.power[places],
        )

        def states(entity: str) -> _States:
            when = (shifts_ns, latest_ns, targets_ns)
            return _states(world, entity, history.states_ns[entity][places], when)

        return self._predictor.moments(name, taps, RetakenScene(states)), history.radius[places, EVE_ROW]

    def _measured(
        self, world: World, name: str, history: "_History", places: Instants, instants_ns: Instants
    ) -> tuple[ComplexArray, RealArray]:
        """Estimates (K, 4, p, N) at instants (K, 4, p), and the variances (K, 4, p) that come with them."""
        times_ns, place = np.unique(instants_ns, return_inverse=True)
        place = place.reshape(instants_ns.shape)
        rows = np.arange(len(RECEIVERS))[:, None]
        truth, gains = world.over(name, times_ns)
        error_var = gains[place, rows] / self._pilot_snr
        draws = history.draws_of(places)
        estimates, radius = estimates_with(
            truth[place, rows].swapaxes(-3, -2), error_var.swapaxes(-2, -1), draws, self._csi_error
        )
        noise = error_var.copy()
        noise[:, EVE_ROW] = radius**2 / (truth.shape[-1] + 1)
        return estimates.swapaxes(-3, -2), noise


class _History:
    """One transmitter's `LinkMemory` of V solves, stacked, and the draws of the reports in it."""

    def __init__(
        self, streams: Streams, name: str, size: int, csi_error: float, known: Sequence[Knowledge], link: int
    ) -> None:
        links = [knowledge.links[link] for knowledge in known]
        self.measured_ns = np.array([knowledge.measured_ns[link] for knowledge in known], dtype=np.int64)
        self.newest_ns = np.array([memory.newest_ns for memory in links], dtype=np.int64)
        self.instants_ns = np.array([memory.instants_ns for memory in links])
        self.counts = np.array([memory.counts for memory in links])
        self.mean = np.array([memory.mean for memory in links])
        self.power = np.array([memory.power for memory in links])
        self.radius = np.array([memory.radius for memory in links])
        self.states_ns = {entity: _padded(links, entity) for entity in (*TRANSMITTERS, *USERS)}
        times_ns, self._place = np.unique(self.instants_ns, return_inverse=True)
        self._place = self._place.reshape(self.instants_ns.shape)
        drawn = [pilot_draws(streams, name, int(t_ns), size, csi_error=csi_error) for t_ns in times_ns]
        self._noise = np.array([draws.noise for draws in drawn])
        self._volume = np.array([draws.volume for draws in drawn])

    def draws_of(self, places: Instants) -> PilotDraws:
        """The draws behind each report: noise (K, p, 4, N), volume (K, p)."""
        place, rows = self._place[places], np.arange(len(RECEIVERS))[:, None]
        return PilotDraws(self._noise[place, rows].swapaxes(-3, -2), self._volume[place[:, EVE_ROW]])


def _padded(links: Sequence[LinkMemory], entity: str) -> Instants:
    """Instants of the known states of one entity (V, q), the last one repeated; -1 where none is known."""
    most = max((len(memory.states_ns.get(entity, ())) for memory in links), default=0)
    filled = np.full((len(links), max(most, 1)), -1, dtype=np.int64)
    for row, memory in enumerate(links):
        states_ns = memory.states_ns.get(entity, np.zeros(0, dtype=np.int64))
        if states_ns.size:
            filled[row] = np.concatenate((states_ns, np.repeat(states_ns[-1:], filled.shape[1] - states_ns.size)))
    return filled


def _states(world: World, entity: str, states_ns: Instants, when: tuple[Instants, Instants, Instants]) -> _States:
    """States (K, q) of one entity, reported later by a shift but not after the latest, seen from the targets."""
    shifts_ns, latest_ns, targets_ns = when
    instants_ns = np.minimum(states_ns + shifts_ns[:, None], latest_ns[:, None])
    times_ns, place = np.unique(np.maximum(instants_ns, 0), return_inverse=True)
    motion = np.array(
        [(world.position_m(entity, int(t_ns)), world.velocity_mps(entity, int(t_ns))) for t_ns in times_ns]
    )
    instants_s = (instants_ns - targets_ns[:, None]) / NS_PER_S
    return _States(instants_s, motion[place.reshape(instants_ns.shape)], states_ns[:, 0] >= 0)
