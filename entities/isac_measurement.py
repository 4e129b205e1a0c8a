"""What the stations measure: channels from pilots, and where an echo comes from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from entities.isac_world import IsacWorld
from entities.measurement import guess_in_ball
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray, RealArray, direction_cosines
from twin.signal.crlb import cosine_variance, range_variance_m2
from twin.signal.isac import TARGET
from twin.signal.sensing import scnr as echo_scnr
from twin.signal.units import from_db, to_db
from twin.wire.messages import Csi, Echo


@dataclass(frozen=True, slots=True)
class Pilots:
    """How well channels are measured: mean SNR of pilots, linear, and who is known up to a bounded relative error."""

    snr: float
    csi_error: Mapping[str, float]


def station_csi(world: IsacWorld, streams: Streams, station: str, t_ns: int, pilots: Pilots) -> Csi:
    """A station's estimates of its channels to all but the target at t, from uplink pilots.

    Whoever has a `csi_error` e in [0, 1) is known up to an error uniform in a ball of radius e ||h_hat|| (exactly with
    e = 0); Li et al., below eq. (6). The others: h_hat = h + CN(0, E|h_n|^2 / snr) on each antenna. A further
    measurement, at another time or of another receiver, changes no draw.
    """
    receivers = world.heard_by(station)
    rows = [row for row, name in enumerate(receivers) if name != TARGET]
    channels = world.channels(station, t_ns)[rows]
    error_var = world.mean_gains(station, t_ns)[rows] / pilots.snr
    radius = np.zeros(len(rows))
    names = tuple(receivers[row] for row in rows)
    for row, name in enumerate(names):
        rng = streams.generator("pilot", station, name, t_ns)
        if name not in pilots.csi_error:
            channels[row] += math.sqrt(error_var[row]) * _complex_normal(rng, channels.shape[1])
            continue
        error_var[row] = 0.0
        if pilots.csi_error[name] > 0.0:
            channels[row] = guess_in_ball(channels[row], pilots.csi_error[name], rng)
            radius[row] = pilots.csi_error[name] * float(np.linalg.norm(channels[row]))
    return Csi(names, np.ascontiguousarray(channels), error_var, radius)


def sense(world: IsacWorld, streams: Streams, station: str, t_ns: int, beams: ComplexArray) -> Echo | None:
    """What the echo of beams (M, streams) in sqrt(mW) tells at t of the target; None if it is not told from clutter.

    Its SCNR is that of Li et al., eq. (18). Range and direction cosines have errors N(0, CRLB), cut to what a range
    and cosines can be.
    """
    sensing, array = world.params.sensing, world.stations[station]
    channel = world.channels(station, t_ns)[world.heard_by(station).index(TARGET)]
    scnr = float(echo_scnr(channel, beams, world.params.echo_gain))
    if scnr < from_db(sensing.detection_db):
        return None
    truth = true_place(world, station, t_ns)
    error_var = np.array(
        [
            range_variance_m2(scnr, sensing.bandwidth_hz, sensing.range_max_m**2 / 12.0),
            cosine_variance(scnr, array.columns),
            cosine_variance(scnr, array.rows),
        ]
    )
    found = truth + np.sqrt(error_var) * streams.generator("echo", station, t_ns).standard_normal(3)
    place = np.clip(found, [0.0, -1.0, -1.0], [sensing.range_max_m, 1.0, 1.0])
    return Echo(TARGET, beams, place, error_var, float(to_db(scnr)))


def true_place(world: IsacWorld, station: str, t_ns: int) -> RealArray:
    """Range in m and direction cosines to the y and the z axis (3,) of the target, seen from a station."""
    offset_m = world.position_m(TARGET, t_ns) - world.position_m(station, t_ns)
    return np.concatenate(([float(np.linalg.norm(offset_m))], direction_cosines(offset_m)))


def _complex_normal(rng: np.random.Generator, size: int) -> ComplexArray:
    """Independent CN(0, 1) draws (size,)."""
    parts = rng.standard_normal((2, size)) * math.sqrt(0.5)
    return np.asarray(parts[0] + 1j * parts[1])
