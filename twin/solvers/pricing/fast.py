"""The product's own solver for problem P1 of Kong et al., eq. (22): pricing turns in closed form, with restarts.

The turns are in fast_pair.py and fast_play.py. What is here: which averages they climb (variant), many short climbs, a
few of them taken to the end, and the best by rates evaluated anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.pricing.evaluate import EVALUATION, EVALUATION_DRAWS, evaluated, sum_rate, without_losers
from twin.solvers.pricing.fast_entries import play_kernel
from twin.solvers.pricing.fast_scratch import EXACT, GRAM, STAT
from twin.solvers.pricing.gradient import SumRate, ascend
from twin.solvers.pricing.problem import InterferenceProblem, Precoders
from twin.solvers.pricing.starts import make_starts
from twin.solvers.pricing.total_mse import alternate
from twin.solvers.pricing.variants import Variant
from twin.solvers.result import Solution, WarmStart


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard `solve_fast` tries.

    Attributes:
        starts: short climbs.
        kept: how many of them are taken to the end.
        short_rounds: rounds of a short climb, at most.
        rounds: rounds of a long one, at most.
        inner: updates of a pair per turn.
        tolerance: a climb ends when five rounds gain less than this share.
        draws: draws of the pairs' channels in a long climb of five pairs; fewer with more pairs.
        eve_draws: draws of the eavesdropper's channels in a long climb.
        polish: quasi-Newton steps of all pairs at once at the very end, on draws where the channels are uncertain:
            turns take very long for the last per cent at high SNR.
        floor: whether a cold solve also tries what the baselines find, where these may be above.
    """

    starts: int = 16
    kept: int = 3
    short_rounds: int = 30
    rounds: int = 300
    inner: int = 5
    tolerance: float = 1e-5
    draws: int = 32
    eve_draws: int = 192
    polish: int = 0
    floor: bool = False

    def __post_init__(self) -> None:
        for name in ("starts", "kept", "short_rounds", "rounds", "inner", "draws", "eve_draws"):
            if getattr(self, name) < 1:
                raise SolverError(f"{name}={getattr(self, name)}: must be >= 1")


FREE: Final = Effort(starts=24, kept=4, short_rounds=40, rounds=400, tolerance=1e-6, polish=300, floor=True)
"""One draw: rounds cost little."""
DRAWN: Final = Effort(rounds=150, tolerance=1e-4, polish=30, floor=True)
"""Many draws: an error of the averages outweighs what more rounds would gain."""
SELFISH: Final = Effort(starts=1, kept=1, rounds=100, tolerance=1e-5)
"""From one start; there is no common objective that more starts would help to find."""
_SHORT_DRAWS: Final = (6, 24)
_FLOOR_PAIRS: Final = 8
_DRAWN_PAIRS: Final = 8
_HIGH_RATE: Final = 8.0
"""In bit/s/Hz, of one pair."""
_MOST_WORK: Final = 800
"""Draws times squared pairs."""
_KINDS: Final = {Variant.PLUG_IN: EXACT, Variant.STAT: STAT, Variant.GRAM: GRAM, Variant.SCENARIO: EXACT}
_FIRST_SEED: Final = 1
_MMSE_ROUNDS: Final = 15
_SAME: Final = 1e-4
"""Short climbs whose values differ by less than this share are taken for one."""


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """A problem as a climb sees it: the arrays of `fast_play.Game`."""

    channels: ComplexArray
    leaks: ComplexArray
    errors: RealArray
    budgets: RealArray
    kind: int


def make_arena(problem: InterferenceProblem, variant: Variant, draws: int, eve_draws: int, seed: int) -> Arena:
    """The channels of a variant; with certain estimates all variants are the same."""
    pairs, errors = problem.pairs, np.zeros((problem.pairs, problem.pairs))
    if variant is Variant.SCENARIO and not problem.certain:
        count = max(1, min(draws, _MOST_WORK // pairs**2))
        channels, eve = problem.draws(seed, count, -(-eve_draws // count))
    else:
        channels, eve = problem.channels[None], problem.eve_channels[None]
    leaks = np.swapaxes(eve.conj(), -1, -2) @ eve
    if variant in {Variant.STAT, Variant.GRAM}:
        errors = problem.error_variances
        spread = problem.eve_channels.shape[1] * problem.eve_error_variances
        leaks = leaks + spread[:, None, None] * np.eye(problem.antennas)
    return Arena(
        np.ascontiguousarray(np.moveaxis(channels, 0, 2)),
        np.ascontiguousarray(np.moveaxis(leaks, 0, 1)),
        errors,
        problem.powers_mw,
        EXACT if problem.certain else _KINDS[variant],
    )


def climb(
    arena: Arena,
    start: Precoders,
    *,
    rounds: int,
    inner: int = 1,
    tolerance: float = 0.0,
    stretch: bool = False,
    priced: bool = True,
) -> tuple[Precoders, RealArray]:
    """Sequential turns from a start; the precoders and the sum of C_R - C_E in nat after 0, 1, 2 ... rounds.

    Without `stretch` these are the plain iterates of sequential pricing: what twins play that send fresh prices over
    links that take no time. `priced=False` is selfish play.
    """
    q, an = (np.array(x, dtype=np.complex128, order="C") for x in start)
    trace = np.zeros(rounds + 1)
    done = play_kernel(
        arena.channels,
        arena.leaks,
        arena.errors,
        arena.budgets,
        arena.kind,
        priced,
        rounds,
        inner,
        tolerance,
        stretch,
        q,
        an,
        trace,
    )
    return (q, an), trace[: done + 1]


def solve_fast(
    problem: InterferenceProblem,
    *,
    warm_start: WarmStart | None = None,
    variant: Variant | None = None,
    effort: Effort | None = None,
    priced: bool = True,
    method: str = "fast",
) -> Solution:
    """The best of many climbs by sequential pricing.

    Args:
        problem: the instance.
        warm_start: precoders of an earlier solve: one climb, from there, and no others.
        variant: what to climb; None is the estimates where they are certain, draws for up to eight pairs, else "gram".
        effort: how many climbs, how long; None is `FREE` or, where draws are climbed, `DRAWN`.
        priced: False for selfish play, in which every pair climbs for itself.
        method: the name in the solution.

    Returns:
        Precoders that meet their budgets, pairs without a positive rate switched off. Equal input gives equal bits.
    """
    chosen = variant or _usual(problem)
    drawn = chosen is Variant.SCENARIO and not problem.certain
    effort = effort or (DRAWN if drawn else FREE)
    long = make_arena(problem, chosen, effort.draws, effort.eve_draws, _FIRST_SEED)
    if warm_start is not None:
        begins, rounds = [checked(problem, warm_start)], 0
    else:
        begins, rounds = _screened(problem, chosen, effort, priced)
    found = list(begins)
    for begin in begins:
        end, trace = _climb(long, begin, effort, effort.rounds, priced)
        rounds += len(trace) - 1
        found.append(end)
    best = _best(problem, found if priced else found[len(begins) :])
    # What follows looks at the mean rates themselves: it would not leave the other variants what they are.
    whole = priced and (drawn or problem.certain)
    if whole and effort.floor and warm_start is None and _is_hard(problem, best):
        best = _best(problem, [best, *_baselines(problem)])
    if whole and effort.polish:
        sizes = (effort.draws, effort.eve_draws)
        end, _, steps = ascend(problem, SumRate(problem, sizes), best, effort.polish)
        best = _best(problem, [best, end])
        rounds += steps
    evidence = {"climbs": float(len(begins)), "starts": float(effort.starts)}
    return evaluated(problem, method, best, rounds, evidence)


def _usual(problem: InterferenceProblem) -> Variant:
    """Draws are the best there is, but with many pairs only a few of them can be afforded, and few are no average."""
    if problem.certain:
        return Variant.PLUG_IN
    return Variant.SCENARIO if problem.pairs <= _DRAWN_PAIRS else Variant.GRAM


def _climb(arena: Arena, start: Precoders, effort: Effort, rounds: int, priced: bool) -> tuple[Precoders, RealArray]:
    """A climb as `effort` has it."""
    return climb(
        arena, start, rounds=rounds, inner=effort.inner, tolerance=effort.tolerance, stretch=priced, priced=priced
    )


def _is_hard(problem: InterferenceProblem, best: Precoders) -> bool:
    """Whether a baseline may be above the climbs: averages over few draws are a little off, turns at high SNR slow.

    Not asked of many pairs, for which the baselines take long.
    """
    if problem.pairs > _FLOOR_PAIRS:
        return False
    return not problem.certain or float(problem.rates(best).max()) > _HIGH_RATE


def _baselines(problem: InterferenceProblem) -> list[Precoders]:
    """Precoders of the baselines."""
    from twin.solvers.pricing.alignment import alignment
    from twin.solvers.pricing.total_mse import mmse, mmse_eve

    alone = solve_fast(problem, effort=SELFISH, priced=False, method="selfish")
    solutions = [alone, *(method(problem) for method in (mmse, mmse_eve, alignment))]
    return [(solution.precoders[0], solution.precoders[1]) for solution in solutions]


def _best(problem: InterferenceProblem, found: Sequence[Precoders]) -> Precoders:
    """The best of some precoders by the sum of their rates, pairs that lose off."""
    kept = [
        without_losers(problem, problem.within_budget(precoders), EVALUATION, EVALUATION_DRAWS) for precoders in found
    ]
    values = [sum_rate(problem, precoders, EVALUATION, EVALUATION_DRAWS) for precoders in kept]
    return kept[int(np.argmax(values))]


def _screened(
    problem: InterferenceProblem, variant: Variant, effort: Effort, priced: bool
) -> tuple[list[Precoders], int]:
    """The ends of the most promising short climbs, best first, and the rounds that all of them took."""
    starts = make_starts(problem, effort.starts, _FIRST_SEED)
    if len(starts) <= effort.kept:
        return starts, 0
    starts.append(alternate(problem, problem.powers_mw, 0.0, eve=False, rounds=_MMSE_ROUNDS)[0])
    kept, rounds = _short_climbs(problem, variant, starts, effort, priced)
    if variant is Variant.SCENARIO and not problem.certain:
        # Six draws rank the starts badly where they make little difference; what needs none is cheap and does not.
        for other in (Variant.PLUG_IN, Variant.STAT, Variant.GRAM):
            found, more = _short_climbs(problem, other, starts, effort, priced)
            end, trace = _climb(make_arena(problem, other, 1, 1, 0), found[0], effort, effort.rounds, priced)
            kept.append(end)
            rounds += more + len(trace) - 1
    return kept, rounds


def _short_climbs(
    problem: InterferenceProblem, variant: Variant, starts: Sequence[Precoders], effort: Effort, priced: bool
) -> tuple[list[Precoders], int]:
    """Ends of the best short climbs that differ, best first, and the rounds of all of them."""
    short = make_arena(problem, variant, *_SHORT_DRAWS, _FIRST_SEED)
    climbs = [_climb(short, start, effort, effort.short_rounds, priced) for start in starts]
    values = [float(trace[-1]) for _, trace in climbs]
    kept: list[int] = []
    for index in np.argsort(-np.array(values), kind="stable").tolist():
        near = any(abs(values[index] - values[other]) < _SAME * max(abs(values[other]), _SAME) for other in kept)
        if not near and len(kept) < effort.kept:
            kept.append(index)
    return [climbs[index][0] for index in kept], sum(len(trace) - 1 for _, trace in climbs)


def checked(problem: InterferenceProblem, warm_start: WarmStart) -> Precoders:
    """The warm start's precoders within today's budgets."""
    shape = (problem.pairs, problem.antennas)
    wanted = [(*shape, problem.streams), (*shape, problem.noise_streams)]
    shapes = [x.shape for x in warm_start.precoders]
    if shapes != wanted or not all(np.isfinite(x).all() for x in warm_start.precoders):
        raise SolverError(f"warm_start: precoders of shapes {shapes}: must be finite, of shapes {wanted}")
    return problem.within_budget((warm_start.precoders[0], warm_start.precoders[1]))
