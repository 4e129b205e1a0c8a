"""Confidence intervals of means over time.

The confidence interval is of the mean of a time series whose neighbours are alike, so its samples cannot
count as independent. The series is cut into 10 batches of equal length, whose means nearly are; the
half-width is Student's t (97.5 %, 9 degrees of freedom) times the standard error of these means: the method of
batch means. It is None for fewer than 20 samples, and too narrow where a batch is shorter than the coherence
time.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BATCHES: Final = 10
STUDENT_T: Final = 2.262157
"""97.5 % quantile of Student's t with BATCHES - 1 degrees of freedom."""

MIN_SAMPLES: Final = 2 * BATCHES

Samples = NDArray[np.float64]


def half_width(series: Samples) -> float | None:
    """95 % half-width of the mean of the finite values of a series in time order, by batch means; None for few."""
    series = series[np.isfinite(series)]
    if len(series) < MIN_SAMPLES:
        return None
    # What does not fill the last batch is left out at the start, where a run has settled least.
    length = len(series) // BATCHES
    means = series[len(series) - BATCHES * length :].reshape(BATCHES, length).mean(axis=1)
    return float(STUDENT_T * np.std(means, ddof=1) / np.sqrt(BATCHES))
