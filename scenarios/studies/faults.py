"""Study `faults`: whatever goes wrong in a run, what is true of every run stays true.

A point is a random script of faults (`faults_script`) over a short run of a system. The run is made once in windows and
in memory, and once more in another way, lockstep or over sockets: both must decide the same facts. All that
`scenarios.invariants` knows of runs is then checked on the facts. `study faults --only SEED` runs a seed again.
"""

import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from scenarios.build import Window, build
from scenarios.invariants import Observed, violations
from scenarios.load import builtin_names
from scenarios.spec import Spec
from scenarios.studies.faults_script import Script, script
from scenarios.studies.framework import Study, StudyReport
from scenarios.studies.grid import Parameters, Point, Row, expand
from scenarios.systems import system_names, system_of
from scenarios.terminal import grouped
from twin.errors import TwinError
from twin.journal.facts import Fact, Struck
from twin.journal.unwritten import Unwritten

SEEDS: Final = 200
QUICK_SEEDS: Final = 20
OTHER_WAYS: Final[tuple[tuple[str, Window], ...]] = (("memory", 0), ("inproc", "auto"))
"""Transport and window of the second run, by turns."""

_SHOWN: Final = 10
_LONGEST: Final = 300


@dataclass(slots=True)
class _Recorder:
    """Keeps the facts of a run and sums their digest."""

    facts: list[Fact] = field(default_factory=list)
    journal: Unwritten = field(default_factory=Unwritten)

    def record(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.journal.record(fact)

    def commit(self) -> None:
        """Nothing is on disk."""


@dataclass(frozen=True, slots=True)
class Made:
    """A run that was made: facts, counts of messages, digest and the states that the twins ended in."""

    facts: list[Fact]
    counts: Counter[str]
    digest: str
    states: dict[str, str]


def make(spec: Spec, seed: int, transport: str = "memory", window: Window = "auto") -> Made:
    """Run a scenario to its end.

    Raises:
        TwinError: it could not be run.
    """
    recorder = _Recorder()
    with build(spec, seed, transport, recorder, window) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        states = emulation.stop()
    return Made(recorder.facts, emulation.plane.counts, recorder.journal.digest(), states)


def check(written: Script) -> tuple[Made | None, list[str]]:
    """The run of a script, and what is wrong with it."""
    spec = written.spec()
    transport, window = OTHER_WAYS[written.seed % len(OTHER_WAYS)]
    try:
        made = make(spec, written.seed)
        other = make(spec, written.seed, transport, window)
    except TwinError as error:
        return None, [f"run: {error}"]
    found = violations(Observed(system_of(spec), made.facts, made.counts))
    if (made.digest, made.states) != (other.digest, other.states):
        found.append(f"digest: another one over {transport} with window={window}")
    return made, found


def evaluate(point: Point) -> list[Row]:
    """One row: what was violated, how to see it again, and how much happened in the run."""
    written = script(str(point.parameters["scenario"]), point.seed)
    made, found = check(written)
    counts: Counter[str] = Counter() if made is None else made.counts
    strikes = Counter(str(fact.effect) for fact in (made.facts if made else ()) if type(fact) is Struck)
    sets = " ".join(f"--set {shlex.quote(setting)}" for setting in written.sets)
    return [
        {
            "violations": len(found),
            "first": (found[0] if found else "")[:_LONGEST],
            "sent": counts["sent"],
            "struck": strikes.total(),
            "copies": strikes["duplicated"] + strikes["replayed"],
            "run": f"run-twin run {written.scenario} --seed {written.seed} {sets}",
        }
    ]


def report(table: pa.Table) -> StudyReport:
    """How many runs, and every one in which something was violated."""
    rows = table.select(["scenario", "seed", "violations", "first", "sent", "struck", "copies", "run"]).to_pylist()
    failed = [row for row in rows if row["violations"]]
    sums = {name: grouped(sum(row[name] for row in rows)) for name in ("sent", "struck", "copies")}
    happened = f"{sums['sent']} messages, {sums['struck']} times struck by a fault, {sums['copies']} copies"
    count = grouped(len(rows))
    broken = f"{len(failed)} of {count} runs break an invariant" if failed else f"every invariant holds in {count} runs"
    lines = [f"{broken}: {happened}."]
    for row in failed[:_SHOWN]:
        lines.append(f"  {row['scenario']}, seed {row['seed']}: {row['first']}")
        lines.append(f"    again: run-twin study faults --only {row['seed']}")
    if len(failed) > _SHOWN:
        lines.append(f"  and {grouped(len(failed) - _SHOWN)} more, in failed.txt")
    listed = "".join(f"{row['scenario']} {row['seed']}: {row['first']}\n  {row['run']}\n" for row in failed)
    return StudyReport("\n".join(lines), {"failed.txt": listed.encode()}, failed=bool(failed))


def settings() -> tuple[Parameters, ...]:
    """The built-in scenario of every system."""
    known = builtin_names()
    return expand(scenario=tuple(name for name in system_names() if name in known))


STUDY: Final = Study(
    name="faults",
    version=1,
    description="random faults of all kinds over short runs: what is true of every run is checked on each",
    settings=settings(),
    quick_settings=settings(),
    seeds=SEEDS,
    quick_seeds=QUICK_SEEDS,
    evaluate=evaluate,
    report=report,
    chunk=20,
)
