"""`host` as a person types it: what is wrong is said in one line."""

import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import msgpack
import pytest

from run_twin import main
from twin.runtime.command import main as host
from twin.wire.router import Router

ADDRESS = "tcp://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        ([], 2, "the following arguments are required: --connect, --name; see run-twin host --help"),
        (["--connect", "edge", "--name", "edge"], 2, "connect=edge: must be tcp://127.0.0.1:PORT, ipc://PATH or"),
        (["--connect", "tcp://127.0.0.1:*", "--name", "edge"], 2, "connect=tcp://127.0.0.1:*: must name a port"),
        (["--connect", "tcp://10.0.0.1:9", "--name", "edge"], 2, "connect=tcp://10.0.0.1:9: must be on this machine"),
        (["--connect", ADDRESS, "--name", ""], 2, "name='': must be 1 to 64 printable characters"),
        (["--connect", ADDRESS, "--name", "\U0001f6f0" * 64], 2, "must take fewer bytes"),
        (["--connect", ADDRESS, "--name", "edge", "--epoch", "-1"], 2, "epoch=-1: must be 0 to 4294967295"),
        (["--connect", ADDRESS, "--name", "edge", "--epoch", "x"], 2, "argument --epoch: invalid int value: 'x'"),
        (["--connect", ADDRESS, "--name", "edge", "--wait", "0"], 2, "wait=0: must be more than 0"),
        (["--connect", ADDRESS, "--name", "edge", "--wait", "nan"], 2, "wait=nan: must be more than 0"),
        (["--connect", ADDRESS, "--name", "edge", "--parent", "1"], 4, "host edge: the kernel that started it is gone"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(capsys, arguments, code, line):
    assert host(["host", *arguments]) == code
    out, said = capsys.readouterr()
    assert out == ""
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert line in said


def test_a_kernel_that_does_not_answer_is_named(capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr(
            "sys.argv", ["run_twin.py", "host", "--connect", address, "--name", "core", "--wait", "0.05"]
        )
        began = time.monotonic()
        assert main() == 4
        assert time.monotonic() - began < 2.0, "to a kernel that is not there nobody says farewell"
    assert capsys.readouterr().err == f"error: host core: no kernel at {address} within 0.05 s\n"


def test_a_kernel_of_another_schema_is_left_at_once(capsys):
    """Each would refuse what the other says, and neither would understand that."""

    def refuse():
        route, _ = router.receive(10.0)
        router.send(route, [msgpack.packb([2, "refused", "why"])])

    with closing(Router("tcp://127.0.0.1:*")) as router:
        kernel = threading.Thread(target=refuse)
        kernel.start()
        assert host(["host", "--connect", router.address, "--name", "edge"]) == 2
        kernel.join()
        assert router.receive(0.0) is None
    said = f"what the kernel at {router.address} says is not understood: control.schema=2: supported is 1"
    assert capsys.readouterr().err == f"error: host edge: {said}\n"


def test_a_host_loads_twins_and_nothing_that_takes_long_before_it_says_hello():
    code = (
        "import os, sys; sys.argv[1:] = ['host', '--connect', 'ipc://@nobody', '--name', 'edge', '--wait', '0.01'];"
        "import run_twin; run_twin.main();"
        "print(os.environ['OMP_NUM_THREADS'], *sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    threads, *modules = done.stdout.split()
    assert threads == "1"
    assert "twin.runtime.host" in modules
    heavy = ("scipy", "numba", "simpy", "networkx", "pyarrow", "cvxpy", "twin.journal", "scenarios.", "entities.")
    assert [module for module in modules if module.startswith(heavy)] == []


def test_a_child_whose_kernel_was_killed_before_it_came_removes_the_socket_of_that(capsys, tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    assert host(["host", "--connect", f"ipc://{path}", "--name", "edge", "--parent", "1"]) == 4
    assert capsys.readouterr().err == "error: host edge: the kernel that started it is gone\n"
    assert not path.exists()
