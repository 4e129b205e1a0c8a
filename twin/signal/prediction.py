"""What past measurements of a fading channel say about a later instant: Wiener taps, line of sight, phases.

Instants are in s on any common origin; T is a trailing axis of p taps, and every leading axis is a link of its own.
"""

from typing import Final, overload

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray, ula_response

_RIDGE: Final = 1e-8
_GRID: Final = 64
_NEWTON_STEPS: Final = 3


def wiener_taps(
    doppler_hz: float | RealArray,
    instants_s: RealArray,
    target_s: float | RealArray,
    noise: RealArray,
    mean_variance: float = 0.0,
) -> tuple[RealArray, RealArray]:
    """Weights and error power of the best linear prediction of a unit-power process with the Jakes autocorrelation.

    w = (R + V 11' + diag(nu))^-1 (r + V 1) with R_il = J0(2 pi f (t_i - t_l)) and r_i = J0(2 pi f (t* - t_i)), and
    e2 = 1 + V - (r + V 1)'w clipped to [0, 1 + V]: the mean squared error of sum_i w_i x_i. Instants may be irregular.
    V is the variance of an unknown constant added to the process and predicted with it (0: none; large: the weights
    add up to one, "ordinary kriging").

    Args:
        doppler_hz: Doppler spread f >= 0 of each link, shape (...).
        instants_s: when the samples were taken, shape (..., p).
        target_s: the instant t* asked for, shape (...).
        noise: variance nu >= 0 of the noise in each sample, shape (..., p); a huge one makes a sample ignored.
        mean_variance: V >= 0.

    Returns:
        Weights (..., p) and error powers e2 (...).
    """
    from scipy.special import j0

    turn = 2.0 * np.pi * np.asarray(doppler_hz, dtype=np.float64)[..., None]
    past = j0(turn[..., None] * (instants_s[..., :, None] - instants_s[..., None, :])) + mean_variance
    ahead = j0(turn * (np.asarray(target_s, dtype=np.float64)[..., None] - instants_s)) + mean_variance
    loaded = past + (noise + _RIDGE)[..., None] * np.eye(instants_s.shape[-1])
    weights = np.linalg.solve(loaded, ahead[..., None])[..., 0]
    whole = 1.0 + mean_variance
    return weights, np.asarray(np.clip(whole - (ahead * weights).sum(axis=-1), 0.0, whole))


@overload
def predicted(weights: RealArray, samples: RealArray) -> RealArray: ...
@overload
def predicted(weights: RealArray, samples: ComplexArray) -> ComplexArray: ...
def predicted(weights: RealArray, samples: ComplexArray | RealArray) -> ComplexArray | RealArray:
    """Predictions sum_i w_i x_i (..., N) from weights (..., p) and samples (..., p, N)."""
    return np.asarray(np.matmul(weights[..., None, :], samples)[..., 0, :])


def shown_doppler(samples: ComplexArray, instants_s: RealArray, noise: RealArray) -> RealArray:
    """Doppler spread in Hz (...) that samples (..., R, p, N) of R processes of one spread, and any power, show.

    How far apart neighbours are, beyond their noise, says how fast they change: E|x_l - x_{l+1}|^2 = 2 P (1 - J0(2 pi f
    d)) + nu_l + nu_{l+1}, which is 2 P (pi f d)^2 for the gaps d that predictions are made over. So f^2 = sum(D) /
    (2 pi^2 sum(P d^2)), with D and P the squared differences and mean powers of all neighbours, noise taken off; of
    what has decorrelated from one sample to the next it is 1 / (pi d). 0 where there are no two samples.

    Args:
        samples: newest first.
        instants_s: when they were taken, shape (..., R, p).
        noise: variance per entry of the noise in each, shape (..., R, p); one of infinity is left out.
    """
    counts = np.isfinite(noise[..., 1:] + noise[..., :-1])
    taken = np.where(np.isfinite(noise), noise, 0.0)
    powers = (np.abs(samples) ** 2).mean(axis=-1) - taken
    apart = (np.abs(np.diff(samples, axis=-2)) ** 2).mean(axis=-1) - taken[..., 1:] - taken[..., :-1]
    reach = 0.5 * (powers[..., 1:] + powers[..., :-1]) * np.diff(instants_s, axis=-1) ** 2
    moved, spans = (np.where(counts, each, 0.0).sum(axis=(-2, -1)) for each in (apart, reach))
    return np.asarray(np.sqrt(np.maximum(moved, 0.0) / np.where(spans > 0.0, 2.0 * np.pi**2 * spans, np.inf)))


def direction_cosine(mean: ComplexArray) -> RealArray:
    """Direction cosine u in [-1, 1) of a line of sight seen through an array, from mean channels (..., N).

    Maximises Re(a(u)^H c) over a grid of 64 steering vectors a(u), then by three Newton steps held within one step of
    the grid. The common phase is that of the line of sight: none at the first antenna. Elements half a wavelength apart
    cannot tell 1 from -1.
    """
    size = mean.shape[-1]
    if size == 1:
        return np.zeros(mean.shape[:-1])
    grid = np.linspace(-1.0, 1.0, _GRID)
    start = grid[np.argmax((mean @ ula_response(grid, size).conj().T).real, axis=-1)]
    step, ramp = grid[1] - grid[0], np.pi * np.arange(size)
    cosine = start
    for _ in range(_NEWTON_STEPS):
        terms = mean * np.exp(1j * cosine[..., None] * ramp)
        slope = -(ramp * terms.imag).sum(axis=-1)
        bend = np.minimum(-(ramp**2 * terms.real).sum(axis=-1), -np.finfo(np.float64).tiny)
        cosine = np.clip(cosine - slope / bend, start - step, start + step)
    return np.asarray((cosine + 1.0) % 2.0 - 1.0)


def phases_since(samples: ComplexArray) -> RealArray:
    """Phases in rad (..., p, N) of samples (..., p, N), relative to sample 0, unwrapped from one sample to the next."""
    turned = np.angle(samples[..., 1:, :] * samples[..., :-1, :].conj())
    phases = np.zeros(samples.shape)
    np.cumsum(turned, axis=-2, out=phases[..., 1:, :])
    return phases


def phasor_moments(phase_variance: RealArray) -> tuple[RealArray, RealArray]:
    """|mean| and variance of exp(j phi) for a Gaussian phase of variance v in rad^2: e^(-v/2) and 1 - e^-v."""
    return np.exp(-0.5 * phase_variance), -np.expm1(-phase_variance)
