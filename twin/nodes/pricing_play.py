"""How a pair plays: where it stands, its next turn, and what it asks of the others."""

from dataclasses import dataclass

import numpy as np

from twin.nodes.pricing_book import Book, Known
from twin.nodes.pricing_config import PricingConfig
from twin.solvers.pricing.own import awake, own_start
from twin.solvers.pricing.pair import own_rate, price_factor, projected, update
from twin.wire.messages import ComplexArray, Price
from twin.wire.packing import check_arity, check_int
from twin.wire.plain import Plain, take_array

Precoders = tuple[ComplexArray, ComplexArray]

TURNS_PER_LIFE = 100_000_000
OLD_PERIODS = 5
STILL = 0.98
"""From so old on, and while so much of the channels' power is as it was, prices make updates swing to and fro."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What an update came to; `version` names it in the whole run."""

    version: int
    status: str
    rate: float
    excess: float


class Play:
    """Where one pair stands: Q (N_T, d_s), L (N_T, d_a), and how many turns and prices it has made.

    It begins where its transmitter is, who makes a local start of the same channels. Turn n = 0, 1, ... of pair
    i = 1 ... K has the version n K + i. A twin that has crashed counts on from numbers that its earlier lives cannot
    have reached.
    """

    def __init__(self, config: PricingConfig, pair: str, life: int = 0) -> None:
        self.config = config
        self.pair = pair
        self.turns = life * TURNS_PER_LIFE
        self.quotes = life * TURNS_PER_LIFE
        self.q: ComplexArray | None = None
        self.an: ComplexArray | None = None

    @property
    def version(self) -> int:
        """Of the last turn; 0 before the first."""
        if self.turns == 0:
            return 0
        return (self.turns - 1) * len(self.config.pairs) + self.config.pairs.index(self.pair) + 1

    def precoder(self) -> ComplexArray:
        """[Q L], (N_T, d_s + d_a)."""
        return np.concatenate([part for part in (self.q, self.an) if part is not None], axis=1)

    def state(self) -> Plain:
        """Counters, and where the pair stands."""
        stands = None if self.q is None or self.an is None else (self.q, self.an)
        return self.turns, self.quotes, stands

    def restore(self, state: object) -> None:
        """Stand where another of this configuration did when it said `state`."""
        turns, quotes, stands = check_arity(state, 3, "Play")
        self.turns, self.quotes = check_int(turns, "Play.turns"), check_int(quotes, "Play.quotes")
        self.q = self.an = None
        if stands is not None:
            q, an = check_arity(stands, 2, "Play.stands")
            self.q = take_array(q, "Play.q", "<c16", (-1, self.config.streams))
            self.an = take_array(an, "Play.an", "<c16", (len(self.q), self.config.noise_streams))

    def stands(self, known: Known) -> Precoders:
        """Q and L; where there has been no turn the local start, which the transmitter makes anew with each report."""
        if self.q is not None and self.an is not None:
            return self.q, self.an
        streams, noise_streams = self.config.streams, self.config.noise_streams
        return own_start(known.estimate(self.pair), self.config.budget_mw, streams, noise_streams)

    def take_turn(self, book: Book, known: Known, t_ns: int) -> Turn:
        """Update from where the pair stands; a turn that comes to nothing finite leaves it there."""
        view, (q, an) = book.view(known), self.stands(known)
        seeded = self._seeded(known, q, an)
        new = update(view, book.due(known, t_ns), seeded, an, inner=self.config.inner)
        finite = all(np.isfinite(x).all() for x in new)
        if finite:
            q, an = self._damped((seeded, an), new, book, t_ns)
        self.q, self.an, self.turns = q, an, self.turns + 1
        power_mw = float(np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2)
        excess = max(power_mw / self.config.budget_mw - 1.0, 0.0)
        return Turn(self.version, "solved" if finite else "failed", own_rate(view, q, an), excess)

    def quote(self, book: Book, known: Known) -> list[Price]:
        """What the pair asks now: one price for all, or one for each other pair whose channel it can project by."""
        factor = price_factor(book.view(known), *self.stands(known))
        trace = float(np.linalg.norm(factor) ** 2)
        self.quotes += 1
        if self.config.price_form == "factor":
            return [self._price("", trace, book.doppler_hz, factor)]
        return [
            self._price(name, trace, book.doppler_hz, projected(cross.channel, factor))
            for name, cross in book.payers(known).items()
        ]

    def _price(self, payer: str, trace: float, doppler_hz: float, factor: ComplexArray) -> Price:
        return Price(self.pair, self.version, self.quotes, payer, trace, doppler_hz, factor)

    def _seeded(self, known: Known, q: ComplexArray, an: ComplexArray) -> ComplexArray:
        """Q, or a little where it is next to nothing, so that an update has something to begin from."""
        if not self.config.priced or self.config.wake_snr == 0.0:
            return q
        return awake(known.estimate(self.pair), q, an, self.config.budget_mw, self.config.wake_snr)

    def _damped(self, old: Precoders, new: Precoders, book: Book, t_ns: int) -> Precoders:
        """Only part of the way where that is asked for; within the budget, which is a ball, whatever the part."""
        if self.config.damping == "off" or (self.config.damping == "aged" and not self._swings(book, t_ns)):
            return new
        kept = self.config.damping_share
        return kept * old[0] + (1.0 - kept) * new[0], kept * old[1] + (1.0 - kept) * new[1]

    def _swings(self, book: Book, t_ns: int) -> bool:
        """Whether prices are old and channels still: updates then answer again and again to what is past."""
        prices = list(book.prices.values())
        if not prices or not self.config.priced:
            return False
        age_ns = float(np.mean([t_ns - held.t_data_ns for held in prices]))
        still = float(np.mean([book.kept(held, t_ns) for held in prices]))
        return age_ns >= OLD_PERIODS * self.config.period_ns and still >= STILL
