"""What every solver returns: an answer with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from twin.signal.arrays import ComplexArray, RealArray


class Status(StrEnum):
    """How a solve ended. "Infeasible" is a normal answer; "failed" means that the numerics gave out."""

    SOLVED = "solved"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class WarmStart:
    """What the next solve of a problem of the same shape may start from: its `Solution.precoders`."""

    precoders: tuple[ComplexArray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """An answer that can be checked: nothing in it is what the optimiser claims of itself.

    Attributes:
        problem: name of the problem, as on the command line.
        method: name of the method that answered.
        status: how the solve ended.
        objective: re-evaluated from `precoders`: "sagin" the least secrecy rate and "ic" their sum in bit/s/Hz, "hisac"
            the security energy efficiency in bit/s/Hz/W.
        precoders: "sagin": one vector (N_j,) per transmitter, "ic": Q (K, N_T, d_s) and L (K, N_T, d_a), both in
            sqrt(mW); "hisac": W (M_1, 2) and O (M_2, N + 1) in sqrt(W), a column per stream.
            A failed solve still carries safe ones.
        rates: the users' rates in bit/s/Hz, re-evaluated from `precoders`.
        violation: worst excess of a constraint, relative to its bound; <= 0 when all of them hold.
        iterations: convex problems or steps solved, over all starts.
        warm: start for the next solve of this shape.
        evidence: named numbers that bear the answer out (an upper bound, restarts, rank gap ...).
    """

    problem: str
    method: str
    status: Status
    objective: float
    precoders: tuple[ComplexArray, ...]
    rates: RealArray
    violation: float
    iterations: int
    warm: WarmStart | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
