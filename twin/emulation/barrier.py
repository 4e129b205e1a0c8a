"""Where virtual time waits for the hosts: the coupling between the kernel and the twins.

A twin's reply to a delivery at t can have no effect before t + L (`lookahead`). So the first delivery at t0 opens the
window [t0, t0 + L): the kernel runs on, and what else is delivered in the window is put aside. The barrier at t0 + L
precedes every other event of its instant; the deliveries go to the hosts as one sorted batch each, and all hosts work
at once. A reply becomes an event at its finish time, so queues change only in the order of events.

`Lockstep` is the limit L -> 0: every delivery is a batch of its own, at its instant. Both decide the same facts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from twin.emulation.keeper import Hosts, Keeper
from twin.emulation.kernel import Kernel
from twin.errors import KernelError
from twin.wire.protocol import Batch, Delivery, Outcome

MAX_BATCH: Final = 1000
"""Most deliveries in one batch; a window that has more sends several, in order."""

Settled = Sequence[tuple[Delivery, Outcome]]


class Settle(Protocol):
    """What the message plane does with deliveries before and after the hosts have seen them."""

    def before(self) -> None:
        """Called before a batch leaves: everything that led to it is journalled here."""

    def after(self, settled: Settled) -> None:
        """Called with all outcomes of a barrier, in the canonical order of their deliveries."""


class Barrier(Protocol):
    """Takes deliveries in and has them handled, now or later."""

    def submit(self, delivery: Delivery) -> None:
        """A delivery at the present instant. Calls come in the order of events."""

    def flush(self) -> None:
        """Have everything handled that was submitted: no event before the end of the run is left."""


class Batches:
    """Numbers the batches of every host and checks what comes back.

    Args:
        hosts: the link to the hosts.
        host_of: the host of every twin.
        keeper: knows what is on file already, and keeps what it takes to go on.
    """

    def __init__(self, hosts: Hosts, host_of: Mapping[str, str], keeper: Keeper | None = None) -> None:
        self._hosts = hosts
        self._host_of = host_of
        self._keeper = keeper
        self._numbers = dict.fromkeys(sorted(set(host_of.values())), 0)

    def handle(self, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """The outcomes of these deliveries, in their order, whichever host handled them."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, delivery in enumerate(deliveries):
            places[self._host_of[delivery.node]].append(place)
        on_file = self._keeper.outcomes(deliveries) if self._keeper else None
        found: dict[int, Outcome] = dict(enumerate(on_file or ()))
        for part in _parts(places):
            batches = {host: self._batch(host, mine, deliveries) for host, mine in part.items()}
            if on_file is None:
                results = self._hosts.exchange(batches)
                for host, mine in part.items():
                    found.update(zip(mine, results[host].outcomes, strict=True))
            else:
                self._hosts.recall(batches)
            if self._keeper:
                for host, mine in part.items():
                    self._keeper.note(host, batches[host], [found[place] for place in mine])
        outcomes = [found[place] for place in range(len(deliveries))]
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            if not delivery.t_ns <= outcome.begin_ns <= outcome.finish_ns:
                handled = f"{outcome.begin_ns}..{outcome.finish_ns} ns"
                raise KernelError(f"{delivery.node}: handled at {handled} what arrived at {delivery.t_ns} ns")
        return outcomes

    def keep(self) -> None:
        """Everything that came of the last deliveries is on file: a time for snapshots."""
        if self._keeper:
            self._keeper.keep()

    def _batch(self, host: str, places: Sequence[int], deliveries: Sequence[Delivery]) -> Batch:
        self._numbers[host] += 1
        return Batch(self._numbers[host], tuple(deliveries[place] for place in places))


def _parts(places: Mapping[str, Sequence[int]]) -> Iterator[dict[str, Sequence[int]]]:
    """Rounds of at most MAX_BATCH deliveries per host."""
    for start in range(0, max(map(len, places.values()), default=0), MAX_BATCH):
        chunks = {host: mine[start : start + MAX_BATCH] for host, mine in sorted(places.items())}
        yield {host: chunk for host, chunk in chunks.items() if chunk}


class Lockstep:
    """One batch per delivery, at its instant."""

    def __init__(self, batches: Batches, settle: Settle) -> None:
        self._batches = batches
        self._settle = settle

    def submit(self, delivery: Delivery) -> None:
        """Let the twin handle the delivery now."""
        self._settle.before()
        outcomes = self._batches.handle((delivery,))
        self._settle.after([(delivery, outcomes[0])])
        self._batches.keep()

    def flush(self) -> None:
        """Nothing ever waits."""


class Windows:
    """Conservative windows of a fixed length.

    Args:
        batches: the way to the hosts.
        settle: journals and schedules the outcomes.
        kernel: virtual time.
        window_ns: L, at least 1 and at most what `lookahead` allows.
    """

    def __init__(self, batches: Batches, settle: Settle, kernel: Kernel, window_ns: int) -> None:
        self._batches = batches
        self._settle = settle
        self._kernel = kernel
        self._window_ns = window_ns
        self._waiting: list[Delivery] = []

    def submit(self, delivery: Delivery) -> None:
        """Put the delivery aside until the window that it opens or falls into is over."""
        if not self._waiting:
            self._kernel.first(self._kernel.now_ns + self._window_ns, self.flush)
        self._waiting.append(delivery)

    def flush(self) -> None:
        """Close the window, if one is open."""
        deliveries, self._waiting = self._waiting, []
        if deliveries:
            self._settle.before()
            self._settle.after(list(zip(deliveries, self._batches.handle(deliveries), strict=True)))
            self._batches.keep()


def coupling(
    kernel: Kernel, hosts: Hosts, host_of: Mapping[str, str], window_ns: int, keeper: Keeper | None = None
) -> Callable[[Settle], Barrier]:
    """What makes the barrier of a message plane: windows of that length, or lockstep for 0.

    Without a `keeper` no snapshots are taken, and a run cannot be resumed.
    """
    batches = Batches(hosts, host_of, keeper)
    if window_ns == 0:
        return lambda settle: Lockstep(batches, settle)
    return lambda settle: Windows(batches, settle, kernel, window_ns)
