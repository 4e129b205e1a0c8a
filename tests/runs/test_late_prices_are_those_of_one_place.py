"""Points of study `price-staleness` against a plain loop at one place that keeps prices back: nothing but prices is late.

The loop has the true channels and every precoder; what it takes from the twins is the arithmetic of one pair's turn.
"""

import numpy as np
import pytest
from scipy.special import j0

from entities.pairs_world import PairsWorld
from scenarios.interference.configure import pairs_params, power_mw
from scenarios.studies.grid import Point
from scenarios.studies.price_staleness import evaluate
from scenarios.studies.price_staleness_grid import PRICED, SELFISH, point_spec
from twin.emulation.streams import Streams
from twin.signal.interference_channel import eve_rates, interference_covariances, user_rates
from twin.solvers.pricing.own import Estimate, awake, own_start, view_of
from twin.solvers.pricing.pair import price_factor, update
from twin.solvers.pricing.variants import Variant

SEED, ROUNDS, SLOT_NS, STREAMS = 2, 8, 2_000_000, 2
TURN_S = 1e-3 + 40e-6
"""A turn begins half a slot after the reports that it rests on; handling and solving take 20 us each."""


class OnePlace:
    """All pairs, their channels, and every price that was ever quoted."""

    def __init__(self, parameters):
        self.spec = point_spec(parameters)
        self.world = PairsWorld(pairs_params(self.spec), Streams(SEED))
        self.pairs, self.budget = self.world.pairs, power_mw(self.spec)
        self.late = round(parameters["age"] * self.pairs)
        self.doppler_hz = self.world.doppler_hz("rx:pair1")
        self.quoted = []
        self.q, self.an = [None] * self.pairs, [None] * self.pairs
        for j in range(self.pairs):
            self.start(j, self.world.channels(0))

    def start(self, j, channels):
        """What a transmitter does alone."""
        self.q[j], self.an[j] = own_start(Estimate(channels[j, j]), self.budget, STREAMS, 1)

    def slot(self, s):
        """Reports, prices of all pairs, and the turn of one."""
        channels, i = self.world.channels(s * SLOT_NS), s % self.pairs
        eve, views = Estimate(np.zeros((4, 6)), float(self.world.eve_gains(0)[0])), []
        for j in range(self.pairs):
            if j >= s > 0:  # who has not had a turn serves its receiver anew, and then hears what is on air
                self.start(j, channels)
            heard = interference_covariances(channels, np.array(self.q), np.array(self.an))[j]
            views.append(view_of(Estimate(channels[j, j]), eve, heard, self.budget, Variant.STAT))
        self.quoted.append([price_factor(views[j], self.q[j], self.an[j]) for j in range(self.pairs)])
        priced = self.spec.twin.prices == "on"
        due = self.due(channels, i, s) if priced else np.zeros((6, 6))
        q = awake(Estimate(channels[i, i]), self.q[i], self.an[i], self.budget, 0.01) if priced else self.q[i]
        self.q[i], self.an[i] = update(views[i], due, q, self.an[i], inner=3)

    def due(self, channels, i, s):
        """D of the prices quoted `late` slots ago, believed as far as channels are still as they were."""
        total = np.zeros((6, 6), complex)
        if s < self.late:
            return total
        kept = j0(2.0 * np.pi * self.doppler_hz * (self.late * SLOT_NS * 1e-9 + TURN_S)) ** 2
        for j, factor in enumerate(self.quoted[s - self.late]):
            if j != i:
                price = factor @ factor.conj().T
                believed = kept * price + (1.0 - kept) * np.trace(price) / 4.0 * np.eye(4)
                total += channels[j, i].conj().T @ believed @ channels[j, i]
        return total

    def rate(self, t_ns):
        """The sum of the secrecy rates."""
        q, an = np.array(self.q), np.array(self.an)
        told = eve_rates(self.world.eve_channels(t_ns), q, an)
        return np.maximum(user_rates(self.world.channels(t_ns), q, an) - told, 0.0).sum()


@pytest.mark.parametrize(
    ("correlation", "age", "play"), [(0.99, 0.0, PRICED), (0.99, 2.0, PRICED), (1.0, 1.0, PRICED), (0.9, 0.0, SELFISH)]
)
def test_turns_on_late_prices_are_those_of_one_place_that_keeps_prices_back(correlation, age, play):
    parameters = {"sets": "[]", "rounds": ROUNDS, "warmup": 2, "loss": 0.0}
    parameters |= {"correlation": correlation, "age": age, "play": play}
    place, rates = OnePlace(parameters), []
    for s in range(ROUNDS * place.pairs):
        place.slot(s)
        if (s + 1) % place.pairs == 0 and s >= 2 * place.pairs:
            rates.append(place.rate((s + 1) * SLOT_NS))
    (row,) = evaluate(Point(parameters, SEED))
    assert row["rate"] == pytest.approx(np.mean(rates), rel=1e-9)
