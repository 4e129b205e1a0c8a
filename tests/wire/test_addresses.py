"""Where kernels may listen and hosts may connect."""

import socket
from contextlib import ExitStack

import pytest

from twin.errors import UsageError
from twin.wire.addresses import check_address, check_free, own_address, remove_socket
from twin.wire.router import Router


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555"),
        ("tcp://localhost:1", "tcp://127.0.0.1:1"),
        ("tcp://127.8.8.8:65535", "tcp://127.8.8.8:65535"),
        ("ipc:///run/user/kernel", "ipc:///run/user/kernel"),
        ("ipc://@kernel", "ipc://@kernel"),
    ],
)
def test_addresses_on_this_machine(address, checked):
    assert check_address(address, "listen") == checked


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "must be tcp://127.0.0.1:PORT, ipc://PATH or ipc://@NAME"),
        ("edge", "must be tcp://"),
        ("inproc://kernel", "must be tcp://"),
        ("tcp://127.0.0.1", "must be tcp://"),
        ("tcp://127.0.0.1:-1", "must be tcp://"),
        ("tcp://127.0.0.1:\uff15\uff15", "must be tcp://"),
        ("tcp://127.0.0.1:0", "the port must be 1 to 65535"),
        ("tcp://127.0.0.1:65536", "the port must be 1 to 65535"),
        ("tcp://0.0.0.0:5555", "must be on this machine"),
        ("tcp://192.168.1.7:5555", "there are no keys for others yet"),
        ("tcp://example.org:5555", "must be on this machine"),
        ("tcp://*:5555", "must be on this machine"),
        ("ipc://", "must name a file"),
        ("ipc://@", "must name a file"),
        ("ipc://*", "must name a file"),
        ("ipc://a\nb", "must name a file"),
        ("ipc://" + "x" * 108, "at most 107 bytes"),
    ],
)
def test_other_addresses_are_refused(address, reason):
    with pytest.raises(UsageError, match=reason) as caught:
        check_address(address, "listen")
    assert str(caught.value).startswith("listen=")


def test_a_run_of_its_own_gets_an_address_of_its_own():
    assert own_address("ipc") != own_address("ipc")
    for transport in ("ipc", "tcp"):
        router = Router(own_address(transport))
        assert check_address(router.address, "listen") == router.address
        router.close()
        router.close()


@pytest.mark.parametrize("kind", ["tcp", "ipc", "file"])
def test_an_address_that_is_in_use_is_refused(tmp_path, kind):
    router = Router(f"ipc://{tmp_path}/socket" if kind == "file" else own_address(kind))
    with pytest.raises(UsageError, match=f"^listen={router.address}: is in use$"):
        Router(router.address)
    assert router.receive(0.0) is None
    router.close()
    Router(router.address).close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "thesis.txt"
    path.write_text("years of work")
    with pytest.raises(UsageError, match="must not be a file that is no socket"):
        Router(f"ipc://{path}")
    assert remove_socket(f"ipc://{path}")
    assert path.read_text() == "years of work"


def test_what_a_dead_kernel_left_is_taken_over_and_what_a_living_one_has_is_not_removed(tmp_path):
    address = f"ipc://{tmp_path}/socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        assert not remove_socket(address)
        with pytest.raises(UsageError, match="is in use"):
            check_free(address, "listen")
    check_free(address, "listen")
    Router(address).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_STREAM"])
def test_the_socket_of_another_program_is_not_removed_though_nobody_can_connect_to_it(tmp_path, kind):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, getattr(socket, kind)) as other, ExitStack() as waiting:
        other.bind(str(path))
        if kind == "SOCK_STREAM":
            other.listen(0)
            for _ in range(2):  # nobody is let in, and there is no more room to wait
                caller = waiting.enter_context(socket.socket(socket.AF_UNIX))
                caller.setblocking(False)
                caller.connect_ex(str(path))
        assert not remove_socket(f"ipc://{path}")
        with pytest.raises(UsageError, match="is in use"):
            Router(f"ipc://{path}")
    assert path.exists()


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"^listen=ipc:///nowhere/at/all: no such file or directory$"):
        Router("ipc:///nowhere/at/all")
