"""Twins in other processes: the same digest as at home, whatever becomes of the processes, and nothing left behind."""

import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scenarios.build import reach
from scenarios.engine import run_scenario
from scenarios.load import load
from twin.errors import HostLostError, UsageError
from twin.runtime.hosting import Hosting
from twin.runtime.remote import Limits

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, str(ROOT / "run_twin.py"))
BOUND_S = 60.0
CASES = {
    "sagin, solving and predicting": (
        ("twin.solver=fast", "twin.predictor=wiener"),
        {"scenario": "sagin", "seed": 1, "duration_s": 0.2},
        ("ipc", "auto"),
    ),
    "sagin, spread, lossy and crashing": (
        (
            "hosts.edge=2",
            "network.radio.loss=0.2",
            'fault=[{kind="twin_crash", twin="core:base_station", from_s=0.05, to_s=0.1}]',
        ),
        {"scenario": "sagin", "seed": 2, "duration_s": 0.2},
        ("tcp", 0),
    ),
    "interference, spread": (
        ("hosts.edge=2", "pairs.count=2", "metrics.warmup_ms=0"),
        {"scenario": "interference", "seed": 3, "duration_s": 0.06},
        ("ipc", 0),
    ),
    "hisac": (("metrics.warmup_ms=0",), {"scenario": "hisac", "seed": 4, "duration_s": 0.06}, ("tcp", "auto")),
}


def has_ended(process, wait_s):
    """Whether the process of this pidfd ends within so many seconds."""
    poller = select.poll()
    poller.register(process, select.POLLIN)
    return bool(poller.poll(wait_s * 1e3))


def our_sockets():
    """The sockets of all kernels of ours in the abstract namespace."""
    return set(re.findall(r"@run-twin-\S+", Path("/proc/net/unix").read_text()))


@pytest.mark.parametrize("case", CASES)
def test_1_ipc_and_tcp_give_the_digest_of_memory_in_lockstep_and_in_windows_however_twins_are_spread(emulate, case):
    sets, run, (transport, window) = CASES[case]
    home, away = emulate(*sets, **run), emulate(*sets, **run, transport=transport, window=window)
    assert home.solved
    assert (away.digest, away.digest_events, away.hashes) == (home.digest, home.digest_events, home.hashes)


def test_the_spread_is_no_part_of_what_a_run_is(emulate):
    runs = [emulate(f"hosts.edge={edge}", f"hosts.core={core}", duration_s=0.1) for edge, core in ((1, 1), (7, 2))]
    assert runs[0].digest == runs[1].digest
    assert runs[0].hashes == runs[1].hashes
    (one, other) = (next(iter(run.sent.values())).run_id for run in runs)
    assert one == other


def test_2_hosts_that_are_killed_at_any_time_leave_no_trace_in_the_digest(emulate):
    draw, told, links = random.Random(5), [], []
    kills = dict.fromkeys(draw.sample(range(100), 3))

    def wrap(emulation):
        link, post = emulation.link, emulation.link.post
        links.append(link)
        batches = iter(range(10**9))

        def post_and_kill(questions):
            number = next(batches)
            if number % 25 == 24:
                link.snapshot(link.names)
            if number % 2:  # a host that is lost before it is asked, or while the kernel runs on
                post(questions)
            if number in kills:
                name, pid = draw.choice(sorted(link.pids().items()))
                os.kill(pid, signal.SIGKILL)
                kills[number] = name
            if not number % 2:
                post(questions)

        link.post = post_and_kill

    away = emulate(transport=Hosting("ipc", tell=told.append), wrap=wrap)
    (link,) = links
    assert away.digest == emulate().digest, f"killed before batches {kills}"
    assert link.restarts == len(told) == 3
    assert {line.split()[1] for line in told} == set(kills.values())
    assert not link.pids()
    assert not any(f"-{os.getpid()}-" in name for name in our_sockets())


KERNEL = """
import sys
sys.path.insert(0, "tests/runs")
import conftest
from twin.runtime.hosting import Hosting

def wrap(emulation):
    post = emulation.link.post
    def say(batches):
        emulation.link.post = post
        print(*emulation.link.pids().values(), flush=True)
        post(batches)
    emulation.link.post = say

conftest.emulate(transport=Hosting(sys.argv[1], listen=sys.argv[2]), duration_s=3600, wrap=wrap)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(("transport", "listens"), [("tcp", ""), ("ipc", "file")])
def test_a_kernel_that_is_killed_leaves_no_process_socket_or_folder(tmp_path, transport, listens):
    folder = tmp_path / "tmp"
    folder.mkdir()
    listen = f"ipc://{folder}/socket" if listens else ""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, transport, listen], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    with kernel:
        hosts = [os.pidfd_open(int(pid)) for pid in kernel.stdout.readline().split()]
        assert len(hosts) == 2
        assert not has_ended(hosts[0], 0.0)
        assert bool(listens) == bool(list(folder.iterdir()))
        kernel.kill()
    for host in hosts:
        assert has_ended(host, BOUND_S)
        os.close(host)
    assert not any(f"-{kernel.pid}-" in name for name in our_sockets())
    assert list(folder.iterdir()) == []


def ran(process):
    """The exit code of a process and what it said on standard error."""
    _, said = process.communicate(timeout=BOUND_S)
    return process.returncode, said


def test_hosts_that_somebody_else_starts(emulate, tmp_path):
    """Two of them want a place that there is not, or that is taken, and are told so; the others do the work."""
    address = f"ipc://{tmp_path}/a socket"
    hosts = {
        name: [
            subprocess.Popen(
                [*PROGRAM, "host", "--connect", address, "--name", name], stderr=subprocess.PIPE, text=True
            )
            for _ in range(count)
        ]
        for name, count in {"edge": 2, "core": 1, "side": 1}.items()
    }
    told = []
    hosting = Hosting("ipc", external=True, listen=address, tell=told.append)

    def let_everybody_come(emulation):
        until = time.monotonic() + BOUND_S
        while emulation.link.rejected < 2 and time.monotonic() < until:
            emulation.link.snapshot(["core"])

    away = emulate(transport=hosting, duration_s=0.2, wrap=let_everybody_come)
    assert away.digest == emulate(duration_s=0.2).digest
    assert told == [
        f"waiting for host {n}: run_twin.py host --connect '{address}' --name {n}" for n in ("core", "edge")
    ]
    assert ran(hosts["core"][0]) == (0, "")
    assert sorted(map(ran, hosts["edge"])) == [
        (0, ""),
        (2, "error: host edge: refused by the kernel: name=edge: is taken by the host of epoch 0\n"),
    ]
    (side,) = map(ran, hosts["side"])
    assert side == (2, "error: host side: refused by the kernel: name=side: must be one of core, edge\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("children", "reason"),
    [
        ((sys.executable, "-c", "import signal; signal.pause()"), r"host core: no valid HELLO within 0\.2 s"),
        (
            (sys.executable, "-c", "raise SystemExit('no luck')"),
            r"host (core|edge) ended with exit code 1: no luck; it was started again 1 times in a row",
        ),
        ((sys.executable, "-c", "import sys; sys.exit(2)"), r"host (core|edge) ended with exit code 2$"),
        (("/nowhere/at/all",), "host core: cannot be started: No such file or directory"),
    ],
)
def test_hosts_that_never_come_are_named_and_leave_nothing(emulate, children, reason):
    hello_s = 0.2 if "pause" in str(children) else BOUND_S
    hosting = Hosting("tcp", limits=Limits(hello_s=hello_s, restarts=1), children=children)
    offspring = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children")
    before = offspring.read_text()
    with pytest.raises(HostLostError, match=reason) as caught:
        emulate(transport=hosting)
    assert caught.value.exit_code == 4
    assert offspring.read_text() == before


def test_a_port_that_is_taken_is_bad_input_and_nothing_is_begun(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"listen={address}: is in use"):
            run_scenario(load("sagin", []), 1, tmp_path / "run", Hosting("tcp", listen=address))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("hosting", "reason"),
    [
        (Hosting("pigeon"), "transport=pigeon: must be one of memory, inproc, ipc, tcp"),
        (Hosting("memory", external=True), "hosts=external: must go with transport ipc or tcp"),
        (Hosting("inproc", listen="ipc://@x"), "listen=ipc://@x: must go with transport ipc or tcp"),
        (Hosting("tcp", listen="ipc://@x"), "listen=ipc://@x: must be an address of transport tcp"),
        (Hosting("tcp", listen="tcp://0.0.0.0:4000"), "must be on this machine"),
    ],
)
def test_hosts_that_cannot_be_reached_so_are_bad_input(hosting, reason):
    with pytest.raises(UsageError, match=re.escape(reason)) as caught:
        reach(load("sagin", []), hosting)
    assert "\n" not in str(caught.value)
