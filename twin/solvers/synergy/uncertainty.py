"""What the solver may know of its channels' errors, and the rates that are left of them.

Two kinds, alone or together. *Error variance*: c = c_hat + e with E e e^H = s2 I, known by s2 alone; received powers
become their expectations, |c_hat^H x|^2 + s2 ||x||^2. *Ball*: the eavesdropper's channel is anywhere within a radius
of its estimate; the rates become their worst case over the three independent balls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sagin import EAVESDROPPER, RECEIVERS, TRANSMITTERS
from twin.signal.secrecy import secrecy_rate
from twin.signal.sinr import received_powers, user_sinrs
from twin.solvers.synergy.problem import MAX_SNR, SynergyProblem

_EVE = RECEIVERS.index(EAVESDROPPER)
_LINKS = (len(TRANSMITTERS), len(RECEIVERS))


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """How far the channels of a problem may be from the truth.

    Attributes:
        error_var: variance s2[j, k] >= 0 per antenna of the error of channel c_jk, in 1/mW as |c|^2; (3, 4), rows
            satellite, UAV, base station, columns SU, AU, GU, eavesdropper.
        radius: radius eps_j >= 0 of the ball around c_je in which the eavesdropper's channel lies, in 1/sqrt(mW) as
            |c|; (3,). Yin et al.'s Delta ||c_je|| where the estimate is known to a share Delta < 1.
    """

    error_var: RealArray = field(default_factory=lambda: np.zeros(_LINKS))
    radius: RealArray = field(default_factory=lambda: np.zeros(_LINKS[0]))

    def __post_init__(self) -> None:
        for name, shape in (("error_var", _LINKS), ("radius", _LINKS[:1])):
            values = np.array(getattr(self, name), dtype=np.float64)
            if values.shape != shape:
                raise SolverError(f"{name}: shape {values.shape}: must be {shape}")
            if not np.isfinite(values).all() or (values < 0.0).any():
                raise SolverError(f"{name}={values.min():g}: must be finite and >= 0")
            values.setflags(write=False)
            object.__setattr__(self, name, values)


def relative_ball(problem: SynergyProblem, share: float) -> Uncertainty:
    """Balls ||delta c_je|| <= Delta ||c_je|| around the eavesdropper's channels; Yin et al., section III.

    `share` is Delta in [0, 1): at 1 the channel may be zero, and nothing is known of it.
    """
    if not 0.0 <= share < 1.0:
        raise SolverError(f"csi_error={share:g}: must lie in [0, 1)")
    return Uncertainty(radius=np.array([share * np.linalg.norm(matrix[_EVE]) for matrix in problem.channels]))


def check_size(problem: SynergyProblem, uncertainty: Uncertainty) -> None:
    """Refuse errors so large that a double no longer holds them beside the noise (see `problem.MAX_SNR`)."""
    powers = np.array(problem.powers_mw)
    largest = max(
        float((uncertainty.error_var.max(axis=1) * powers).max()), float((uncertainty.radius**2 * powers).max())
    )
    if not largest <= MAX_SNR:
        raise SolverError(f"uncertainty: power * variance {largest:g}: must be <= {MAX_SNR:g}")


def expected_powers(problem: SynergyProblem, precoders: Sequence[ComplexArray], uncertainty: Uncertainty) -> RealArray:
    """Expected received powers p[j, k] = |c_jk^H x_j|^2 + s2_jk ||x_j||^2, (3, 4), over the noise power."""
    used = np.array([np.vdot(x, x).real for x in precoders])
    return np.asarray(received_powers(problem.channels, precoders) + uncertainty.error_var * used[:, None])


def worst_eve_sinrs(problem: SynergyProblem, precoders: Sequence[ComplexArray], uncertainty: Uncertainty) -> RealArray:
    """Largest SINR (3,) of the eavesdropper for each user's signal over the balls, exactly.

    |c^H x| ranges over [(|c_hat^H x| - eps ||x||)_+, |c_hat^H x| + eps ||x||] in a ball of radius eps, and each
    transmitter has a ball of its own, so that with s2 added to both ends

        gamma_ke = p_k+ / (1 + sum_{j != k} p_j-),   p_j+- = (|c_je^H x_j| +- eps_j ||x_j||)_+^2 + s2_je ||x_j||^2.
    """
    heard = np.sqrt(received_powers(problem.channels, precoders)[:, _EVE])
    used = np.array([np.vdot(x, x).real for x in precoders])
    spread = uncertainty.error_var[:, _EVE] * used
    reach = uncertainty.radius * np.sqrt(used)
    most = (heard + reach) ** 2 + spread
    least = np.maximum(heard - reach, 0.0) ** 2 + spread
    return np.asarray(most / (1.0 + least @ (1.0 - np.eye(3))))


def robust_rates(problem: SynergyProblem, precoders: Sequence[ComplexArray], uncertainty: Uncertainty) -> RealArray:
    """Secrecy rates (3,) in bit/s/Hz with expected powers at the users and the worst case at the eavesdropper.

    Without balls these are the rates of the expected powers; without variances, the exact worst case.
    """
    users = user_sinrs(expected_powers(problem, precoders, uncertainty))
    return secrecy_rate(users, worst_eve_sinrs(problem, precoders, uncertainty))


def worst_case_rates(problem: SynergyProblem, precoders: Sequence[ComplexArray], uncertainty: Uncertainty) -> RealArray:
    """Worst secrecy rates (3,) in bit/s/Hz over the balls around the eavesdropper's channels, variances left out."""
    return robust_rates(problem, precoders, Uncertainty(radius=uncertainty.radius))


def expected_power_rates(
    problem: SynergyProblem, precoders: Sequence[ComplexArray], uncertainty: Uncertainty
) -> RealArray:
    """Secrecy rates (3,) in bit/s/Hz of the expected powers, balls left out."""
    return robust_rates(problem, precoders, Uncertainty(error_var=uncertainty.error_var))
