"""Crashes of twins: which life an instant belongs to, at the edges of every interval."""

import pytest

from twin.emulation.lives import Crash, Lives
from twin.errors import KernelError

LIVES = Lives({"edge:a": (Crash(10, 20), Crash(30, 40))})


@pytest.mark.parametrize(
    ("t_ns", "down", "life", "end"),
    [(0, False, 0, 10), (9, False, 0, 10), (10, True, 0, 30), (19, True, 0, 30), (20, False, 1, 30), (29, False, 1, 30),
     (30, True, 1, None), (40, False, 2, None)],
)  # fmt: skip
def test_a_twin_is_down_from_the_crash_to_before_the_restart(t_ns, down, life, end):
    assert LIVES.is_down("edge:a", t_ns) is down
    assert LIVES.life("edge:a", t_ns) == life
    assert LIVES.end_of_life_ns("edge:a", t_ns) == end


def test_a_twin_that_never_crashes_has_one_life():
    assert not LIVES.is_down("edge:b", 15)
    assert LIVES.life("edge:b", 10**12) == 0
    assert LIVES.end_of_life_ns("edge:b", 0) is None


def test_crashes_that_overlap_or_do_not_last_are_refused():
    with pytest.raises(KernelError, match=r"crash 5\.\.5 ns: must begin at 0 or later and last"):
        Crash(5, 5)
    with pytest.raises(KernelError, match="edge:a: crash at 20 ns: must follow the restart at 20"):
        Lives({"edge:a": (Crash(10, 20), Crash(20, 30))})
