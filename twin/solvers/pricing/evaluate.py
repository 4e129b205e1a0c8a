"""What precoders are worth: their rates re-evaluated, pairs without any switched off, and all of it as a solution."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from twin.signal.arrays import RealArray
from twin.signal.interference_channel import eve_rates, user_rates
from twin.solvers.pricing.problem import InterferenceProblem, Precoders, switched_off, used_mw
from twin.solvers.result import Solution, Status, WarmStart

EVALUATION: Final = 101
"""Seed of the draws that the reported rates are the mean of. No climb sees them; they choose among a few ends."""
EVALUATION_DRAWS: Final = 1000
_LEAST_DRAWS: Final = 50
_BLOCK: Final = 100
"""Draws that are held in memory at a time, at ten pairs."""


def mean_differences(problem: InterferenceProblem, precoders: Precoders, seed: int, count: int) -> RealArray:
    """Means (K,) over draws of C_R - C_E in bit/s/Hz, not clipped; exact where nothing is uncertain.

    With more than five pairs there are fewer draws than `count`: a draw has K^2 channels.
    """
    if problem.certain:
        return user_rates(problem.channels, *precoders) - eve_rates(problem.eve_channels, *precoders)
    count = min(count, max(_LEAST_DRAWS, 25 * count // problem.pairs**2))
    block = max(1, _BLOCK * 100 // max(problem.pairs, 10) ** 2)
    total, done = np.zeros(problem.pairs), 0
    while done < count:
        size = min(block, count - done)
        channels, eve_channels = problem.draws(seed + done, size)
        difference = user_rates(channels, *precoders) - eve_rates(eve_channels, *precoders)
        total += difference.sum(axis=0)
        done += size
    return np.asarray(total / count)


def without_losers(problem: InterferenceProblem, precoders: Precoders, seed: int, count: int) -> Precoders:
    """The precoders with pairs off whose mean rate is not positive, the worst first; nobody else loses by that."""
    on = used_mw(precoders) > 0.0
    for _ in range(problem.pairs):
        differences = np.where(on, mean_differences(problem, precoders, seed, count), np.inf)
        worst = int(np.argmin(differences))
        if differences[worst] > 0.0:
            break
        on[worst] = False
        precoders = switched_off(precoders, ~on)
    return precoders


def sum_rate(problem: InterferenceProblem, precoders: Precoders, seed: int, count: int) -> float:
    """Sum of the secrecy rates in bit/s/Hz as draws of a seed see it."""
    return float(np.maximum(mean_differences(problem, precoders, seed, count), 0.0).sum())


def evaluated(
    problem: InterferenceProblem, method: str, precoders: Precoders, iterations: int, evidence: Mapping[str, float]
) -> Solution:
    """A solution with its rates re-evaluated on draws that no climb has seen. Pairs that lose are switched off.

    Precoders that are not finite make a failed solution with everything switched off.
    """
    finite = all(np.isfinite(x).all() for x in precoders)
    if not finite:
        precoders = (np.zeros_like(precoders[0]), np.zeros_like(precoders[1]))
    precoders = problem.within_budget(precoders)
    precoders = without_losers(problem, precoders, EVALUATION, EVALUATION_DRAWS)
    rates = np.maximum(mean_differences(problem, precoders, EVALUATION, EVALUATION_DRAWS), 0.0)
    return Solution(
        problem="ic",
        method=method,
        status=Status.SOLVED if finite else Status.FAILED,
        objective=float(rates.sum()),
        precoders=precoders,
        rates=rates,
        violation=problem.violation(precoders),
        iterations=iterations,
        warm=WarmStart(precoders),
        evidence={"pairs": float(problem.pairs), "on": float((used_mw(precoders) > 0.0).sum()), **evidence},
    )
