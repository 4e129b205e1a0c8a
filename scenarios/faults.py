"""From the faults of a scenario to what the emulation and the summary are told of them, whatever the system.

A fault names links, sites, entities and twins: this is where they are looked up in the network.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import networkx as nx

from scenarios.keys import Path
from scenarios.link_names import allowed_links, links_named
from scenarios.spec_faults import (
    AnyFault,
    ClockSkew,
    DelayingFault,
    DelaySpike,
    Duplication,
    LinkOutage,
    LossBurst,
    OfLinks,
    Partition,
    Reordering,
    Replay,
    TwinCrash,
    target_of,
)
from twin.emulation.clocks import Skew, SkewedClock
from twin.emulation.faults import Direction, LinkFault
from twin.emulation.lives import Crash
from twin.journal.fault_costs import FaultSpan

_SHOWN: Final = 8
_SIDES: Final = ("edge", "core")


def problem(faults: Sequence[AnyFault], graph: "nx.Graph[str]") -> tuple[Path, object, str] | None:
    """What names no link or site of the network: a key's path, its value and what is allowed; None if nothing does."""
    for index, fault in enumerate(faults):
        if isinstance(fault, Partition):
            unknown = next((site for site in fault.sites if site not in graph), None)
            if unknown is not None:
                return ("fault", index, "sites"), list(fault.sites), f"{unknown} is none: {_sites(graph)}"
            if len(set(fault.sites)) == len(graph):
                return ("fault", index, "sites"), list(fault.sites), "must leave a site to be cut off from"
        elif isinstance(fault, OfLinks) and not _of_entity(fault) and not links_named(graph, fault.link):
            return ("fault", index, "link"), fault.link, allowed_links(graph, fault.link)
    return None


def idle(fault: AnyFault, graph: "nx.Graph[str]", site_of: Mapping[str, str]) -> str:
    """Why a fault strikes nothing, whatever happens in its span; empty if it may strike something.

    Args:
        fault: of the scenario; `problem` finds none in it.
        graph: sites and links.
        site_of: the site of every entity and twin.
    """
    match fault:
        case LossBurst() | Duplication() | Reordering() | Replay() if fault.share == 0.0:
            return "share=0"
        case Reordering() | DelaySpike() if fault.delay_ns == 0:
            return f"delay_ms={fault.delay_ms:g}"
        case ClockSkew() if fault.offset_ns == 0 and fault.drift_ppb == 0:
            return "the clock is right"
        case Replay(entity=entity) | ClockSkew(entity=entity) if entity:
            sites = {site_of[port] for port in _ports(entity, site_of)}
            return "" if any(graph[site] for site in sites & set(graph)) else f"{entity} sends nothing"
        case Partition() if not any(_directions(fault, graph, set())):
            return "no link joins what it cuts off to another site"
        case _:
            return ""


def link_faults(
    faults: Sequence[AnyFault], graph: "nx.Graph[str]", site_of: Mapping[str, str]
) -> tuple[LinkFault, ...]:
    """The faults of links.

    Args:
        faults: of the scenario; `problem` finds none in them.
        graph: sites and links.
        site_of: the site of every entity and twin.
    """
    return tuple(
        _link_fault(number, fault, graph, site_of) for number, fault in enumerate(faults) if isinstance(fault, OfLinks)
    )


def clocks(faults: Sequence[AnyFault], site_of: Mapping[str, str]) -> dict[str, SkewedClock]:
    """The clock of every port of an entity whose clock is ever wrong."""
    skews: dict[str, list[Skew]] = {}
    for number, fault in enumerate(faults):
        if isinstance(fault, ClockSkew):
            skew = Skew(number, fault.from_ns, fault.to_ns, fault.offset_ns, fault.drift_ppb)
            skews.setdefault(fault.entity, []).append(skew)
    return {
        port: SkewedClock(sorted(each, key=lambda skew: skew.from_ns))
        for entity, each in skews.items()
        for port in sorted(_ports(entity, site_of))
    }


def crashes(faults: Sequence[AnyFault]) -> dict[str, tuple[Crash, ...]]:
    """The crashes of every twin that has any, in order of time."""
    found: dict[str, list[Crash]] = {}
    for number, fault in enumerate(faults):
        if isinstance(fault, TwinCrash):
            found.setdefault(fault.twin, []).append(Crash(fault.from_ns, fault.to_ns, number))
    return {twin: tuple(sorted(each, key=lambda crash: crash.down_ns)) for twin, each in found.items()}


def spans(faults: Sequence[AnyFault]) -> tuple[FaultSpan, ...]:
    """The faults as summary and page speak of them."""
    return tuple(FaultSpan(fault.kind, target_of(fault), fault.from_ns, fault.to_ns) for fault in faults)


def _of_entity(fault: AnyFault) -> bool:
    return isinstance(fault, Replay) and fault.entity != ""


def _link_fault(number: int, fault: OfLinks, graph: "nx.Graph[str]", site_of: Mapping[str, str]) -> LinkFault:
    ports = _ports(fault.entity, site_of) if isinstance(fault, Replay) and fault.entity else frozenset()
    return LinkFault(
        number=number,
        name=f"{fault.kind} {target_of(fault)} {fault.from_ns} {fault.to_ns}",
        kind=fault.kind,
        from_ns=fault.from_ns,
        to_ns=fault.to_ns,
        links=frozenset(_directions(fault, graph, {site_of[port] for port in ports})),
        share=1.0 if isinstance(fault, DelaySpike | LinkOutage | Partition) else fault.share,
        delay_ns=fault.delay_ns if isinstance(fault, DelayingFault) else 0,
        senders=ports,
    )


def _directions(fault: OfLinks, graph: "nx.Graph[str]", sites: set[str]) -> Iterator[Direction]:
    """The directions of links that a fault strikes; of an entity those that leave its `sites`."""
    if isinstance(fault, Partition):
        inside = set(fault.sites)
        pairs = [(a, b) for a, b in graph.edges if (a in inside) != (b in inside)]
    elif sites:
        # Who is attached to nothing sends nothing.
        yield from ((a, b) for a in sorted(sites & set(graph)) for b in graph[a])
        return
    else:
        pairs = [(min(pair), max(pair)) for pair in links_named(graph, fault.link)]
    for a, b in pairs:
        yield from ((a, b), (b, a))


def _ports(entity: str, site_of: Mapping[str, str]) -> frozenset[str]:
    """The names under which an entity itself sends and receives: all that end in its own but those of its twins."""
    return frozenset(
        name for name in site_of if name.rpartition(":")[2] == entity and name.partition(":")[0] not in _SIDES
    )


def _sites(graph: "nx.Graph[str]") -> str:
    known = sorted(graph)
    return "must name sites of the network: " + ", ".join(known[:_SHOWN]) + (", ..." if len(known) > _SHOWN else "")
