"""Wrong clocks: what they show, and when an instant of theirs comes, against a search instant by instant."""

import itertools

import pytest

from twin.emulation.clocks import Skew, SkewedClock
from twin.emulation.kernel import Kernel
from twin.errors import KernelError

SKEWS = [Skew(0, 100, 200, offset, drift) for offset in (-30, 0, 25) for drift in (-400_000_000, 0, 300_000_000)]


@pytest.mark.parametrize("skew", SKEWS)
def test_a_clock_is_wrong_in_its_span_only(skew):
    clock = SkewedClock([skew])
    assert [clock.reading_ns(t_ns) for t_ns in (0, 99, 200, 1000)] == [0, 99, 200, 1000]
    assert clock.reading_ns(100) == 100 + skew.offset_ns
    assert clock.reading_ns(190) == 190 + skew.offset_ns + 90 * skew.drift_ppb // 10**9
    assert [clock.skew(t_ns) for t_ns in (99, 100, 199, 200)] == [None, skew, skew, None]


@pytest.mark.parametrize("skew", SKEWS)
def test_the_first_instant_at_which_the_clock_shows_a_time_is_found(skew):
    clock = SkewedClock([skew, Skew(1, 220, 260, -skew.offset_ns, 0)])
    for t_ns, delay_ns in itertools.product(range(60, 290, 7), (0, 1, 10, 45)):
        wanted = clock.reading_ns(t_ns) + delay_ns
        searched = next(instant for instant in itertools.count(t_ns) if clock.reading_ns(instant) >= wanted)
        assert clock.after_ns(t_ns, delay_ns) == searched


def test_a_process_sleeps_by_its_own_clock_and_others_by_the_true_one():
    kernel = Kernel(("a", "b"), {"a": SkewedClock([Skew(0, 1_000, 5_000, 300, 10**9)])})
    woken = {"a": [], "b": []}

    def live(name):
        while True:
            yield kernel.sleep(name, 1_000)
            woken[name].append(kernel.now_ns)

    for name in ("a", "b"):
        kernel.process(live(name))
    kernel.run(10_000)
    assert woken["b"] == list(range(1_000, 10_000, 1_000))
    # Set forward as it wakes; then twice as fast; and at 5000 it is set back by the 4300 that it is ahead.
    assert woken["a"] == [1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 9_300]


def test_skews_that_overlap_do_not_last_or_run_backwards_are_refused():
    with pytest.raises(KernelError, match=r"skew 5\.\.5 ns: must begin at 0 or later and last"):
        Skew(0, 5, 5, 0, 0)
    with pytest.raises(KernelError, match="a clock runs forward"):
        Skew(0, 0, 5, 0, -(10**9))
    with pytest.raises(KernelError, match="skew from 9 ns: must follow the one until 10"):
        SkewedClock([Skew(0, 5, 10, 1, 0), Skew(1, 9, 12, 1, 0)])
