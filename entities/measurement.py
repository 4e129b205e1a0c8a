"""What a transmitter measures of its channels: noisy pilots, and a bounded guess at the eavesdropper's."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from entities.world import World
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray
from twin.signal.sagin import EAVESDROPPER, RECEIVERS, USERS
from twin.wire.messages import Csi, RealArray

_Real = float | RealArray
_ROUNDING: Final = 64.0 * float(np.finfo(np.float64).eps)


def estimate(world: World, streams: Streams, transmitter: str, t_ns: int, *, pilot_snr: float, csi_error: float) -> Csi:
    """A transmitter's estimates of its channels to SU, AU, GU and the eavesdropper at t, from uplink pilots.

    Users: c_hat = c + CN(0, E|c_n|^2 / pilot_snr) on each antenna, unbiased; `pilot_snr` is the mean SNR of a
    pilot, linear and > 0. The eavesdropper: see `guess_in_ball` with relative error `csi_error` D in [0, 1);
    her radius is D ||c_hat||. A further measurement, at another time or of another receiver, changes no draw.
    """
    channels = world.channels(transmitter, t_ns)
    error_var = world.mean_gains(transmitter, t_ns) / pilot_snr
    radius = np.zeros(len(RECEIVERS))
    for row, name in enumerate(USERS):
        noise = _complex_normal(streams.generator("pilot", transmitter, name, t_ns), channels.shape[1])
        channels[row] += math.sqrt(error_var[row]) * noise
    eve = RECEIVERS.index(EAVESDROPPER)
    error_var[eve] = 0.0
    if csi_error > 0.0:
        rng = streams.generator("pilot", transmitter, EAVESDROPPER, t_ns)
        channels[eve] = guess_in_ball(channels[eve], csi_error, rng)
        radius[eve] = csi_error * float(np.linalg.norm(channels[eve]))
    return Csi(receivers=RECEIVERS, channels=channels, error_var=error_var, radius=radius)


@dataclass(frozen=True, slots=True, eq=False)
class PilotDraws:
    """What chance adds to measurements, any leading axes S: the same draws can be laid over other channels.

    `noise` (S, 4, N): CN(0, 1) for the users; the eavesdropper's row is the direction of the guess at her channel, and
    `volume` (S,) in [0, 1) the share of her ball that lies nearer to its centre.
    """

    noise: ComplexArray
    volume: RealArray


def pilot_draws(streams: Streams, transmitter: str, t_ns: int, antennas: int, *, csi_error: float) -> PilotDraws:
    """The draws of `estimate` at t."""
    noise = np.zeros((len(RECEIVERS), antennas), dtype=np.complex128)
    for row, name in enumerate(USERS):
        noise[row] = _complex_normal(streams.generator("pilot", transmitter, name, t_ns), antennas)
    if csi_error == 0.0:
        return PilotDraws(noise, np.array(0.0))
    rng = streams.generator("pilot", transmitter, EAVESDROPPER, t_ns)
    noise[RECEIVERS.index(EAVESDROPPER)], volume = _ball_draws(rng, antennas)
    return PilotDraws(noise, np.array(volume))


def estimates_with(
    channels: ComplexArray, error_var: RealArray, draws: PilotDraws, csi_error: float
) -> tuple[ComplexArray, RealArray]:
    """Estimates (S, 4, N) and radii (S,) of channels (S, 4, N) with given draws: `estimate`, many at once.

    `error_var` (S, 4) is the variance of the users' noise per antenna; the eavesdropper's is not used.
    """
    eve = RECEIVERS.index(EAVESDROPPER)
    estimates = channels + np.sqrt(error_var)[..., None] * draws.noise
    estimates[..., eve, :] = channels[..., eve, :]
    if csi_error == 0.0:
        return estimates, np.zeros(channels.shape[:-2])
    norms = (_norms(channels[..., eve, :]), _norms(draws.noise[..., eve, :]))
    pair = (draws.noise[..., eve, :], draws.volume[..., None])
    estimates[..., eve, :] = _guess(channels[..., eve, :], csi_error, pair, norms)
    return estimates, csi_error * np.linalg.norm(estimates[..., eve, :], axis=-1)


def guess_in_ball(channel: ComplexArray, error: float, rng: np.random.Generator) -> ComplexArray:
    """A guess c_hat (N,) at c, uniform among those with ||c - c_hat|| <= D ||c_hat||, D = `error` in (0, 1).

    These guesses fill the ball around c / (1 - D^2) of radius D ||c|| / (1 - D^2): square both sides. The
    condition is that of the paper's bounded CSI error, in which only the guess is known.
    """
    direction, volume = _ball_draws(rng, channel.shape[0])
    norms = (float(np.linalg.norm(channel)), float(np.linalg.norm(direction)))
    return _guess(channel, error, (direction, volume), norms)


def _ball_draws(rng: np.random.Generator, size: int) -> tuple[ComplexArray, float]:
    return _complex_normal(rng, size), rng.random()


def _guess(
    channel: ComplexArray, error: float, draws: tuple[ComplexArray, _Real], norms: tuple[_Real, _Real]
) -> ComplexArray:
    """The guess that a direction (..., N) and a volume (..., 1) pick, given the norms of channel and direction."""
    direction, volume = draws
    scale = 1.0 / (1.0 - error**2)
    # A ball in 2N real dimensions: the volume within r grows as r^2N.
    reach = error * scale * norms[0] * volume ** (0.5 / channel.shape[-1])
    guess = channel * scale + direction * (reach / norms[1])
    # A last step towards c, which lies inside, so that rounding cannot leave the ball.
    inward = min(1.0, _ROUNDING / (error * (1.0 - error)))
    return np.asarray(guess + inward * (channel - guess))


def _norms(vectors: ComplexArray) -> RealArray:
    return np.asarray(np.linalg.norm(vectors, axis=-1, keepdims=True))


def _complex_normal(rng: np.random.Generator, size: int) -> ComplexArray:
    """Independent CN(0, 1) draws (size,)."""
    parts = rng.standard_normal((2, size)) * math.sqrt(0.5)
    return np.asarray(parts[0] + 1j * parts[1])
