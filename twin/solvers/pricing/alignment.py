"""Interference alignment with artificial noise in the null space: our baseline after the scheme of Zhao et al. (2016).

The formulas of the cited scheme are not at hand; ours is iterative leakage minimisation (Gomadam, Cadambe and Jafar).
With orthonormal directions V_i (N_T, d_s) of the signals, W_i (N_T, d_a) of the artificial noise and U_j (N_R, d_s) of
the receivers, the leakage is what receivers hear of all that is not meant for them,

    sum_j [ sum_{i != j} ||U_j^H H_ji V_i||^2 + sum_i ||U_j^H H_ji W_i||^2 ],

the own artificial noise included. In turns U_j, V_i and W_i become the eigenvectors with the least eigenvalues of what
the others make of them; the leakage never rises. There is a solution where it goes to zero; counting equations against
variables says where one is to be expected,

    (K - 1) d_s^2 + K d_s d_a  <=  d_s (N_T - d_s) + d_s (N_R - d_s) + d_a (N_T - d_a).

Where none is found the status is "infeasible", and the precoders are those of the least leakage found.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray
from twin.solvers.pricing.evaluate import evaluated
from twin.solvers.pricing.powers import best_powers
from twin.solvers.pricing.problem import InterferenceProblem, Precoders
from twin.solvers.result import Solution, Status

_WORK: Final = 30_000
"""Rounds times squared pairs."""
_LEAST_ROUNDS: Final = 100
_ALIGNED: Final = 1e-8
"""Leakage over the power received, below which the interference counts as aligned."""
_SEED: Final = 5


def is_proper(problem: InterferenceProblem) -> bool:
    """Whether there are at least as many free variables as equations."""
    receive, transmit = problem.channels.shape[2:]
    d_s, d_a, pairs = problem.streams, problem.noise_streams, problem.pairs
    equations = (pairs - 1) * d_s**2 + pairs * d_s * d_a
    return bool(equations <= d_s * (transmit - d_s) + d_s * (receive - d_s) + d_a * (transmit - d_a))


def align(problem: InterferenceProblem) -> tuple[ComplexArray, ComplexArray, list[float]]:
    """V (K, N_T, d_s), W (K, N_T, d_a), and the leakage over the power received, before each round."""
    d_s, d_a, n = problem.streams, problem.noise_streams, problem.antennas
    rng = np.random.default_rng(_SEED)
    drawn = rng.standard_normal((2, problem.pairs, n, n))
    bases = np.linalg.qr(drawn[0] + 1j * drawn[1])[0]
    v, w = bases[:, :, :d_s], bases[:, :, d_s : d_s + d_a]
    others = (1.0 - np.eye(problem.pairs))[:, :, None, None]
    scale = float((np.abs(problem.channels) ** 2).sum()) or 1.0
    history: list[float] = []
    for _ in range(max(_LEAST_ROUNDS, _WORK // problem.pairs**2)):
        signals, noises = problem.channels @ v, problem.channels @ w
        heard = (signals @ _adjoint(signals) * others + noises @ _adjoint(noises)).sum(axis=1)
        u = _least(heard, min(d_s, heard.shape[-1]))
        history.append(float((_adjoint(u) @ heard @ u).trace(axis1=1, axis2=2).real.sum()) / scale)
        if history[-1] < _ALIGNED:
            break
        echoes = _adjoint(problem.channels) @ u[:, None]
        reflected = echoes @ _adjoint(echoes)
        v, w = _least((reflected * others).sum(axis=0), d_s), _least(reflected.sum(axis=0), d_a)
    return v, w, history


def alignment(problem: InterferenceProblem) -> Solution:
    """Aligned directions, with powers on a grid."""
    v, w, history = align(problem)

    def design(budget_share: float, noise_share: float) -> Precoders:
        power = (budget_share * problem.powers_mw)[:, None, None]
        return (
            np.asarray(v * np.sqrt((1.0 - noise_share) * power / problem.streams)),
            np.asarray(w * np.sqrt(noise_share * power / max(problem.noise_streams, 1))),
        )

    precoders, budget_share, noise_share = best_powers(problem, design, noise=True)
    evidence = {
        "leakage": history[-1],
        "proper": float(is_proper(problem)),
        "budget_share": budget_share,
        "noise_share": noise_share,
    }
    solution = evaluated(problem, "alignment", precoders, len(history), evidence)
    return solution if history[-1] < _ALIGNED else replace(solution, status=Status.INFEASIBLE)


def _least(a: ComplexArray, count: int) -> ComplexArray:
    """Eigenvectors with the `count` least eigenvalues."""
    return np.asarray(np.linalg.eigh(a)[1][..., :count])


def _adjoint(a: ComplexArray) -> ComplexArray:
    return np.asarray(np.swapaxes(a, -1, -2).conj())
