"""What a run shows while it goes: three lines in a terminal, elsewhere one plain line every 10 s."""

import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, NoReturn, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from twin.signal.units import to_s

if TYPE_CHECKING:
    from scenarios.engine import Progress

PLAIN_EVERY_S: Final = 10.0
LIVE_EVERY_S: Final = 0.1
_BAR_WIDTH: Final = 32
OBJECTIVES: Final = {"min": "worst user", "sum": "sum"}


class Output(Console):
    """A console that leaves it to its caller what a reader who has left means: Rich would end the program with 1."""

    def on_broken_pipe(self) -> NoReturn:
        """The stream is a pipe that nobody reads any more."""
        raise BrokenPipeError


class ProgressView:
    """Takes the progress of a run and shows it, or not. A context manager that gives the terminal back.

    A stream that can no longer be written to ends the view, not the run.
    """

    def __init__(self, title: str, stream: TextIO | None) -> None:
        """A view with a title on a stream; None shows nothing."""
        self._title = title
        self._stream = stream
        console = Output(file=stream, highlight=False) if stream is not None else None
        self._live = None
        if console is not None and console.is_terminal:
            self._live = Live(console=console, auto_refresh=False, transient=True)
        self._next_s = LIVE_EVERY_S if self._live is not None else PLAIN_EVERY_S

    @classmethod
    def silent(cls) -> Self:
        """A view that shows nothing."""
        return cls("", None)

    @classmethod
    def on_stderr(cls, title: str) -> Self:
        """A view on standard error: standard output is for results."""
        return cls(title, sys.stderr)

    def __enter__(self) -> Self:
        if self._live is not None:
            with suppress(OSError):
                self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()

    def tell(self, text: str) -> None:
        """Something happened that a person should know, silent or not."""
        with suppress(OSError):
            if self._live is not None:
                self._live.console.print(text, highlight=False, markup=False, soft_wrap=True)
            else:
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()

    def show(self, progress: "Progress") -> None:
        """Show where the run stands, if it is time to."""
        done = progress.t_ns >= progress.duration_ns
        if self._stream is None or (progress.wall_s < self._next_s and not (done and self._live is not None)):
            return
        try:
            self._draw(progress, self._stream)
        except OSError:
            self._stream = None

    def _draw(self, progress: "Progress", stream: TextIO) -> None:
        if self._live is not None:
            self._next_s = progress.wall_s + LIVE_EVERY_S
            self._live.update(_panel(self._title, progress), refresh=True)
        else:
            self._next_s = progress.wall_s + PLAIN_EVERY_S
            stream.write(plain_line(self._title, progress) + "\n")
            stream.flush()


def plain_line(title: str, progress: "Progress") -> str:
    """The state of a run on one line."""
    return f"{title}  {_where(progress)}  {_pace(progress)}  {_counts(progress)}"


def grouped(number: int) -> str:
    """A whole number with a space between groups of three digits."""
    return f"{number:,}".replace(",", " ")


def _panel(title: str, progress: "Progress") -> Table:
    """Three lines, on a narrow screen too: there the bar is shorter and the ends of the lines are cut."""
    bar = ProgressBar(total=progress.duration_ns, completed=progress.t_ns)
    where = f" {_where(progress)}"
    middle = Table.grid(padding=(0, 2))
    middle.add_column(no_wrap=True, min_width=len(where))
    middle.add_column(max_width=_BAR_WIDTH)
    middle.add_column(no_wrap=True)
    middle.add_row(where, bar, _pace(progress))
    panel = Table.grid()
    panel.add_column(no_wrap=True)
    panel.add_row(Text(title, style="bold"))
    panel.add_row(middle)
    panel.add_row(f" {_counts(progress)}")
    return panel


def _where(progress: "Progress") -> str:
    total_s = to_s(progress.duration_ns)
    return f"{to_s(progress.t_ns):.{1 if total_s >= 10 else 2}f} / {total_s:g} s"


def _pace(progress: "Progress") -> str:
    share = progress.t_ns / progress.duration_ns
    if progress.t_ns >= progress.duration_ns:
        return "100 %  measuring secrecy"
    if progress.t_ns == 0 or progress.wall_s <= 0:
        return "0 %"
    speed = to_s(progress.t_ns) / progress.wall_s
    left_s = to_s(progress.duration_ns - progress.t_ns) / speed
    minutes, seconds = divmod(round(left_s), 60)
    return f"{share:.0%}  x{speed:.2g} real time  {minutes}:{seconds:02d} left".replace("%", " %", 1)


def _counts(progress: "Progress") -> str:
    parts = [
        f"sent {grouped(progress.sent)}",
        f"lost {grouped(progress.lost)}",
        f"solves {grouped(progress.solves)}",
    ]
    if progress.age_ms is not None:
        parts.append(f"CSI age {progress.age_ms:.0f} ms")
    if progress.rate is not None:
        parts.append(f"{OBJECTIVES[progress.objective]} {progress.rate:.2f} bit/s/Hz")
    return "  ".join(parts)
