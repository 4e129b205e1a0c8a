"""The predictor: from the last reports of every channel to its mean and error power at the instant of use.

It knows what arrived in messages and the constants in its configuration, nothing else. Per link:

    UAV            take the line of sight off (from reported positions, linear motion in between), predict the scatter,
                   put the line of sight of the target on again
    base station   divide by the path gain, invert the Nakagami map, predict the scatter, take the moments of the map
                   over what is left open
    satellite      predict the unwrapped phase as an unknown constant plus `phase_spread_rad` times a slow process; the
                   amplitude is constant

The eavesdropper reports no state. Her direction and her gains are fitted to running means of her own channel, and her
speed is taken for the largest that a user reports. A user of whom no state has come yet is treated like her. Where no
state has come of any of them, or of the UAV, how fast channels change is seen by their reports: by how much the last
ones of all users differ. Of a single report nobody can say how fast it ages: it is passed on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from pydantic import ConfigDict

from twin.errors import InstanceError, WireError
from twin.nodes.history import IGNORED, ChannelHistory, Taps, Track
from twin.nodes.scene import ReportedScene, Scene
from twin.signal.arrays import ula_response
from twin.signal.nakagami import nakagami_moments, to_scatter
from twin.signal.prediction import (
    direction_cosine,
    phases_since,
    phasor_moments,
    predicted,
    shown_doppler,
    wiener_taps,
)
from twin.signal.sagin import RECEIVERS, TRANSMITTERS, USERS
from twin.wire.messages import ComplexArray, Csi, RealArray, Report, Sensed, State
from twin.wire.packing import check_arity
from twin.wire.plain import Plain, take_map

SATELLITE, UAV, BASE_STATION = TRANSMITTERS
EVE_ROW: Final = len(USERS)
_REFERENCE_M: Final = 1.0
_LEAST_SPREAD_RAD: Final = 1e-3
_PHASE_VARIANCE: Final = np.pi**2 / 3.0

Mode = Literal["none", "one_tap", "wiener"]


@dataclass(frozen=True, slots=True)
class PredictorConfig:
    """Constants that a twin may know: how to predict, and what kind of channels there are.

    `mode` "none" passes the last reports on with the error power of their pilots alone, "one_tap" uses one report,
    "wiener" `taps`. Gains at 1 m are linear, per mW over the noise; `rician_k` is linear; `angular_spread` (rad) turns
    the UAV's speed into Doppler spread; `memory_s` is how long running means of power and direction last.
    """

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    mode: Mode
    taps: int
    memory_s: float
    wavelength_m: float
    uav_gain_1m: float
    rician_k: float
    angular_spread: float
    base_station_gain_1m: float
    path_exponent: float
    nakagami_m: float
    phase_spread_rad: float
    satellite_spread_hz: float

    def __post_init__(self) -> None:
        if self.taps < 1:
            raise InstanceError(f"taps={self.taps}: must be >= 1")
        if not self.memory_s > 0.0:
            raise InstanceError(f"memory_s={self.memory_s}: must be > 0")


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Mean channels, one (4, N) per transmitter, and what is not known of them, rows as in RECEIVERS.

    `error_var` (3, 4) is the error variance per antenna; the eavesdropper's includes `radius`^2 / N. `fading_var` is
    the same without that share, for a solver that treats the ball of `radius` (3,) exactly.
    """

    channels: tuple[ComplexArray, ...]
    error_var: RealArray
    fading_var: RealArray
    radius: RealArray


Moments = tuple[ComplexArray, RealArray]


class Predictor:
    """Keeps bounded memory of reports; predicts any later instant. No clock, no randomness."""

    def __init__(self, config: PredictorConfig) -> None:
        self.config = config
        self._taps = config.taps if config.mode == "wiener" else 1
        self._channels = {name: ChannelHistory(len(RECEIVERS), self._taps, config.memory_s) for name in TRANSMITTERS}
        self._tracks: dict[str, Track] = {}
        self._predict = {
            SATELLITE: self._satellite,
            UAV: self._uav,
            BASE_STATION: self._base_station,
        }

    def note_report(self, entity: str, t_data_ns: int, report: Report) -> None:
        """Take in what was measured at `t_data_ns`; reports that say nothing of the twelve channels are passed over.

        The eavesdropper is not trusted: a state that claims to be hers is not used.
        """
        match report:
            case Csi() if entity in self._channels:
                for row, name in enumerate(RECEIVERS):
                    if name in report.receivers:
                        k = report.receivers.index(name)
                        error_var, radius = float(report.error_var[k]), float(report.radius[k])
                        self._channels[entity].add(row, t_data_ns, report.channels[k], error_var, radius)
            case Sensed(transmitter=name) if name in self._channels:
                self._channels[name].add(EVE_ROW, t_data_ns, report.channel, 0.0, report.radius)
            case State() if entity in TRANSMITTERS or entity in USERS:
                self._tracks.setdefault(entity, Track(self._taps + 1)).add(t_data_ns, report)

    def predict(self, target_ns: int | Sequence[int]) -> Prediction:
        """Channels at the target instant, or at one instant per transmitter in the order of TRANSMITTERS.

        Raises:
            InstanceError: a channel has never been reported.
        """
        targets = (target_ns,) * len(TRANSMITTERS) if isinstance(target_ns, int) else tuple(target_ns)
        for name, history in self._channels.items():
            if not history.complete():
                raise InstanceError(f"channels of {name}: not reported to every receiver")
        parts = [
            self.moments(name, history.read(target), ReportedScene(self._tracks, target))
            for (name, history), target in zip(self._channels.items(), targets, strict=True)
        ]
        relative = np.array([history.newest_radius()[EVE_ROW] for history in self._channels.values()])
        return with_ball(tuple(mean for mean, _ in parts), np.array([variance for _, variance in parts]), relative)

    def moments(self, transmitter: str, taps: Taps, scene: Scene) -> Moments:
        """Mean (..., 4, N) and error variance per antenna (..., 4) at the target of taps (..., 4, p, N) and scene."""
        if self.config.mode != "none":
            return self._predict[transmitter](taps, scene)
        fading = taps.noise[..., 0].copy()
        fading[..., EVE_ROW] = 0.0  # her error is all in the ball
        return np.ascontiguousarray(taps.channels[..., 0, :]), fading

    def memory(self, transmitter: str) -> tuple[ChannelHistory, Mapping[str, Track]]:
        """What is remembered of a transmitter's channels, and of where everybody was."""
        return self._channels[transmitter], self._tracks

    def state(self) -> Plain:
        """What is remembered of every channel, and of where everybody was."""
        channels = tuple(self._channels[name].state() for name in TRANSMITTERS)
        return channels, {name: track.state() for name, track in self._tracks.items()}

    def restore(self, state: object) -> None:
        """Remember what another of this configuration did when it said `state`."""
        channels, tracks = check_arity(state, 2, "Predictor")
        for name, item in zip(TRANSMITTERS, check_arity(channels, len(TRANSMITTERS), "Predictor"), strict=True):
            self._channels[name].restore(item)
        self._tracks = {}
        for name, item in take_map(tracks, "Predictor.tracks").items():
            if name not in TRANSMITTERS and name not in USERS:
                raise WireError(f"Predictor.tracks={name}: must be a transmitter or a user")
            track = self._tracks[name] = Track(self._taps + 1)
            track.restore(item)

    def _satellite(self, taps: Taps, _: Scene) -> Moments:
        spread = max(self.config.phase_spread_rad, _LEAST_SPREAD_RAD)
        noise = taps.noise / (2.0 * taps.power[..., None] * spread**2)
        weights, error = wiener_taps(
            self.config.satellite_spread_hz, taps.instants_s, 0.0, noise, _PHASE_VARIANCE / spread**2
        )
        turned = predicted(weights, phases_since(taps.channels))
        shrink, variance = phasor_moments(spread**2 * error)
        newest = taps.channels[..., 0, :]
        direction = newest / np.maximum(np.abs(newest), np.finfo(np.float64).tiny)
        mean = (np.sqrt(taps.power) * shrink)[..., None] * direction * np.exp(1j * turned)
        return np.asarray(mean), np.asarray(taps.power * variance)

    def _uav(self, taps: Taps, scene: Scene) -> Moments:
        k, size = self.config.rician_k, taps.channels.shape[-1]
        distance_m, cosine, known = scene.sight(UAV, _with_target(taps.instants_s))
        gain = self.config.uav_gain_1m * np.maximum(distance_m, _REFERENCE_M) ** -2.0
        gain[~known] = taps.power[~known, None]
        cosine[~known] = direction_cosine(taps.mean[~known])[:, None]
        sight = np.sqrt(k / (k + 1.0)) * ula_response(cosine, size)
        scatter = taps.channels / np.sqrt(gain[..., :-1, None]) - sight[..., :-1, :]
        wander_mps = self.config.angular_spread * scene.speed_mps(UAV)[..., None]
        doppler_hz = self._doppler_hz(scene.speeds_mps() + wander_mps, scatter, taps, gain)
        noise = (k + 1.0) * taps.noise / gain[..., :-1]
        weights, error = wiener_taps(doppler_hz, taps.instants_s, 0.0, noise)
        mean = np.sqrt(gain[..., -1:]) * (sight[..., -1, :] + predicted(weights, scatter))
        return np.asarray(mean), np.asarray(gain[..., -1] * error / (k + 1.0))

    def _base_station(self, taps: Taps, scene: Scene) -> Moments:
        m = self.config.nakagami_m
        distance_m, _, known = scene.sight(BASE_STATION, _with_target(taps.instants_s))
        gain = self.config.base_station_gain_1m * np.maximum(distance_m, _REFERENCE_M) ** -self.config.path_exponent
        gain[~known] = taps.power[~known, None]
        scatter = to_scatter(taps.channels / np.sqrt(gain[..., :-1, None]), m)
        doppler_hz = self._doppler_hz(scene.speeds_mps(), scatter, taps, gain)
        weights, error = wiener_taps(doppler_hz, taps.instants_s, 0.0, taps.noise / gain[..., :-1])
        mean, variance = nakagami_moments(predicted(weights, scatter), error[..., None], m)
        return np.asarray(np.sqrt(gain[..., -1:]) * mean), np.asarray(gain[..., -1] * variance.mean(axis=-1))

    def _doppler_hz(self, speeds_mps: RealArray, scatter: ComplexArray, taps: Taps, gain: RealArray) -> RealArray:
        """Doppler spreads (..., 4) of speeds; of unknown ones what the users' scatter (..., 4, p, N) shows."""
        doppler_hz = speeds_mps / self.config.wavelength_m
        unknown = np.isnan(doppler_hz)
        if unknown.any():
            noise = np.where(taps.noise < IGNORED, taps.noise / gain[..., :-1], np.inf)
            users = [row[..., :EVE_ROW, :] for row in (taps.instants_s, noise)]
            shown_hz = shown_doppler(scatter[..., :EVE_ROW, :, :], *users)
            doppler_hz = np.where(unknown, shown_hz[..., None], doppler_hz)
        return np.asarray(doppler_hz)


def _with_target(instants_s: RealArray) -> RealArray:
    """The instants of the taps and, last, that of the target, which is 0."""
    return np.concatenate((instants_s, np.zeros((*instants_s.shape[:-1], 1))), axis=-1)


def with_ball(means: tuple[ComplexArray, ...], fading_var: RealArray, relative: RealArray) -> Prediction:
    """A prediction from means, one (4, N) per transmitter, and error variances (3, 4).

    The eavesdropper's rows get balls of radius `relative` (3,) times the norm of the mean.
    """
    radius = relative * np.array([np.linalg.norm(mean[EVE_ROW]) for mean in means])
    error_var = fading_var.copy()
    error_var[:, EVE_ROW] += radius**2 / np.array([mean.shape[1] for mean in means])
    return Prediction(means, error_var, fading_var, radius)
