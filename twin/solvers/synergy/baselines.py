"""The paper's benchmark: fixed directions (maximum ratio transmission) whose three powers are optimised."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sinr import received_powers
from twin.solvers.result import Solution, Status, WarmStart
from twin.solvers.synergy.problem import Reduced, SynergyProblem, min_rate_nats, reduce, upper_bound

_COARSE: Final[RealArray] = np.concatenate([[0.0], np.logspace(-5.0, 0.0, 16)])
_FINE: Final[RealArray] = np.concatenate([[0.0], np.logspace(-6.0, 0.0, 31)])
_REFINED: Final = 6
"""How many of the grid's local maxima are refined: the powers have local optima."""
_REFINE_STEPS: Final = 100


def matched(channels: Sequence[ComplexArray]) -> tuple[ComplexArray, ...]:
    """Unit directions c_kk / ||c_kk|| of maximum ratio transmission, in the channels' dimensions."""
    return tuple(_unit(matrix[k]) for k, matrix in enumerate(channels))


def _unit(vector: ComplexArray) -> ComplexArray:
    """The vector at unit norm; the first axis in place of a zero vector, which has no direction."""
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0.0 else np.eye(len(vector), dtype=np.complex128)[0]


def local_mrt(problem: SynergyProblem) -> tuple[ComplexArray, ...]:
    """MRT at full power, in sqrt(mW): what a transmitter does that knows only its own link."""
    directions = matched(problem.channels)
    return tuple(np.sqrt(power) * x for power, x in zip(problem.powers_mw, directions, strict=True))


def _grid(levels: RealArray, powers: RealArray) -> tuple[RealArray, RealArray]:
    """Shares (L^3, 3) of the budgets and the least rate in nat (L^3,) at each of them."""
    axes = np.meshgrid(levels, levels, levels, indexing="ij")
    shares = np.stack([axis.ravel() for axis in axes], axis=1)
    return shares, min_rate_nats(shares[:, :, None] * powers)


def coarse_shares(powers: RealArray) -> RealArray:
    """Shares (3,) of the budgets in [0, 1] with the best least rate on a coarse grid, logarithmic with 0.

    `powers` are the received powers (3, 4) at full budgets.
    """
    shares, rates = _grid(_COARSE, powers)
    return np.asarray(shares[int(np.argmax(rates))])


def fine_shares(powers: RealArray) -> RealArray:
    """Shares (3,) of the budgets in [0, 1] with the best least rate: a grid, then its best local maxima refined.

    `powers` are the received powers (3, 4) at full budgets.
    """
    from scipy.ndimage import maximum_filter

    shares, rates = _grid(_FINE, powers)
    cube = rates.reshape((len(_FINE),) * 3)
    peaks = np.flatnonzero((cube == maximum_filter(cube, size=3, mode="nearest")).ravel())
    order = peaks[np.argsort(-rates[peaks], kind="stable")][:_REFINED]
    candidates = [shares[order[0]], *(_refine(shares[index], powers) for index in order)]
    values = [float(min_rate_nats(share[:, None] * powers)) for share in candidates]
    return np.asarray(candidates[int(np.argmax(values))])


def _refine(share: RealArray, powers: RealArray) -> RealArray:
    """Maximise phi s.t. R_k >= phi over the logarithms of the shares, from a point of the grid."""
    from scipy.optimize import minimize

    start = np.log(np.maximum(share, 1e-9))

    def margins(v: RealArray) -> RealArray:
        return np.asarray(_rates(np.exp(v[:3])[:, None] * powers)[0] - v[3])

    def slopes(v: RealArray) -> RealArray:
        return np.hstack([_rates(np.exp(v[:3])[:, None] * powers)[1], -np.ones((3, 1))])

    answer = minimize(
        lambda v: -v[3],
        np.append(start, _rates(np.exp(start)[:, None] * powers)[0].min()),
        jac=lambda _v: np.array([0.0, 0.0, 0.0, -1.0]),
        method="SLSQP",
        bounds=[(np.log(1e-9), 0.0)] * 3 + [(None, None)],
        constraints={"type": "ineq", "fun": margins, "jac": slopes},
        options={"maxiter": _REFINE_STEPS, "ftol": 1e-10},
    )
    if not np.isfinite(answer.x).all():
        return share
    return np.asarray(np.clip(np.exp(answer.x[:3]), 0.0, 1.0))


def _rates(powers: RealArray) -> tuple[RealArray, RealArray]:
    """Unclipped secrecy rates (3,) in nat and their slopes (3, 3) by the logarithm of each transmitter's power."""
    own, eve = powers[:, :3], powers[:, 3]
    total = 1.0 + own.sum(axis=0)
    noise = total - np.diagonal(own)
    total_eve = 1.0 + float(eve.sum())
    noise_eve = total_eve - eve
    rates = np.log(total) - np.log(noise) + np.log(noise_eve) - np.log(total_eve)
    others = 1.0 - np.eye(3)
    slopes = own / total - others * own / noise + others * eve[:, None] / noise_eve - eve[:, None] / total_eve
    return rates, slopes.T


def mrt(problem: SynergyProblem) -> Solution:
    """MRT directions c_kk / ||c_kk|| with the three powers optimised by a grid and local refinement.

    The benchmark of Yin et al., section V ("fixed precoding schemes ... power optimization").
    """
    reduced = reduce(problem)
    return fixed_directions(problem, reduced, matched(reduced.channels), "mrt")


def local(problem: SynergyProblem) -> Solution:
    """MRT at full power: what each transmitter would do on its own, with no twin to join them."""
    return baseline_solution(problem, local_mrt(problem), "local")


def fixed_directions(
    problem: SynergyProblem, reduced: Reduced, directions: Sequence[ComplexArray], method: str
) -> Solution:
    """Given reduced directions, the three powers optimised by a grid and local refinement."""
    shares = fine_shares(received_powers(reduced.channels, directions))
    powered = tuple(np.sqrt(share) * x for share, x in zip(shares, directions, strict=True))
    return baseline_solution(problem, reduced.lift(powered), method)


def baseline_solution(problem: SynergyProblem, precoders: tuple[ComplexArray, ...], method: str) -> Solution:
    """Precoders of a fixed scheme as a solution; `iterations` is 0, for nothing convex or iterative is solved."""
    precoders = problem.within_budget(precoders)
    rates = problem.rates(precoders)
    return Solution(
        problem="sagin",
        method=method,
        status=Status.SOLVED,
        objective=float(rates.min()),
        precoders=precoders,
        rates=rates,
        violation=problem.violation(precoders),
        iterations=0,
        warm=WarmStart(precoders),
        evidence=bounded(upper_bound(reduce(problem)), float(rates.min())),
    )


def bounded(bound: float, objective: float) -> dict[str, float]:
    """The genie's bound and how far below it an answer stays, both in bit/s/Hz, as evidence."""
    return {"upper_bound": bound, "gap": bound - objective}


def mrt_powered(reduced: Reduced) -> tuple[ComplexArray, ...]:
    """The benchmark's precoders in reduced form, in units of the budgets."""
    directions = matched(reduced.channels)
    shares = fine_shares(received_powers(reduced.channels, directions))
    return tuple(np.sqrt(share) * x for share, x in zip(shares, directions, strict=True))
