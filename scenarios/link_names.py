"""The names by which a scenario speaks of links: a class of them, or one by the two sites that it joins."""

from collections.abc import Iterable
from typing import Final

import networkx as nx

from twin.emulation.links import LinkParams

JOIN: Final = " - "

Pair = frozenset[str]

_SHOWN: Final = 8


def edges(graph: "nx.Graph[str]") -> Iterable[tuple[str, str, LinkParams]]:
    """The links of a network: both sites and the parameters of each."""
    found: Iterable[tuple[str, str, LinkParams]] = graph.edges(data="params")
    return found


def links_named(graph: "nx.Graph[str]", name: str) -> list[Pair]:
    """The links that a name stands for: those of a class, or the one between two sites; [] for an unknown name."""
    if of_class := [frozenset((a, b)) for a, b, params in edges(graph) if params.kind == name]:
        return of_class
    a, joined, b = name.partition(JOIN)
    return [frozenset((a, b))] if joined and graph.has_edge(a, b) else []


def allowed_links(graph: "nx.Graph[str]", name: str) -> str:
    """What a name of links must be, with examples near to a wrong one."""
    classes = ", ".join(f'"{kind}"' for kind in dict.fromkeys(params.kind for _, _, params in edges(graph)))
    known = [site for site in name.split(JOIN) if site in graph]
    joined = [f'"{site}{JOIN}{other}"' for site in known[:1] for other in sorted(graph[site])]
    first = JOIN.join(next(iter(graph.edges)))
    example = f" (of {known[0]}: {', '.join(joined[:_SHOWN])})" if known else f' as in "{first}"'
    return f"must be {classes}, or two sites that a link joins{example}"
