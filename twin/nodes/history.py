"""What the predictor remembers: the last reports of each channel, running means, and where everybody was."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.errors import WireError
from twin.signal.units import NS_PER_S
from twin.wire.messages import ComplexArray, RealArray, State
from twin.wire.packing import check_arity, check_float
from twin.wire.plain import Plain, take_array

IGNORED: Final = 1e12
_WHOLE, _REAL, _COMPLEX = "<i8", "<f8", "<c16"
_LEAST_SHARE: Final = 0.01
_LEAST_POWER: Final = 1e-30


@dataclass(frozen=True, slots=True)
class Taps:
    """The last p reports of one transmitter's R channels, newest first.

    Instants in s relative to the target (R, p), channels (R, p, N), variance of the noise per antenna (R, p), relative
    error radius of the newest report (R,), running mean channel (R, N) and running mean power per antenna (R,), noise
    taken off but for 1 %. Where fewer than p reports have come, the oldest is repeated with a noise of `IGNORED`.
    """

    instants_s: RealArray
    channels: ComplexArray
    noise: RealArray
    radius: RealArray
    mean: ComplexArray
    power: RealArray


class ChannelHistory:
    """Reports of one transmitter's channels to R receivers, row by row: the last p, and exponential memories.

    A row may miss a report that another has. What comes late is sorted in, what is repeated or older than all of p is
    left out of the taps.
    """

    def __init__(self, receivers: int, taps: int, memory_s: float) -> None:
        self.receivers = receivers
        self.taps = taps
        self.memory_s = memory_s
        self.antennas = 0
        self._reset(0)

    def _reset(self, antennas: int) -> None:
        rows, taps = self.receivers, self.taps
        self.antennas = antennas
        self._count = np.zeros(rows, dtype=np.int64)
        self._t_ns = np.zeros((rows, taps), dtype=np.int64)
        self._channels = np.zeros((rows, taps, antennas), dtype=np.complex128)
        self._noise = np.zeros((rows, taps))
        self._radius = np.zeros((rows, taps))
        self._last_ns = np.zeros(rows, dtype=np.int64)
        self._weight = np.zeros(rows)
        self._mean = np.zeros((rows, antennas), dtype=np.complex128)
        self._power = np.zeros((rows, 2))

    def add(self, row: int, t_ns: int, channel: ComplexArray, error_var: float, radius: float) -> None:
        """Remember one row (N,) measured at `t_ns`; another number of antennas starts everything anew."""
        size = channel.shape[0]
        if size != self.antennas:
            self._reset(size)
        count = int(self._count[row])
        held = self._t_ns[row, :count]
        if t_ns in held:
            return
        # An error uniform in a ball of 2N real dimensions has mean square radius^2 N / (N + 1), over N antennas.
        noise = error_var + radius**2 / (size + 1)
        self._average(row, t_ns, channel, noise)
        place = int((held > t_ns).sum())
        if place == self.taps:
            return
        norm = float(np.linalg.norm(channel))
        new = (t_ns, channel, noise, radius / norm if norm > 0.0 else 0.0)
        for array, value in zip((self._t_ns, self._channels, self._noise, self._radius), new, strict=True):
            array[row, place + 1 :] = array[row, place:-1].copy()
            array[row, place] = value
        self._count[row] = min(count + 1, self.taps)

    def complete(self) -> bool:
        """Whether every row has been reported."""
        return bool(self._count.all())

    def newest_radius(self) -> RealArray:
        """Relative error radius of the last reports (R,)."""
        return self._radius[:, 0].copy()

    def instants_ns(self) -> NDArray[np.int64]:
        """When the reports of `read` were taken (R, p)."""
        return self._t_ns[np.arange(self.receivers)[:, None], self._places()]

    def read(self, target_ns: int) -> Taps:
        """Everything the predictor needs, with instants relative to the target."""
        place, rows = self._places(), np.arange(self.receivers)[:, None]
        power, error = self._power.T / self._weight
        noise = np.where(np.arange(self.taps) < self._count[:, None], self._noise, IGNORED)
        return Taps(
            (self._t_ns[rows, place] - target_ns) / NS_PER_S,
            self._channels[rows, place],
            noise,
            self._radius[:, 0],
            self._mean / self._weight[:, None],
            np.maximum(power - error, np.maximum(_LEAST_SHARE * power, _LEAST_POWER)),
        )

    def state(self) -> Plain:
        """The memory: kept reports, then running means."""
        reports = (
            self._count.copy(),
            self._t_ns.copy(),
            self._channels.copy(),
            self._noise.copy(),
            self._radius.copy(),
        )
        return (*reports, self._last_ns.copy(), self._weight.copy(), self._mean.copy(), self._power.copy())

    def restore(self, state: object) -> None:
        """Remember what another, of as many receivers and taps, did when it said `state`."""
        arrays = check_arity(state, 9, "ChannelHistory")
        rows, taps = self.receivers, self.taps
        channels = take_array(arrays[2], "ChannelHistory.channels", _COMPLEX, (rows, taps, -1))
        antennas = channels.shape[2]
        wanted = (
            ("count", _WHOLE, (rows,)),
            ("t_ns", _WHOLE, (rows, taps)),
            ("channels", _COMPLEX, (rows, taps, antennas)),
            ("noise", _REAL, (rows, taps)),
            ("radius", _REAL, (rows, taps)),
            ("last_ns", _WHOLE, (rows,)),
            ("weight", _REAL, (rows,)),
            ("mean", _COMPLEX, (rows, antennas)),
            ("power", _REAL, (rows, 2)),
        )
        taken = [
            take_array(array, f"ChannelHistory.{name}", dtype, shape)
            for array, (name, dtype, shape) in zip(arrays, wanted, strict=True)
        ]
        if taken[0].min(initial=0) < 0 or taken[0].max(initial=0) > taps:
            raise WireError(f"ChannelHistory.count={taken[0].tolist()}: must lie in 0..{taps}")
        self.antennas = antennas
        self._count, self._t_ns, self._channels, self._noise, self._radius = taken[:5]
        self._last_ns, self._weight, self._mean, self._power = taken[5:]

    def _places(self) -> NDArray[np.intp]:
        """Which of the kept reports fill the taps (R, p): the oldest again where there are too few."""
        return np.asarray(np.minimum(np.arange(self.taps), self._count[:, None] - 1))

    def _average(self, row: int, t_ns: int, channel: ComplexArray, noise: float) -> None:
        """Fold one report into the running means; the memory fades with `memory_s`."""
        ahead = (t_ns - int(self._last_ns[row])) / NS_PER_S / self.memory_s
        fade, share = (np.exp(-ahead), 1.0) if ahead >= 0.0 else (1.0, np.exp(ahead))
        power = np.array([np.vdot(channel, channel).real / channel.shape[0], noise])
        self._weight[row] = fade * self._weight[row] + share
        self._mean[row] = fade * self._mean[row] + share * channel
        self._power[row] = fade * self._power[row] + share * power
        self._last_ns[row] = max(t_ns, int(self._last_ns[row]))


class Track:
    """The last p states of one entity: where it was, and how it moved; `speed_mps` is the speed last reported."""

    def __init__(self, states: int) -> None:
        self.states = states
        self._t_ns = np.zeros(0, dtype=np.int64)
        self._motion = np.zeros((0, 2, 3))
        self.speed_mps = 0.0

    def add(self, t_ns: int, state: State) -> None:
        """Remember a state; what is repeated changes nothing."""
        if t_ns in self._t_ns:
            return
        place = int((self._t_ns > t_ns).sum())
        motion = np.array([state.position_m, state.velocity_mps])
        self._t_ns = np.insert(self._t_ns, place, t_ns)[: self.states]
        self._motion = np.insert(self._motion, place, motion, axis=0)[: self.states]
        self.speed_mps = float(np.linalg.norm(self._motion[0, 1]))

    def position_m(self, target_ns: int, instants_s: RealArray) -> RealArray:
        """Positions (..., 3) at instants in s relative to the target (...): linear motion from the nearest state."""
        known_s = (self._t_ns - target_ns) / NS_PER_S
        since_s = instants_s[..., None] - known_s
        nearest = np.argmin(np.abs(since_s), axis=-1)
        motion = self._motion[nearest]
        return np.asarray(motion[..., 0, :] + (instants_s - known_s[nearest])[..., None] * motion[..., 1, :])

    def instants_ns(self) -> NDArray[np.int64]:
        """When the states that are remembered were taken, newest first."""
        return self._t_ns

    def state(self) -> Plain:
        """The memory: instants, positions and velocities, speed."""
        return self._t_ns.copy(), self._motion.copy(), self.speed_mps

    def restore(self, state: object) -> None:
        """Remember what another did when it said `state`."""
        t_ns, motion, speed_mps = check_arity(state, 3, "Track")
        instants = take_array(t_ns, "Track.t_ns", _WHOLE, (-1,))
        if instants.size > self.states:
            raise WireError(f"Track.t_ns: {instants.size} states: must be at most {self.states}")
        self._motion = take_array(motion, "Track.motion", _REAL, (instants.size, 2, 3))
        self.speed_mps = check_float(speed_mps, "Track.speed_mps", 0.0)
        self._t_ns = instants
