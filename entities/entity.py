"""The base of every physical entity: a SimPy process with a port, and nothing that knows of twins."""

from collections.abc import Callable
from typing import Protocol

from twin.emulation.kernel import Kernel, Process
from twin.wire.messages import Body, ComplexArray, Envelope, Letter

ACCEPTED = ""
STALE = "stale"
DEDUPLICATED = "deduplicated"
MALFORMED = "malformed"
QUEUE_FULL = "queue_full"


class Port(Protocol):
    """An entity's socket. Delay lives in the links behind it, never in sender or receiver."""

    def send(self, letter: Letter) -> int:
        """Send now; returns the id of the message."""

    def listen(self, receive: Callable[[Envelope, Body], str]) -> None:
        """Call `receive` for every message; it returns "" or the reason why it drops the message."""

    def on_air(self, version: int, vector: ComplexArray, cause: Envelope | None, t_data_ns: int) -> None:
        """Record that this transmitter put `vector` on air, and which message brought it."""


class Entity:
    """Something in the physical world.

    Args:
        name: of the entity; its edge twin is called `edge:<name>`.
        kernel: virtual time.
        port: its socket.
    """

    def __init__(self, name: str, kernel: Kernel, port: Port) -> None:
        self.name = name
        self.kernel = kernel
        self.port = port
        self.edge_twin = f"edge:{name}"
        port.listen(self.receive)

    def start(self) -> None:
        """Begin to live."""
        self.kernel.process(self.run())

    def run(self) -> Process:
        """What the entity does of its own accord."""
        yield from ()

    def receive(self, envelope: Envelope, body: Body) -> str:  # noqa: ARG002 - the interface of all entities
        """Take a message in; "" or the reason why it is dropped."""
        return MALFORMED
