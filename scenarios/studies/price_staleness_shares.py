"""What the rows of `study price-staleness` say: rates as a share of those with prices that are in time."""

from typing import Final

import numpy as np
import pyarrow as pa

from scenarios.studies.intervals import Interval, Sample, jackknife, samples
from scenarios.studies.prediction_shares import quotient
from scenarios.studies.price_staleness_grid import PLAYS, PRICED, lasting_as
from twin.errors import ScenarioError

EXPECTED: Final = {
    1.0: (99, 99, 99, 98, 95),
    0.999: (100, 100, 101, 99, 97),
    0.99: (98, 96, 93, 88, 82),
    0.9: (99, 92, 88, 79, 75),
}
"""What a prototype found for prices 0, 1, 2, 5 and 10 updates old, in % of fresh ones, by correlation per update in
channels that forget geometrically."""
LASTING: Final = {1.0: 1.0, lasting_as(0.999): 0.999, lasting_as(0.99): 0.99, 0.99: 0.9}
"""Which of its channels last as long as those of a motion here, by the correlation after a period."""
EXPECTED_AGES: Final = (0.0, 1.0, 2.0, 5.0, 10.0)
EXPECTED_SELFISH: Final = (33, 47)
_KEYS: Final = ("correlation", "age", "loss", "play")


class Shares:
    """Rates over seeds by motion, latency, loss and play."""

    def __init__(self, table: pa.Table) -> None:
        self._rates = samples(table, _KEYS, "rate")
        self._messages = samples(table, _KEYS, "messages_per_round")
        found = list(self._rates)
        self.correlations = sorted({float(key[0]) for key in found}, reverse=True)
        self.ages = sorted({float(key[1]) for key in found})
        self.losses = sorted({float(key[2]) for key in found})
        self.plays = [play for play in PLAYS if play in {key[3] for key in found}]
        self.seeds = len(next(iter(self._rates.values())).seeds)

    def has(self, correlation: float, age: float, loss: float = 0.0, play: str = PRICED) -> bool:
        """Whether there are results of this setting."""
        return (correlation, age, loss, play) in self._rates

    def rate(self, correlation: float, age: float, loss: float = 0.0, play: str = PRICED) -> Interval:
        """Mean sum of secrecy rates in bit/s/Hz."""
        return self._sample(correlation, age, loss, play).interval()

    def messages(self, correlation: float, age: float, loss: float = 0.0, play: str = PRICED) -> float:
        """Messages of all kinds in a round of turns."""
        return float(self._messages[correlation, age, loss, play].values.mean())

    def share(self, correlation: float, age: float, loss: float = 0.0, play: str = PRICED) -> Interval:
        """The rate over that of prices in time at the same motion.

        Raises:
            ScenarioError: without some seed, that is 0.
        """
        some, fresh = self._sample(correlation, age, loss, play), self._sample(correlation, 0.0, 0.0, PRICED)
        if (fresh.values.sum() - fresh.values <= 0.0).any():
            raise ScenarioError("prices in time: no secrecy in these scenarios, so there are no shares of it to show")
        if not np.array_equal(some.seeds, fresh.seeds):
            raise ValueError(f"play={play}: paired samples need the same seeds")
        return jackknife(quotient, np.stack([some.values, fresh.values], axis=1))

    def _sample(self, *key: float | str) -> Sample:
        return self._rates[key]
