"""What the pairs have on air, and what their receivers hear of it at the instant at which somebody asks."""

import numpy as np

from entities.pairs_world import PairsWorld
from twin.signal.arrays import ComplexArray


class PairsAir:
    """The precoders G = [Q L] in use, (N_T, d_s + d_a) per pair; all zero before the first."""

    def __init__(self, world: PairsWorld) -> None:
        params = world.params
        self._world = world
        self._numbers = {name: number for number, name in enumerate(params.names)}
        shape = (world.pairs, params.transmit, params.streams + params.noise_streams)
        self._precoders: ComplexArray = np.zeros(shape, dtype=np.complex128)
        self.data_ns: dict[str, int] = dict.fromkeys(params.names, 0)

    def put(self, pair: str, both: ComplexArray, t_data_ns: int) -> None:
        """Use G, which goes back to a measurement at `t_data_ns`, from now on."""
        self._precoders[self._numbers[pair]] = both
        self.data_ns[pair] = t_data_ns

    @property
    def shape(self) -> tuple[int, ...]:
        """That of every G, (N_T, d_s + d_a)."""
        return self._precoders.shape[1:]

    def split(self) -> tuple[ComplexArray, ComplexArray]:
        """Q (K, N_T, d_s) and L (K, N_T, d_a) of all pairs."""
        both, streams = self._precoders.copy(), self._world.params.streams
        return both[..., :streams], both[..., streams:]

    def covariance(self, pair: int, t_ns: int) -> ComplexArray:
        """I + sum_{i != j} H_ji G_i G_i^H H_ji^H (N_R, N_R) at the receiver of a pair j: interference and noise.

        Kong et al., eqs (8) and (11), without the pair's own artificial noise.
        """
        return covariance(self._world.to_receiver(pair, t_ns), self._precoders, pair)


def covariance(channels: ComplexArray, both: ComplexArray, pair: int) -> ComplexArray:
    """I + sum_{i != j} H_ji G_i G_i^H H_ji^H (N_R, N_R), from channels H_ji (K, N_R, N_T) and G_i (K, N_T, d)."""
    arrived = channels @ both
    arrived[pair] = 0.0
    columns = np.swapaxes(arrived, 0, 1).reshape(channels.shape[1], -1)
    return np.asarray(np.eye(len(columns)) + columns @ columns.conj().T)


def used_mw(both: ComplexArray) -> float:
    """||G||^2 in mW."""
    return float(np.vdot(both, both).real)
