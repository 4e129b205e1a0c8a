"""Age of the CSI behind what is on air: the oldest of all transmitters, as steps over time."""

import numpy as np
import pyarrow as pa
import pytest

from twin.journal.ages import age_steps


def control(*rows):
    """Rows (t_applied_ns, transmitter, t_data_ns) as the columns that ages need."""
    names = ("t_applied_ns", "transmitter", "t_data_ns")
    kinds = (pa.int64(), pa.string(), pa.int64())
    columns = list(zip(*rows, strict=True)) or [()] * 3
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, kinds, strict=True)})


ROWS = [(0, "a", 0), (2, "b", 0), (10, "a", 8), (14, "b", 6), (20, "a", 16), (20, "b", 18), (25, "b", 22)]


def age_by_hand(rows, t_ns):
    on_air = {transmitter: data for applied, transmitter, data in rows if applied <= t_ns}
    return t_ns - min(on_air.values())


def test_age_is_that_of_the_oldest_transmitter_at_every_instant():
    steps = age_steps(control(*ROWS), 40)
    instants = np.arange(2, 40)
    assert steps.at(instants).tolist() == [age_by_hand(ROWS, t) for t in instants.tolist()]


def test_age_begins_when_every_transmitter_is_on_air_and_ends_with_the_run():
    steps = age_steps(control(*ROWS), 40)
    assert steps.times_ns.tolist() == [2, 14, 20, 40]
    assert steps.data_ns.tolist() == [0, 6, 16]


def test_peaks_are_the_ages_just_before_fresher_data_take_over():
    # At 10 only the fresher transmitter changes, at 20 both change in one instant, at 25 the oldest stays.
    steps = age_steps(control(*ROWS), 40)
    assert steps.peak_times_ns.tolist() == [14, 20]
    assert steps.peaks_ns.tolist() == [14, 14]


def test_older_data_raise_the_age_without_a_peak():
    steps = age_steps(control((0, "a", 0), (5, "a", 4), (9, "a", 1)), 12)
    assert steps.data_ns.tolist() == [0, 4, 1]
    assert steps.peaks_ns.tolist() == [5]


def test_sawtooth_has_a_corner_before_and_after_each_step():
    times, ages = age_steps(control((1, "a", 0), (4, "a", 3)), 6).sawtooth()
    assert times.tolist() == [1, 4, 4, 6]
    assert ages.tolist() == [1, 4, 1, 3]


def ages_by_hand(rows, begin, end, parts=100):
    """Ages in the middle of each of `parts` equal parts of every ns from `begin` to `end`."""
    return [age_by_hand(rows, t + (part + 0.5) / parts) for t in range(begin, end) for part in range(parts)]


@pytest.mark.parametrize("begin", [2, 10, 13, 14, 20, 39])
def test_mean_is_the_integral_over_the_length(begin):
    # All corners lie at whole ns, so the mean of the middles is the integral.
    ages = ages_by_hand(ROWS, begin, 40)
    assert age_steps(control(*ROWS), 40).mean_ns(begin) == pytest.approx(sum(ages) / len(ages), rel=1e-12)


@pytest.mark.parametrize("begin", [2, 10, 13, 14, 20, 39])
@pytest.mark.parametrize("q", [0.0, 0.05, 0.5, 0.8, 0.95, 1.0])
def test_quantile_has_its_share_of_the_time_below(begin, q):
    ages = ages_by_hand(ROWS, begin, 40)
    quantile = age_steps(control(*ROWS), 40).quantile_ns(begin, q)
    # Hand-made ages are whole hundredths of a ns, plus a half, so they tell the share to one of them per tooth.
    below = sum(age < quantile for age in ages)
    assert below / len(ages) == pytest.approx(q, abs=3 / len(ages))
    assert min(ages) - 0.01 <= quantile <= max(ages) + 0.01


def test_quantile_where_no_age_between_two_ranges_occurs():
    # Ages 1 to 3 for 2 ns, then 9 to 11 for 2 ns.
    steps = age_steps(control((10, "a", 9), (12, "a", 3)), 14)
    assert [steps.quantile_ns(10, q) for q in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1.0, 2.0, 3.0, 10.0, 11.0]
    assert steps.mean_ns(10) == 6.0


def test_teeth_of_one_shape_have_a_closed_form():
    # Applied every 10 with data 4 old: the age is uniform on [4, 14], whatever the phase of a grid of 10 would show.
    steps = age_steps(control(*((t, "a", t - 4) for t in range(0, 200, 10))), 200)
    assert steps.mean_ns(20) == 9.0
    assert steps.quantile_ns(20, 0.95) == pytest.approx(13.5, rel=1e-12)
    # From before anything was on air is from the first application on.
    assert steps.mean_ns(-50) == 9.0


@pytest.mark.parametrize("rows", [(), ((50, "a", 0),), ((0, "a", 0),)], ids=["nothing", "late", "after the end"])
def test_no_length_of_time_has_no_mean_and_no_quantile(rows):
    steps = age_steps(control(*rows), 40)
    assert steps.mean_ns(40) is None
    assert steps.quantile_ns(40, 0.5) is None


@pytest.mark.parametrize("rows", [(), ((50, "a", 0),)], ids=["nothing applied", "only after the end"])
def test_run_without_applications_has_no_age(rows):
    steps = age_steps(control(*rows), 40)
    assert steps.times_ns.size == steps.data_ns.size == steps.peaks_ns.size == 0
    times, ages = steps.sawtooth()
    assert times.size == ages.size == 0
