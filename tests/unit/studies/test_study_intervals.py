"""Intervals against closed forms and against their own promise."""

import numpy as np
import pyarrow as pa
import pytest

from scenarios.studies.intervals import Sample, interval, samples, student_t


@pytest.mark.parametrize(("count", "quantile"), [(2, 12.70620), (5, 2.776445), (11, 2.228139), (201, 1.971896)])
def test_quantiles_are_those_of_the_printed_tables(count: int, quantile: float):
    assert student_t(count) == pytest.approx(quantile, rel=1e-6)


def test_an_interval_is_the_mean_and_t_times_its_standard_error():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    mean = 4.0
    spread = sum((value - mean) ** 2 for value in values) / 3
    found = interval(values)
    assert found.mean == mean
    assert found.half_width == pytest.approx(3.182446 * (spread / 4) ** 0.5, rel=1e-6)
    assert (found.low, found.high) == (mean - found.half_width, mean + found.half_width)
    assert str(found) == f"4.00 ± {found.half_width:.2f}"


def test_95_of_100_intervals_contain_the_truth():
    draws = np.random.default_rng(5).normal(3.0, 2.0, size=(4000, 6))
    inside = [abs(interval(row).mean - 3.0) <= interval(row).half_width for row in draws]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.011)  # three standard errors


def test_one_sample_has_no_interval():
    with pytest.raises(ValueError, match="samples=1"):
        interval(np.array([1.0]))


def test_paired_differences_lose_what_the_seeds_share():
    seeds = np.arange(50)
    shared = np.random.default_rng(1).normal(size=50) * 100.0
    small = np.random.default_rng(2).normal(size=50) * 0.01
    difference = Sample(seeds, shared + 1.0 + small) - Sample(seeds, shared)
    assert difference.interval().mean == pytest.approx(1.0, abs=0.01)
    assert difference.interval().half_width < 0.004


def test_pairs_need_the_same_seeds():
    with pytest.raises(ValueError, match="same seeds"):
        Sample(np.array([1, 2]), np.zeros(2)) - Sample(np.array([1, 3]), np.zeros(2))


def test_samples_are_grouped_and_sorted_by_seed():
    table = pa.table({"seed": [2, 1, 1, 2], "m": ["a", "a", "b", "b"], "value": [20.0, 10.0, 1.0, 2.0]})
    groups = samples(table, ["m"], "value")
    assert list(groups) == [("a",), ("b",)]
    assert groups[("a",)].seeds.tolist() == [1, 2]
    assert groups[("a",)].values.tolist() == [10.0, 20.0]
    with pytest.raises(ValueError, match="two rows"):
        samples(table, [], "value")
