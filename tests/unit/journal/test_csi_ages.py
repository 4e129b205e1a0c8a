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


@pytest.mark.parametrize("rows", [(), ((50, "a", 0),)], ids=["nothing applied", "only after the end"])
def test_run_without_applications_has_no_age(rows):
    steps = age_steps(control(*rows), 40)
    assert steps.times_ns.size == steps.data_ns.size == steps.peaks_ns.size == 0
    times, ages = steps.sawtooth()
    assert times.size == ages.size == 0
