"""Runs a scenario from start to run folder, and rebuilds a run folder from its journal.

A run writes facts only. Tables, metrics, summary, picture and page are functions of the journal and are made by
`finish`, whether the run has just ended, was interrupted, or is being recovered after a kill. The journal is read
several times rather than kept: a run of any length takes no more memory.
"""

import os
import platform
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from scenarios import faults
from scenarios.build import Emulation, Window, build, choose_window, reach
from scenarios.interrupted import Interruption
from scenarios.judge import evaluate
from scenarios.load import from_dict
from scenarios.spec import Spec
from scenarios.system import System
from scenarios.systems import system_of
from twin.emulation.garbage import long_lived
from twin.errors import RunFolderError
from twin.journal.facts import Closed
from twin.journal.folder import SCHEMA, RunFolder
from twin.journal.journal import Journal
from twin.journal.objective import Objective
from twin.journal.reader import JournalRead, read_journal, require
from twin.journal.resume import Resumption
from twin.journal.rows import table_of
from twin.journal.schemas import ATTRIBUTION
from twin.journal.summary import RunInfo, summarise
from twin.journal.tables import metrics_table, write_tables
from twin.runtime.hosting import Hosting, hosting_of

_SLICES: Final = 200
_PACKAGES: Final = (
    "clarabel",
    "cvxpy",
    "filterpy",
    "msgpack",
    "msgspec",
    "networkx",
    "numpy",
    "pyzmq",
    "scipy",
    "sgp4",
    "simpy",
)
_NS_PER_MS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands."""

    t_ns: int
    duration_ns: int
    sent: int
    lost: int
    solves: int
    age_ms: float | None
    rate: float | None
    wall_s: float
    objective: Objective = "min"


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run: its folder and the content of summary.json."""

    folder: Path
    summary: dict[str, Any]


def run_scenario(
    spec: Spec,
    seed: int,
    out: Path,
    transport: str | Hosting,
    progress: Callable[[Progress], None] | None = None,
    window: Window = "auto",
) -> RunResult:
    """Run a scenario into the folder `out`.

    Ctrl-C ends the run at an event boundary; the folder is then as complete as that of a shorter run, and its
    manifest says that it was interrupted.

    Raises:
        UsageError: the window is longer than the lookahead of the twins, or there is no such way to the hosts.
        HostLostError: a host did not come, or was lost for good.
        RunFolderError: `out` cannot be written, or is not empty.
        ScenarioError: the scenario can't be run.
    """
    system_of(spec).check()
    choose_window(spec, window)
    started = time.perf_counter()
    with Interruption() as interruption:
        with ExitStack() as stack:
            link = stack.enter_context(reach(spec, transport))
            folder = RunFolder.create(out)
            manifest = _manifest(spec, seed, hosting_of(transport).transport, window)
            folder.write_manifest(manifest)
            journal = stack.enter_context(Journal(folder.journal_path, manifest))
            emulation = stack.enter_context(build(spec, seed, link, journal, window))
            execute(emulation, journal, interruption, started, progress)
        return finish(folder)


def execute(
    emulation: Emulation,
    journal: Journal | Resumption,
    interruption: Interruption,
    started: float,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Run to the end, or to an interruption, and close the journal; `started` is what wall time counts from.

    Raises:
        KeyboardInterrupt: the run was interrupted before it came to where the journal ends, which says more; or again
            while it waited for hosts.
    """
    emulation.start()
    with long_lived(), interruption.calls(emulation.kernel.stop):
        _run_in_slices(emulation, started, progress)
    kernel = emulation.kernel
    if kernel.stopped and not journal.live:
        raise KeyboardInterrupt
    end_ns = kernel.now_ns if kernel.stopped else emulation.spec.scenario.duration_ns
    hashes = emulation.stop()
    journal.close(Closed(end_ns, kernel.events, time.perf_counter() - started, kernel.stopped, hashes))


def versions() -> dict[str, str]:
    """Of everything that a digest depends on, for one type of machine."""
    return {
        "sagin-twin": version("sagin-twin"),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def machine() -> str:
    """The type of this machine, as far as the last bits of a sum depend on it."""
    return f"{platform.system()} {platform.machine()}"


def recover(path: Path) -> RunResult:
    """Rebuild every file of a run folder from its journal.

    Raises:
        RunFolderError: no run folder, no readable journal, or one that was cut before its first record ended.
    """
    return finish(RunFolder.open(path))


def finish(folder: RunFolder) -> RunResult:
    """Make tables, metrics, summary, picture and page from the journal of `folder`."""
    from twin.report.figure import secrecy_figure
    from twin.report.page import write_report

    journal = read_journal(folder.journal_path)
    if not journal.manifest:
        raise RunFolderError(f"{folder.journal_path}: ends before its first record; nothing can be recovered")
    require(journal.manifest, folder.journal_path)
    folder.sweep()
    system, seed = system_of(from_dict(journal.manifest["scenario"])), int(journal.manifest["seed"])
    end_ns, jobs = _end_ns(journal), os.cpu_count() or 1
    metrics = metrics_table(evaluate(system, seed, journal.facts, end_ns, jobs), system.quantities)
    legs = table_of(system.attribute(seed, journal.facts, metrics, jobs), ATTRIBUTION)
    tables = write_tables(folder, journal.facts, metrics, end_ns, legs)
    manifest = _closed_manifest(journal, end_ns)
    folder.write_manifest(manifest)
    summary = summarise(tables, _run_info(manifest, system, end_ns)) | system.summary(tables.metrics)
    folder.write_summary(summary)
    secrecy_figure(folder.path)
    write_report(folder.path)
    return RunResult(folder.path, summary)


def _manifest(spec: Spec, seed: int, transport: str, window: Window) -> dict[str, Any]:
    return {
        "scenario": spec.as_dict(),
        "seed": seed,
        "transport": transport,
        "coupling": "windows" if window else "lockstep",
        "window": str(window),
        "pace": "virtual",
        "reproducible": True,
        "versions": versions(),
        "machine": machine(),
        "closed": False,
    }


def _closed_manifest(journal: JournalRead, end_ns: int) -> dict[str, Any]:
    closed, digests = journal.closed, journal.digests
    return {
        **journal.manifest,
        "schema": SCHEMA,
        "closed": closed is not None,
        "interrupted": closed is None or closed.interrupted,
        "truncated": journal.truncated,
        "virtual_s": end_ns / 1e9,
        "wall_s": None if closed is None else closed.wall_s,
        "kernel_events": None if closed is None else closed.kernel_events,
        "state_hashes": None if closed is None else closed.state_hashes,
        "digest": digests.digest(),
        "digest_events": digests.digest_events(),
    }


def _run_info(manifest: dict[str, Any], system: System[Spec], end_ns: int) -> RunInfo:
    return RunInfo(
        scenario=manifest["scenario"]["scenario"]["name"],
        seed=manifest["seed"],
        digest=manifest["digest"],
        digest_events=manifest["digest_events"],
        reproducible=manifest["reproducible"],
        end_ns=end_ns,
        interrupted=manifest["interrupted"],
        kernel_events=manifest["kernel_events"],
        wall_s=manifest["wall_s"],
        coordinator=system.coordinator,
        age_limit_ns=system.spec.metrics.age_limit_ns,
        objective=system.objective,
        names=system.names,
        system=system.spec.system,
        faults=faults.spans(system.spec.fault),
    )


def _end_ns(journal: JournalRead) -> int:
    """Where the run ended: what its last record says or, after a kill, the last instant a fact speaks of."""
    return journal.last_ns if journal.closed is None else journal.closed.t_ns


def _run_in_slices(emulation: Emulation, started: float, progress: Callable[[Progress], None] | None) -> None:
    """Run to the end, telling `progress` now and then; slices change no event."""
    duration = emulation.spec.scenario.duration_ns
    for part in range(1, _SLICES + 1):
        if not emulation.kernel.run(duration * part // _SLICES):
            return
        if progress is not None:
            progress(_progress(emulation, duration * part // _SLICES, started))


def _progress(emulation: Emulation, t_ns: int, started: float) -> Progress:
    counts, physics = emulation.plane.counts, emulation.physics
    return Progress(
        t_ns=t_ns,
        duration_ns=emulation.spec.scenario.duration_ns,
        sent=counts["sent"],
        lost=counts["lost"],
        solves=counts["solves"],
        age_ms=physics.age_ns(t_ns) / _NS_PER_MS,
        rate=physics.rate(t_ns),
        wall_s=time.perf_counter() - started,
        objective=system_of(emulation.spec).objective,
    )
