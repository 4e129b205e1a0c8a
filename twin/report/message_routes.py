"""Which way each message of a run went, as a number for each of the few ways there are.

A *leg* is (kind, src, dst); a *route* is a leg with the links that the message took. The messages are read a part at a
time: of each is kept what fits in a few bytes.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.journal.schemas import LATENCY_PARTS
from twin.journal.tables import Tables
from twin.report.columns import Integers, Narrow, joined, narrow

MAX_MESSAGES: Final = 4_000_000
"""Most messages that a page shows: a browser holds about 100 bytes for each."""

MISSING: Final = -1
Item = TypeVar("Item", bound=Hashable)
_TEXTS: Final = ("kind", "src", "dst", "fate", "reason")


Leg = tuple[int, int, int]


class Route(NamedTuple):
    """A leg and the links taken, by number."""

    kind: int
    src: int
    dst: int
    links: tuple[int, ...]

    @property
    def leg(self) -> Leg:
        """The route without its links."""
        return self[:3]


@dataclass(frozen=True, slots=True)
class Routes:
    """The texts, in order of appearance, and the routes, in order; of each message its route, its fate and its way.

    `ways_ns` is the sum of all latency parts of all hops of a message.
    """

    kinds: list[str]
    nodes: list[str]
    links: list[str]
    fates: list[str]
    routes: list[Route]
    route: Narrow
    fate: Narrow
    ways_ns: Narrow

    @property
    def legs(self) -> list[Leg]:
        """The legs of the routes, in order."""
        return sorted({route.leg for route in self.routes})

    @property
    def leg_of(self) -> list[int]:
        """The number of each route's leg."""
        number = {leg: place for place, leg in enumerate(self.legs)}
        return [number[route.leg] for route in self.routes]


class Hops:
    """The hops of some messages, one after another."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        array = column.combine_chunks()
        array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
        offsets = np.asarray(array.offsets.to_numpy(), dtype=np.int64)
        self._values = array.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
        self.starts: Integers = offsets - offsets[0]

    @property
    def counts(self) -> Integers:
        """Hops of each message."""
        return np.diff(self.starts)

    @property
    def links(self) -> pa.Array:
        """The link of each hop."""
        return self._values.field("link")

    def part(self, name: str) -> Integers:
        """One latency part of each hop, in ns."""
        return np.asarray(self._values.field(name).to_numpy(), dtype=np.int64)

    def ways_ns(self) -> Integers:
        """Sum of all parts of each message, in ns."""
        every = np.sum([self.part(name) for name in LATENCY_PARTS], axis=0, dtype=np.int64)
        sums = np.concatenate([[0], np.cumsum(every)]).astype(np.int64)
        return np.asarray(sums[self.starts[1:]] - sums[self.starts[:-1]])


class Numbers(Generic[Item]):
    """A number for each item, in order of appearance."""

    def __init__(self) -> None:
        self._number: dict[Item, int] = {}

    @property
    def items(self) -> list[Item]:
        """All items by number."""
        return list(self._number)

    def of(self, items: list[Item]) -> Integers:
        """The numbers of some items; new ones get the next."""
        return np.array([self._number.setdefault(item, len(self._number)) for item in items], dtype=np.int64)


def first_parts(tables: Tables, *names: str) -> Iterator[tuple[slice, pa.Table]]:
    """Some columns of the first `MAX_MESSAGES` messages, part by part, each with the rows that it holds."""
    begin = 0
    for part in tables.message_parts(*names):
        kept = part.slice(0, MAX_MESSAGES - begin)
        yield slice(begin, begin + kept.num_rows), kept
        begin += kept.num_rows
        if begin == MAX_MESSAGES:
            break


def read_routes(tables: Tables) -> Routes:
    """The routes, fates and ways of the messages."""
    texts: dict[str, Numbers[str]] = {name: Numbers() for name in ("kind", "src", "dst", "link", "fate")}
    routes: Numbers[Route] = Numbers()
    route, fate, ways_ns = [], [], []
    for _, part in first_parts(tables, *_TEXTS, "hops"):
        hops = Hops(part["hops"])
        ends = [coded(part[name], texts[name]) for name in ("kind", "src", "dst")]
        route.append(narrow(_route_numbers(ends, hops, coded(hops.links, texts["link"]), routes)))
        ended = pc.binary_join_element_wise(part["fate"], part["reason"], "/")
        fate.append(narrow(coded(ended, texts["fate"])))
        ways_ns.append(narrow(hops.ways_ns()))
    nodes: Numbers[str] = Numbers()
    nodes.of(texts["src"].items)
    receivers = nodes.of(texts["dst"].items).tolist()
    known = [found._replace(dst=receivers[found.dst]) for found in routes.items]
    order = sorted(range(len(known)), key=known.__getitem__)
    rank = narrow(np.argsort(order))
    kinds, links, fates = (texts[name].items for name in ("kind", "link", "fate"))
    ordered = [known[number] for number in order]
    return Routes(kinds, nodes.items, links, fates, ordered, rank[joined(route)], joined(fate), joined(ways_ns))


def _route_numbers(ends: list[Integers], hops: Hops, links: Integers, routes: Numbers[Route]) -> Integers:
    """The number of each message's route; `ends` are the numbers of its kind, sender and receiver."""
    counts = hops.counts
    keys = list(ends)
    for position in range(int(counts.max(initial=0))):
        link = np.full(counts.shape, MISSING, dtype=np.int64)
        there = counts > position
        link[there] = links[hops.starts[:-1][there] + position]
        keys.append(link)
    code, combinations = _grouped(*keys)
    found = [
        Route(kind, src, dst, tuple(link for link in taken if link != MISSING))
        for kind, src, dst, *taken in combinations
    ]
    return routes.of(found)[code]


def _grouped(*keys: Integers) -> tuple[Integers, list[tuple[int, ...]]]:
    """A code for every combination of the keys that occurs, and the combinations."""
    code = np.zeros(keys[0].shape, dtype=np.int64)
    for key in keys:
        _, code = np.unique(code * (int(key.max(initial=0)) + 2) + key + 1, return_inverse=True)
    first = np.unique(code, return_index=True)[1]
    return code.astype(np.int64), [tuple(int(key[row]) for key in keys) for row in first]


def coded(column: pa.ChunkedArray | pa.Array, numbers: Numbers[str]) -> Integers:
    """The numbers of a column of texts."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = array.dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return np.asarray(numbers.of(encoded.dictionary.to_pylist())[encoded.indices.to_numpy()])


def integers(column: pa.ChunkedArray, missing: int = MISSING) -> Integers:
    """An integer column; null becomes `missing`."""
    return np.asarray(pc.fill_null(column, missing).to_numpy(), dtype=np.int64)
