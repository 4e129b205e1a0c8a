"""Where the kernel listens and hosts connect: `tcp://127.0.0.1:PORT`, `ipc://PATH` or `ipc://@NAME`.

Messages travel in the clear and nobody proves who they are, so nothing may come from another machine. Where keys are
known (CURVE), that is the line to relax.
"""

import errno
import ipaddress
import os
import re
import secrets
import socket
import stat
import sys
from pathlib import Path
from typing import Final

from twin.errors import UsageError

TRANSPORTS: Final = ("ipc", "tcp")
_TCP: Final = re.compile(r"tcp://(?P<host>[^:/]+):(?P<port>\*|[0-9]{1,5})")
_MOST_PORTS: Final = 65_535
_MAX_PATH: Final = 107  # bytes, of a socket's name in the file system or in the abstract namespace


def check_address(address: str, what: str) -> str:
    """The address, or a UsageError; `what` names the option to blame."""
    if address.startswith("ipc://"):
        return _check_ipc(address, what)
    found = _TCP.fullmatch(address)
    if found is None:
        raise UsageError(f"{what}={address}: must be tcp://127.0.0.1:PORT, ipc://PATH or ipc://@NAME")
    host, port = found["host"].replace("localhost", "127.0.0.1"), found["port"]
    if not _is_loopback(host):
        raise UsageError(f"{what}={address}: must be on this machine, 127.0.0.1: there are no keys for others yet")
    if port != "*" and not 1 <= int(port) <= _MOST_PORTS:
        raise UsageError(f"{what}={address}: the port must be 1 to {_MOST_PORTS}")
    return f"tcp://{host}:{port}"


def own_address(transport: str) -> str:
    """An address for this run alone: a free port, or a name that nobody else can guess.

    On Linux the name is in the abstract namespace, which leaves nothing behind however the kernel ends. Elsewhere it is
    a file, which the kernel removes, or a host that finds the kernel gone.
    """
    if transport == "tcp":
        return "tcp://127.0.0.1:*"
    name = f"run-twin-{os.getpid()}-{secrets.token_hex(8)}"
    return f"ipc://@{name}" if sys.platform == "linux" else f"ipc:///tmp/{name}"


def transport_of(address: str) -> str:
    """The transport of a checked address."""
    return address.partition("://")[0]


def check_free(address: str, what: str) -> None:
    """A UsageError when something else has this file: ZeroMQ would remove it, whatever it is."""
    path = socket_path(address)
    if path is None or not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise UsageError(f"{what}={address}: must not be a file that is no socket")
    if _is_listened_to(path):
        raise UsageError(f"{what}={address}: is in use")


def remove_socket(address: str) -> bool:
    """Remove the file of an ipc address, if it has one at which nobody listens any more; whether none is left."""
    path = socket_path(address)
    if path is None or not path.is_socket():
        return True
    if _is_listened_to(path):
        return False
    path.unlink(missing_ok=True)
    return True


def _is_listened_to(path: Path) -> bool:
    """Whether anybody has this socket: also who takes no more connections, or none of ours, or datagrams only."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # who is busy may keep us waiting for ever
        return probe.connect_ex(str(path)) not in {errno.ECONNREFUSED, errno.ENOENT}


def socket_path(address: str) -> Path | None:
    """The file of an ipc address; the abstract namespace and tcp have none."""
    name = address.removeprefix("ipc://")
    return None if name == address or name.startswith("@") else Path(name)


def _check_ipc(address: str, what: str) -> str:
    name = address.removeprefix("ipc://")
    # For * ZeroMQ makes a folder of its own, which a kernel that is killed would leave behind.
    if name == "*" or not name.strip("@") or not name.isprintable() or len(os.fsencode(name)) > _MAX_PATH:
        raise UsageError(f"{what}={address}: must name a file or @NAME of at most {_MAX_PATH} bytes")
    if name.startswith("@") and sys.platform != "linux":
        raise UsageError(f"{what}={address}: names with @ exist on Linux only")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
