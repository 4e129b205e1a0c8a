"""A host in a process of its own: connects to a kernel, answers what that says, and ends when it is gone.

The process has two threads and a socket for each. The first answers the kernel's questions. The second watches: it
answers PING while the first is at work, and ends the process as soon as the kernel is gone, however that ended and
whatever the first is doing. No host outlives its kernel.
"""

import ctypes
import os
import secrets
import signal
import sys
import threading
import time
from contextlib import ExitStack
from typing import Final

import zmq

from twin.emulation.garbage import long_lived
from twin.errors import HostLostError, UsageError, WireError
from twin.runtime.host import Host
from twin.wire.addresses import remove_socket, socket_path
from twin.wire.control import decode_control, encode_control
from twin.wire.protocol import Pong
from twin.wire.router import NUMBER_VARIABLE, WATCH, configure, route_of

WAIT_S: Final = 60.0
_FAREWELL_MS: Final = 5000  # for the last answer to leave
_LOOK_MS: Final = 500  # between two looks at the parent
_CLOSING_S: Final = 5.0  # for a kernel that is gone to let go of its address
_MAX_ROUTING_ID: Final = 255
_PONG: Final = encode_control(Pong())
_SET_PARENT_DEATH_SIGNAL: Final = 1

Dealer = zmq.Socket[bytes]


class Service:
    """Lets a host answer the kernel at an address, until that says STOP.

    Args:
        host: who answers.
        address: of the kernel, checked.
        parent: the process whose child this one is and must not outlive; 0 for none.

    Raises:
        UsageError: the host's name is too long.
        HostLostError: the parent is gone already.
    """

    def __init__(self, host: Host, address: str, parent: int = 0) -> None:
        self._host = host
        self._address = address
        self._parent = parent
        self._over = threading.Event()
        route = route_of(host.name, host.epoch, os.environ.get(NUMBER_VARIABLE) or secrets.token_hex(8))
        if len(route + WATCH) > _MAX_ROUTING_ID:
            raise UsageError(f"name={host.name}: must take fewer bytes, to be told apart from others")
        self._route = route
        self._die_with_parent()
        self._context: zmq.Context[Dealer] = zmq.Context(io_threads=1)

    def run(self, wait_s: float = WAIT_S) -> None:
        """Be the host; `wait_s` bounds the wait for the kernel's WELCOME.

        Raises:
            UsageError: the kernel does not want this host, or speaks otherwise.
            HostLostError: there is no kernel.
        """
        threading.Thread(target=self._watch, daemon=True).start()
        dealer = self._context.socket(zmq.DEALER)
        self._connect(dealer, self._route)
        try:
            dealer.send_multipart(self._host.hello())
            if not dealer.poll(round(wait_s * 1e3)):
                raise HostLostError(f"host {self._host.name}: no kernel at {self._address} within {wait_s:g} s")
            self._begin(dealer)
            with long_lived():
                while not self._host.stopped:
                    self._turn(dealer.recv_multipart(), dealer)
        finally:
            self._over.set()
            dealer.close(linger=_FAREWELL_MS if self._host.stopped else 0)
            self._context.term()

    def _begin(self, dealer: Dealer) -> None:
        """Take WELCOME in. To a kernel that this host does not understand there is nothing to say."""
        parts = dealer.recv_multipart()
        try:
            decode_control(parts)
        except WireError as error:
            says = f"what the kernel at {self._address} says is not understood"
            raise UsageError(f"host {self._host.name}: {says}: {error}") from error
        self._turn(parts, dealer)

    def _turn(self, parts: list[bytes], dealer: Dealer) -> None:
        """Answer one message. Whether the kernel still lives is for the other thread to know."""
        answer = self._host.handle(parts)
        if self._host.stopped:
            self._over.set()
        if answer:
            dealer.send_multipart(answer)

    def _watch(self) -> None:
        with ExitStack() as stack:
            try:
                dealer = stack.enter_context(self._context.socket(zmq.DEALER))
                events = stack.enter_context(dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED))
                self._connect(dealer, self._route + WATCH)
                self._look_after(dealer, events)
            except zmq.ContextTerminated:
                return

    def _look_after(self, dealer: Dealer, events: Dealer) -> None:
        poller = zmq.Poller()
        poller.register(dealer, zmq.POLLIN)
        poller.register(events, zmq.POLLIN)
        while not self._over.is_set():
            ready = dict(poller.poll(_LOOK_MS))
            if dealer in ready:
                dealer.recv_multipart()
                dealer.send_multipart(_PONG)
            gone = events in ready or (self._parent and os.getppid() != self._parent)
            if gone and not self._over.is_set():
                self._kernel_is_gone()

    def _kernel_is_gone(self) -> None:
        """End the process: the first thread may be deep in a solve and would not notice for long.

        A process that is killed closes its connections before the socket that it listens at, and may take its time.
        """
        until = time.monotonic() + _CLOSING_S
        while not remove_socket(self._address) and time.monotonic() < until:
            time.sleep(_CLOSING_S / 100)
        sys.stderr.write(f"error: host {self._host.name}: the kernel at {self._address} is gone\n")
        sys.stderr.flush()
        os._exit(HostLostError.exit_code)

    def _connect(self, dealer: Dealer, route: bytes) -> None:
        configure(dealer)
        dealer.setsockopt(zmq.ROUTING_ID, route)
        dealer.connect(self._address)

    def _die_with_parent(self) -> None:
        """Have the system kill this process when its parent dies, where it can; and be sure that it is not dead yet.

        Where the kernel's address is a file, somebody must live to remove that: the watching thread.
        """
        if not self._parent:
            return
        lives = os.getppid() == self._parent
        if lives and sys.platform == "linux" and socket_path(self._address) is None:
            ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if not lives or os.getppid() != self._parent:
            remove_socket(self._address)
            raise HostLostError(f"host {self._host.name}: the kernel that started it is gone")
