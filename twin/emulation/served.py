"""The queue of a link with priorities or ARQ: who is served next is decided when the transmitter falls free.

**Priorities** are non-preemptive: of those that wait, the most urgent class is served next, in order of offer within a
class; what is being serialised is never interrupted. Kinds that `priority` names are classes of their own, in its
order, and all others form the last one (A. Cobham, "Priority assignment in waiting line problems", 1954).

**ARQ**: a message that was lost, by chance or by an outage, is offered again `timeout_ns` after the end of its
serialisation, up to the limit of its kind; it joins the end of its class. The last attempt decides its fate and
reason. Feedback is ideal: the sender knows after the timeout whether a message survived, and never sends one again that
did, so there are no duplicates; feedback takes no room on the link. Each attempt is a hop of its own: its `queue_ns` is
the time since the offer or, from the second attempt on, since the last attempt left; an attempt that is repeated has
no propagation and no jitter, for its way is no part of the latency. So the parts of all hops add up to the latency.

A message that waits for its next attempt keeps its place: it counts against `queue_max`, and is not dropped by it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from twin.emulation.links import Crossing, Link, LinkParams
from twin.emulation.streams import Key
from twin.errors import KernelError
from twin.journal.facts import Hop


@dataclass(slots=True)
class Job:
    """A message in the queue, and what becomes of it.

    Attributes:
        key: (src, dst, seq) of the message.
        kind: of the message; decides its class and its limit of attempts.
        size_bytes: of the frame.
        propagation_ns: from geometry, as a function of the instant of an offer.
        hops: takes the hops of attempts that are repeated.
        done: called with the instant and the last attempt; with None when the queue was full.
        attempt: attempts made before the present one.
        since_ns: when the message was offered, or left for the last time.
        flight_ns: geometric propagation at the last offer.
    """

    key: Key
    kind: str
    size_bytes: int
    propagation_ns: Callable[[int], int]
    hops: list[Hop]
    done: Callable[[int, Crossing | None], None]
    attempt: int = 0
    since_ns: int = 0
    flight_ns: int = 0


class ServedQueue:
    """The queue of one direction of a link, with a kernel event at the end of every service and before every retry.

    Without priorities and retries it does what `LinkQueue` does, at the price of an event per message more.

    Args:
        link: what serves the messages.
        at: calls an action at an instant, in the canonical order of the message that it serves.
    """

    def __init__(self, link: Link, at: Callable[[int, Key, Callable[[], None]], None]) -> None:
        self._link = link
        self._at = at
        params = link.params
        self._class_of = {kind: rank for rank, kind in enumerate(params.priority)}
        self._waiting: tuple[deque[Job], ...] = tuple(deque() for _ in range(len(params.priority) + 1))
        self._service: tuple[Job, Crossing, int] | None = None
        self._held = 0

    @property
    def name(self) -> str:
        """Kind and direction of the link."""
        return self._link.name

    @property
    def params(self) -> LinkParams:
        """The link as configured."""
        return self._link.params

    def backlog(self, t_ns: int) -> int:
        """Messages waiting, in service or waiting for their next attempt at `t_ns`, which must be now."""
        if self._service is not None:
            job, crossing, depart_ns = self._service
            if depart_ns <= t_ns and not self._again(job, crossing):
                return self._held - 1  # it leaves at this instant, in an event that is still to come
        return self._held

    def offer(self, t_ns: int, job: Job) -> None:
        """Take a message in at `t_ns`, which must be now; `job.done` is called when its fate is decided."""
        if self.backlog(t_ns) >= self.params.queue_max:
            job.done(t_ns, None)
            return
        self._held += 1
        job.since_ns = t_ns
        self._attempt(t_ns, job)

    def _attempt(self, t_ns: int, job: Job) -> None:
        job.flight_ns = job.propagation_ns(t_ns)
        if self._link.down(t_ns):
            self._settle(t_ns, job, self._link.refusal(t_ns - job.since_ns, t_ns))
            return
        self._waiting[self._class_of.get(job.kind, -1)].append(job)
        self._serve(t_ns)

    def _serve(self, t_ns: int) -> None:
        """Begin to serve the next message, if there is one and the transmitter is free."""
        if self._service is not None:
            return
        job = next((line.popleft() for line in self._waiting if line), None)
        if job is None:
            return
        wait_ns = t_ns - job.since_ns
        crossing = self._link.crossing(wait_ns, t_ns, job.size_bytes, job.flight_ns, job.key, job.attempt)
        depart_ns = t_ns + crossing.hop.serialisation_ns
        self._service = job, crossing, depart_ns
        self._at(depart_ns, job.key, self._depart)

    def _depart(self) -> None:
        if self._service is None:
            raise KernelError(f"link {self.name}: a service ended that had not begun")
        job, crossing, depart_ns = self._service
        self._service = None
        self._settle(depart_ns, job, crossing)
        self._serve(depart_ns)

    def _settle(self, t_ns: int, job: Job, crossing: Crossing) -> None:
        """An attempt is over at `t_ns`: again, or that was it."""
        if not self._again(job, crossing):
            self._held -= 1
            job.done(t_ns, crossing)
            return
        job.hops.append(replace(crossing.hop, propagation_ns=0, jitter_ns=0))
        job.attempt += 1
        job.since_ns = t_ns
        params = self.params
        again_ns = t_ns + (params.arq.timeout_ns or 2 * (params.latency_ns + job.flight_ns))
        self._at(again_ns, job.key, lambda: self._attempt(again_ns, job))

    def _again(self, job: Job, crossing: Crossing) -> bool:
        return crossing.lost and job.attempt < self.params.arq.retries.get(job.kind, 0)
