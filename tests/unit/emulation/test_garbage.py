"""What lives as long as the run is left alone by the collector, for as long as the run lasts."""

import gc

import pytest

from twin.emulation.garbage import long_lived


def test_what_exists_is_frozen_within_and_thawed_after_even_on_an_error():
    before = gc.get_freeze_count()
    kept = [[] for _ in range(1000)]

    def fail():
        with long_lived():
            assert gc.get_freeze_count() >= before + len(kept)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert gc.get_freeze_count() == 0
