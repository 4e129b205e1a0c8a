import pytest

from twin.emulation.kernel import Kernel
from twin.errors import KernelError


def run_order(pairs):
    """The order in which events at one instant are executed, for a given order of insertion."""
    kernel, seen = Kernel(["a", "b", "c"]), []
    for dst, src, seq in pairs:
        kernel.at(10, kernel.order(dst, src, seq), lambda key=(dst, src, seq): seen.append(key))
    kernel.run(11)
    return seen


def test_ties_are_broken_by_destination_source_and_number_not_by_insertion():
    keys = [("b", "a", 1), ("a", "c", 7), ("a", "b", 2), ("a", "b", 1), ("c", "a", 1)]
    expected = sorted(keys)
    assert run_order(keys) == expected
    assert run_order(reversed(keys)) == expected


def test_another_name_leaves_the_relative_order_of_the_others():
    few, many = Kernel(["a", "c"]), Kernel(["a", "b", "c"])
    for kernel in (few, many):
        assert kernel.order("a", "c", 9) < kernel.order("c", "a", 1)


def test_order_within_an_instant_comes_after_time():
    kernel, seen = Kernel(["a"]), []
    kernel.at(20, kernel.order("a", "a", 1), lambda: seen.append(20))
    kernel.at(10, kernel.order("a", "a", 2), lambda: seen.append(10))
    kernel.run(100)
    assert seen == [10, 20]


def test_clock_is_an_integer_and_events_are_counted():
    kernel = Kernel(["a"])
    kernel.at(7, kernel.order("a", "a", 1), lambda: None)
    kernel.run(8)
    assert kernel.now_ns == 7
    assert isinstance(kernel.env.now, int)
    assert kernel.events == 1


def test_calls_and_processes_share_one_clock_and_are_counted_alike():
    """Three sleeps, two calls, the start of the process and its end: seven steps, each at SimPy's own time."""
    kernel, seen = Kernel(["a"]), []

    def look():
        seen.append((kernel.now_ns, kernel.env.now))

    def process():
        for _ in range(3):
            yield kernel.sleep("a", 10)
            look()

    kernel.process(process())
    for t_ns in (15, 20):
        kernel.at(t_ns, kernel.order("a", "a", 9), look)
    kernel.run(100)
    assert seen == [(t_ns, t_ns) for t_ns in (10, 15, 20, 20, 30)]
    assert kernel.events == 7


def test_nothing_is_scheduled_before_now():
    kernel = Kernel(["a"])
    kernel.at(5, kernel.order("a", "a", 1), lambda: kernel.at(4, 2, lambda: None))
    with pytest.raises(KernelError, match="event at 4 ns: must be an integer >= 5 ns"):
        kernel.run(10)


@pytest.mark.parametrize("delay", [-1, 1.5, None])
def test_sleep_takes_whole_non_negative_delays_only(delay):
    kernel = Kernel(["a"])
    with pytest.raises(KernelError, match="must be an integer"):
        kernel.sleep("a", delay)


def test_end_is_exclusive_and_a_run_in_slices_is_the_same_run():
    def ticks(ends):
        kernel, seen = Kernel(["a"]), []

        def process():
            while True:
                seen.append(kernel.now_ns)
                yield kernel.sleep("a", 10)

        kernel.process(process())
        for end in ends:
            kernel.run(end)
        return seen, kernel.events

    assert ticks([30])[0] == [0, 10, 20]
    assert ticks([30]) == ticks([5, 10, 11, 30])


def test_stop_leaves_at_an_event_boundary():
    kernel, seen = Kernel(["a"]), []
    kernel.at(1, kernel.order("a", "a", 1), kernel.stop)
    kernel.at(2, kernel.order("a", "a", 2), lambda: seen.append("late"))
    assert kernel.run(10) is False
    assert (kernel.stopped, seen, kernel.now_ns) == (True, [], 1)
