"""Two paired samples: the interval of their mean difference, an exact test, and what both together allow one to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scenarios.studies.intervals import CONFIDENCE, Interval, interval
from twin.signal.arrays import RealArray

SIGNIFICANT: Final = "yes"
NOT_SIGNIFICANT: Final = "no"
UNCLEAR: Final = "unclear"
LEVEL: Final = 1.0 - CONFIDENCE
"""A test is significant below this p."""

_MAX_EXACT: Final = 500


@dataclass(frozen=True, slots=True)
class Paired:
    """Means of both samples, b - a with its 95 % t interval, and the p of an exact two-sided test of no difference.

    `test` is "wilcoxon" (signed ranks) or "sign". Both tests are free of the normality that the interval assumes.
    """

    a: float
    b: float
    difference: Interval
    p: float
    test: str

    @property
    def outside(self) -> bool:
        """Whether the interval leaves out 0."""
        return abs(self.difference.mean) > self.difference.half_width

    @property
    def verdict(self) -> str:
        """Significant where interval and test both say so, unclear where only one does."""
        if self.outside == (self.p < LEVEL):
            return SIGNIFICANT if self.outside else NOT_SIGNIFICANT
        return UNCLEAR

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.difference.mean,
            "half_width_95": self.difference.half_width,
            "pairs": self.difference.count,
            "p": self.p,
            "test": self.test,
            "significant": self.verdict,
        }


def paired(a: RealArray, b: RealArray) -> Paired | None:
    """Compare samples (n,) pair by pair, but for pairs with a value that is not finite. None for fewer than two."""
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = a[finite], b[finite]
    if a.size < 2:
        return None
    p, test = exact_p(b - a)
    return Paired(float(a.mean()), float(b.mean()), interval(b - a), p, test)


def exact_p(differences: RealArray) -> tuple[float, str]:
    """Exact two-sided p that differences (n,) are symmetric about 0 (signed ranks) or have median 0 (signs).

    Wilcoxon's signed ranks have their exact law where no difference is 0 and no two are equally large; elsewhere, and
    beyond 500 pairs, the signs of those that are not 0 are counted.
    """
    from scipy.stats import binomtest, wilcoxon

    sizes = np.abs(differences)
    if 0 < sizes.size <= _MAX_EXACT and sizes.min() > 0 and np.unique(sizes).size == sizes.size:
        return float(wilcoxon(differences, method="exact").pvalue), "wilcoxon"
    positive, negative = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    if positive + negative == 0:
        return 1.0, "sign"
    return float(binomtest(positive, positive + negative).pvalue), "sign"


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values so that the chance of any false alarm among them stays below the level (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
