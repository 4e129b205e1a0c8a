"""A host: owns some twins, takes batches of deliveries in and gives their outcomes back.

The host adds what a twin must not have: numbers on its messages, a place in virtual time (a busy twin queues what
arrives: `start = max(t_deliver, busy_until)`, `finish = start + cost`), a bounded mailbox, and a stopwatch for the log.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

from msgspec.structs import replace

from twin import __distribution__
from twin.errors import KernelError, UsageError, WireError
from twin.nodes.base import Incoming, Node, Outputs
from twin.nodes.config import NodeConfig, from_wire
from twin.nodes.make import make_node
from twin.nodes.reactions import reactions
from twin.wire.codec import decode_body
from twin.wire.control import decode_control, encode_control
from twin.wire.mailer import Mailer, delivered
from twin.wire.messages import SCHEMA
from twin.wire.packing import check_arity, check_int, check_list, check_text, show
from twin.wire.plain import MAX_ENTRIES, Plain, pack_plain, take_map, unpack_plain
from twin.wire.protocol import (
    CRASH,
    LEAST_COST_NS,
    Batch,
    Control,
    Delivery,
    Fate,
    Hello,
    HostError,
    Outcome,
    Ping,
    Pong,
    Reason,
    Refused,
    Replay,
    Replayed,
    Restore,
    Result,
    Snapshot,
    SnapshotState,
    StateHash,
    Stop,
    TimerRequest,
    Welcome,
)
from twin.wire.reactions import SILENT, TIMER, Reactions
from twin.wire.recovering import digest_of_result

SNAPSHOT: Final = 1
"""Version of what is in a snapshot."""

MakeNode = Callable[[NodeConfig, int], Node]
"""Makes the twin of a configuration, in its n-th life."""


@dataclass(slots=True)
class Hosted:
    """A twin in its place: its letters' numbers and the deliveries that wait for it."""

    config: NodeConfig
    mailer: Mailer
    make: MakeNode
    node: Node = field(init=False)
    least_cost_ns: int = field(init=False)  # what the twin declares: windows are as long as this allows
    reactions: Reactions | None = field(init=False)
    busy_until_ns: int = 0
    waiting: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.node = self.make(self.config, self.mailer.epoch)
        self.least_cost_ns = max(self.config.handle_ns, LEAST_COST_NS)
        self.reactions = reactions(self.config)

    def crash(self) -> None:
        """State and mail are lost; what is left is as good as new, in the life after this one.

        The numbers of its letters go on: they are the host's, and a message id is never used twice.
        """
        self.mailer.epoch += 1
        self.node = self.make(self.config, self.mailer.epoch)
        self.busy_until_ns = 0
        self.waiting.clear()

    def state(self) -> tuple[Plain, Plain, Plain, Plain]:
        """Everything that a later outcome depends on; who has been waiting comes last."""
        return self.mailer.state(), self.busy_until_ns, self.node.state(), tuple(self.waiting)

    def restore(self, state: object) -> None:
        """Become, from new, what the twin in its place was when it said `state`."""
        mailer, busy_ns, node, waiting = check_arity(state, 4, self.config.name)
        self.mailer.restore(mailer)
        self.busy_until_ns = check_int(busy_ns, "busy_until_ns")
        self.waiting = deque(check_int(t_ns, "waiting") for t_ns in check_list(waiting, "waiting", MAX_ENTRIES))
        self.node = self.make(self.config, self.mailer.epoch)
        self.node.restore(node)

    def begin_ns(self, t_ns: int) -> int | None:
        """When a delivery at `t_ns` would be handled; None when the mailbox is full."""
        while self.waiting and self.waiting[0] <= t_ns:
            self.waiting.popleft()
        if len(self.waiting) >= self.config.mailbox_max:
            return None
        return max(t_ns, self.busy_until_ns)


class Host:
    """Answers the kernel's control messages. The twins exist from WELCOME on."""

    def __init__(self, name: str, epoch: int = 0, make: MakeNode = make_node) -> None:
        self.name = name
        self.epoch = epoch
        self._make = make
        self._run_id = ""
        self._hosted: dict[str, Hosted] = {}
        self._last = 0
        self._cached: Result | None = None
        self.stopped = False

    def hello(self) -> list[bytes]:
        """The bytes with which this host introduces itself."""
        return encode_control(Hello(self.name, self.epoch, SCHEMA, release()))

    def handle(self, parts: list[bytes]) -> list[bytes]:
        """Answer one control message; WELCOME needs no answer."""
        try:
            answer = self._answer(decode_control(parts))
            return [] if answer is None else encode_control(answer)
        except (WireError, KernelError) as error:
            return encode_control(HostError(str(error)[:200]))

    def answer(self, control: Control) -> Control | None:
        """The same without bytes, for a kernel in this process."""
        try:
            return self._answer(control)
        except (WireError, KernelError) as error:
            return HostError(str(error)[:200])

    def snapshot(self) -> bytes:
        """The state of all twins after the last batch, for `restore`: no business of anybody else's."""
        hosted = {name: hosted.state() for name, hosted in self._hosted.items()}
        return pack_plain((SNAPSHOT, self._run_id, self._last, hosted), "snapshot")

    def restore(self, last: int, state: bytes) -> None:
        """Be as a host with these twins was after batch `last`, when its snapshot was `state`.

        Raises:
            WireError: it is no snapshot of such a host; nothing has changed.
        """
        version, run_id, number, states = check_arity(unpack_plain(state, "snapshot"), 4, "snapshot")
        if type(version) is not int or version != SNAPSHOT:
            raise WireError(f"snapshot.version={show(version)}: must be {SNAPSHOT}")
        run_id, number = check_text(run_id, "snapshot.run"), check_int(number, "snapshot.last")
        if (run_id, number) != (self._run_id, last):
            raise WireError(f"snapshot={show((run_id, number))}: must be of run {self._run_id} and batch {last}")
        if take_map(states, "snapshot").keys() != self._hosted.keys():
            raise WireError(f"snapshot.nodes={show(sorted(states))}: must be those of host {self.name}")
        restored = {name: self._place(hosted.config) for name, hosted in self._hosted.items()}
        for name, place in restored.items():
            place.restore(states[name])
        self._hosted, self._last, self._cached = restored, last, None

    def _place(self, config: NodeConfig) -> Hosted:
        return Hosted(config, Mailer(self._run_id, config.name, config.rank), self._make)

    def _answer(self, message: Control) -> Control | None:
        match message:
            case Welcome():
                self._on_welcome(message)
                return None
            case Batch():
                return self._on_batch(message)
            case Replay():
                result = self._on_batch(message.batch)
                return Replayed(result.number, digest_of_result(result)) if isinstance(result, Result) else result
            case Snapshot():
                return SnapshotState(self._last, self.snapshot())
            case Restore():
                self.restore(message.last, message.state)
                return None
            case Ping():
                return Pong()
            case Refused():
                raise UsageError(f"host {self.name}: refused by the kernel: {message.text}")
            case Stop():
                self.stopped = True
                hashes = {name: _hash(hosted) for name, hosted in sorted(self._hosted.items())}
                return StateHash(hashes)
            case _:
                return HostError(f"{type(message).__name__}: not for a host")

    def _on_welcome(self, welcome: Welcome) -> None:
        configs = [from_wire(data) for data in welcome.node_configs]
        self._run_id, self._last = welcome.run_id, welcome.last
        self._hosted = {config.name: self._place(config) for config in configs}

    def _on_batch(self, batch: Batch) -> Control:
        if batch.number == self._last and self._cached is not None:
            return self._cached
        if batch.number != self._last + 1:
            return HostError(f"batch {batch.number}: expected {self._last + 1}")
        unknown = [delivery.node for delivery in batch.deliveries if delivery.node not in self._hosted]
        if unknown:
            return HostError(f"batch {batch.number}: no node {unknown[0]} here")
        outcomes = tuple([self._deliver(delivery) for delivery in batch.deliveries])
        self._last, self._cached = batch.number, Result(batch.number, outcomes)
        return self._cached

    def _deliver(self, delivery: Delivery) -> Outcome:
        hosted = self._hosted[delivery.node]
        if delivery.timer == CRASH:
            hosted.crash()
            return Outcome(Fate.DELIVERED, Reason.NONE, delivery.t_ns, delivery.t_ns)
        begin = hosted.begin_ns(delivery.t_ns)
        if begin is None and delivery.sealed is None:
            begin = hosted.busy_until_ns  # a timer is the twin's own: dropping it would stop its clock for ever
        if begin is None:
            return Outcome(Fate.DROPPED, Reason.QUEUE_FULL, delivery.t_ns, delivery.t_ns)
        try:
            incoming = _incoming(delivery, begin)
        except WireError:
            return Outcome(Fate.DROPPED, Reason.MALFORMED, delivery.t_ns, delivery.t_ns)
        started = time.perf_counter_ns()
        outputs = hosted.node.handle(incoming)
        wall_us = (time.perf_counter_ns() - started) / 1e3
        return _outcome(hosted, incoming, outputs, wall_us)


def release() -> str:
    """The version of this program: hosts and kernel of different ones would not compute the same."""
    return version(__distribution__)


def _incoming(delivery: Delivery, begin_ns: int) -> Incoming:
    if delivery.sealed is None:
        return Incoming(delivery.t_ns, begin_ns, timer=delivery.timer)
    envelope = delivered(delivery.sealed.envelope, delivery.t_ns)
    return Incoming(delivery.t_ns, begin_ns, envelope, decode_body(envelope.kind, envelope.body))


def _outcome(hosted: Hosted, incoming: Incoming, outputs: Outputs, wall_us: float) -> Outcome:
    """Place the outputs of a twin in virtual time and make envelopes of its letters."""
    if outputs.cost_ns < hosted.least_cost_ns:
        least = f"must be at least the {hosted.least_cost_ns} ns that it declares"
        raise KernelError(f"{hosted.node.name}: a handling cost {outputs.cost_ns} ns: {least}")
    name, letters = hosted.node.name, outputs.letters
    if letters and any(letter.dst == name for letter in letters):
        raise KernelError(f"{name}: writes to itself: a twin has timers for that")
    if hosted.reactions is not None and (letters or outputs.wakes):
        _check_reaction(hosted, hosted.reactions, incoming, outputs)
    finish = incoming.begin_ns + outputs.cost_ns
    hosted.busy_until_ns = finish
    hosted.waiting.append(incoming.begin_ns)
    return Outcome(
        fate=Fate.DROPPED if outputs.reason else Fate.DELIVERED,
        reason=outputs.reason,
        begin_ns=incoming.begin_ns,
        finish_ns=finish,
        sends=hosted.mailer.send(letters, finish) if letters else (),
        timers=tuple([TimerRequest(name, wake.name, finish + wake.delay_ns) for wake in outputs.wakes]),
        solves=tuple([replace(solve, wall_us=wall_us) for solve in outputs.solves]),
    )


def _check_reaction(hosted: Hosted, declared: Reactions, incoming: Incoming, outputs: Outputs) -> None:
    """A twin does what it has declared: the kernel has run ahead of it, relying on that."""
    kind = TIMER if incoming.envelope is None else incoming.envelope.kind
    reaction = declared.get(kind, SILENT)
    strangers = {letter.dst for letter in outputs.letters} - reaction.to
    what = ""
    if strangers:
        what = f"writes to {min(strangers)}"
    elif outputs.wakes and not reaction.wakes:
        what = "asks for a timer"
    elif outputs.letters and outputs.cost_ns < hosted.least_cost_ns + reaction.cost_ns:
        what = f"writes after {outputs.cost_ns} ns"
    if what:
        raise KernelError(f"{hosted.node.name}: {what} on {kind or 'a timer'}: has not declared that")


def _hash(hosted: Hosted) -> str:
    *state, _waiting = hosted.state()  # some were handled by now: the next delivery finds out which
    return hashlib.blake2b(pack_plain(state, "state"), digest_size=32).hexdigest()
