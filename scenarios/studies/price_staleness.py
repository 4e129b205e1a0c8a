"""Study `price-staleness`: what late and lost prices cost pairs that trade them by message.

Each point is a run of five pairs in memory. All points share their seeds, so worlds and draws are the same wherever
a setting lets them be, and differences between settings are paired.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from scenarios.build import build
from scenarios.studies.framework import Study
from scenarios.studies.grid import Point, Row
from scenarios.studies.price_staleness_grid import point_spec, settings
from scenarios.studies.price_staleness_report import report
from twin.journal.facts import Fact, Sent


class _Counter:
    """A recorder that counts messages and forgets them."""

    def __init__(self) -> None:
        self.sent = 0

    def record(self, fact: Fact) -> None:
        self.sent += isinstance(fact, Sent)

    def commit(self) -> None:
        """Nothing is on disk."""


def evaluate(point: Point) -> list[Row]:
    """The mean sum of secrecy rates in bit/s/Hz at the ends of the periods after the warm-up, and messages a round."""
    spec, counter = point_spec(point.parameters), _Counter()
    rounds, warmup = int(point.parameters["rounds"]), int(point.parameters["warmup"])
    rates = []
    with build(spec, point.seed, "memory", counter) as emulation:
        emulation.start()
        for period in range(1, rounds + 1):
            end_ns = period * spec.twin.period_ns
            emulation.kernel.run(end_ns)
            if period > warmup:  # the clock stands at the last event, and channels move on until the end
                rates.append(emulation.physics.rate(end_ns))
        emulation.stop()
    return [{"rate": float(np.mean(rates)), "messages_per_round": counter.sent / rounds}]


def configured(sets: Sequence[str]) -> Study:
    """The same study of another scenario: a person's settings on top."""
    return replace(STUDY, settings=settings(sets), quick_settings=settings(sets, quick=True))


STUDY: Final = Study(
    name="price-staleness",
    version=2,
    description="interference prices that come late or not at all, by how fast channels move, against selfish play",
    settings=settings(),
    quick_settings=settings(quick=True),
    seeds=6,
    quick_seeds=3,
    evaluate=evaluate,
    report=report,
    chunk=2,
    configured=configured,
)
