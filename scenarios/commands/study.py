"""`study`: many runs over a grid in parallel, then figures and tables of their results."""

import platform
import re
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from scenarios.interrupted import InterruptedRunError
from scenarios.studies.framework import Study
from scenarios.studies.paper import with_command
from scenarios.studies.progress import StudyProgress
from scenarios.studies.registry import find_study, study_names
from scenarios.studies.results import StudyFolder
from scenarios.studies.runner import Finished, default_jobs, run_points
from scenarios.terminal import grouped
from scenarios.values import shortened
from twin.errors import UsageError

STUDIES: Final = Path("studies")
_LONGEST_NAME: Final = 100
_PACKAGES: Final = ("sagin-twin", "numpy", "scipy", "numba", "pyarrow", "matplotlib")


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """What was typed after `study`."""

    name: str | None
    jobs: int | None
    seeds: int | None
    quick: bool
    out: Path | None
    sets: Sequence[str] = ()
    only: int | None = None

    def typed(self) -> str:
        """The command line again."""
        words = ["study", str(self.name)]
        words += [f"--jobs {self.jobs}"] if self.jobs is not None else []
        words += [f"--seeds {self.seeds}"] if self.seeds is not None else []
        words += ["--quick"] if self.quick else []
        words += [f"--out {shlex.quote(str(self.out))}"] if self.out is not None else []
        words += [f"--set {shlex.quote(setting)}" for setting in self.sets]
        return f"run-twin {' '.join(words)}"


def list_studies() -> int:
    """Write one line per study."""
    width = max(len(name) for name in study_names())
    for name in study_names():
        sys.stdout.write(f"{name:{width}}  {find_study(name).description}\n")
    return 0


def run_study(options: StudyOptions) -> int:
    """Compute the points that are not there yet, merge all, and write the study's figures and tables."""
    study = find_study(options.name)
    if not options.sets:
        return complete(study, options)
    if study.configured is None:
        takers = ", ".join(name for name in study_names() if find_study(name).configured is not None)
        message = f"--set {shortened(options.sets[0])}: study {study.name} takes no settings; those that do: {takers}"
        raise UsageError(message)
    return complete(study.configured(options.sets), options)


def complete(study: Study, options: StudyOptions) -> int:
    """The same for a study that need not be a known one."""
    if options.only is not None:
        return show_seed(study, options.only, options)
    start_s = time.monotonic()
    out = options.out if options.out is not None else _folder(study, options)
    folder = StudyFolder.open(out, study, _manifest(study, options))
    points = study.points(seeds=options.seeds, quick=options.quick)
    finished = folder.finished()
    pending = [point for point in points if study.key(point) not in finished]
    with StudyProgress(study.name, len(points), len(points) - len(pending)) as view:

        def save(rows_of: Finished) -> None:
            folder.write_part(rows_of)
            view.advance(len(rows_of))

        jobs = options.jobs if options.jobs is not None else default_jobs()
        try:
            run_points(study.evaluate, pending, save, jobs=jobs, chunk=study.chunk)
        except KeyboardInterrupt:
            raise InterruptedRunError(f"interrupted; to go on, run again: {options.typed()}") from None
    table = folder.results(points)
    folder.write_results(table)
    report = study.report(with_command(table, options.typed()))
    for name, content in report.files.items():
        folder.write(name, content)
    there = f" ({grouped(len(points) - len(pending))} were there)" if len(pending) < len(points) else ""
    facts = f"{grouped(len(points))} points{there}, {time.monotonic() - start_s:.1f} s"
    sys.stdout.write(f"{report.headline}\n\npoints   {facts}\nlook     {out}\n")
    return 1 if report.failed else 0


def show_seed(study: Study, seed: int, options: StudyOptions) -> int:
    """Compute the points of one seed and write their rows, a value per line; the study's folder is left alone."""
    points = study.points(seeds=seed, quick=options.quick)[-len(study.points(seeds=1, quick=options.quick)) :]
    for point in points:
        for row in study.evaluate(point):
            named = {**point.parameters, "seed": seed, **row}
            sys.stdout.write("".join(f"{name:<12}{value}\n" for name, value in named.items()) + "\n")
    return 0


def _folder(study: Study, options: StudyOptions) -> Path:
    """studies/NAME, with "-quick" and with the settings behind: other scenarios have other folders."""
    settings = re.sub(r"[^A-Za-z0-9_.=:]+", "_", "-".join(options.sets))[:_LONGEST_NAME]
    return STUDIES / "-".join(filter(None, (study.name, "quick" if options.quick else "", settings)))


def _manifest(study: Study, options: StudyOptions) -> dict[str, Any]:
    chosen = study.quick_settings if options.quick else study.settings
    return {
        "description": study.description,
        "command": options.typed(),
        "quick": options.quick,
        "seeds": study.points(seeds=options.seeds, quick=options.quick)[-1].seed,
        "parameters": [dict(setting) for setting in chosen],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
