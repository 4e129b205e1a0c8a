"""What a study shows while it goes."""

import io

import pytest

from scenarios.studies import progress
from scenarios.studies.progress import StudyProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Deaf(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


class DeafTerminal(Deaf, Terminal):
    """A terminal that is gone."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_a_plain_line_comes_every_ten_seconds(clock: list[float]):
    stream = io.StringIO()
    with StudyProgress("toy", 1000, 0, stream) as view:
        for second in range(1, 26):
            clock[0] = float(second)
            view.advance(10)
    assert stream.getvalue().splitlines() == [
        "toy  100 / 1 000 points  10 %  1:30 left",
        "toy  200 / 1 000 points  20 %  1:20 left",
    ]


def test_points_that_were_there_are_named_and_do_not_count_for_the_speed(clock: list[float]):
    stream = io.StringIO()
    with StudyProgress("toy", 100, 60, stream) as view:
        clock[0] = 10.0
        view.advance(10)
    assert stream.getvalue().splitlines() == [
        "toy  60 of 100 points were there",
        "toy  70 / 100 points  70 %  0:30 left",
    ]


def test_a_short_study_without_a_terminal_is_silent(clock: list[float]):
    stream = io.StringIO()
    with StudyProgress("toy", 2, 0, stream) as view:
        clock[0] = 9.0
        view.advance(2)
    assert stream.getvalue() == ""


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with StudyProgress("toy study", 4, 1, stream) as view:
        view.advance(1)
    text = stream.getvalue()
    assert "toy study" in text
    assert "2/4" in text


@pytest.mark.parametrize("stream", [Deaf(), DeafTerminal()], ids=["pipe", "terminal"])
def test_a_view_that_nobody_reads_ends_no_study(stream: Deaf, clock: list[float], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    finished = 0
    with StudyProgress("toy", 100, 10, stream) as view:
        for second in range(1, 31):
            clock[0] = float(second)
            view.advance(3)
            finished += 1
    assert finished == 30
