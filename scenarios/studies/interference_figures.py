"""Study `interference-figures`: Figs 3-6 of Kong et al. with intervals, and which of the paper's claims hold.

Channels are those of the world of pairs at t = 0, all at the paper's distances; all settings and schemes share the
draws, so that their differences are paired. Rates are the mean over the pairs of [mean(C_R - C_E)]+, the inner mean
over draws of the error where there is one. What is proposed is sequential pricing in closed form, over draws of the
error, the best of several starts; Fig. 3 shows its rounds from the transmitters' own start, without restarts. The
schemes that it is compared with are ours, after those cited: minimum total MSE with and without a term for the
eavesdropper, interference alignment with artificial noise in the null space, and pairs that pay no prices.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from entities.pairs_params import Distances, PairPlace, PairsParams
from entities.pairs_world import PairsWorld
from scenarios.studies import interference_sweeps as sweeps
from scenarios.studies.framework import Study
from scenarios.studies.grid import Parameters, Point, Row
from scenarios.studies.interference_report import report
from twin.emulation.streams import Streams
from twin.signal.local_start import local_start
from twin.signal.units import from_db
from twin.solvers.pricing.problem import InterferenceProblem, Precoders

PROPOSED: Final = "proposed"
TURNS: Final = "turns"
BASELINES: Final = ("mmse_eve", "mmse", "alignment", "selfish")
ROUNDS: Final = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 40)
"""Rounds of Fig. 3 at which rates are evaluated."""

_INNER: Final = 5
_DRAWS: Final = (12, 48)
_SEED: Final = 11
_EVALUATION: Final = (202, 300)
_FIGURE_OF_TURNS: Final = 3
_FIGURE_OF_SCHEMES: Final = 4


@lru_cache(maxsize=32)
def drawn(seed: int, zeta: float, eve_m: float, eve_antennas: int) -> PairsWorld:
    """Three pairs at the paper's distances. Another zeta, another distance, fewer antennas: the same draws."""
    places = {f"pair{n}": PairPlace((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)) for n in range(1, sweeps.PAIRS + 1)}
    params = PairsParams(
        places,
        transmit=sweeps.ANTENNAS,
        receive=sweeps.ANTENNAS,
        eve=eve_antennas,
        streams=sweeps.STREAMS,
        noise_streams=sweeps.NOISE_STREAMS,
        distances=Distances(10.0, 10.0, eve_m),
        zeta=zeta,
        zeta_eve=zeta,
    )
    return PairsWorld(params, Streams(seed))


def problem_of(parameters: Parameters, seed: int) -> InterferenceProblem:
    """The instance of a point."""
    zeta = float(parameters["zeta"])
    world = drawn(seed, zeta, float(parameters["eve_m"]), int(parameters["eve_antennas"]))
    return InterferenceProblem(
        channels=world.estimated(0),
        eve_channels=world.eve_estimated(0),
        powers_mw=np.full(sweeps.PAIRS, from_db(float(parameters["power_db"]))),
        streams=sweeps.STREAMS,
        noise_streams=sweeps.NOISE_STREAMS,
        zeta=zeta,
        zeta_eve=zeta,
        gains=world.gains(0),
        eve_gains=world.eve_gains(0),
    )


def evaluate(point: Point) -> list[Row]:
    """Mean rates of a pair: after each round in Fig. 3, of all schemes in Fig. 4, of the proposed one elsewhere."""
    from twin.solvers.pricing.solve import solve

    problem, figure = problem_of(point.parameters, point.seed), int(point.parameters["figure"])
    if figure == _FIGURE_OF_TURNS:
        return _turns(problem)
    rows = [_proposed(problem)]
    if figure == _FIGURE_OF_SCHEMES:
        for method in BASELINES:
            solution = solve(problem, method=method)
            rows.append(_row(method, 0, float(solution.rates.mean()), solution.violation))
    return rows


def _proposed(problem: InterferenceProblem) -> Row:
    from twin.solvers.pricing.fast import Effort, solve_fast
    from twin.solvers.pricing.variants import Variant

    variant = Variant.PLUG_IN if problem.certain else Variant.SCENARIO
    draws, eve_draws = _DRAWS
    effort = (
        Effort(starts=24, kept=4, short_rounds=40, rounds=400, tolerance=1e-6)
        if problem.certain
        else Effort(starts=6, kept=1, short_rounds=15, rounds=40, tolerance=1e-3, draws=draws, eve_draws=eve_draws)
    )
    solution = solve_fast(problem, variant=variant, effort=effort)
    return _row(PROPOSED, 0, float(solution.rates.mean()), solution.violation)


def _turns(problem: InterferenceProblem) -> list[Row]:
    """Rates after rounds of sequential turns from the local start."""
    from twin.solvers.pricing.fast import climb, make_arena
    from twin.solvers.pricing.variants import Variant

    arena = make_arena(problem, Variant.SCENARIO, *_DRAWS, _SEED)
    precoders, done, rows = own_start(problem), 0, []
    for rounds in ROUNDS:
        if rounds > done:
            precoders, _ = climb(arena, precoders, rounds=rounds - done, inner=_INNER)
            done = rounds
        rows.append(_row(TURNS, rounds, _mean_rate(problem, precoders), problem.violation(precoders)))
    return rows


def own_start(problem: InterferenceProblem) -> Precoders:
    """What the transmitters do before they have heard of each other."""
    starts = [
        local_start(
            problem.channels[i, i],
            float(problem.gains[i, i]),
            float(problem.powers_mw[i]),
            problem.streams,
            problem.noise_streams,
        )
        for i in range(problem.pairs)
    ]
    return np.array([q for q, _ in starts]), np.array([an for _, an in starts])


def _mean_rate(problem: InterferenceProblem, precoders: Precoders) -> float:
    from twin.solvers.pricing.evaluate import mean_differences

    return float(np.maximum(mean_differences(problem, precoders, *_EVALUATION), 0.0).mean())


def _row(scheme: str, rounds: int, rate: float, violation: float) -> Row:
    return {"scheme": scheme, "rounds": rounds, "rate": rate, "violation": float(violation)}


STUDY: Final = Study(
    name="interference-figures",
    version=1,
    description="Figs 3-6 of the interference pricing paper with intervals, and which of its claims hold",
    settings=sweeps.settings(),
    quick_settings=sweeps.settings(quick=True),
    seeds=24,
    quick_seeds=2,
    evaluate=evaluate,
    report=report,
    chunk=4,
)
