"""What the pairs have on air, and what their receivers hear of it at the instant at which somebody asks."""

import numpy as np

from entities.pairs_world import PairsWorld
from twin.signal.arrays import ComplexArray


class PairsAir:
    """The precoders G = [Q L] in use, (N_T, d_s + d_a) per pair; all zero before the first."""

    def __init__(self, world: PairsWorld) -> None:
        params = world.params
        self._world = world
        shape = (params.transmit, params.streams + params.noise_streams)
        self.precoders: dict[str, ComplexArray] = {name: np.zeros(shape, dtype=np.complex128) for name in params.names}
        self.data_ns: dict[str, int] = dict.fromkeys(params.names, 0)

    def put(self, pair: str, both: ComplexArray, t_data_ns: int) -> None:
        """Use G, which goes back to a measurement at `t_data_ns`, from now on."""
        self.precoders[pair] = both
        self.data_ns[pair] = t_data_ns

    def split(self) -> tuple[ComplexArray, ComplexArray]:
        """Q (K, N_T, d_s) and L (K, N_T, d_a) of all pairs."""
        both, streams = self._all(), self._world.params.streams
        return both[..., :streams], both[..., streams:]

    def covariance(self, pair: int, t_ns: int) -> ComplexArray:
        """I + sum_{i != j} H_ji G_i G_i^H H_ji^H (N_R, N_R) at the receiver of a pair j: interference and noise.

        Kong et al., eqs (8) and (11), without the pair's own artificial noise.
        """
        return covariance(self._world.to_receiver(pair, t_ns), self._all(), pair)

    def _all(self) -> ComplexArray:
        return np.array([self.precoders[name] for name in self._world.params.names])


def covariance(channels: ComplexArray, both: ComplexArray, pair: int) -> ComplexArray:
    """I + sum_{i != j} H_ji G_i G_i^H H_ji^H (N_R, N_R), from channels H_ji (K, N_R, N_T) and G_i (K, N_T, d)."""
    arrived = np.delete(channels, pair, axis=0) @ np.delete(both, pair, axis=0)
    total = np.eye(channels.shape[1]) + (arrived @ np.swapaxes(arrived, -1, -2).conj()).sum(axis=0)
    return np.ascontiguousarray(total, dtype=np.complex128)


def used_mw(both: ComplexArray) -> float:
    """||G||^2 in mW."""
    return float(np.vdot(both, both).real)
