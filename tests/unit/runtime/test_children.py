"""Hosts as child processes: how they ended is known, whatever ended them, and no way out waits long for any."""

import subprocess
import sys
import time
from contextlib import closing

import pytest

from twin.errors import HostLostError
from twin.runtime.children import Children

PROGRAM = (sys.executable, "-S", "-c")
NAMES = ("core", "edge", "edge2")


class Brood(Children):
    """Children of a program in a line, all begun."""

    def __init__(self, code):
        super().__init__((*PROGRAM, code))
        for name in NAMES:
            self.start(name, 0, "nowhere")

    def close(self, grace_s=0.0):
        super().close(grace_s)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("raise SystemExit('error: no luck')", "ended with exit code 1: no luck"),
        ("raise SystemExit('x' * 10**6 + chr(10) + 'no luck' + chr(10))", "ended with exit code 1: no luck"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("import os; os.kill(os.getpid(), 40)", "was killed by signal 40"),
    ],
)
def test_how_a_child_ended_is_said(code, how):
    with closing(Brood(code)) as brood:
        until = time.monotonic() + 10.0
        while brood.pids() and time.monotonic() < until:
            assert brood.ended("nobody") is None
        assert not brood.pids()
        assert {brood.ended(name) for name in NAMES} == {how}


def test_a_child_whose_words_have_no_place_is_not_begun(monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(HostLostError, match="host core: cannot be started: No space left on device"):
        Brood("")


def test_the_time_for_children_to_end_is_one_for_all():
    brood, began = Brood("import signal; signal.pause()"), time.monotonic()
    brood.close(0.2)
    assert 0.2 <= time.monotonic() - began < 0.5
    assert brood.pids() == {}


def test_a_child_that_the_system_does_not_end_holds_nobody_up(monkeypatch):
    brood, wait = Brood("import signal; signal.pause()"), subprocess.Popen.wait
    stuck = brood._processes["core"]

    def wait_for_all_but_one(process, timeout=None):
        if process is stuck:
            raise subprocess.TimeoutExpired("host", timeout)
        return wait(process, timeout)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess.Popen, "wait", wait_for_all_but_one)
        brood.close()
    assert brood.pids() == {}
    stuck.wait(10.0)
