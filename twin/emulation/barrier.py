"""Where virtual time waits for the hosts: the coupling between the kernel and the twins.

A twin's reply to a delivery at t can have no effect before t + L, with an L for each delivery (`lookahead`), none for
one that nothing comes of. So the kernel runs on, and what is delivered meanwhile is put aside. Some time before the
first t + L the deliveries go to the hosts, as one sorted batch each, and all hosts work at once, and at the same time
as the kernel, which runs on until the first t + L. There it waits for the results. That barrier precedes all other
events of its instant. A reply becomes an event at its finish time, so queues change only in the order of events.

At most one batch is with a host. When the results of one are collected, what waits is posted, and only then does the
kernel act on the results. Where the hosts have nothing to do that anybody waits for, a delivery is posted a sixteenth
of its L after it came: what comes at the same instant or shortly after goes with it. Where they have, it is posted
halfway at the latest, which leaves each batch as much time as the next. Which deliveries make a batch depends on
nothing but virtual time.

`Lockstep` is the limit L -> 0: every delivery is a batch of its own, at its instant. Both decide the same facts.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from twin.emulation.keeper import Hosts, Keeper
from twin.emulation.kernel import Kernel
from twin.errors import KernelError
from twin.wire.protocol import Batch, Delivery, Outcome

MAX_BATCH: Final = 1000
"""Most deliveries in one batch; when so many have been put aside they are posted."""

# After which part of its L a delivery is posted: to hosts that nobody waits for, and to others.
_SOON: Final = 16
_HALFWAY: Final = 2

Settled = Sequence[tuple[Delivery, Outcome]]
Horizon = Callable[[Delivery], int | None]
"""How long a delivery may wait for its twin, in ns; None for one that nothing comes of."""


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


@dataclass(frozen=True, slots=True)
class Posted:
    """Deliveries that are with the hosts: `batches` by host, `places` where the deliveries of each stand.

    `asked` is false while results are on file: the hosts are then not asked before it is known that these are not.
    """

    deliveries: Sequence[Delivery]
    places: Mapping[str, Sequence[int]]
    batches: Mapping[str, Batch]
    asked: bool


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

    def post(self, deliveries: Sequence[Delivery]) -> Posted:
        """Give the hosts these deliveries, at most MAX_BATCH."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, delivery in enumerate(deliveries):
            places[self._host_of[delivery.node]].append(place)
        batches = {host: self._batch(host, places[host], deliveries) for host in sorted(places)}
        asked = self._keeper is None or not self._keeper.recalls
        if asked:
            self._hosts.post(batches)
        return Posted(deliveries, places, batches, asked)

    def collect(self, posted: Posted) -> list[Outcome]:
        """The outcomes of what was posted, in the order of the deliveries, whichever host handled them."""
        found = self._on_file(posted)
        if found is None:
            if not posted.asked:
                self._hosts.post(posted.batches)
            results, found = self._hosts.collect(), {}
            for host, mine in posted.places.items():
                found.update(zip(mine, results[host].outcomes, strict=True))
        if self._keeper:
            for host, batch in posted.batches.items():
                self._keeper.note(host, batch, [found[place] for place in posted.places[host]])
        outcomes = [found[place] for place in range(len(posted.deliveries))]
        for delivery, outcome in zip(posted.deliveries, outcomes, strict=True):
            if not delivery.t_ns <= outcome.begin_ns <= outcome.finish_ns:
                handled = f"{outcome.begin_ns}..{outcome.finish_ns} ns"
                raise KernelError(f"{delivery.node}: handled at {handled} what arrived at {delivery.t_ns} ns")
        return outcomes

    @property
    def keeps(self) -> bool:
        """Whether it is time to keep something, which asks for hosts that have nothing to do."""
        return self._keeper is not None and self._keeper.is_due

    def keep(self) -> None:
        """Everything that came of the last deliveries is on file: a time for snapshots."""
        if self._keeper:
            self._keeper.keep()

    def _on_file(self, posted: Posted) -> dict[int, Outcome] | None:
        """The outcomes that an earlier attempt at the run left behind; None where the hosts must say."""
        if posted.asked or self._keeper is None:
            return None
        outcomes = self._keeper.outcomes(posted.deliveries)
        if outcomes is None:
            return None
        self._hosts.recall(posted.batches)
        return dict(enumerate(outcomes))

    def _batch(self, host: str, places: Sequence[int], deliveries: Sequence[Delivery]) -> Batch:
        self._numbers[host] += 1
        return Batch(self._numbers[host], tuple([deliveries[place] for place in places]))


class Lockstep:
    """One batch per delivery, at its instant."""

    def __init__(self, batches: Batches, settle: Settle) -> None:
        self._batches = batches
        self._settle = settle

    def submit(self, delivery: Delivery) -> None:
        """Let the twin handle the delivery now."""
        self._settle.before()
        outcomes = self._batches.collect(self._batches.post((delivery,)))
        self._settle.after([(delivery, outcomes[0])])
        self._batches.keep()

    def flush(self) -> None:
        """Nothing ever waits."""


class Windows:
    """Conservative windows, as long as the deliveries in them allow.

    Args:
        batches: the way to the hosts.
        settle: journals and schedules the outcomes.
        kernel: virtual time.
        horizon: how long each delivery may wait, at least 1 ns and at most what `lookahead` allows.
    """

    def __init__(self, batches: Batches, settle: Settle, kernel: Kernel, horizon: Horizon) -> None:
        self._batches = batches
        self._settle = settle
        self._kernel = kernel
        self._horizon = horizon
        self._waiting: list[Delivery] = []
        self._due_ns: int | None = None  # when the outcomes of what waits must be known
        self._post_ns: int | None = None  # when it is posted
        self._posted: Posted | None = None
        self._is_due = False  # whether the outcomes of what is with the hosts must be known at some time

    def submit(self, delivery: Delivery) -> None:
        """Put the delivery aside."""
        length_ns, now = self._horizon(delivery), self._kernel.now_ns
        self._waiting.append(delivery)
        if length_ns is not None:
            self._due_ns = _earlier(now + length_ns, self._due_ns)
            post_ns = now + length_ns // (_HALFWAY if self._is_due else _SOON)
            if self._post_ns is None or post_ns < self._post_ns:
                self._post_ns = post_ns
                self._kernel.first(post_ns, partial(self._on_time, post_ns))
        if len(self._waiting) == MAX_BATCH:
            self._turn()

    def flush(self) -> None:
        """Have done with what waits, and with what is with the hosts."""
        while self._waiting or self._posted is not None:
            self._turn()

    def _on_time(self, post_ns: int) -> None:
        """Post, unless that was done early, or is to be done earlier than was thought."""
        if self._post_ns == post_ns:
            self._turn()

    def _in_time(self, posted: Posted) -> None:
        """Collect, unless that was done early."""
        if self._posted is posted:
            self._turn()

    def _turn(self) -> None:
        """Take the results in, if there are any to come, and post what waits.

        That is posted first of all, so that the hosts are at it while the kernel acts on the results; unless hosts that
        have nothing to do are asked for.
        """
        posted, self._posted, self._is_due = self._posted, None, False
        if posted is None:
            self._post()
            return
        settled = self._results(posted)
        if self._batches.keeps:
            self._settle.after(settled)
            self._batches.keep()
            self._post()
        else:
            self._post()
            self._settle.after(settled)

    def _results(self, posted: Posted) -> Settled:
        settled = list(zip(posted.deliveries, self._batches.collect(posted), strict=True))
        for delivery, outcome in settled:
            if (outcome.sends or outcome.timers) and self._horizon(delivery) is None:
                raise KernelError(f"{delivery.node}: answered what it declared that it would not answer")
        return settled

    def _post(self) -> None:
        deliveries, due_ns = self._waiting, self._due_ns
        self._waiting, self._due_ns, self._post_ns = [], None, None
        if not deliveries:
            return
        self._settle.before()
        posted = self._posted = self._batches.post(deliveries)
        if due_ns is not None:
            self._is_due = True
            self._kernel.first(due_ns, partial(self._in_time, posted))


def _earlier(t_ns: int, other_ns: int | None) -> int:
    return t_ns if other_ns is None else min(t_ns, other_ns)


def coupling(
    kernel: Kernel, hosts: Hosts, host_of: Mapping[str, str], window: int | Horizon, keeper: Keeper | None = None
) -> Callable[[Settle], Barrier]:
    """What makes the barrier of a message plane: windows of one length in ns, or as `window` says; lockstep for 0.

    Without a `keeper` no snapshots are taken, and a run cannot be resumed.
    """
    batches = Batches(hosts, host_of, keeper)
    if window == 0:
        return lambda settle: Lockstep(batches, settle)
    horizon: Horizon = window if callable(window) else lambda _: window
    return lambda settle: Windows(batches, settle, kernel, horizon)
