"""Where the twins live: in this process, in children of it, or in processes that somebody else starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from twin.errors import UsageError
from twin.nodes.make import make_node
from twin.runtime.children import Children, Nursery, Outsiders, start_command
from twin.runtime.host import Host, MakeNode
from twin.runtime.remote import Limits, RemoteLink, no_news
from twin.wire.addresses import TRANSPORTS, check_address, own_address, transport_of
from twin.wire.link import Link
from twin.wire.router import Router
from twin.wire.transport import LOCAL, make_link


@dataclass(frozen=True, slots=True)
class Hosting:
    """How kernel and hosts are coupled; no digest depends on it.

    Attributes:
        transport: "memory", "inproc", "ipc" or "tcp".
        external: whether somebody else starts the hosts.
        listen: the kernel's address; "" for one that is free.
        limits: of all waits for hosts in other processes.
        children: what starts hosts as children, where another program than ours is wanted.
        tell: is told in a line what happens to hosts in other processes.
    """

    transport: str = "inproc"
    external: bool = False
    listen: str = ""
    limits: Limits = field(default_factory=Limits)
    children: tuple[str, ...] | None = None
    tell: Callable[[str], None] = no_news

    def check(self) -> None:
        """A UsageError when this cannot be."""
        if self.transport not in (*LOCAL, *TRANSPORTS):
            raise UsageError(f"transport={self.transport}: must be one of {', '.join((*LOCAL, *TRANSPORTS))}")
        if self.transport in TRANSPORTS:
            if self.listen and transport_of(check_address(self.listen, "listen")) != self.transport:
                raise UsageError(f"listen={self.listen}: must be an address of transport {self.transport}")
            return
        option = "hosts=external" if self.external else f"listen={self.listen}" if self.listen else ""
        if option:
            raise UsageError(f"{option}: must go with transport ipc or tcp")


def hosting_of(transport: str | Hosting) -> Hosting:
    """All there is to say, where only the transport is named."""
    return Hosting(transport) if isinstance(transport, str) else transport


def connect(hosting: Hosting, names: Sequence[str], make: MakeNode = make_node) -> Link:
    """The link to hosts of these names; those in other processes begin at once. `make` is for hosts in this process.

    Raises:
        UsageError: this cannot be, or the address is taken.
    """
    hosting.check()
    if hosting.transport not in TRANSPORTS:
        return make_link(hosting.transport, [Host(name, make=make) for name in names])
    address = check_address(hosting.listen, "listen") if hosting.listen else own_address(hosting.transport)
    router = Router(address)
    if hosting.external:
        for name in names:
            hosting.tell(f"waiting for host {name}: {start_command(name, 0, router.address)}")
    return RemoteLink(names, router, _nursery(hosting), hosting.limits, hosting.tell)


def _nursery(hosting: Hosting) -> Nursery:
    if hosting.external:
        return Outsiders()
    return Children() if hosting.children is None else Children(hosting.children)
