"""Powers of streams whose directions are given: the last step from matrices to beams.

With x_k = sqrt(p_k) d_k every term of the problem is linear in the powers p, but for the worst cases of station 2,
whose tangents do. At given SINRs of Bob and Eve the least power is a linear program. It mends what taking principal
vectors of nearly rank-one matrices has cost: constraints hold again, to the last digits.
"""

from typing import Final

import numpy as np
from scipy.optimize import linprog

from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.hisac import bob_sinr, eve_sinr
from twin.solvers.rsma.ascent import Model
from twin.solvers.rsma.linear import forms
from twin.solvers.rsma.problem import Beams

_GIVEN_UP: Final = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)
_MARGIN: Final = 1e-8
"""Shares of Bob's and Eve's SINRs that may be given up, one after the other, where directions cannot hold them."""
_STEEPEST: Final = 1e6
"""Slope of a tangent here: along given directions the worst cases of single streams are exact, nulls included."""
_EXACT: Final = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def balance(of: Model, beams: Beams, within: float = 1e9) -> Beams | None:
    """Beams of the same directions that fulfil all constraints at nearly the same secrecy rate; None if none do.

    Args:
        of: the model.
        beams: their directions, and the SINRs to keep.
        within: by what share of itself a power may change.
    """
    directions = [_unit(column) for station in beams for column in station.T]
    w, o = np.stack(directions[:2], axis=1), np.stack(directions[2:], axis=1)
    units = of.lifted.lift((w, o))
    columns = np.zeros((of.lifted.size, len(directions)))
    for stream in range(len(directions)):
        columns[of.lifted.place(stream), stream] = units[of.lifted.place(stream)]
    u = of.lifted.lift(beams)
    for share in _GIVEN_UP:
        powers = _powers(of, u, columns, share, within)
        if powers is not None:
            return w * np.sqrt(powers[:2]), o * np.sqrt(powers[2:])
    return None


def _unit(column: ComplexArray) -> ComplexArray:
    norm = float(np.linalg.norm(column))
    return np.asarray(column / norm) if norm > 0.0 else np.zeros_like(column)


def _powers(of: Model, u: RealArray, columns: RealArray, share: float, within: float) -> RealArray | None:
    """Least powers (N + 3,) in W for the SINRs that u has, `share` of each given up; None if there are none."""
    heard, slopes = of.terms.exact(u), of.terms.slopes(u, _STEEPEST)
    least = of.lifted.problem.least_secrecy * (1.0 + 2.0 * _MARGIN)
    eve = float(eve_sinr(heard)) * (1.0 + share)
    bob = max(float(bob_sinr(heard)) * (1.0 - share), float(np.exp2(least)) * (1.0 + eve) - 1.0)
    rows = of.terms.rows(of.cases, slopes)
    found = forms(of.lifted, rows, _MARGIN)
    wanted = [
        rows.bob_data - bob * rows.bob_interference,
        eve * (rows.eve_sensing + rows.eve_interference) - rows.eve_data,
    ]
    matrix = np.vstack([found.matrix, *wanted]) @ columns
    offset = np.r_[found.offset, -bob, eve]
    scales = np.maximum(np.abs(matrix).max(axis=1), 1e-12)
    now = np.array([of.lifted.sent((stream,)) @ u for stream in of.all_streams()])
    bounds = np.column_stack([now * max(1.0 - within, 0.0), now * (1.0 + within)])
    lack, room = -matrix / scales[:, None], offset / scales
    answer = linprog(np.ones(len(now)), A_ub=lack, b_ub=room, bounds=bounds, method="highs", options=_EXACT)
    return np.asarray(answer.x) if answer.status == 0 else None
