"""Minimum total mean square error: our baseline after the scheme of Kong et al. (2016), whose formulas are not at hand.

With receivers U_j the mean square error matrix of pair j, in units of its symbols, is

    M_j = (U_j^H H_jj Q_j - I)(U_j^H H_jj Q_j - I)^H + U_j^H N_j U_j

(Kong et al. (2024), eq. (31)). In turns: U_j = (N_j + Z_j)^-1 H_jj Q_j, which minimises tr M_j, and, given all
receivers, Q_i = (A_i + mu_i I)^-1 H_ii^H U_i with A_i = sum_j H_ji^H U_j U_j^H H_ji and the least mu_i >= 0 that meets
the budget, which minimises sum_j tr M_j. There is no term for the eavesdropper and hence no artificial noise ("mmse").

"mmse_eve" subtracts what the eavesdropper's own MMSE receiver would be left with, tr E_i with E_i = (I + Q_i^H S_i
Q_i)^-1, S_i = R_i - R_i L_i (I + L_i^H R_i L_i)^-1 L_i^H R_i and R_i the mean of H_Ei^H H_Ei. tr E_i is convex in Q_i^H
S_i Q_i, so E_i^2 of the last iterate is the weight of a minorant: A_i Q + S_i Q E_i^2 + mu Q = H_ii^H U_i, which
decouples along the eigenvectors of E_i^2. L_i takes a fixed share of the budget along the d_a eigenvectors of A_i with
the least eigenvalues: noise that the receivers filter out.
"""

from typing import Final

import numpy as np
from scipy.optimize import brentq

from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.interference_channel import noise_covariances
from twin.solvers.pricing.evaluate import evaluated
from twin.solvers.pricing.powers import best_powers
from twin.solvers.pricing.problem import InterferenceProblem, Precoders
from twin.solvers.pricing.starts import make_starts
from twin.solvers.result import Solution

_ROUNDS: Final = 40
_TINY: Final = 1e-12


def mmse(problem: InterferenceProblem) -> Solution:
    """Minimum total mean square error without a term for the eavesdropper."""
    return _solve(problem, "mmse", eve=False)


def mmse_eve(problem: InterferenceProblem) -> Solution:
    """Minimum total mean square error less the eavesdropper's, with artificial noise."""
    return _solve(problem, "mmse_eve", eve=True)


def _solve(problem: InterferenceProblem, method: str, *, eve: bool) -> Solution:
    def design(budget_share: float, noise_share: float) -> Precoders:
        return alternate(problem, budget_share * problem.powers_mw, noise_share, eve=eve)[0]

    precoders, budget_share, noise_share = best_powers(problem, design, eve)
    shares = {"budget_share": budget_share, "noise_share": noise_share}
    return evaluated(problem, method, precoders, _ROUNDS, shares)


def alternate(
    problem: InterferenceProblem, budgets: RealArray, noise_share: float, *, eve: bool, rounds: int = _ROUNDS
) -> tuple[Precoders, list[float]]:
    """Precoders after some rounds on the estimates, and the total mean square error before each of them.

    Without artificial noise the total, less the eavesdropper's where that counts, never rises.
    """
    q, an = make_starts(problem, 1, 0)[0]
    used = (q.real**2 + q.imag**2).sum(axis=(1, 2))
    q = q * np.sqrt((1.0 - noise_share) * budgets / used)[:, None, None]
    an = np.zeros_like(an)
    history = []
    for _ in range(rounds):
        noise = noise_covariances(problem.channels, q, an)
        own = np.einsum("jjab->jab", problem.channels) @ q
        receivers = np.linalg.solve(noise + own @ _adjoint(own), own)
        history.append(_total(problem, q, an, receivers, noise, eve=eve))
        heard = _adjoint(problem.channels) @ receivers[:, None]
        costs = (heard @ _adjoint(heard)).sum(axis=0)
        if noise_share > 0.0:
            quiet = np.linalg.eigh(costs)[1][:, :, : problem.noise_streams]
            an = quiet * np.sqrt(noise_share * budgets / problem.noise_streams)[:, None, None]
        leaks = _leaks(problem, an) if eve else np.zeros_like(costs)
        q = np.array(
            [
                _transmit(costs[i], leaks[i], heard[i, i], q[i], (1.0 - noise_share) * budgets[i])
                for i in range(problem.pairs)
            ]
        )
    return (q, an), history


def _total(
    problem: InterferenceProblem,
    q: ComplexArray,
    an: ComplexArray,
    receivers: ComplexArray,
    noise: ComplexArray,
    *,
    eve: bool,
) -> float:
    off = _adjoint(receivers) @ np.einsum("jjab->jab", problem.channels) @ q - np.eye(problem.streams)
    errors = off @ _adjoint(off) + _adjoint(receivers) @ noise @ receivers
    total = float(np.einsum("jaa->", errors).real)
    if eve:
        left = np.linalg.inv(np.eye(problem.streams) + _adjoint(q) @ _leaks(problem, an) @ q)
        total -= float(np.einsum("jaa->", left).real)
    return total


def _leaks(problem: InterferenceProblem, an: ComplexArray) -> ComplexArray:
    """S_i (K, N_T, N_T)."""
    gram = _adjoint(problem.eve_channels) @ problem.eve_channels
    heard = problem.eve_channels.shape[1] * problem.eve_error_variances
    gram = gram + heard[:, None, None] * np.eye(problem.antennas)
    leaked = gram @ an
    return np.asarray(gram - leaked @ np.linalg.solve(np.eye(an.shape[-1]) + _adjoint(an) @ leaked, _adjoint(leaked)))


def _transmit(
    cost: ComplexArray, leaked: ComplexArray, goal: ComplexArray, q: ComplexArray, budget: float
) -> ComplexArray:
    """Q with cost Q + leaked Q W + mu Q = goal, W = E^2 of the present q, ||Q||^2 <= budget."""
    left = np.linalg.inv(np.eye(q.shape[1]) + q.conj().T @ leaked @ q)
    weights, vectors = np.linalg.eigh(left @ left)
    systems = cost + weights[:, None, None] * leaked
    values, bases = np.linalg.eigh(systems)
    turned = _adjoint(bases) @ (goal @ vectors).T[:, :, None]
    floor = _TINY * max(float(values.max()), _TINY)

    def answer(mu: float) -> ComplexArray:
        return np.asarray(turned[:, :, 0] / (np.maximum(values, 0.0) + mu + floor))

    def excess(log_mu: float) -> float:
        return float(np.log((np.abs(answer(np.exp(log_mu))) ** 2).sum() / budget))

    y = answer(0.0)
    if (np.abs(y) ** 2).sum() > budget:
        top = 0.5 * float(np.log((np.abs(turned) ** 2).sum() / budget))
        y = answer(float(np.exp(brentq(excess, np.log(floor) - 40.0, top + 1e-9, xtol=1e-12))))
    columns = (bases @ y[:, :, None])[:, :, 0].T
    return np.asarray(columns @ vectors.conj().T)


def _adjoint(a: ComplexArray) -> ComplexArray:
    return np.asarray(np.swapaxes(a, -1, -2).conj())
