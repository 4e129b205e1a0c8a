"""Algorithms 1-4 of Li et al., corrected: one station at a time, in turns. What alternating costs.

    Algorithm 1   the echo filter. S of eq. (21) has rank one: a = h_t / ||h_t||, nothing to iterate.
    Algorithm 2   W_bo, W_ta at fixed O: sequential SDPs, P3.
    Algorithm 3   O_c, O_1 .. O_N at fixed W: sequential SDPs, P4.
    Algorithm 4   1, 2, 3 in turns until the SEE stands still.

Corrections, beside those of problem.py: worst cases are H +- (2 e ||h|| + e^2) I throughout (appendix A; (10) has a
bound that is none), and they are worst cases in R_e, too, where (27)-(31) take best ones; tangents of logarithms have
their 1 / ln 2 and are concave together, which (28) is not; the ratio of (19a) is met by one concave program per step
(program.py) in place of (33), (34) and (48)-(53), whose signs, units and names do not fit.

The proof of convergence does not hold: constraints couple the stations, so a turn stops where the other station holds
it, at points that are not stationary for both: a joint step goes on from there. On the public set (tests/golden), with
tight worst cases, the turns reach 27 to 75 % of the best known SEE from beams of most R_S (median 48 %), and 48 to
98 % from beams of least power (median 75 %). With the paper's worst cases two of the five instances with errors
have no answer at all, the others 38 to 64 % and 53 to 62 %. Two or three rounds are all it takes to get stuck.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from twin.errors import SolverError
from twin.signal.arrays import RealArray
from twin.solvers.result import Solution
from twin.solvers.rsma.ascent import Model, Pace, ascend, meet, model
from twin.solvers.rsma.balance import balance
from twin.solvers.rsma.evaluate import excesses
from twin.solvers.rsma.linear import MARGIN, Cases
from twin.solvers.rsma.problem import Beams, HisacProblem
from twin.solvers.rsma.program import ATTEMPTS, Goal
from twin.solvers.rsma.reference import answered, start, to_rank_one
from twin.solvers.rsma.scheme import rsma

STARTS: Final = ("most_rate", "least_power")
"""Beams that meet every demand, from which the turns begin: those of most R_S, or of least power."""
_TURN: Final = Pace(programs=30, tolerance=1e-4, longest_look=0.0)
_MOST_ROUNDS: Final = 30
_TOLERANCE: Final = 1e-4
"""The turns end when a round raised the SEE by less than this share."""
_RATE_PROGRAMS: Final = 12
_RATE_GAIN: Final = 1e-3
_MEND: Final = 1e-3
_START_MARGIN: Final = 10.0 * MARGIN
"""Wider than that of the turns: where the held station uses up all that demands leave, the other could not move."""


def paper(problem: HisacProblem, *, start_at: str = "most_rate", cases: Cases = Cases.NORM) -> Solution:
    """Algorithm 4.

    Args:
        problem: the instance.
        start_at: one of `STARTS`; the paper names none.
        cases: the paper's worst cases; `Cases.TANGENT` has tight ones, and leaves alternating as the only difference.

    Returns:
        Principal vectors of the last matrices, re-evaluated with tight worst cases. Evidence: rounds, the SEE of the
        matrices where the turns began ("start") and ended ("relaxed"), and what they lack.
    """
    if start_at not in STARTS:
        raise SolverError(f"start_at={start_at!r}: must be one of {', '.join(STARTS)}")
    of = model(problem, cases, _START_MARGIN)
    everything = of.all_streams()
    u, lacking, programs = meet(of, of.lifted.lift(start(problem, "null")), everything)
    if lacking > 0.0:
        beams, _ = of.lifted.principal(u)
        return answered(problem, "paper", beams, programs, {"rounds": 0.0}, lacking)
    if start_at == "most_rate":
        u, more = _most_rate(of, u)
        programs += more
    of = replace(of, margin=MARGIN)
    begun = of.value(u) / float(np.log(2.0))
    u, rounds, more = _turns(of, u)
    beams, gap, more_still = _beams(of, u)
    evidence = {"rounds": float(rounds), "start": begun, "rank_gap": gap}
    evidence["relaxed"] = of.value(u) / float(np.log(2.0))
    return answered(problem, "paper", beams, programs + more + more_still, evidence, 0.0)


def _most_rate(of: Model, u: RealArray) -> tuple[RealArray, int]:
    """Matrices of most R_S from these on, whatever they take of the budgets, and the programs it took."""
    rates = [of.secrecy_nats(u)]
    for count in range(_RATE_PROGRAMS):
        tries = (of.solve(Goal.RATE, of.point(u), u, of.all_streams(), attempt) for attempt in range(ATTEMPTS))
        found = next((answer for answer in tries if answer is not None), None)
        if found is None or of.secrecy_nats(found[0]) <= rates[-1]:
            return u, count
        u = found[0]
        rates.append(of.secrecy_nats(u))
        if rates[-1] - rates[-2] < _RATE_GAIN * rates[-1]:
            return u, count + 1
    return u, _RATE_PROGRAMS


def _turns(of: Model, u: RealArray) -> tuple[RealArray, int, int]:
    """Algorithm 4: matrices at its end, rounds and convex programs."""
    programs = 0
    for count in range(1, _MOST_ROUNDS + 1):
        before = of.value(u)
        for station in ((0, 1), of.lifted.streams_2):
            ascent = ascend(of, u, station, _TURN)
            u, programs = ascent.u, programs + len(ascent.history) - 1
        if of.value(u) - before < _TOLERANCE * abs(before):
            return u, count, programs
    return u, _MOST_ROUNDS, programs


def _beams(of: Model, u: RealArray) -> tuple[Beams, float, int]:
    """Principal vectors, of matrices driven to rank one where they are not allowed otherwise; gap and programs."""
    beams, gap = of.lifted.principal(u)
    beams = _mended(of.lifted.problem, beams)
    if _allowed(of.lifted.problem, beams):
        return beams, gap, 0
    programs = 0
    for station in ((0, 1), of.lifted.streams_2):
        u, more = to_rank_one(of, u, station)
        programs += more
    rival, gap_then = of.lifted.principal(u)
    rival = _mended(of.lifted.problem, rival)
    return (rival, gap_then, programs) if _allowed(of.lifted.problem, rival) else (beams, gap, programs)


def _allowed(problem: HisacProblem, beams: Beams) -> bool:
    return bool(excesses(problem, beams, rsma(problem)).max() <= 0.0)


def _mended(problem: HisacProblem, beams: Beams) -> Beams:
    """The same beams, powers moved by a thousandth where that is what they need to be allowed; not in order to gain."""
    if _allowed(problem, beams):
        return beams
    mended = balance(model(problem), beams, within=_MEND)
    return beams if mended is None else mended
