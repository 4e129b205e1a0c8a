"""The pairs' last turns taken again, with reports of other instants and prices that are fresh."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np

from entities.pairs_air import covariance
from entities.pairs_measurement import transmitter_csi
from entities.pairs_params import receiver_of
from entities.pairs_world import PairsWorld
from scenarios.interference.configure import pairs_params, pricing
from scenarios.interference.rates import Rates
from scenarios.interference.spec import InterferenceSpec
from twin.emulation.streams import Streams
from twin.nodes.pricing_book import Book, Held
from twin.nodes.pricing_play import Play
from twin.signal.arrays import ComplexArray, Instants
from twin.wire.messages import Body, Covariance, Csi

_ROUNDS: Final = 40
_SETTLED: Final = 2e-3

T = TypeVar("T", bound=Body)


@dataclass(slots=True)
class Turn:
    """When a turn's reports were measured and received, when it was taken, and where the pair stood before.

    `replaced` and `before` are [Q L] (N_T, d_s + d_a): what was on air until this turn came to something, and what its
    twin's last turn had come to, None if there was none. Since that the twin has begun anew at `births_ns`, knowing
    nothing of where it stood, whether it had taken this turn by then or not.
    """

    measured_ns: int
    received_ns: int
    begin_ns: int
    done_ns: int
    replaced: ComplexArray
    before: ComplexArray | None = None
    births_ns: tuple[int, ...] = ()


class Again:
    """The twins' own policy in the world of a run, pair by pair, without a network between them."""

    def __init__(self, spec: InterferenceSpec, seed: int) -> None:
        self._world = PairsWorld(pairs_params(spec), Streams(seed))
        # Prices go from hand to hand: projected or not, they are the same.
        self._configs = [
            replace(pricing(spec, index), price_form="factor", price_route="edge") for index in range(spec.pairs.count)
        ]
        self._reports: dict[tuple[int, int], Csi] = {}

    def rate(self, turns: Sequence[Turn], reports_ns: Instants, t_ns: int) -> float:
        """The sum of the secrecy rates at t if every pair had taken its turn on reports made at `reports_ns` (K,)."""
        return self._rates(turns, reports_ns, t_ns, 1)

    def settled(self, turns: Sequence[Turn], t_ns: int) -> float:
        """The same if all had gone on to take turns on reports of t itself, until these gain next to nothing."""
        return self._rates(turns, np.full(len(turns), t_ns, dtype=np.int64), t_ns, _ROUNDS)

    def _rates(self, turns: Sequence[Turn], reports_ns: Instants, t_ns: int, rounds: int) -> float:
        world = self._world
        params = world.params
        heard = [world.to_receiver(pair, int(at_ns)) for pair, at_ns in enumerate(reports_ns)]
        books = [self._book(pair, int(at_ns)) for pair, at_ns in enumerate(reports_ns)]
        plays = [self._play(pair, turn) for pair, turn in enumerate(turns)]
        both = np.array([turn.replaced for turn in turns])
        truth, rate = Rates(world, t_ns), 0.0
        for number in range(rounds):
            for pair, forgets in _in_order(turns, t_ns if number == 0 else 0):
                if forgets:
                    plays[pair].q = plays[pair].an = None
                    continue
                for other, book in enumerate(books):
                    matrix = covariance(heard[other], both, other)
                    end = receiver_of(params.names[other])
                    book.keep_heard(_held(Covariance(end, matrix, world.doppler_hz(end))))
                self._take(pair, books, plays)
                both[pair] = plays[pair].precoder()
            before, rate = rate, float(truth.secrecy(both[..., : params.streams], both[..., params.streams :]).sum())
            if abs(rate - before) < _SETTLED * rate:
                break
        return rate

    def _take(self, pair: int, books: Sequence[Book], plays: Sequence[Play]) -> None:
        """One turn of a pair against prices that the others quote now."""
        book = books[pair]
        if self._configs[pair].priced:
            for other, play in enumerate(plays):
                known = books[other].known
                if other != pair and known is not None:
                    book.prices |= {price.pair: _held(price) for price in play.quote(books[other], known)}
        if book.known is not None:
            plays[pair].take_turn(book, book.known, 0)

    def _book(self, pair: int, at_ns: int) -> Book:
        book = Book(self._configs[pair], self._world.params.names[pair])
        key = (pair, at_ns)
        if key not in self._reports:
            self._reports[key] = transmitter_csi(self._world, pair, at_ns)
        book.keep_csi(_held(self._reports[key]))
        return book

    def _play(self, pair: int, turn: Turn) -> Play:
        play, streams = Play(self._configs[pair], self._world.params.names[pair]), self._world.params.streams
        if turn.before is not None:
            play.q = np.ascontiguousarray(turn.before[:, :streams])
            play.an = np.ascontiguousarray(turn.before[:, streams:])
        return play


def _in_order(turns: Sequence[Turn], until_ns: int) -> Iterator[tuple[int, bool]]:
    """Which pair takes its turn, in the order of the real ones, and, among them and until then, which twin forgets."""
    found = [(turn.begin_ns, False, pair) for pair, turn in enumerate(turns)]
    found += [(t_ns, True, pair) for pair, turn in enumerate(turns) for t_ns in turn.births_ns if t_ns <= until_ns]
    for _, forgets, pair in sorted(found, key=lambda item: (item[0], item[2])):
        yield pair, forgets


def _held(body: T) -> Held[T]:
    """Said now: a price of age 0 is believed whole."""
    return Held(body, 0, 0, 0)
