"""Computes the points of a study in parallel processes. Rows are handed over chunk by chunk, as they come."""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from multiprocessing.synchronize import Event
from typing import Any

from scenarios.studies.framework import Evaluate
from scenarios.studies.grid import Point, Row
from twin.errors import HostLostError

Chunk = tuple[Point, ...]
Finished = list[tuple[Point, list[Row]]]


class _Stop:
    """In a worker: the event by which its parent asks it to stop after the present point."""

    event: Event | None = None


def default_jobs() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def run_points(
    evaluate: Evaluate, points: Sequence[Point], save: Callable[[Finished], None], *, jobs: int, chunk: int
) -> None:
    """Evaluate all points and hand them to `save` in chunks, in the order in which they finish.

    One job computes here, more compute in as many new processes. After Ctrl-C (KeyboardInterrupt) or an error
    each process finishes its present point at most, and what is finished is saved before that goes on up.
    """
    chunks = [tuple(points[start : start + chunk]) for start in range(0, len(points), chunk)]
    jobs = min(jobs, len(chunks))
    if jobs > 1:
        _in_processes(evaluate, chunks, save, jobs)
        return
    for one in chunks:
        finished: Finished = []
        try:
            finished.extend(_evaluated(evaluate, one))
        finally:
            if finished:
                save(finished)


def _in_processes(evaluate: Evaluate, chunks: Iterable[Chunk], save: Callable[[Finished], None], jobs: int) -> None:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    waiting = iter(chunks)
    running: set[Future[Finished]] = set()
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(stop,)) as pool:
        try:
            # As many chunks as processes are on the way, never more: those could not be stopped.
            with _interrupts_held_back():
                running |= {pool.submit(_chunk, evaluate, one) for one in itertools.islice(waiting, jobs)}
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    save(future.result())
                    running.remove(future)
                running |= {pool.submit(_chunk, evaluate, one) for one in itertools.islice(waiting, len(done))}
        except BrokenProcessPool:
            message = f"jobs={jobs}: a process of the study died (out of memory?): run the command again to go on"
            raise HostLostError(message) from None
        finally:
            stop.set()
            _save_last(running, save)


def _save_last(running: Iterable[Future[Finished]], save: Callable[[Finished], None]) -> None:
    """After Ctrl-C or an error: save what stopped workers had finished; their own failures no longer matter."""
    for future in running:
        if future.exception() is None and future.result():
            save(future.result())


def _chunk(evaluate: Evaluate, points: Chunk) -> Finished:
    """In a worker: rows of the points, up to the one during which the parent asked to stop."""
    return list(_evaluated(evaluate, points))


def _evaluated(evaluate: Evaluate, points: Chunk) -> Iterator[tuple[Point, list[Row]]]:
    for point in points:
        if _Stop.event is not None and _Stop.event.is_set():
            return
        rows = evaluate(point)
        if not rows:
            raise ValueError(f"seed={point.seed}, {dict(point.parameters)}: no rows: a point has at least one")
        yield point, rows


def _begin(stop: Event) -> None:
    """In a worker: take the stop event, and leave with the parent, even if that is killed."""
    _Stop.event = stop
    parent: Any = multiprocessing.parent_process()

    def leave() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Start processes in here: they inherit a mask that keeps the terminal's Ctrl-C from them for good."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
