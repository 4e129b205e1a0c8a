"""Kong et al., Algorithm 1, with the corrections of reference_step.py: the yardstick for the fast solver.

Sequential turns: each pair takes its receivers, weights and the prices of the others in closed form at the present
point and solves for Q and L on CVXPY. Where nothing is uncertain a turn is a step up the sum of the rates; with balls
it is the worst case over each channel on its own that is improved, and the mean rate is what is reported.
"""

from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.solvers.pricing.evaluate import EVALUATION, EVALUATION_DRAWS, evaluated, mean_differences, sum_rate
from twin.solvers.pricing.fast import checked
from twin.solvers.pricing.problem import InterferenceProblem, Precoders
from twin.solvers.pricing.reference_step import step
from twin.solvers.pricing.starts import make_starts
from twin.solvers.result import Solution, WarmStart

MAX_ROUNDS: Final = 10
_TOLERANCE: Final = 1e-3
"""Gain of a round, in bit/s/Hz of the sum of all C_R - C_E, below which the rounds end; epsilon of Algorithm 1."""


def reference(
    problem: InterferenceProblem,
    *,
    warm_start: WarmStart | None = None,
    max_rounds: int = MAX_ROUNDS,
    radius_factor: float = 1.0,
) -> Solution:
    """The best point of Algorithm 1 from one start.

    Args:
        problem: the instance.
        warm_start: precoders to begin from; the first of the fast solver's starts if None.
        max_rounds: turns of every pair, at most; L_max of Algorithm 1.
        radius_factor: radius of the balls over zeta sqrt(gain).

    Returns:
        The best precoders after any round, or the start. "gave_out" in the evidence counts steps without a usable
        answer: their pair stays as it was.
    """
    if max_rounds < 1:
        raise SolverError(f"max_rounds={max_rounds}: must be >= 1")
    now = make_starts(problem, 1, 0)[0] if warm_start is None else checked(problem, warm_start)
    best = now
    sums, values, gave_out = [-np.inf], [sum_rate(problem, now, EVALUATION, EVALUATION_DRAWS)], 0
    while len(values) <= max_rounds:
        now, failed = _round(problem, now, radius_factor)
        gave_out += failed
        differences = mean_differences(problem, now, EVALUATION, EVALUATION_DRAWS)
        sums.append(float(differences.sum()))
        values.append(float(np.maximum(differences, 0.0).sum()))
        if values[-1] >= max(values):
            best = now
        if abs(sums[-1] - sums[-2]) < _TOLERANCE:
            break
    done = len(values) - 1
    evidence = {"rounds": float(done), "gave_out": float(gave_out), "radius_factor": radius_factor}
    return evaluated(problem, "reference", best, done * problem.pairs, evidence)


def _round(problem: InterferenceProblem, precoders: Precoders, radius_factor: float) -> tuple[Precoders, int]:
    """One turn of every pair that is on; how many steps gave out."""
    q, an = np.array(precoders[0]), np.array(precoders[1])
    gave_out = 0
    for i in range(problem.pairs):
        if not q[i].any() and not an[i].any():
            continue
        found = step(problem, i, (q, an), radius_factor)
        if found is None:
            gave_out += 1
            continue
        q[i], an[i] = found
        q, an = problem.within_budget((q, an))
    return (q, an), gave_out
