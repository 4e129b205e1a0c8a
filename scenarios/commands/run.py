"""`run`: a scenario from start to run folder, with a view of how it goes."""

import json
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.commands.warn import write_warnings
from scenarios.interrupted import InterruptedRunError
from scenarios.load import load
from scenarios.program import program
from scenarios.spec import Spec
from scenarios.summary_view import show_summary
from scenarios.terminal import ProgressView
from twin.errors import HostLostError

if TYPE_CHECKING:
    from scenarios.build import Window
    from scenarios.engine import RunResult

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was typed after `run`."""

    scenario: str
    sets: list[str]
    seed: int
    duration: float | None
    out: Path | None
    transport: str
    external: bool
    listen: str
    window: "Window"
    as_json: bool

    def typed(self) -> str:
        """The command line again, for a person to change and repeat."""
        words = [shlex.quote(self.scenario), f"--seed {self.seed}"]
        if self.duration is not None:
            words.append(f"--duration {self.duration:g}")
        words += [f"--set {shlex.quote(setting)}" for setting in self.sets]
        return f"{program()} run {' '.join(words)}"


def run(options: RunOptions) -> int:
    """Run a scenario; returns 130 when it was interrupted."""
    spec = load(options.scenario, options.sets, duration=options.duration)
    write_warnings(spec)
    from scenarios import engine  # half a second of imports: a wrong key is answered before
    from twin.journal.folder import JOURNAL
    from twin.runtime.hosting import Hosting

    out = options.out if options.out is not None else _new_folder(spec, options.seed)
    with ProgressView.silent() if options.as_json else ProgressView.on_stderr(_title(spec, options)) as view:
        try:
            hosting = Hosting(options.transport, options.external, options.listen, tell=view.tell)
            result = engine.run_scenario(spec, options.seed, out, hosting, view.show, options.window)
        except KeyboardInterrupt:
            if not (out / JOURNAL).exists():
                raise InterruptedRunError("interrupted") from None
            raise InterruptedRunError(f"interrupted; run: {program()} recover {shlex.quote(str(out))}") from None
        except HostLostError as error:
            if not (out / JOURNAL).exists():
                raise
            raise HostLostError(f"{error}; to go on, run: {_again(out)}") from error
    if not options.as_json:
        show_summary(result.summary, result.folder, options.typed(), options.sets)
    return _ended(result, as_json=options.as_json)


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """What was typed after `run --resume`; without a transport it is that of the run so far."""

    folder: Path
    transport: str | None
    external: bool
    listen: str
    as_json: bool


def resume(options: ResumeOptions) -> int:
    """Go on with the run in a folder; returns 130 when it was interrupted."""
    from scenarios import resuming
    from twin.runtime.hosting import Hosting

    folder, as_json = options.folder, options.as_json
    with ProgressView.silent() if as_json else ProgressView.on_stderr(f"{folder}, resumed") as view:

        def hosting(before: str) -> Hosting:
            return Hosting(options.transport or before, options.external, options.listen, tell=view.tell)

        try:
            result = resuming.resume(folder, hosting, view.show)
        except KeyboardInterrupt:
            raise InterruptedRunError(f"interrupted; run: {_again(folder)}") from None
        except HostLostError as error:
            raise HostLostError(f"{error}; to go on, run: {_again(folder)}") from error
    if not as_json:
        show_summary(result.summary, result.folder)
    return _ended(result, as_json=as_json)


def _again(folder: Path) -> str:
    return f"{program()} run --resume {shlex.quote(str(folder))}"


def _ended(result: "RunResult", *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(result.summary, indent=2, sort_keys=True) + "\n")
    return InterruptedRunError.exit_code if result.summary.get("interrupted") else 0


def _title(spec: Spec, options: RunOptions) -> str:
    coupling = "lockstep" if options.window == 0 else "windows"
    duration = f"{spec.scenario.duration_s:g} s virtual"
    return f"{spec.scenario.name}  seed {options.seed}  {duration}  {options.transport}, {coupling}"


def _new_folder(spec: Spec, seed: int) -> Path:
    """runs/<scenario>-<seed>-<time>, with a number behind when two runs begin in one second."""
    now = datetime.now(tz=UTC).astimezone()
    name = f"{spec.scenario.name}-{seed}-{now:%Y%m%dT%H%M%S}"
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for path in (RUNS / name for name in names) if not path.exists())
