"""Problem P1 of Yin et al., eq. (20): maximise the least secrecy rate under three power budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sagin import RECEIVERS, TRANSMITTERS
from twin.signal.secrecy import secrecy_rates
from twin.signal.sinr import eve_sinrs, user_sinrs

LN2: Final = float(np.log(2.0))
MAX_SNR: Final = 1e15
"""Largest P ||c||^2 over the noise that is taken: beyond it a double no longer holds signal and noise together."""


@dataclass(frozen=True, slots=True, eq=False)
class SynergyProblem:
    """One instance of P1.

    Attributes:
        channels: for satellite, UAV and base station a matrix (4, N_j); row k is the noise-normalised channel
            vector c_jk, in 1/sqrt(mW), to SU, AU, GU and the eavesdropper.
        powers_mw: the budgets P_j > 0 in mW: ||x_j||^2 <= P_j, eqs (20b)-(20d).
    """

    channels: tuple[ComplexArray, ...]
    powers_mw: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.channels) != len(TRANSMITTERS) or len(self.powers_mw) != len(TRANSMITTERS):
            message = f"channels={len(self.channels)}, powers_mw={len(self.powers_mw)}: must be 3 of each"
            raise SolverError(message)
        matrices = tuple(np.ascontiguousarray(matrix, dtype=np.complex128) for matrix in self.channels)
        object.__setattr__(self, "channels", matrices)
        object.__setattr__(self, "powers_mw", tuple(float(power) for power in self.powers_mw))
        for index, (matrix, power) in enumerate(zip(matrices, self.powers_mw, strict=True)):
            _check(index, matrix, power)

    def rates(self, precoders: Sequence[ComplexArray]) -> RealArray:
        """Secrecy rates (3,) in bit/s/Hz of three precoders in sqrt(mW); Yin et al., eqs (14)-(16)."""
        return secrecy_rates(self.channels, precoders)

    def violation(self, precoders: Sequence[ComplexArray]) -> float:
        """Worst relative excess max_j ||x_j||^2 / P_j - 1 over the budgets (20b)-(20d)."""
        pairs = zip(precoders, self.powers_mw, strict=True)
        return max(float(np.vdot(x, x).real) / power - 1.0 for x, power in pairs)

    def within_budget(self, precoders: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
        """The same precoders, those that exceed their budget scaled down onto it."""
        scaled = []
        for x, power in zip(precoders, self.powers_mw, strict=True):
            used = float(np.vdot(x, x).real)
            scaled.append(np.asarray(x * np.sqrt(power / used)) if used > power else np.array(x))
        return tuple(scaled)


def _check(index: int, matrix: ComplexArray, power: float) -> None:
    where = f"channels[{index}]"
    if matrix.ndim != 2 or matrix.shape[0] != len(RECEIVERS) or matrix.shape[1] < 1:
        raise SolverError(f"{where}: shape {matrix.shape}: must be (4, N) with N >= 1")
    if not np.isfinite(matrix).all():
        raise SolverError(f"{where}: has a value that is not finite: all must be")
    if not (np.isfinite(power) and power > 0.0):
        raise SolverError(f"powers_mw[{index}]={power:g}: must be finite and > 0")
    largest = float(np.abs(matrix).max())
    if largest * largest * matrix.shape[1] * power > MAX_SNR:
        raise SolverError(f"{where}: largest entry {largest:g}: power * N * entry^2 must be <= {MAX_SNR:g}")


def min_rate_nats(powers: RealArray) -> RealArray:
    """Least secrecy rate in nat, not clipped at 0, of received powers (..., 3, 4); the argument of [.]+.

    Unclipped it still ranks precoders where some link has no secrecy at all. Yin et al., eqs (17)-(19).
    """
    return np.asarray((np.log1p(user_sinrs(powers)) - np.log1p(eve_sinrs(powers))).min(axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A problem in at most four dimensions per transmitter, in units of its budgets.

    Only the span of a transmitter's four channels matters. With C^T = Q R (Q is (N, d) with orthonormal columns,
    d = min(N, 4)) and x = sqrt(P) Q z the received amplitude is c_k^H x = r_k^H z, r_k = sqrt(P) times column k
    of R, and the budget is ||z||^2 <= 1: exact, and N no longer matters. `channels` holds the r_k^T
    as rows (4, d), `bases` the matrices Q.
    """

    channels: tuple[ComplexArray, ...]
    bases: tuple[ComplexArray, ...]
    powers_mw: tuple[float, ...]

    @property
    def dims(self) -> tuple[int, ...]:
        """The three reduced dimensions d_j."""
        return tuple(matrix.shape[1] for matrix in self.channels)

    def lift(self, reduced: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
        """Precoders x_j = sqrt(P_j) Q_j z_j in sqrt(mW) of reduced ones z_j."""
        parts = zip(self.bases, reduced, self.powers_mw, strict=True)
        return tuple(np.sqrt(power) * (basis @ z) for basis, z, power in parts)

    def lower(self, precoders: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
        """Reduced precoders z_j = Q_j^H x_j / sqrt(P_j) of full ones: their part in the span of the channels."""
        parts = zip(self.bases, precoders, self.powers_mw, strict=True)
        return tuple(basis.conj().T @ x / np.sqrt(power) for basis, x, power in parts)


def reduce(problem: SynergyProblem) -> Reduced:
    """The same problem in at most four dimensions per transmitter (see `Reduced`)."""
    channels, bases = [], []
    for matrix, power in zip(problem.channels, problem.powers_mw, strict=True):
        antennas, scale = matrix.shape[1], np.sqrt(power)
        if antennas > len(RECEIVERS):
            basis, triangle = np.linalg.qr(matrix.T)
            channels.append(np.ascontiguousarray(triangle.T) * scale)
            bases.append(np.ascontiguousarray(basis))
        else:
            channels.append(matrix * scale)
            bases.append(np.eye(antennas, dtype=np.complex128))
    return Reduced(tuple(channels), tuple(bases), problem.powers_mw)


def upper_bound(reduced: Reduced) -> float:
    """A value in bit/s/Hz that no precoders can exceed: each link alone, helped by a genie.

    Link k gets no interference, and the other two transmitters jam the eavesdropper with all their power, J_k =
    sum_{j != k} P_j ||c_je||^2. What is left is a wiretap channel, whose secrecy rate is log2 of the largest
    generalised eigenvalue of (I + P c c^H, I + P c_e c_e^H / (1 + J)). The least of the three bounds P1.
    """
    from scipy.linalg import eigh

    heard = [float(np.vdot(matrix[3], matrix[3]).real) for matrix in reduced.channels]
    bounds = []
    for k, matrix in enumerate(reduced.channels):
        jamming = sum(heard) - heard[k]
        main = np.outer(matrix[k], matrix[k].conj())
        wiretap = np.outer(matrix[3], matrix[3].conj()) / (1.0 + jamming)
        # lambda - 1 is the eigenvalue of (A - B, B): at low power lambda itself would round to 1.
        gain = eigh(main - wiretap, np.eye(matrix.shape[1]) + wiretap, eigvals_only=True)[-1]
        bounds.append(float(np.log1p(max(float(gain), 0.0))) / LN2)
    return min(bounds)
