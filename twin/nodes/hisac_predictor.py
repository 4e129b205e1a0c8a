"""The predictor of the two stations: from reports and echoes to every channel, and the target, at the instant of use.

It knows what arrived in messages and the constants in its configuration, nothing else. Per link:

    Rician-shadowed  take the line of sight off (its direction from reported positions, linear motion in between, its
                     amplitude, which shadowing changes slowly, from the running mean of the channel), predict the
                     scatter, put the line of sight of the target instant on again
    Nakagami         divide by the path gain, invert the Nakagami map, predict the scatter, take the moments of the map
                     over what is left open; Rayleigh is the same with shape 1
    target           a line of sight to where a Kalman filter expects it (`target_track`); how strong it is, shadowing
                     and all, is learnt from echoes: by how much they are over what the beams should have brought back

The eavesdropper reports no state: the running mean of her channel stands for her line of sight, and her speed is taken
for the largest that a user reports. A receiver of whom no state has come yet is treated like her; where none has come
of anybody, how fast channels change is seen by how much the last reports of all others but her differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import ConfigDict

from twin.errors import InstanceError, WireError
from twin.nodes.history import IGNORED, ChannelHistory, Taps, Track
from twin.nodes.target_track import Manoeuvre, Strength, TargetTrack
from twin.signal.arrays import ComplexArray, RealArray, direction_cosines, upa_response
from twin.signal.isac import EAVESDROPPER, SENSING, STATIONS, TARGET, heard_by
from twin.signal.nakagami import nakagami_moments, to_scatter
from twin.signal.prediction import predicted, shown_doppler, wiener_taps
from twin.signal.sensing import scnr
from twin.signal.units import to_db
from twin.wire.messages import Csi, Echo, Report, Sensed, State
from twin.wire.packing import check_arity
from twin.wire.plain import Plain, take_map

Mode = Literal["none", "one_tap", "wiener"]
Fading = Literal["rician_shadowed", "nakagami", "rayleigh"]

_BOUNDED: Final = 2
"""Bob's and the eavesdropper's channels, the first rows, are known up to a bounded error."""


@dataclass(frozen=True, slots=True)
class HisacPredictorConfig:
    """Constants that a twin may know: how to predict, and what kind of channels there are.

    `mode` "none" passes on what was last reported (the target where its last echo put it), "one_tap" uses one report
    of each channel, "wiener" `taps`. `gain_1m` is the gain of free space at 1 m, linear, per mW over the noise; Rician
    factors are linear; `echo_gain` is kappa^2 sigma^2 for channels over sigma in sqrt(mW); `arrays` has columns and
    rows of each station; `memory_s` is how long running means last.
    """

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    mode: Mode
    taps: int
    memory_s: float
    users: tuple[str, ...]
    arrays: dict[str, tuple[int, int]]
    wavelength_m: float
    gain_1m: float
    fading: Fading
    rician_k: float
    nakagami_m: float
    target_k: float
    echo_gain: float
    manoeuvre: Manoeuvre

    def __post_init__(self) -> None:
        if self.taps < 1:
            raise InstanceError(f"taps={self.taps}: must be >= 1")
        if not self.memory_s > 0.0:
            raise InstanceError(f"memory_s={self.memory_s}: must be > 0")


class HisacPrediction(NamedTuple):
    """Expected channels per station, (3 + N, M_1) and (2 + N, M_2), rows as `isac.heard_by`, and what is not known.

    `error_var` is the error variance per antenna of each row (R,); `radius` (2,) bounds the errors of Bob's and Eve's
    estimates.
    """

    channels: tuple[ComplexArray, ...]
    error_var: tuple[RealArray, ...]
    radius: tuple[RealArray, ...]


class Expected(NamedTuple):
    """One station's part of a `HisacPrediction`."""

    channels: ComplexArray
    error_var: RealArray
    radius: RealArray


def joined(parts: Sequence[Expected]) -> HisacPrediction:
    """The prediction that consists of these, one per station."""
    channels, error_var, radius = zip(*parts, strict=True)
    return HisacPrediction(channels, error_var, radius)


class Sights(NamedTuple):
    """Where receivers are, seen from a station: offsets (R, p + 1, 3) in m at the taps and, last, the target instant.

    `known` (R,) says of whom there are states.
    """

    offsets_m: RealArray
    known: list[bool]


class HisacPredictor:
    """Keeps bounded memory of reports; predicts any later instant. No clock, no randomness."""

    def __init__(self, config: HisacPredictorConfig) -> None:
        self.config = config
        self._taps = config.taps if config.mode == "wiener" else 1
        self._listeners = tuple(name for name in heard_by(SENSING, config.users) if name != TARGET)
        rows = len(self._listeners)
        self._channels = {name: ChannelHistory(rows, self._taps, config.memory_s) for name in STATIONS}
        self._tracks: dict[str, Track] = {}
        self._target = TargetTrack(config.manoeuvre)
        self._strength = Strength()

    def note_report(self, entity: str, t_data_ns: int, report: Report) -> None:
        """Take in what was measured at `t_data_ns`; reports that say nothing of these channels are passed over.

        The eavesdropper is not trusted: a state that claims to be hers is not used.
        """
        match report:
            case Csi() if entity in self._channels:
                for row, name in enumerate(self._listeners):
                    if name in report.receivers:
                        k = report.receivers.index(name)
                        error_var, radius = float(report.error_var[k]), float(report.radius[k])
                        self._channels[entity].add(row, t_data_ns, report.channels[k], error_var, radius)
            case Sensed(transmitter=name) if name in self._channels:
                row = self._listeners.index(EAVESDROPPER)
                self._channels[name].add(row, t_data_ns, report.channel, 0.0, report.radius)
            case State() if entity in STATIONS or (entity in self._listeners and entity != EAVESDROPPER):
                self._tracks.setdefault(entity, Track(self._taps + 1)).add(t_data_ns, report)
            case Echo(target=name) if name == TARGET and t_data_ns > self._target.t_ns:
                self._target.add(t_data_ns, report)
                self._learn(t_data_ns, report)

    def predict(self, targets_ns: Sequence[int]) -> HisacPrediction:
        """Channels at one instant per station.

        Raises:
            InstanceError: a channel has never been reported, or no echo has come.
        """
        return joined([self.expect(name, t_ns) for name, t_ns in zip(STATIONS, targets_ns, strict=True)])

    def state(self) -> Plain:
        """What is remembered of every channel, of where everybody was, and of the target."""
        channels = tuple(self._channels[name].state() for name in STATIONS)
        tracks: Plain = {name: track.state() for name, track in self._tracks.items()}
        return channels, tracks, self._target.state(), self._strength.state()

    def restore(self, state: object) -> None:
        """Remember what another of this configuration did when it said `state`."""
        channels, tracks, target, strength = check_arity(state, 4, "HisacPredictor")
        for name, item in zip(STATIONS, check_arity(channels, len(STATIONS), "HisacPredictor"), strict=True):
            self._channels[name].restore(item)
        self._tracks = {}
        for name, item in take_map(tracks, "HisacPredictor.tracks").items():
            if name not in STATIONS and name not in self._listeners:
                raise WireError(f"HisacPredictor.tracks={name}: must be a station, bob or a user")
            track = self._tracks[name] = Track(self._taps + 1)
            track.restore(item)
        self._target.restore(target)
        self._strength.restore(strength)

    def expect(self, name: str, target_ns: int) -> Expected:
        """One station's channels at an instant; errors as those of `predict`."""
        history = self._channels[name]
        if not history.complete():
            raise InstanceError(f"channels of {name}: not reported to every receiver")
        taps = history.read(target_ns)
        mean, variance = self._moments(name, taps, target_ns)
        radius = history.newest_radius()[:_BOUNDED] * np.linalg.norm(mean[:_BOUNDED], axis=-1)
        if name == SENSING:
            row, target = heard_by(name, self.config.users).index(TARGET), self._echoing(name, target_ns)
            mean, variance = np.insert(mean, row, target, axis=0), np.insert(variance, row, 0.0)
        return Expected(np.ascontiguousarray(mean), variance, radius)

    def _moments(self, name: str, taps: Taps, target_ns: int) -> tuple[ComplexArray, RealArray]:
        """Mean (R, M) and error variance per antenna (R,) of the channels to everybody but the target."""
        if self.config.mode == "none":
            return taps.channels[:, 0].copy(), taps.noise[:, 0].copy()
        sights = self._sights(name, taps.instants_s, target_ns)
        if self.config.fading == "rician_shadowed":
            return self._shadowed(name, taps, sights)
        return self._directionless(taps, sights, self.config.nakagami_m if self.config.fading == "nakagami" else 1.0)

    def _shadowed(self, name: str, taps: Taps, sights: Sights) -> tuple[ComplexArray, RealArray]:
        k, columns_rows = self.config.rician_k, self.config.arrays[name]
        gain = self._gains(taps, sights)
        sight = upa_response(direction_cosines(sights.offsets_m), *columns_rows)
        # What of the running mean lies in the direction of now is the line of sight, shadowing and all.
        along = np.maximum((sight[:, -1].conj() * taps.mean).sum(axis=-1).real / taps.mean.shape[-1], 0.0)
        lines = (along / np.sqrt(gain[:, -1]))[:, None, None] * np.sqrt(gain)[..., None] * sight
        unseen = ~np.array(sights.known)
        lines[unseen] = taps.mean[unseen, None]
        scatter = taps.channels - lines[:, :-1]
        doppler_hz = self._dopplers_hz(scatter, taps.noise, taps)
        weights, error = wiener_taps(doppler_hz, taps.instants_s, 0.0, (k + 1.0) * taps.noise / gain[:, :-1])
        return lines[:, -1] + predicted(weights, scatter), gain[:, -1] * error / (k + 1.0)

    def _directionless(self, taps: Taps, sights: Sights, m: float) -> tuple[ComplexArray, RealArray]:
        gain = self._gains(taps, sights)
        scatter, noise = to_scatter(taps.channels / np.sqrt(gain[:, :-1, None]), m), taps.noise / gain[:, :-1]
        weights, error = wiener_taps(self._dopplers_hz(scatter, noise, taps), taps.instants_s, 0.0, noise)
        mean, variance = nakagami_moments(predicted(weights, scatter), error[:, None], m)
        return np.sqrt(gain[:, -1:]) * mean, gain[:, -1] * variance.mean(axis=-1)

    def _echoing(self, name: str, target_ns: int) -> ComplexArray:
        """The channel (M,) to the target: its line of sight, the share of a Rician channel that has a direction."""
        at_ns = self._target.t_ns if self.config.mode == "none" else target_ns
        amplitude = 1.0 if self.config.mode == "none" else self._strength.amplitude
        return np.asarray(amplitude * self._sight(name, self._target.at(at_ns)[0]))

    def _sight(self, name: str, place: RealArray) -> ComplexArray:
        """The channel (M,) from a station to a range and cosines: the share of a Rician one that has a direction."""
        share = self.config.target_k / (self.config.target_k + 1.0)
        response = upa_response(place[1:], *self.config.arrays[name])
        return np.asarray(np.sqrt(share * self.config.gain_1m) / place[0] * response)

    def _learn(self, t_ns: int, echo: Echo) -> None:
        """How strong an echo was beside what its beams should have brought back."""
        sight = self._sight(SENSING, self._target.at(t_ns)[0])
        if echo.beams.shape[0] == len(sight):
            expected = float(scnr(sight, echo.beams, self.config.echo_gain))
            if expected > 0.0:
                self._strength.add(t_ns, echo.scnr_db - float(to_db(expected)))

    def _gains(self, taps: Taps, sights: Sights) -> RealArray:
        """Mean power gains (R, p + 1) at the taps and the target instant; without a state, the running mean."""
        distance_m = np.sqrt((sights.offsets_m**2).sum(axis=-1))
        gain = np.asarray(self.config.gain_1m / np.maximum(distance_m, 1.0) ** 2)
        unseen = ~np.array(sights.known)
        gain[unseen] = taps.power[unseen, None]
        return gain

    def _sights(self, station: str, instants_s: RealArray, target_ns: int) -> Sights:
        """Offsets at instants (R, p) in s relative to the target instant, and at that."""
        rows, taps = instants_s.shape
        when_s = np.concatenate((instants_s, np.zeros((rows, 1))), axis=-1)
        offsets_m = np.ones((rows, taps + 1, 3))
        known = [station in self._tracks and name in self._tracks for name in self._listeners]
        for row, name in enumerate(self._listeners):
            if known[row]:
                origin_m = self._tracks[station].position_m(target_ns, when_s[row])
                offsets_m[row] = self._tracks[name].position_m(target_ns, when_s[row]) - origin_m
        return Sights(offsets_m, known)

    def _dopplers_hz(self, scatter: ComplexArray, noise: RealArray, taps: Taps) -> RealArray:
        """Doppler spreads (R,) from reported speeds, the largest where there is none; or what the scatter shows."""
        speeds = {name: self._tracks[name].speed_mps for name in self._listeners if name in self._tracks}
        if not speeds:
            others = [row for row, name in enumerate(self._listeners) if name != EAVESDROPPER]
            counted = np.where(taps.noise < IGNORED, noise, np.inf)[others]
            return np.full(len(scatter), shown_doppler(scatter[others], taps.instants_s[others], counted))
        largest = max(speeds.values())
        return np.array([speeds.get(name, largest) for name in self._listeners]) / self.config.wavelength_m
