"""Ctrl-C: what it does to a run, and how the command line answers it."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

from twin.errors import TwinError

PATIENCE_S: Final = 1.0
"""For so long a second Ctrl-C is the first one once more: wrappers of programs pass it on."""


class InterruptedRunError(TwinError):
    """A run, or the completion of its folder, was stopped by Ctrl-C."""

    exit_code = 130


class Interruption:
    """While this is entered Ctrl-C stops a run where it can be stopped, and is heard once.

    Who types it again after `PATIENCE_S` does not want to wait for what the first one left to be done: a host may be
    silent for minutes. Only the main thread can be told.
    """

    def __init__(self) -> None:
        self._asked_s: float | None = None
        self._stop: Callable[[], None] | None = None
        self._previous: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    @contextmanager
    def calls(self, stop: Callable[[], None]) -> Iterator[None]:
        """In here the first one calls `stop`, where it is a KeyboardInterrupt otherwise."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._asked_s is None:
            self._asked_s = now_s
            if self._stop is not None:
                self._stop()
                return
        elif now_s - self._asked_s <= PATIENCE_S:
            return
        raise KeyboardInterrupt
