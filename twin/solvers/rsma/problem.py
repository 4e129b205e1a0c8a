"""Problem P1 of Li et al., eq. (19): the most secure energy efficiency (SEE) of two stations, as corrected here.

Station 1 sends w_bo to Bob and w_ta to a target that it senses; station 2 sends the common stream o_c and private
streams o_1..o_N to N users (RSMA). Both are optimised jointly:

    max  [log2(1 + S_b / (I_b + 1)) - log2(1 + S_e / (T_e + J_e + 1))] / (P_1 + P_2 + P_0)
    s.t. P_1 <= P_1max, P_2 <= P_2max, R_S >= I_S, R_c,n >= I_c and R_n >= I_p for all n, T_b >= S_bM, T_e >= S_e,
         T_b / (S_bM + I_b + 1) >= gamma, T_eM / (S_em + J_e + 1) <= gamma, S_b / (I_b + 1) >= gamma, SCNR >= gamma,

with the worst cases of twin.signal.worst_case at Bob and Eve, whose channels are known up to an error of bounded norm.
Corrections to the paper: the bounds of amplitudes are tight where (10) and (27)-(31) are loose or optimistic; Eve's
condition in (19g) is gamma_e,ta <= gamma; R_e in (13) is robust, too; R_c is the least over the users; the echo filter
is the best one, a = h_t / ||h_t|| (Algorithm 1 finds nothing else: S has rank one).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray

MAX_ANTENNAS: Final = 256
MAX_USERS: Final = 32
MAX_SNR: Final = 1e12
"""Largest P ||h||^2 that is taken: beyond it rounding eats the margins of the constraints."""
MAX_RATE: Final = 40.0
"""Largest demand, in bit/s/Hz: what a signal has over noise at `MAX_SNR`."""

Beams = tuple[ComplexArray, ComplexArray]
"""W = [w_bo, w_ta] (M_1, 2) and O = [o_c, o_1 .. o_N] (M_2, N + 1) in sqrt(W): a column is a stream."""


@dataclass(frozen=True, slots=True, eq=False)
class HisacProblem:
    """One instance. Channels are over the standard deviation of the noise, whose power then is 1; amplitudes h^H w.

    Attributes:
        channels_1: from station 1 to Bob, Eve, the target and users 1..N, (3 + N, M_1), in 1/sqrt(W).
        channels_2: from station 2 to Bob, Eve and users 1..N, (2 + N, M_2).
        errors_1: greatest norms (2,) of the errors of the channels from station 1 to Bob and to Eve, in 1/sqrt(W);
            each 0, or less than the norm of its channel.
        errors_2: the same from station 2.
        power_1_w: P_1max > 0, of ||w_bo||^2 + ||w_ta||^2.
        power_2_w: P_2max > 0, of ||o_c||^2 + sum ||o_n||^2.
        circuit_w: P_0 > 0, what the circuits take.
        echo_gain: kappa^2 sigma^2 > 0: mean square of the radar cross section's coefficient times the noise power.
        threshold: gamma_th > 0 of (19g), linear.
        least_secrecy: I_S >= 0 in bit/s/Hz, of (19d).
        least_common: I_c >= 0.
        least_private: I_p >= 0.
    """

    channels_1: ComplexArray
    channels_2: ComplexArray
    errors_1: RealArray
    errors_2: RealArray
    power_1_w: float
    power_2_w: float
    circuit_w: float
    echo_gain: float
    threshold: float
    least_secrecy: float
    least_common: float
    least_private: float

    def __post_init__(self) -> None:
        for name in ("channels_1", "channels_2"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.complex128))
        for name in ("errors_1", "errors_2"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        _check_shapes(self)
        _check_numbers(self)
        _check_errors(self)
        _check_demands(self)

    @property
    def users(self) -> int:
        """N."""
        return len(self.channels_2) - 2

    @property
    def antennas(self) -> tuple[int, int]:
        """M_1 and M_2."""
        return int(self.channels_1.shape[1]), int(self.channels_2.shape[1])

    @property
    def beams_shape(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Shapes of W and O."""
        first, second = self.antennas
        return (first, 2), (second, self.users + 1)


def _check_shapes(problem: HisacProblem) -> None:
    for station, known in ((1, 3), (2, 2)):
        shape = getattr(problem, f"channels_{station}").shape
        if len(shape) != 2:
            raise SolverError(f"channels_{station}: shape {shape}: must be ({known} + N, M{station})")
        if not 1 <= shape[1] <= MAX_ANTENNAS:
            raise SolverError(f"M{station}={shape[1]}: must lie in [1, {MAX_ANTENNAS}]")
        if not 1 <= shape[0] - known <= MAX_USERS:
            raise SolverError(f"N={shape[0] - known}: must lie in [1, {MAX_USERS}]")
    first, second = len(problem.channels_1) - 3, len(problem.channels_2) - 2
    if first != second:
        raise SolverError(f"channels_2: has {second} users: must have {first}, as channels_1 has")
    for name in ("errors_1", "errors_2"):
        if getattr(problem, name).shape != (2,):
            raise SolverError(f"{name}: shape {getattr(problem, name).shape}: must be (2,), of Bob and Eve")


def _check_numbers(problem: HisacProblem) -> None:
    positive = {
        "P1max": problem.power_1_w,
        "P2max": problem.power_2_w,
        "P0": problem.circuit_w,
        "kappa2_sigma2": problem.echo_gain,
        "gamma_th": problem.threshold,
    }
    for name, value in positive.items():
        if not 0.0 < value < np.inf:
            raise SolverError(f"{name}={value:g}: must be > 0 and finite")
    demands = {"I_S": problem.least_secrecy, "I_c": problem.least_common, "I_p": problem.least_private}
    for name, value in demands.items():
        if not 0.0 <= value <= MAX_RATE:
            raise SolverError(f"{name}={value:g}: must lie in [0, {MAX_RATE:g}] bit/s/Hz")
    for station, power_w in ((1, problem.power_1_w), (2, problem.power_2_w)):
        channels = getattr(problem, f"channels_{station}")
        if not np.isfinite(channels).all():
            raise SolverError(f"channels_{station}: has a value that is not finite: all must be")
        strongest = float(np.linalg.norm(channels, axis=1).max())
        if strongest**2 * power_w > MAX_SNR:
            raise SolverError(f"channels_{station}: norm {strongest:g}: power * norm^2 must be <= {MAX_SNR:g}")


def _check_errors(problem: HisacProblem) -> None:
    for station, letter in ((1, "h"), (2, "g")):
        errors, channels = getattr(problem, f"errors_{station}"), getattr(problem, f"channels_{station}")
        for row, who in enumerate(("bo", "e")):
            error, norm = float(errors[row]), float(np.linalg.norm(channels[row]))
            if not 0.0 <= error < np.inf:
                raise SolverError(f"e_{letter}_{who}={error:g}: must be >= 0 and finite")
            if error > 0.0 and error >= norm:
                raise SolverError(f"e_{letter}_{who}={error:g}: must be < ||{letter}_{who}|| = {norm:g}")


def _check_demands(problem: HisacProblem) -> None:
    """No power gives N users SINRs x_n with sum x_n / (1 + x_n) >= rank G through as many private streams."""
    together = problem.users * (1.0 - 2.0**-problem.least_private)
    rank = min(problem.antennas[1], problem.users)
    if together >= rank:
        message = f"contradicts itself for N={problem.users} users at M2={problem.antennas[1]} antennas at any power"
        raise SolverError(f"I_p={problem.least_private:g}: {message}: N (1 - 2^-I_p) must be < {rank}")
