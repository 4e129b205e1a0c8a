"""`solve`: the instances of a file, without a network."""

import json
import multiprocessing
import os
import signal
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final

from scenarios.solvable import SOLVABLE, Solvable
from twin.errors import SolverError, UsageError
from twin.solvers.json_files import Answer, Instance, check_writable
from twin.solvers.result import Status

_REPEATS: Final = 5
_WORTH_REPEATING_S: Final = 0.2
"""A solve that takes longer is timed once."""
_WORTH_A_POOL: Final = 3
"""Fewer instances than this are solved before a second process has started."""

_LONGEST_LABEL: Final = 20


def run_solve(
    problem: str, file: Path, method: str, out: Path | None = None, starts: Sequence[str] | None = None
) -> str:
    """Solve every instance of a file, write the results to `out` if given, and say in a few lines what came out.

    Args:
        problem: one of `SOLVABLE`.
        file: the instance file.
        method: one of the problem's methods.
        out: the result file; written whole or not at all.
        starts: names of starts for the reference; None means all of them.

    Raises:
        UsageError: unknown problem or method, a bad instance file, or a place that cannot be written to.
        SolverError: no instance could be answered ("infeasible" is an answer). The result file says so too, and is
            written first.
    """
    if problem not in SOLVABLE:
        raise UsageError(f"problem={problem!r}: must be one of {', '.join(SOLVABLE)}")
    solvable = SOLVABLE[problem]
    if method not in solvable.methods:
        raise UsageError(f"method={method!r}: must be one of {', '.join(solvable.methods)} for {problem}")
    instances = solvable.read(file)
    if out is not None:
        check_writable(out, file)
    began = time.perf_counter()
    answers = _solve_all(problem, instances, method, starts)
    wall_s = time.perf_counter() - began
    if out is not None:
        solvable.write(out, method, answers)
    if all(answer.solution.status is Status.FAILED for answer in answers):
        raise SolverError(f"{file}: method {method} could solve none of {len(answers)} instances")
    table = _table(solvable, f"{problem}, {method}", answers, wall_s)
    return table + (f"\nresults in {out}" if out is not None else "")


def _solve_all(
    problem: str, instances: Sequence[Instance[Any]], method: str, starts: Sequence[str] | None
) -> list[Answer]:
    """The answers in the order of the instances; they do not depend on who computed them."""
    workers = min(os.cpu_count() or 1, len(instances))
    if method not in SOLVABLE[problem].slow or workers < 2 or len(instances) < _WORTH_A_POOL:
        return [_solve_one(problem, instance, method, starts) for instance in instances]
    # Spawned, not forked: the parent may have threads (ZeroMQ, BLAS), and a fork would copy their locks.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=workers, mp_context=context, initializer=_leave_ctrl_c_to_the_parent)
    try:
        futures = [pool.submit(_solve_one, problem, instance, method, starts) for instance in instances]
        return [future.result() for future in futures]
    except BrokenProcessPool:
        raise SolverError(f"method {method}: a worker process died") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _solve_one(problem: str, instance: Instance[Any], method: str, starts: Sequence[str] | None) -> Answer:
    """One cold solve with all its starts, after compilation; where one is short, the median wall time of a few."""
    solvable = SOLVABLE[problem]
    solvable.prepare(instance.problem, method)
    times_us: list[float] = []
    while len(times_us) < (1 if method in solvable.slow else _REPEATS):
        began = time.perf_counter_ns()
        solution = solvable.solve(instance.problem, method, starts)
        times_us.append((time.perf_counter_ns() - began) / 1e3)
        if times_us[0] > _WORTH_REPEATING_S * 1e6:
            break
    return Answer(instance.id, solution, statistics.median(times_us))


def _table(solvable: Solvable, title: str, answers: Sequence[Answer], wall_s: float) -> str:
    """One line per instance under a heading, and a last one for all of them."""
    labels = [_label(answer.id) for answer in answers]
    width = max(len("id"), *(len(label) for label in labels))
    states = max(len("status"), *(len(answer.solution.status.value) for answer in answers))
    lines = [f"{'id':>{width}}  {'status':{states}}  {solvable.heading}  iterations  wall ms   ({solvable.unit})"]
    for label, answer in zip(labels, answers, strict=True):
        solution = answer.solution
        lines.append(
            f"{label:>{width}}  {solution.status.value:{states}}  {solvable.columns(solution)}"
            f"  {solution.iterations:10d}  {answer.wall_us / 1e3:7.1f}"
        )
    solved = [answer.solution.objective for answer in answers if answer.solution.status is Status.SOLVED]
    median = f"median {statistics.median(solved):.4f} {solvable.unit}, " if solved else ""
    lines.append(f"{title}: {len(solved)} of {len(answers)} solved, {median}in {wall_s:.1f} s")
    return "\n".join(lines)


def _label(identity: int | str) -> str:
    """An id for the terminal: nothing in it that a terminal would obey, and not too long."""
    text = str(identity) if str(identity).isprintable() else json.dumps(identity)
    return text if len(text) <= _LONGEST_LABEL else f"{text[:_LONGEST_LABEL]}..."
