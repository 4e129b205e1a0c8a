"""What the ends of a pair measure: channels from pilots, and what is on air beside their own signal."""

from functools import lru_cache

import numpy as np

from entities.pairs_params import EAVESDROPPER, PairsParams
from entities.pairs_world import PairsWorld
from twin.signal.arrays import ComplexArray, RealArray
from twin.wire.messages import Csi


def transmitter_csi(world: PairsWorld, pair: int, t_ns: int) -> Csi:
    """A transmitter's estimates of its channels to all receivers (their uplink pilots) and to the eavesdropper.

    N_R adjacent rows for each receiver j, under the name of its pair, in order; then N_E rows under hers. The errors
    are those of the world: zeta^2 gain per entry. A bounded error has as `radius` of a row that of its whole matrix.
    """
    params = world.params
    channels, eve = world.estimated_from(pair, t_ns)
    main = np.repeat(params.zeta**2 * world.gains(t_ns)[:, pair], params.receive)
    error_var = np.concatenate([main, np.full(params.eve, params.zeta_eve**2 * world.eve_gains(t_ns)[pair])])
    rows = np.concatenate([channels.reshape(-1, params.transmit), eve])
    return Csi(_rows_of(params.names, params.receive, params.eve), rows, error_var, _radii(params, error_var))


def receiver_csi(world: PairsWorld, pair: int, t_ns: int) -> Csi:
    """A receiver's estimates of its channels from all transmitters: N_R adjacent rows under the name of each pair."""
    params = world.params
    rows = world.estimated_at(pair, t_ns).reshape(-1, params.transmit)
    error_var = np.repeat(params.zeta**2 * world.gains(t_ns)[pair], params.receive)
    return Csi(_rows_of(params.names, params.receive, 0), rows, error_var, _radii(params, error_var))


def mean_gain(estimate: ComplexArray, error_var: float) -> float:
    """Mean power of an entry as a transmitter sees it: that of the estimates and that of their error."""
    return float(np.mean(estimate.real**2 + estimate.imag**2)) + error_var


@lru_cache(maxsize=8)
def _rows_of(names: tuple[str, ...], receive: int, eve: int) -> tuple[str, ...]:
    """Whose antenna each row of a report is."""
    return (*(name for name in names for _ in range(receive)), *([EAVESDROPPER] * eve))


def _radii(params: PairsParams, error_var: RealArray) -> RealArray:
    """Where errors are bounded: of each row the root mean square norm of the error of its whole matrix; else 0."""
    if params.error_law == "statistical":
        return np.zeros(len(error_var))
    mains = len(params.names) * params.receive
    antennas = np.repeat([params.receive, params.eve], [mains, len(error_var) - mains])
    return np.asarray(np.sqrt(error_var * antennas * params.transmit))
