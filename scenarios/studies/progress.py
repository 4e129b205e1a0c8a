"""What a study shows while it goes: a bar in a terminal, elsewhere one plain line every 10 s."""

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from scenarios.terminal import PLAIN_EVERY_S, Output, grouped

_BAR_WIDTH: Final = 32


class StudyProgress:
    """Counts finished points on a stream. A context manager that gives the terminal back.

    A stream that can no longer be written to ends the view, not the study.
    """

    def __init__(self, title: str, total: int, done: int, stream: TextIO | None = None) -> None:
        """A view of `total` points of which `done` were there before; on standard error if `stream` is None."""
        self._title, self._total, self._before, self._done = title, total, done, done
        self._stream: TextIO | None = stream if stream is not None else sys.stderr
        console = Output(file=self._stream, highlight=False)
        self._start_s = time.monotonic()
        self._next_s = PLAIN_EVERY_S
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = _bar(console)
            self._task = self._bar.add_task(title, total=total, completed=done)

    def __enter__(self) -> Self:
        if self._bar is not None:
            with suppress(OSError):
                self._bar.start()
        elif self._before:
            self._line(f"{grouped(self._before)} of {grouped(self._total)} points were there")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._bar is not None:
            with suppress(OSError):
                self._bar.stop()

    def advance(self, points: int) -> None:
        """Some more points are finished and saved."""
        self._done += points
        if self._bar is not None:
            self._bar.advance(self._task, points)
            with suppress(OSError):
                self._bar.refresh()
            return
        wall_s = time.monotonic() - self._start_s
        if wall_s >= self._next_s and self._done < self._total:
            self._next_s = wall_s + PLAIN_EVERY_S
            left_s = round(wall_s / (self._done - self._before) * (self._total - self._done))
            minutes, seconds = divmod(left_s, 60)
            counted = f"{grouped(self._done)} / {grouped(self._total)} points"
            self._line(f"{counted}  {100 * self._done / self._total:.0f} %  {minutes}:{seconds:02d} left")

    def _line(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(f"{self._title}  {text}\n")
            self._stream.flush()
        except OSError:
            self._stream = None


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", style="bold"),
        BarColumn(_BAR_WIDTH),
        MofNCompleteColumn(),
        TextColumn("points"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        auto_refresh=False,  # from a thread of its own a broken pipe would be nobody's to catch
    )
