"""Where pairs and their eavesdropper are, and which matrices join them: functions of (params, seed, time).

Nothing ticks, and nothing is stored but the gains of the last instant. Draws are keyed by names: one more pair leaves
the channels between the others as they were, to the bit. What the transmitters estimate is a function of time, too
(`channels.rayleigh.estimate_of`).
"""

import math

import numpy as np

from entities.channels.rayleigh import Rayleigh, bounded, estimate_of
from entities.channels.sinusoids import Indices
from entities.mobility.static import Motion, Static
from entities.mobility.walk import Walk
from entities.pairs_gains import PathGains
from entities.pairs_params import EAVESDROPPER, PairsParams, receiver_of
from entities.params import Vector
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.units import wavelength_m


class PairsWorld:
    """The true geometry and the true channels of K pairs, and the estimates that their ends get. Twins never see it.

    A pair's transmitter is called like the pair, its receiver `receiver_of(pair)`. H_ji leads from transmitter i to
    receiver j; everything is noise-normalised, in 1/sqrt(mW), path loss included.
    """

    def __init__(self, params: PairsParams, streams: Streams) -> None:
        self.params = params
        names, wave_m = params.names, wavelength_m(params.carrier_hz)
        self._motions: dict[str, Motion] = {}
        for name, place in params.places.items():
            self._motions[name] = Static(place.transmitter_m)
            end, walk = receiver_of(name), (params.receiver_mps, params.roam_m)
            self._motions[end] = _walker(streams, end, place.receiver_m, walk)
        walk = (params.eavesdropper_mps, params.roam_m)
        self._motions[EAVESDROPPER] = _walker(streams, EAVESDROPPER, params.eavesdropper_m, walk)
        self._gains = PathGains(params, self._motions)
        self._doppler_hz = params.receiver_mps / wave_m
        self._eve_doppler_hz = params.eavesdropper_mps / wave_m
        links = [(i, receiver_of(j)) for j in names for i in names]
        self._links_to: Indices = np.arange(len(links)).reshape(len(names), len(names))
        self._links_from: Indices = np.ascontiguousarray(self._links_to.T)
        shape, eve_shape = (params.receive, params.transmit), (params.eve, params.transmit)
        spread, eve_links = [self._doppler_hz] * len(links), [(i, EAVESDROPPER) for i in names]
        eve_spread = [self._eve_doppler_hz] * len(names)
        self._true = Rayleigh(streams, "rayleigh", links, shape, spread)
        self._eve_true = Rayleigh(streams, "rayleigh", eve_links, eve_shape, eve_spread)
        self._other = Rayleigh(streams, "estimate", links, shape, spread) if params.zeta else None
        self._eve_other = Rayleigh(streams, "estimate", eve_links, eve_shape, eve_spread) if params.zeta_eve else None

    @property
    def pairs(self) -> int:
        """K."""
        return len(self.params.names)

    def position_m(self, name: str, t_ns: int) -> RealArray:
        """Position (3,) in m of an end of a pair or of the eavesdropper: x, y on the ground, z up."""
        return np.array(self._motions[name].position_m(t_ns))

    def velocity_mps(self, name: str, t_ns: int) -> RealArray:
        """Velocity (3,) in m/s of any of them."""
        return np.array(self._motions[name].velocity_mps(t_ns))

    def doppler_hz(self, receiver: str) -> float:
        """Doppler spread in Hz of the channels to a receiver end, or to the eavesdropper, constant in time."""
        return self._eve_doppler_hz if receiver == EAVESDROPPER else self._doppler_hz

    def distance_m(self, one: str, other: str, t_ns: int) -> float:
        """Distance in m between any two of them."""
        return math.dist(self._motions[one].position_m(t_ns), self._motions[other].position_m(t_ns))

    def gains(self, t_ns: int) -> RealArray:
        """Mean powers (K, K) of the entries of H_ji over the noise, [j, i], in 1/mW."""
        return self._gains.at(t_ns).main.copy()

    def eve_gains(self, t_ns: int) -> RealArray:
        """Mean powers (K,) of the entries of H_Ei over the noise, in 1/mW."""
        return self._gains.at(t_ns).eve.copy()

    def channels(self, t_ns: int) -> ComplexArray:
        """True channels (K, K, N_R, N_T), [j, i] = H_ji."""
        return self._square(self._true.at(t_ns)) * self._gains.at(t_ns).main_root[..., None, None]

    def eve_channels(self, t_ns: int) -> ComplexArray:
        """True channels (K, N_E, N_T) to the eavesdropper."""
        return np.asarray(self._eve_true.at(t_ns) * self._gains.at(t_ns).eve_root[:, None, None])

    def to_receiver(self, pair: int, t_ns: int) -> ComplexArray:
        """True channels (K, N_R, N_T) from all transmitters to the receiver of a pair, by its number from 0."""
        roots = self._gains.at(t_ns).main_root[pair]
        return np.asarray(self._true.at(t_ns, self._links_to[pair]) * roots[:, None, None])

    def estimated(self, t_ns: int) -> ComplexArray:
        """What is known of `channels`, (K, K, N_R, N_T)."""
        known = self._square(self._known(self._links_to.reshape(-1), t_ns))
        return known * self._gains.at(t_ns).main_root[..., None, None]

    def eve_estimated(self, t_ns: int) -> ComplexArray:
        """What is known of `eve_channels`, (K, N_E, N_T)."""
        known = self._eve_known(np.arange(self.pairs), t_ns)
        return np.asarray(known * self._gains.at(t_ns).eve_root[:, None, None])

    def estimated_from(self, pair: int, t_ns: int) -> tuple[ComplexArray, ComplexArray]:
        """What a transmitter knows: of H_ji for all j, (K, N_R, N_T), and of its H_Ei, (N_E, N_T)."""
        gains = self._gains.at(t_ns)
        channels = self._known(self._links_from[pair], t_ns) * gains.main_root[:, pair, None, None]
        return channels, np.asarray(self._eve_known(np.array([pair]), t_ns)[0] * gains.eve_root[pair])

    def estimated_at(self, pair: int, t_ns: int) -> ComplexArray:
        """What a receiver knows of H_ji for all transmitters i, (K, N_R, N_T): the estimates of `estimated_from`."""
        roots = self._gains.at(t_ns).main_root[pair]
        return np.asarray(self._known(self._links_to[pair], t_ns) * roots[:, None, None])

    def attacked(self, t_ns: int) -> RealArray:
        """1 for the pairs that the eavesdropper attacks at t, else 0, (K,)."""
        if self.params.dwell_ns == 0:
            return np.ones(self.pairs)
        return np.asarray(np.arange(self.pairs) == (t_ns // self.params.dwell_ns) % self.pairs, dtype=np.float64)

    def _known(self, links: Indices, t_ns: int) -> ComplexArray:
        """Unit-power estimates of some links (L, N_R, N_T)."""
        params = self.params
        return _estimated(self._true, self._other, links, t_ns, (params.zeta, params.error_law))

    def _eve_known(self, links: Indices, t_ns: int) -> ComplexArray:
        params = self.params
        return _estimated(self._eve_true, self._eve_other, links, t_ns, (params.zeta_eve, params.error_law))

    def _square(self, links: ComplexArray) -> ComplexArray:
        return links.reshape(self.pairs, self.pairs, *links.shape[1:])


def _estimated(
    true: Rayleigh, other: Rayleigh | None, links: Indices, t_ns: int, error: tuple[float, str]
) -> ComplexArray:
    """What is known of the unit-power channels of some links, with an error of standard deviation zeta and of a law."""
    channels, (zeta, law) = true.at(t_ns, links), error
    if other is None:
        return channels
    estimates = estimate_of(channels, other.at(t_ns, links), zeta)
    if law == "statistical":
        return estimates
    return bounded(channels, estimates, error_radius(zeta, channels.shape[-2:]))


def error_radius(zeta: float, shape: tuple[int, ...]) -> float:
    """Root mean square Frobenius norm zeta (N_R N_T)^1/2 of the error of a unit-power matrix: where it is bounded.

    Kong et al. take zeta itself for the radius, which the errors that they draw exceed almost always.
    """
    return zeta * math.sqrt(math.prod(shape))


def _walker(streams: Streams, name: str, start_m: Vector, walk: tuple[float, float]) -> Motion:
    """Somebody who walks at a speed in m/s within a distance in m, or stands."""
    speed_mps, roam_m = walk
    return Walk(streams, name, start_m, speed_mps, roam_m) if speed_mps > 0.0 else Static(start_m)
