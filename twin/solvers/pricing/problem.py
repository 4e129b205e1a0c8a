"""Problem P1 of Kong et al., eq. (22): maximise the sum of the secrecy rates of K pairs under K power budgets.

As corrected here: entries of an estimate are CN(0, (1 - zeta^2) g), those of its error CN(0, zeta^2 g), with g the gain
of the channel over the noise power; what is maximised is the mean rate over the error; rectangular precoders need not
be "positive semidefinite"; all logarithms inside are natural. A pair with no positive rate is switched off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.interference_channel import pair_secrecy_rates

MAX_SNR: Final = 1e12
"""Largest P g, and largest P N |entry|^2, that is taken: beyond it rounding eats the secrecy rates."""
_FULL: Final = 1.0 - 1e-14
"""A budget is met with rounding in the sum of squares, too."""
MAX_PAIRS: Final = 100
MAX_ANTENNAS: Final = 64

Precoders = tuple[ComplexArray, ComplexArray]
"""Q (K, N_T, d_s) and L (K, N_T, d_a) of all pairs, in sqrt(mW)."""


@dataclass(frozen=True, slots=True, eq=False)
class InterferenceProblem:
    """One instance: what all pairs know, put together.

    Attributes:
        channels: estimates of H_ji, (K, K, N_R, N_T), [j, i] from transmitter i to receiver j; noise-normalised, in
            1/sqrt(mW), path loss included.
        eve_channels: estimates of H_Ei, (K, N_E, N_T).
        powers_mw: the budgets P_i > 0, (K,): ||Q_i||^2 + ||L_i||^2 <= P_i, eq. (2).
        streams: d_s >= 1 columns of each Q_i.
        noise_streams: d_a >= 0 columns of each L_i; d_s + d_a <= N_T.
        zeta: standard deviation in [0, 1] of the error of an entry of H_ji, over the root of its gain.
        zeta_eve: the same of H_Ei.
        gains: mean powers (K, K) of the entries of H_ji, over the noise, in 1/mW; zeta^2 gains are the error variances.
        eve_gains: the same (K,) of H_Ei.
    """

    channels: ComplexArray
    eve_channels: ComplexArray
    powers_mw: RealArray
    streams: int
    noise_streams: int
    zeta: float
    zeta_eve: float
    gains: RealArray
    eve_gains: RealArray

    def __post_init__(self) -> None:
        for name in ("channels", "eve_channels"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.complex128))
        for name in ("powers_mw", "gains", "eve_gains"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        _check_shapes(self)
        _check_zeta("zeta", self.zeta)
        _check_zeta("zeta_eve", self.zeta_eve)
        _check_sizes(self)

    @property
    def pairs(self) -> int:
        """K."""
        return len(self.channels)

    @property
    def antennas(self) -> int:
        """N_T."""
        return int(self.channels.shape[-1])

    @property
    def error_variances(self) -> RealArray:
        """Error variances (K, K) of the entries of H_ji, in 1/mW."""
        return np.asarray(self.zeta**2 * self.gains)

    @property
    def eve_error_variances(self) -> RealArray:
        """Error variances (K,) of the entries of H_Ei, in 1/mW."""
        return np.asarray(self.zeta_eve**2 * self.eve_gains)

    @property
    def certain(self) -> bool:
        """Whether the estimates are the channels."""
        return self.zeta == 0.0 and self.zeta_eve == 0.0

    def draws(self, seed: int, count: int, eve_count: int = 1) -> tuple[ComplexArray, ComplexArray]:
        """Channels (count, K, K, N_R, N_T) and (count * eve_count, K, N_E, N_T) that these estimates may stand for.

        Args:
            seed: of the draws. The k-th draw of a seed is the same for every `count`.
            count: draws of the pairs' channels; where nothing is uncertain all of them are the estimates.
            eve_count: how many more draws there are of the eavesdropper's.
        """
        main, eve = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
        deviation, eve_deviation = np.sqrt(self.error_variances), np.sqrt(self.eve_error_variances)
        channels = self.channels + deviation[..., None, None] * _unit_normal(main, count, self.channels.shape)
        shape = self.eve_channels.shape
        eve_channels = self.eve_channels + eve_deviation[:, None, None] * _unit_normal(eve, count * eve_count, shape)
        return np.asarray(channels), np.asarray(eve_channels)

    def rates(self, precoders: Precoders) -> RealArray:
        """Secrecy rates (K,) in bit/s/Hz on the estimates, as if these were the channels."""
        return pair_secrecy_rates(self.channels, self.eve_channels, *precoders)

    def violation(self, precoders: Precoders) -> float:
        """Worst relative excess max_i (||Q_i||^2 + ||L_i||^2) / P_i - 1 over the budgets, eq. (2)."""
        return float((used_mw(precoders) / self.powers_mw).max()) - 1.0

    def within_budget(self, precoders: Precoders) -> Precoders:
        """The same precoders, those of pairs over their budget scaled down onto it."""
        used = used_mw(precoders)
        over = used > self.powers_mw
        scale = np.sqrt(np.where(over, _FULL * self.powers_mw / np.where(over, used, 1.0), 1.0))[:, None, None]
        return np.asarray(precoders[0] * scale), np.asarray(precoders[1] * scale)


def used_mw(precoders: Precoders) -> RealArray:
    """Powers ||Q_i||^2 + ||L_i||^2 (K,) in mW."""
    return np.asarray(sum((x.real**2 + x.imag**2).sum(axis=(1, 2)) for x in precoders))


def switched_off(precoders: Precoders, off: Sequence[bool] | NDArray[np.bool_]) -> Precoders:
    """The same precoders, those of the pairs marked in `off` (K,) zero."""
    on = ~np.asarray(off, dtype=bool)
    return np.asarray(precoders[0] * on[:, None, None]), np.asarray(precoders[1] * on[:, None, None])


def _unit_normal(rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> ComplexArray:
    parts = rng.standard_normal((count, *shape, 2))
    return np.asarray((parts[..., 0] + 1j * parts[..., 1]) / np.sqrt(2.0))


def _check_zeta(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise SolverError(f"{name}={value:g}: must lie in [0, 1]")


def _check_shapes(problem: InterferenceProblem) -> None:
    shape, heard = problem.channels.shape, problem.eve_channels.shape
    if len(shape) != 4 or shape[0] != shape[1] or min(shape) < 1:
        raise SolverError(f"channels: shape {shape}: must be (K, K, N_R, N_T), each >= 1")
    pairs, _, receive, transmit = shape
    if pairs > MAX_PAIRS or max(receive, transmit) > MAX_ANTENNAS:
        raise SolverError(f"channels: shape {shape}: at most {MAX_PAIRS} pairs with {MAX_ANTENNAS} antennas each")
    if len(heard) != 3 or (heard[0], heard[2]) != (pairs, transmit):
        raise SolverError(f"eve_channels: shape {heard}: must be ({pairs}, N_E, {transmit})")
    if not 1 <= heard[1] <= MAX_ANTENNAS:
        raise SolverError(f"N_E={heard[1]}: must lie in [1, {MAX_ANTENNAS}]")
    wanted = {"powers_mw": (pairs,), "gains": (pairs, pairs), "eve_gains": (pairs,)}
    for name, expected in wanted.items():
        if getattr(problem, name).shape != expected:
            raise SolverError(f"{name}: shape {getattr(problem, name).shape}: must be {expected}")
    d_s, d_a = problem.streams, problem.noise_streams
    if d_s < 1 or d_a < 0 or d_s + d_a > transmit:
        raise SolverError(f"d_s={d_s}, d_a={d_a}: must have d_s >= 1, d_a >= 0 and d_s + d_a <= N_T = {transmit}")


def _check_sizes(problem: InterferenceProblem) -> None:
    for name in ("channels", "eve_channels", "powers_mw", "gains", "eve_gains"):
        if not np.isfinite(getattr(problem, name)).all():
            raise SolverError(f"{name}: has a value that is not finite: all must be")
    if problem.powers_mw.min() <= 0.0:
        raise SolverError(f"powers_mw={problem.powers_mw.min():g}: must be > 0")
    for name in ("gains", "eve_gains"):
        if getattr(problem, name).min() < 0.0:
            raise SolverError(f"{name}={getattr(problem, name).min():g}: must be >= 0")
    largest = max(float(np.abs(problem.channels).max()), float(np.abs(problem.eve_channels).max()))
    strongest = max(float(problem.gains.max()), float(problem.eve_gains.max()), largest**2 * problem.antennas)
    if float(problem.powers_mw.max()) * strongest > MAX_SNR:
        message = f"largest entry {largest:g}: power times gain, and power * N_T * entry^2, must be <= {MAX_SNR:g}"
        raise SolverError(f"channels: {message}")
