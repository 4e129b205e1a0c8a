"""Goes on with a run whose process was killed, or that was interrupted."""

import shlex
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from scenarios import engine
from scenarios.build import Window, build, reach
from scenarios.interrupted import InterruptedRunError, Interruption
from scenarios.load import from_dict
from scenarios.program import program
from twin.errors import RunFolderError
from twin.journal.folder import RunFolder
from twin.journal.reader import REQUIRED, require
from twin.journal.resume import Resumption, find_cut
from twin.runtime.hosting import Hosting

_REQUIRED: Final[dict[str, type]] = {**REQUIRED, "versions": dict, "machine": str, "transport": str, "window": str}


def resume(
    path: Path,
    hosting: Callable[[str], Hosting] = Hosting,
    progress: Callable[[engine.Progress], None] | None = None,
) -> engine.RunResult:
    """Bring the run in a folder to the end that it would have come to, and the folder with it.

    What is on file is executed again without asking the twins, and compared (`twin.journal.resume`). `hosting` makes
    of the transport that the run began with how the hosts are reached now.

    Raises:
        RunFolderError: no run folder, or one of a run that is complete, still going on, of another version of this
            program or type of machine, or another than its journal says. The journal is as it was.
        HostLostError: a host did not come, or was lost for good.
        KeyboardInterrupt: the run was interrupted before it came to where its journal ends.
        InterruptedRunError: the completion of the folder was.
    """
    folder = RunFolder.open(path)
    cut = find_cut(folder.journal_path)
    require(cut.manifest, folder.journal_path, _REQUIRED)
    _check_versions(cut.manifest, folder.journal_path)
    spec, seed = from_dict(cut.manifest["scenario"]), int(cut.manifest["seed"])
    window = _window(cut.manifest["window"], folder.journal_path)
    started = time.perf_counter()
    with Interruption() as interruption:
        with ExitStack() as stack:
            journal = stack.enter_context(Resumption(cut))
            link = stack.enter_context(reach(spec, hosting(cut.manifest["transport"])))
            emulation = stack.enter_context(build(spec, seed, link, journal, window, journal))
            engine.execute(emulation, journal, interruption, started, progress)
        try:
            return engine.finish(folder)
        except KeyboardInterrupt:  # there is nothing to go on with any more
            raise InterruptedRunError(f"interrupted; run: {program()} recover {shlex.quote(str(path))}") from None


def _check_versions(manifest: dict[str, Any], path: Path) -> None:
    """A digest holds for one machine type and set of versions: who goes on with a run must be as who began it."""
    found, now = manifest["machine"], engine.machine()
    if found != now:
        raise RunFolderError(f"{path}: machine={found}: must be {now}, this one's, to go on with the run")
    for name, wanted in engine.versions().items():
        if (found := manifest["versions"].get(name)) != wanted:
            allowed = f"must be {wanted}, this program's, to go on with the run"
            raise RunFolderError(f"{path}: {name} version={found}: {allowed}")


def _window(text: str, path: Path) -> Window:
    """The windows of a run as its manifest has them: "auto", or a length in ns."""
    if text == "auto":
        return "auto"
    if not (text.isascii() and text.isdecimal()):
        raise RunFolderError(f"{path}: manifest key window={text}: must be auto or a number of ns")
    return int(text)
