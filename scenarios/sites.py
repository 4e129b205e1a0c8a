"""What the networks of all systems have in common: classes of links, sites of twins, and which host has which twin."""

from collections.abc import Iterable, Mapping
from typing import Final

from scenarios.spec_hosts import HostsSection
from scenarios.spec_network import LinkSection, NetworkSection
from twin.emulation.links import LinkParams

_ALONE: Final = HostsSection()


def hosts(twins: Iterable[str], spread: HostsSection = _ALONE) -> dict[str, str]:
    """The host of every twin: `edge` for the edge twins, or `edge1`, `edge2`, ... in turn; `core` likewise."""
    met = dict.fromkeys(("edge", "core"), 0)
    host_of: dict[str, str] = {}
    for twin in twins:
        side = twin.partition(":")[0]
        count = getattr(spread, side)
        host_of[twin] = side if count == 1 else f"{side}{met[side] % count + 1}"
        met[side] += 1
    return host_of


def twin_site(twin: str, home: Mapping[str, str]) -> str:
    """The site of a twin: the edge or the core cloud of the network that its entity is at home in."""
    side, _, entity = twin.partition(":")
    return f"{side}-cloud:{home[entity]}"


def link_classes(network: NetworkSection) -> tuple[LinkParams, ...]:
    """The parameters of radio, fronthaul, backhaul and core links, in this order."""
    return tuple(_params(kind, section) for kind, section in network.classes.items())


def _params(kind: str, section: LinkSection) -> LinkParams:
    return LinkParams(
        kind,
        section.latency_ns,
        section.jitter_ns,
        section.rate_bps,
        section.loss,
        section.queue_max,
        burst=section.loss_burst.burst,
        priority=section.priority,
        arq=section.arq.arq,
    )
