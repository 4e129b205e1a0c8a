"""What the ends of a pair measure: channels from pilots, and what is on air beside their own signal."""

import numpy as np

from entities.pairs_params import EAVESDROPPER
from entities.pairs_world import PairsWorld, error_radius
from twin.signal.arrays import ComplexArray, RealArray
from twin.wire.messages import Csi


def transmitter_csi(world: PairsWorld, pair: int, t_ns: int) -> Csi:
    """A transmitter's estimates of its channels to all receivers (their uplink pilots) and to the eavesdropper.

    N_R adjacent rows for each receiver j, under the name of its pair, in order; then N_E rows under hers. The errors
    are those of the world: zeta^2 gain per entry. A bounded error has as `radius` of a row that of its whole matrix.
    """
    params = world.params
    channels, eve = world.estimated_from(pair, t_ns)
    gains, eve_gain = world.gains(t_ns)[:, pair], float(world.eve_gains(t_ns)[pair])
    names = [name for name in params.names for _ in range(params.receive)]
    rows = np.concatenate([channels.reshape(-1, params.transmit), eve])
    main = np.repeat(gains, params.receive)
    error_var = np.concatenate([params.zeta**2 * main, np.full(params.eve, params.zeta_eve**2 * eve_gain)])
    return Csi((*names, *([EAVESDROPPER] * params.eve)), rows, error_var, _radii(world, main, eve_gain))


def receiver_csi(world: PairsWorld, pair: int, t_ns: int) -> Csi:
    """A receiver's estimates of its channels from all transmitters: N_R adjacent rows under the name of each pair."""
    params = world.params
    rows = world.estimated_at(pair, t_ns).reshape(-1, params.transmit)
    main = np.repeat(world.gains(t_ns)[pair], params.receive)
    names = tuple(name for name in params.names for _ in range(params.receive))
    radii = _radii(world, main, 0.0)[: len(main)]
    return Csi(names, np.ascontiguousarray(rows), params.zeta**2 * main, radii)


def mean_gain(estimate: ComplexArray, error_var: float) -> float:
    """Mean power of an entry as a transmitter sees it: that of the estimates and that of their error."""
    return float(np.mean(estimate.real**2 + estimate.imag**2)) + error_var


def _radii(world: PairsWorld, main: RealArray, eve_gain: float) -> RealArray:
    params = world.params
    if params.error_law == "statistical":
        return np.zeros(len(main) + params.eve)
    own = error_radius(params.zeta, (params.receive, params.transmit)) * np.sqrt(main)
    eve = error_radius(params.zeta_eve, (params.eve, params.transmit)) * np.sqrt(eve_gain)
    return np.concatenate([own, np.full(params.eve, eve)])
