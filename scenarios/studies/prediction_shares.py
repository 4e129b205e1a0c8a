"""What the rows of `study prediction` say: shares of the staleness loss recovered, and whether the goals are met."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from scenarios.studies.intervals import Interval, Sample, jackknife, samples
from twin.signal.arrays import RealArray

AGES_TC: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Ages at use over the coherence time."""
PILOTS_DB: Final = (10.0, 20.0, 30.0)
TAPS: Final = (1, 2, 3, 4, 5)

FRESH: Final = "fresh"
NOMINAL: Final = "nominal"
BALL: Final = "ball"
ONE_TAP: Final = "one_tap"
ALL_LINKS: Final = {taps: f"all_links_{taps}" for taps in TAPS}
NEAR_BOUNDS: Final = {taps: f"near_bound_{taps}" for taps in (3, 5)}
METHODS: Final = (BALL, ONE_TAP, *ALL_LINKS.values(), *NEAR_BOUNDS.values())
"""Everything between the nominal twin, whose share is 0, and the fresh precoders, whose share is 1."""

BOUND_UP_TO_TC: Final = 0.5
"""Up to this age 3 taps are to come close to the near-bounds."""


def recovered(means: RealArray) -> RealArray:
    """Share (method - nominal) / (fresh - nominal) of mean rates (..., 3) in that order."""
    method, nominal, fresh = np.moveaxis(means, -1, 0)
    return np.asarray((method - nominal) / (fresh - nominal))


def quotient(means: RealArray) -> RealArray:
    """First over second of two means (..., 2)."""
    return np.asarray(means[..., 0] / means[..., 1])


class Rates:
    """Rates and outages over seeds by pilot SNR, age and method, and what is made of them."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        keys = ("pilot_db", "age_tc", "method")
        self._samples = {name: samples(table, keys, name) for name in ("rate", "outage")}
        found = list(self._samples["rate"])
        self.pilots_db = tuple(sorted({float(key[0]) for key in found}))
        self.ages_tc = tuple(sorted({float(key[1]) for key in found}))
        present = {key[2] for key in found}
        self.methods = tuple(method for method in METHODS if method in present)
        self.seeds = len(next(iter(self._samples["rate"].values())).seeds)
        self.instants = int(table["instants"][0].as_py())
        self.samples = int(table["samples"][0].as_py())

    def sample(self, pilot_db: float, age_tc: float, method: str, what: str = "rate") -> Sample:
        """One value per seed: mean rate in bit/s/Hz over the instants, or share of them in "outage"."""
        return self._samples[what][pilot_db, age_tc, method]

    def share(self, pilot_db: float, age_tc: float, method: str) -> Interval:
        """Share of the staleness loss that a method recovers."""
        return jackknife(recovered, self._columns(pilot_db, age_tc, (method, NOMINAL, FRESH)))

    def ratio(self, pilot_db: float, age_tc: float, method: str, other: str) -> Interval:
        """Mean rate of one method over that of another."""
        return jackknife(quotient, self._columns(pilot_db, age_tc, (method, other)))

    def _columns(self, pilot_db: float, age_tc: float, methods: tuple[str, ...]) -> RealArray:
        columns = [self.sample(pilot_db, age_tc, method) for method in methods]
        if any(not np.array_equal(column.seeds, columns[0].seeds) for column in columns):
            raise ValueError(f"methods={methods}: paired samples need the same seeds")
        return np.stack([column.values for column in columns], axis=1)


@dataclass(frozen=True, slots=True)
class Goal:
    """A least value of a number, with what was found. `at` says where."""

    text: str
    at: str
    least: float
    found: Interval

    @property
    def holds(self) -> bool:
        """Whether the mean reaches the goal."""
        return self.found.mean >= self.least

    @property
    def clear(self) -> bool:
        """Whether the whole interval lies on the side of the verdict."""
        return self.found.low >= self.least if self.holds else self.found.high < self.least


SHARE_GOALS: Final = ((20.0, 0.3, 0.5), (30.0, 0.3, 0.6))
"""Pilot SNR in dB, age over T_c, and the least share of the loss that 3 taps are to recover there."""
RATIO_GOAL: Final = 0.95


def goals(rates: Rates) -> list[Goal]:
    """The goals that the results speak of; those about near-bounds at the age where they fare worst."""
    three, found = ALL_LINKS[3], []
    for pilot_db, age, least in SHARE_GOALS:
        if pilot_db in rates.pilots_db and age in rates.ages_tc:
            text, at = "3 taps recover the staleness loss", f"{age:g} T_c, {pilot_db:g} dB"
            found.append(Goal(text, at, least, rates.share(pilot_db, age, three)))
    ages = [age for age in rates.ages_tc if age <= BOUND_UP_TO_TC]
    for taps, bound in NEAR_BOUNDS.items():
        for pilot_db in rates.pilots_db if ages and bound in rates.methods else ():
            ratios = {age: rates.ratio(pilot_db, age, three, bound) for age in ages}
            worst = min(ratios.items(), key=lambda entry: entry[1].mean)[0]
            text = f"3 taps come close to the near-bound of {taps} taps up to {BOUND_UP_TO_TC:g} T_c"
            found.append(Goal(text, f"worst at {worst:g} T_c, {pilot_db:g} dB", RATIO_GOAL, ratios[worst]))
    return found
