"""Problem P1 in the spans of its channels: fewer unknowns, nothing lost.

A part of a beam that is orthogonal to all channels of its station is heard by nobody and takes power. So w lies in the
span of 3 + N vectors, o in that of 2 + N; orthonormal bases of these keep amplitudes and norms as they are.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.rsma.evaluate import decoded_rates
from twin.solvers.rsma.fast_model import Model
from twin.solvers.rsma.problem import Beams, HisacProblem
from twin.solvers.rsma.scheme import Scheme, Split

_LEAST_SHARE: Final = 1e-3
"""In bit/s/Hz: shares of the common rate start above 0, where their roots have no slope."""


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A problem and a scheme as the kernels see them.

    Attributes:
        problem: the problem.
        scheme: the scheme.
        model: what the kernels take.
        bases: orthonormal columns, (M_1, d_1) and (M_2, d_2).
        sending: columns of O that are unknowns; the others are zero.
        shares: how many unknown roots of shares of the common rate there are, V.
    """

    problem: HisacProblem
    scheme: Scheme
    model: Model
    bases: tuple[ComplexArray, ComplexArray]
    sending: tuple[int, ...]
    shares: int

    def vector(self, beams: Beams) -> RealArray:
        """The unknowns that stand for beams, or for what of them is in the spans."""
        parts = []
        for basis, streams in zip(self.bases, (beams[0], beams[1][:, list(self.sending)]), strict=True):
            inside = (basis.conj().T @ streams).T
            parts.append(np.stack([inside.real, inside.imag], axis=1).ravel())
        return np.concatenate([*parts, np.sqrt(self._shares_at(beams))])

    def _shares_at(self, beams: Beams) -> RealArray:
        """Shares of the common rate that top the rates of the own streams up to what is owed, and a little at least."""
        if self.shares == 0:
            return np.zeros(0)
        common = np.array(self.scheme.streams) == 0
        lacking = (self.scheme.owed - decoded_rates(self.problem, beams, self.scheme))[~common]
        if self.scheme.split is Split.EQUAL:
            lacking = self.problem.users * lacking.max(keepdims=True)
        return np.asarray(np.maximum(lacking, _LEAST_SHARE))

    def beams(self, x: RealArray) -> Beams:
        """The beams that unknowns stand for."""
        first, second = self.bases[0].shape[1], self.bases[1].shape[1]
        w = x[: 4 * first].reshape(2, 2, first)
        o = x[4 * first : len(x) - self.shares].reshape(len(self.sending), 2, second)
        streams = np.zeros((len(self.bases[1]), self.scheme.columns), np.complex128)
        streams[:, list(self.sending)] = self.bases[1] @ (o[:, 0] + 1j * o[:, 1]).T
        return np.asarray(self.bases[0] @ (w[:, 0] + 1j * w[:, 1]).T), streams


def reduced(problem: HisacProblem, scheme: Scheme) -> Reduced:
    """The problem for the kernels: channels in the spans, SINRs for rates, what is owed nothing left out."""
    basis_1, inside_1 = np.linalg.qr(problem.channels_1.T)
    basis_2, inside_2 = np.linalg.qr(problem.channels_2.T)
    sending = scheme.sending
    split = scheme.split is not Split.NONE
    kept = np.full(len(scheme.users), True) if split else scheme.owed > 0.0
    places = {stream: place for place, stream in enumerate(sending)}
    decodings = np.array([scheme.users, [places[stream] for stream in scheme.streams]], dtype=np.int64)
    owed = scheme.owed if split else (2.0 ** (scheme.parts * scheme.owed) - 1.0) / scheme.parts
    given = _shares(problem, scheme)
    model = Model(
        h=np.array([inside_1.T.real, inside_1.T.imag]),
        g=np.array([inside_2.T.real, inside_2.T.imag]),
        numbers=_numbers(problem, scheme),
        jamming=np.array(scheme.jamming, dtype=np.float64)[list(sending)],
        decodings=np.ascontiguousarray(decodings[:, kept]),
        heard=np.ascontiguousarray(scheme.heard[kept][:, list(sending)]),
        owed=np.ascontiguousarray(owed[kept]),
        shares=np.ascontiguousarray(given[kept]),
    )
    return Reduced(problem, scheme, model, (basis_1, basis_2), sending, given.shape[1])


def _numbers(problem: HisacProblem, scheme: Scheme) -> RealArray:
    echo = 0.5 * problem.echo_gain * float(np.linalg.norm(problem.channels_1[2]) ** 2) * scheme.echo_share
    powers = (problem.power_1_w, problem.power_2_w, problem.circuit_w)
    return np.array([*problem.errors_1, *problem.errors_2, *powers, echo, problem.threshold, problem.least_secrecy])


def _shares(problem: HisacProblem, scheme: Scheme) -> RealArray:
    """How much of each share a decoding's rate is given, (R, V)."""
    users, common = problem.users, np.array(scheme.streams) == 0
    if scheme.split is Split.NONE:
        return np.zeros((len(common), 0))
    if scheme.split is Split.EQUAL:
        return np.asarray(np.where(common, -1.0, 1.0 / users)[:, None])
    return np.asarray(np.where(common[:, None], -1.0, np.eye(users)[list(scheme.users)]))
