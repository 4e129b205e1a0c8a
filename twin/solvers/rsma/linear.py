"""Worst cases and constraints of the lifted problem as linear forms of its matrices.

With q = h^H W h (what is heard) and p = tr W (what is sent) the worst cases of twin.signal.hisac are

    most   (sqrt q + e sqrt p)^2 = q + e^2 p + 2 e sqrt(q p)         concave in (q, p)
    least  ([sqrt q - e sqrt p]+)^2                                  convex

and where e = 0 both are q. Otherwise three linear forms may stand for them:

- `Cases.TANGENT`: (1 + s) q + e^2 (1 + 1/s) p >= most and, for s < 1, (1 - s) q - e^2 (1/s - 1) p <= least, with
  equality at s = e sqrt(p / q): safe for any s > 0, exact at the point that s was taken from.
- `Cases.NORM`: q +- (2 e ||h|| + e^2) p, the bounds of Li et al., (10) and (38), (39), with the radius e_UB of their
  appendix A: safe, loose, and in need of no point.
- `Cases.OUTER`: q (1 + 2 e / ||h||) + e^2 p <= most and q (1 - e / ||h||)^2 >= least, the chords over 0 <= q <=
  ||h||^2 p: on the optimistic side, for upper bounds on what any beams can reach.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from twin.signal.arrays import RealArray
from twin.signal.hisac import Reception
from twin.solvers.rsma.lifted import BOB, DATA, EVE, SENSING, TARGET, Lifted

MARGIN: Final = 1e-5
"""Thresholds are tightened by this share: solvers of convex programs are exact to about 1e-7 of them."""
STEEPEST: Final = 100.0
"""Slope of a tangent that any interior point can do with. At q = 0, a null, it makes e^2 p one per cent too large."""


class Cases(StrEnum):
    """Which linear forms stand for the worst cases."""

    TANGENT = "tangent"
    NORM = "norm"
    OUTER = "outer"


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What the nine terms of `Reception` are made of, in its order.

    Attributes:
        heard: rows (9, n) of q.
        sent: rows (9, n) of p in W.
        errors: e (9,).
        norms: ||h|| (9,).
        signs: (9,) +1 for the greatest power, -1 for the least.
    """

    heard: RealArray
    sent: RealArray
    errors: RealArray
    norms: RealArray
    signs: RealArray

    def slopes(self, u: RealArray, most: float) -> RealArray:
        """S = e sqrt(p / q) (9,) at the matrices u, within [1 / most, most]: interior points need tame numbers."""
        q, p = self.heard @ u, self.sent @ u
        ratios = np.sqrt(np.maximum(p, 0.0) / np.maximum(q, 1e-30))
        return np.clip(self.errors * ratios, 1.0 / most, most)

    def rows(self, cases: Cases, slopes: RealArray) -> Reception:
        """The linear forms, rows (n,) instead of powers."""
        certain = self.errors == 0.0
        if cases is Cases.TANGENT:
            on_heard = 1.0 + self.signs * slopes
            on_sent = self.errors**2 * (1.0 + self.signs / slopes)
            void = on_heard <= 0.0  # the least power is 0 here: its tangent, too
            on_heard, on_sent = np.where(void, 0.0, on_heard), np.where(void, 0.0, on_sent)
        elif cases is Cases.NORM:
            on_heard = np.ones_like(slopes)
            on_sent = self.signs * (2.0 * self.errors * self.norms + self.errors**2)
        else:
            share = np.divide(self.errors, self.norms, out=np.zeros_like(self.norms), where=self.norms > 0.0)
            most = self.signs > 0.0
            on_heard = np.where(most, 1.0 + 2.0 * share, (1.0 - share) ** 2)
            on_sent = np.where(most, self.errors**2, 0.0)
        on_heard, on_sent = np.where(certain, 1.0, on_heard), np.where(certain, 0.0, on_sent)
        return Reception(*(on_heard[:, None] * self.heard + on_sent[:, None] * self.sent))

    def exact(self, u: RealArray) -> Reception:
        """The worst cases themselves at the matrices u, as powers."""
        q, p = np.maximum(self.heard @ u, 0.0), np.maximum(self.sent @ u, 0.0)
        amplitudes = np.sqrt(q) + self.signs * self.errors * np.sqrt(p)
        return Reception(*(np.maximum(amplitudes, 0.0) ** 2))


def terms(lifted: Lifted) -> Terms:
    """The nine terms of twin.signal.hisac.Reception for a lifted problem."""
    problem, second = lifted.problem, lifted.streams_2
    table = [
        (BOB, DATA, -1.0),
        (BOB, DATA, 1.0),
        (BOB, SENSING, -1.0),
        (BOB, second, 1.0),
        (EVE, DATA, 1.0),
        (EVE, DATA, -1.0),
        (EVE, SENSING, -1.0),
        (EVE, SENSING, 1.0),
        (EVE, second, -1.0),
    ]
    errors, norms = [], []
    for receiver, streams, _ in table:
        own = streams is not second
        errors.append((problem.errors_1 if own else problem.errors_2)[receiver])
        norms.append(np.linalg.norm((problem.channels_1 if own else problem.channels_2)[receiver]))
    return Terms(
        np.array([lifted.heard(receiver, streams) for receiver, streams, _ in table]),
        np.array([lifted.sent(streams) for _, streams, _ in table]),
        np.array(errors),
        np.array(norms),
        np.array([sign for *_, sign in table]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """A convex inner (or outer) problem: rows r'u + c >= 0, and what the two rates are made of.

    Attributes:
        names: of the constraints, the two budgets first.
        matrix: (m, n).
        offset: (m,).
        received: rows (4, n); with 1 added: all that Bob hears and its interference, all that Eve hears and its
            interference.
        sent: row (n,) of P_1 + P_2 in W.
    """

    names: tuple[str, ...]
    matrix: RealArray
    offset: RealArray
    received: RealArray
    sent: RealArray


BUDGETS: Final = 2
"""The first rows are the budgets; where demands cannot be met, these still hold."""


def forms(lifted: Lifted, rows: Reception, margin: float = MARGIN) -> Forms:
    """Eqs (19b)-(19g) but for R_S >= I_S, which is not linear; each over the noise power, or over the budget."""
    problem = lifted.problem
    above, below = problem.threshold * (1.0 + margin), problem.threshold * (1.0 - margin)
    sent_1, sent_2 = lifted.sent((*DATA, *SENSING)), lifted.sent(lifted.streams_2)
    echo = 0.5 * problem.echo_gain * float(np.linalg.norm(problem.channels_1[TARGET]) ** 2)
    table = [
        ("power_1", -sent_1 / problem.power_1_w, 1.0 - margin),
        ("power_2", -sent_2 / problem.power_2_w, 1.0 - margin),
        ("bob_data", rows.bob_data / above - rows.bob_interference, -1.0),
        ("bob_sensing", rows.bob_sensing / above - rows.bob_data_most - rows.bob_interference, -1.0),
        ("eve_sensing", rows.eve_data_least + rows.eve_interference - rows.eve_sensing_most / below, 1.0),
        ("bob_order", rows.bob_sensing - (1.0 + margin) * rows.bob_data_most, 0.0),
        ("eve_order", rows.eve_sensing - (1.0 + margin) * rows.eve_data, 0.0),
        ("scnr", echo / above * lifted.heard(TARGET, (*DATA, *SENSING)), -1.0),
        *_users(lifted, margin),
    ]
    received = np.array(
        [
            rows.bob_data + rows.bob_interference,
            rows.bob_interference,
            rows.eve_data + rows.eve_sensing + rows.eve_interference,
            rows.eve_sensing + rows.eve_interference,
        ]
    )
    names, matrix, offset = zip(*table, strict=True)
    return Forms(names, np.array(matrix), np.array(offset), received, sent_1 + sent_2)


def _users(lifted: Lifted, margin: float) -> list[tuple[str, RealArray, float]]:
    """R_c,n >= I_c and R_n >= I_p, eqs (14), (15) and (19d); a demand of 0 holds by itself."""
    problem, table = lifted.problem, []
    common, *private = lifted.streams_2
    for user, own in enumerate(private):
        foreign = lifted.heard(3 + user, (*DATA, *SENSING))
        others = [stream for stream in private if stream != own]
        own_row = lifted.heard(2 + user, (own,))
        noise = foreign + (lifted.heard(2 + user, others) if others else 0.0)
        common_sinr = np.expm1(np.log(2.0) * problem.least_common) * (1.0 + margin)
        private_sinr = np.expm1(np.log(2.0) * problem.least_private) * (1.0 + margin)
        if common_sinr > 0.0:
            row = lifted.heard(2 + user, (common,)) / common_sinr - own_row - noise
            table.append((f"common_rate_{user + 1}", row, -1.0))
        if private_sinr > 0.0:
            table.append((f"private_rate_{user + 1}", own_row / private_sinr - noise, -1.0))
    return table
