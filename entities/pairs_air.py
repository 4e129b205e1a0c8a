"""What the pairs have on air, and what their receivers hear of it at the instant at which somebody asks."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from entities.pairs_params import receiver_of
from entities.pairs_world import PairsWorld
from twin.signal.arrays import ComplexArray
from twin.signal.units import to_db

# A receiver reports nothing below this level: log of zero is no report.
_FLOOR: Final = 1e-9


class PairsAir:
    """The precoders G = [Q L] in use, (N_T, d_s + d_a) per pair; all zero before the first."""

    def __init__(self, world: PairsWorld, powers_mw: Mapping[str, float]) -> None:
        params = world.params
        self._world = world
        self._powers_mw = dict(powers_mw)
        shape = (params.transmit, params.streams + params.noise_streams)
        self.precoders: dict[str, ComplexArray] = {name: np.zeros(shape, dtype=np.complex128) for name in params.names}
        self.data_ns: dict[str, int] = dict.fromkeys(params.names, 0)
        self._ends = {receiver_of(name): index for index, name in enumerate(params.names)}

    def put(self, pair: str, both: ComplexArray, t_data_ns: int) -> None:
        """Use G, which goes back to a measurement at `t_data_ns`, from now on."""
        self.precoders[pair] = both
        self.data_ns[pair] = t_data_ns

    def split(self) -> tuple[ComplexArray, ComplexArray]:
        """Q (K, N_T, d_s) and L (K, N_T, d_a) of all pairs."""
        both = np.array([self.precoders[name] for name in self._world.params.names])
        streams = self._world.params.streams
        return both[..., :streams], both[..., streams:]

    def covariance(self, pair: int, t_ns: int) -> ComplexArray:
        """I + sum_{i != j} H_ji G_i G_i^H H_ji^H (N_R, N_R) at the receiver of a pair j: interference and noise.

        Kong et al., eqs (8) and (11), without the pair's own artificial noise.
        """
        covariance, _ = self._heard(pair, t_ns)
        return covariance

    def quality_db(self, end: str, t_ns: int) -> float:
        """Power over its budget of a transmitter, SINR per stream of a receiver, in dB.

        The SINR is the one that would give d_s equal streams the rate of the pair: det(I + Z N^-1)^(1/d_s) - 1.
        """
        if end not in self._ends:
            return _level(float(np.vdot(self.precoders[end], self.precoders[end]).real) / self._powers_mw[end])
        covariance, own = self._heard(self._ends[end], t_ns)
        streams = self._world.params.streams
        noise = covariance + _gram(own[:, streams:])
        rate = float(np.linalg.slogdet(noise + _gram(own[:, :streams]))[1] - np.linalg.slogdet(noise)[1])
        return _level(float(np.expm1(rate / streams)))

    def _heard(self, pair: int, t_ns: int) -> tuple[ComplexArray, ComplexArray]:
        """The covariance of `covariance`, and what arrives of the own precoder, H_jj G_j (N_R, d)."""
        both = np.array([self.precoders[name] for name in self._world.params.names])
        arrived = self._world.to_receiver(pair, t_ns) @ both
        others = np.delete(arrived, pair, axis=0)
        covariance = np.eye(arrived.shape[1]) + _gram(others).sum(axis=0)
        return np.ascontiguousarray(covariance), arrived[pair]


def used_mw(both: ComplexArray) -> float:
    """||G||^2 in mW."""
    return float(np.vdot(both, both).real)


def _gram(a: ComplexArray) -> ComplexArray:
    return np.asarray(a @ np.swapaxes(a, -1, -2).conj())


def _level(ratio: float) -> float:
    return float(to_db(max(ratio, _FLOOR)))
