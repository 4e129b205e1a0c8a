"""What one pair makes of its own reports: a view, a start, and what late prices and vanished signals call for.

`pair` computes with a view; here it comes from estimates with an error variance, as a report brings them, for each of
the four ways to take uncertain channels (variants). Nothing here is random: the draws of "scenario" are the same ones
every time, scaled by the error, like the points of a quadrature.
"""

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.signal.arrays import ComplexArray
from twin.signal.correlation import jakes
from twin.signal.local_start import local_start, right_vectors
from twin.solvers.pricing.fast_pair import FULL
from twin.solvers.pricing.pair import PairView, leak
from twin.solvers.pricing.variants import Variant

DRAWS: Final = 16
EVE_DRAWS: Final = 64
_SEED: Final = 30_001
_FIRST_ZERO: Final = 2.404825557695773
"""Of J0: from there on a channel has forgotten, though J0 does not stay zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Channels to one receiver, (N_R, N_T), and the variance of the errors of their entries, in 1/mW."""

    channel: ComplexArray
    error_variance: float = 0.0

    @property
    def gain(self) -> float:
        """Mean power of an entry, its error included."""
        power = float(np.mean(self.channel.real**2 + self.channel.imag**2))
        return power + self.error_variance


def view_of(
    own: Estimate, eve: Estimate, interference: ComplexArray, budget_mw: float, variant: Variant = Variant.PLUG_IN
) -> PairView:
    """A pair's view for one variant.

    Args:
        own: of H_ii.
        eve: of H_Ei, (N_E, N_T).
        interference: Y_i (N_R, N_R), without the receiver's noise I.
        budget_mw: P_i.
        variant: what the estimates are taken for.
    """
    if variant is Variant.SCENARIO:
        channels = own.channel + np.sqrt(own.error_variance) * unit_draws(DRAWS, *own.channel.shape)
        eves = eve.channel + np.sqrt(eve.error_variance) * unit_draws(EVE_DRAWS, *eve.channel.shape)
        return PairView(channels, leak(eves), interference[None], budget_mw)
    cautious = variant is not Variant.PLUG_IN
    leaks = leak(eve.channel, eve.error_variance if cautious else 0.0)
    error = own.error_variance if cautious else 0.0
    return PairView(own.channel[None], leaks[None], interference[None], budget_mw, error, variant)


@functools.lru_cache(maxsize=64)
def unit_draws(count: int, rows: int, columns: int) -> ComplexArray:
    """Entries CN(0, 1), (count, rows, columns); always the same, and with their negatives among them."""
    rng = np.random.default_rng([_SEED, rows, columns])
    half = rng.standard_normal(((count + 1) // 2, rows, columns, 2))
    draws = (half[..., 0] + 1j * half[..., 1]) / np.sqrt(2.0)
    drawn = np.concatenate([draws, -draws])[:count]
    drawn.flags.writeable = False
    return drawn


def own_start(own: Estimate, budget_mw: float, streams: int, noise_streams: int) -> tuple[ComplexArray, ComplexArray]:
    """Q (N_T, d_s) and L (N_T, d_a): signal where the receiver hears it best, a tenth as noise where it hears least.

    Their power arrives at the noise level, or is the budget where that is less. Full power at high SNR is a trap.
    """
    return local_start(own.channel, own.gain, FULL * budget_mw, streams, noise_streams)


def awake(own: Estimate, q: ComplexArray, an: ComplexArray, budget_mw: float, floor_snr: float) -> ComplexArray:
    """Q, or the least that an update can begin from where Q arrives with less than `floor_snr` (linear).

    Q = 0 is a fixed point of the updates. The seed is along the strongest directions of the own channel, one per
    stream: a column that is zero stays so. It leaves the budget that L has not used.
    """
    power = min(floor_snr / max(own.gain, 1e-300), FULL * budget_mw - float(np.linalg.norm(an)) ** 2)
    if power <= 0.0 or float(np.linalg.norm(q)) ** 2 >= power:
        return q
    return np.ascontiguousarray(right_vectors(own.channel)[:, : q.shape[1]] * np.sqrt(power / q.shape[1]))


def kept_share(doppler_hz: float, age_s: float) -> float:
    """J0(2 pi f a)^2, the share of a channel's power that is still as it was `age_s` ago; 0 from its first zero on."""
    if 2.0 * np.pi * doppler_hz * age_s >= _FIRST_ZERO:
        return 0.0
    return float(jakes(doppler_hz, age_s)) ** 2


def aged(cross_channel: ComplexArray, price: ComplexArray, trace: float, kept: float) -> ComplexArray:
    """A projected price that is late: of Pi the share k is believed, the rest may lie in any direction.

    The factor (N_T, r + N_R) of H^H (k Pi + (1 - k) (tr Pi / N_R) I) H; at k = 1 the price itself.

    Args:
        cross_channel: H_ji (N_R, N_T).
        price: H_ji^H F (N_T, r) with Pi = F F^H.
        trace: tr(Pi).
        kept: k in [0, 1], from `kept_share`.
    """
    if kept == 1.0:
        return price
    anywhere = np.sqrt((1.0 - kept) * trace / len(cross_channel)) * cross_channel.conj().T
    return np.concatenate([np.sqrt(kept) * price, anywhere], axis=1)
