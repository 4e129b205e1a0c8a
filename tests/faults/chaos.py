"""Runs whose processes are killed at random, hosts and kernel alike; each must come to the digest that nobody disturbed.

    python tests/faults/chaos.py --runs 20 --seed 1

A run is a plan drawn from its seed: after so many bytes of journal a process is killed with SIGKILL, and a kernel that
was killed is resumed, perhaps over another transport. The seed alone repeats the plan; when exactly within a batch the
signal comes, nobody can repeat.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scenarios.build import build
from scenarios.load import load
from twin.journal.journal import Journal
from twin.journal.reader import read_journal

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = {
    "three transmitters, a crash": (
        "sagin",
        (
            "scenario.duration_s=0.12",
            "metrics.warmup_ms=60",
            "hosts.edge=2",
            "network.radio.loss=0.05",
            'fault=[{kind="twin_crash", twin="core:base_station", from_s=0.07, to_s=0.1}]',
        ),
    ),
    "pairs": (
        "interference",
        ("scenario.duration_s=0.12", "metrics.warmup_ms=20", "pairs.count=3", "hosts.edge=2", "network.edge.loss=0.1"),
    ),
}
KERNEL = """
import sys
from pathlib import Path
from scenarios import engine, resuming
from scenarios.load import load
from twin.emulation import keeper
from twin.runtime.hosting import Hosting

keeper._LEAST_BYTES = 1 << 15  # a short run has snapshots, too
engine.finish = lambda folder: folder  # the journal says it all
verb, out, seed, transport, scenario, *sets = sys.argv[1:]
if verb == "run":
    engine.run_scenario(load(scenario, sets), int(seed), Path(out), transport)
else:
    resuming.resume(Path(out), lambda _: Hosting(transport))
"""
TRANSPORTS = ("ipc", "tcp")
PATIENCE_S = 120.0
LOOK_S = 0.003


@dataclass
class Report:
    """What a run came to."""

    digest: str
    kernels_killed: int = 0
    hosts_killed: int = 0
    problems: list[str] = field(default_factory=list)


def undisturbed(path, scenario, sets, seed):
    """Digest and size of the journal of the run without other processes, and without harm."""
    spec = load(scenario, list(sets))
    with Journal(path, {}) as journal, build(spec, seed, "memory", journal) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        emulation.stop()
    return read_journal(path).digests.digest(), path.stat().st_size


class Victim:
    """One kernel process and the hosts that are its children."""

    def __init__(self, folder, home, arguments):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(home)}
        command = (sys.executable, "-c", KERNEL, *arguments)
        self.journal = folder / "journal.wal"
        self.kernel = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)

    def hosts(self):
        """Process ids of its children, and of hosts whose parent it was."""
        return [pid for pid, parent, words in processes() if parent == self.kernel.pid or self._is_named_by(words)]

    def _is_named_by(self, words):
        return "--parent" in words and words[words.index("--parent") + 1] == str(self.kernel.pid)

    def wait_for(self, size):
        """Until the journal has so many bytes, or the kernel has ended; whether it lives."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                self.kernel.wait(LOOK_S)
                return False
            if self.journal.exists() and self.journal.stat().st_size >= size:
                return True
        raise TimeoutError(f"kernel {self.kernel.pid}: journal of {size} bytes did not come")

    def kill_a_host(self, draws):
        """Whether there was one."""
        hosts = self.hosts()
        if not hosts:
            return False
        with suppress(ProcessLookupError):
            os.kill(hosts[draws.integers(len(hosts))], signal.SIGKILL)
        return True

    def leavings(self):
        """What is still there after the kernel has ended; hosts that were told so have a moment for it."""
        deadline = time.monotonic() + 10.0
        while (hosts := self.hosts()) and time.monotonic() < deadline:
            os.sched_yield()
        found = [f"process {pid}" for pid in hosts]
        name = f"run-twin-{self.kernel.pid}-"
        return found + [f"socket {line.split()[-1]}" for line in sockets() if name in line]


def processes():
    """Process id, parent and command line of everybody."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if status[0] != "Z":
                    yield int(entry.name), int(status[1]), words


def sockets():
    return Path("/proc/net/unix").read_text().splitlines()


def plan(draws, size):
    """(bytes of journal, whom to kill) in order: two to five kills, a kernel's among them."""
    kills = draws.integers(2, 6)
    places = np.sort(draws.uniform(0.02, 0.98, kills)) * size
    whom = ["kernel" if draws.random() < 0.4 else "host" for _ in range(kills)]
    whom[draws.integers(kills)] = "kernel"
    return list(zip(places.astype(int).tolist(), whom, strict=True))


def disturb(folder, home, scenario, sets, seed):
    """One run of that seed, killed and resumed after a plan of its own; what `undisturbed` says is the yardstick."""
    folder.mkdir(parents=True)
    home.mkdir(parents=True)
    digest, size = undisturbed(folder / "undisturbed.wal", scenario, sets, seed)
    draws, out = np.random.default_rng(seed), folder / "run"
    report = Report(digest)

    def begin(verb):
        transport = TRANSPORTS[draws.integers(len(TRANSPORTS))]
        return Victim(out, home, (verb, str(out), str(seed), transport, scenario, *sets))

    victim = begin("run")
    for place, whom in plan(draws, size):
        if not victim.wait_for(place):
            break
        if whom == "host":
            report.hosts_killed += victim.kill_a_host(draws)
            continue
        victim.kernel.kill()
        victim.kernel.communicate()
        report.kernels_killed += 1
        report.problems += victim.leavings()
        victim = begin("resume")
    said = victim.kernel.communicate(timeout=PATIENCE_S)[1]
    if victim.kernel.returncode:
        report.problems.append(f"exit code {victim.kernel.returncode}: {said.strip().splitlines()[-1:]}")
    report.problems += victim.leavings() + [f"file {path}" for path in home.iterdir()]
    return judge(out, report)


def judge(out, report):
    """The journal must be whole, closed, and say what the undisturbed one says."""
    journal = read_journal(out / "journal.wal")
    if journal.truncated or journal.closed is None or journal.closed.interrupted:
        report.problems.append("the journal has no end")
    if journal.digests.digest() != report.digest:
        report.problems.append(f"digest {journal.digests.digest()}, undisturbed {report.digest}")
    strangers = {path.name for path in out.iterdir()} - {"journal.wal", "manifest.json"}
    report.problems += [f"file {name}" for name in sorted(strangers)]
    return report


def main():
    """Some runs, a line each; the exit code says whether all were well."""
    parser = argparse.ArgumentParser(description="kill hosts and kernels at random: every digest must stay")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next has the next")
    options = parser.parse_args()
    failed = 0
    for seed in range(options.seed, options.seed + options.runs):
        name = list(SCENARIOS)[seed % len(SCENARIOS)]
        with tempfile.TemporaryDirectory() as base:
            report = disturb(Path(base) / "runs", Path(base) / "home", *SCENARIOS[name], seed)
            shutil.rmtree(base, ignore_errors=True)
        failed += bool(report.problems)
        kills = f"{report.kernels_killed} kernels and {report.hosts_killed} hosts killed"
        print(f"seed {seed}  {name}: {kills}: {'; '.join(report.problems) or 'the same digest'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
