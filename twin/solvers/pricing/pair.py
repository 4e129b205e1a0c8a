"""One pair on its own: what the edge twin of a transmitter computes from what it has been told.

It knows its own channel, its eavesdropper's, the covariance of the interference that its receiver reports, and prices
that others have sent. Nothing here sees another pair's channel to its own receiver, or its precoders.

A price travels as a factor F of Pi_j = F F^H, either as receiver j has it (`price_factor`, N_R x r) or projected for
the transmitter that is to pay it (`projected`, H_ji^H F, N_T x r); r = d_s, but N_R for "gram". `charge` adds projected
prices up to D = sum_j H_ji^H Pi_j H_ji, and `update` answers to it. Kong et al., eqs (24)-(26), with the sign of the
price and the index of H_ji corrected.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray
from twin.solvers.pricing.fast_entries import price_kernel, update_kernel
from twin.solvers.pricing.fast_scratch import EXACT, GRAM, STAT
from twin.solvers.pricing.variants import Variant

_KINDS: Final = {Variant.PLUG_IN: EXACT, Variant.STAT: STAT, Variant.GRAM: GRAM, Variant.SCENARIO: EXACT}
_LN2: Final = float(np.log(2.0))


@dataclass(frozen=True, slots=True, eq=False)
class PairView:
    """What one pair knows of itself.

    Attributes:
        channels: H_ii, (S, N_R, N_T): the estimate alone (S = 1), or draws that it may stand for ("scenario").
        leaks: R_i = H_Ei^H H_Ei from `leak`, (S_E, N_T, N_T); S_E need not be S.
        interference: covariance Y_i of the interference at the receiver, without its noise I, (1 or S, N_R, N_R).
        budget_mw: P_i.
        error_variance: of the entries of H_ii, in 1/mW, for "stat" and "gram".
        variant: what the channels are taken for.
    """

    channels: ComplexArray
    leaks: ComplexArray
    interference: ComplexArray
    budget_mw: float
    error_variance: float = 0.0
    variant: Variant = Variant.PLUG_IN

    def __post_init__(self) -> None:
        for name in ("channels", "leaks", "interference"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.complex128))


def leak(eve_channel: ComplexArray, error_variance: float = 0.0) -> ComplexArray:
    """R = H_E^H H_E + N_E error_variance I, (..., N_T, N_T), of channels (..., N_E, N_T) to the eavesdropper.

    With the error variance of the entries it is the mean of R over the error.
    """
    antennas, heard = eve_channel.shape[-1], eve_channel.shape[-2]
    gram = np.swapaxes(eve_channel.conj(), -1, -2) @ eve_channel
    return np.asarray(gram + heard * error_variance * np.eye(antennas))


def price_factor(view: PairView, q: ComplexArray, an: ComplexArray) -> ComplexArray:
    """F (N_R, r) with F F^H = Pi_i = N_i^-1 - (N_i + Z_i)^-1 >= 0: what a little more interference costs, in nat.

    Kong et al., eq. (24) with its sign corrected. With draws it is of the mean of Pi_i over them, and r = N_R.
    """
    q, an = _contiguous(q), _contiguous(an)
    receive, draws = view.channels.shape[1], len(view.channels)
    width = receive if view.variant is Variant.GRAM else q.shape[1]
    factor = np.zeros((receive, width), dtype=np.complex128)
    if draws == 1:
        _quote(view, 0, q, an, factor)
        return factor
    mean = np.zeros((receive, receive), dtype=np.complex128)
    for s in range(draws):
        _quote(view, s, q, an, factor)
        mean += factor @ factor.conj().T / draws
    values, vectors = np.linalg.eigh(mean)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _quote(view: PairView, s: int, q: ComplexArray, an: ComplexArray, factor: ComplexArray) -> float:
    heard = view.interference[min(s, len(view.interference) - 1)]
    return price_kernel(view.channels[s], heard, q, an, view.error_variance, _KINDS[view.variant], factor)


def own_rate(view: PairView, q: ComplexArray, an: ComplexArray) -> float:
    """C_R - C_E in bit/s/Hz as the pair sees it, not clipped: Kong et al., eqs (16)-(21), averaged over the draws."""
    q, an = _contiguous(q), _contiguous(an)
    receive = view.channels.shape[1]
    factor = np.zeros((receive, receive if view.variant is Variant.GRAM else q.shape[1]), dtype=np.complex128)
    heard = [_quote(view, s, q, an, factor) for s in range(len(view.channels))]
    both = np.concatenate([an, q], axis=1)
    leaked = np.eye(both.shape[1]) + both.conj().T @ view.leaks @ both
    noise = leaked[:, : an.shape[1], : an.shape[1]]
    told = np.linalg.slogdet(leaked)[1] - np.linalg.slogdet(noise)[1]
    return (float(np.mean(heard)) - float(np.mean(told))) / _LN2


def projected(cross_channel: ComplexArray, factor: ComplexArray) -> ComplexArray:
    """H_ji^H F (N_T, r): the price of receiver j as transmitter i pays it; `cross_channel` is H_ji (N_R, N_T)."""
    return np.asarray(cross_channel.conj().T @ factor)


def charge(antennas: int, prices: Iterable[ComplexArray], spread: float = 0.0) -> ComplexArray:
    """D = sum_j (H_ji^H F_j)(H_ji^H F_j)^H + spread I, (N_T, N_T), of projected prices.

    `spread` is the sum over j of error_variance_ji tr(Pi_j): what "stat" and "gram" pay besides.
    """
    total = spread * np.eye(antennas, dtype=np.complex128)
    for price in prices:
        total += price @ price.conj().T
    return total


def update(
    view: PairView, due: ComplexArray, q: ComplexArray, an: ComplexArray, *, inner: int = 1
) -> tuple[ComplexArray, ComplexArray]:
    """Better Q (N_T, d_s) and L (N_T, d_a) for prices that add up to `due` (from `charge`).

    Each of the `inner` iterations raises C_R - C_E - tr(D X), Kong et al., eq. (26), or leaves it; the answer meets the
    budget. Q = 0 stays Q = 0.
    """
    q, an = np.array(q, dtype=np.complex128, order="C"), np.array(an, dtype=np.complex128, order="C")
    due = _contiguous(due)
    kind, budget, error = _KINDS[view.variant], view.budget_mw, view.error_variance
    update_kernel(view.channels, view.leaks, view.interference, due, budget, error, kind, inner, q, an)
    return q, an


def _contiguous(x: ComplexArray) -> ComplexArray:
    return np.ascontiguousarray(x, dtype=np.complex128)
