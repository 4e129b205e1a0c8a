"""How one precoder version came to be, hop by hop: a function of the tables of a run.

The lineage is walked by id alone. From what a transmitter applied, back by `parent_id` through precoder messages to the
solve; a version that was not applied, on by `parent_id` from what its coordinator sent as the solve was done. From each
input of the solve, back by `parent_id` to the CSI measurement, where the story begins. `Story.message_ids` is the set
of these messages. The command with which a leader lets a follower go on air explains a wait and is told beside
(`Delivery.release`), but it carried nothing of the precoder and is not of the set.

The critical path is the chain that ended last: on the way up the input that was handled last, on the way down the
precoder that went on air last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from twin.journal.schemas import LATENCY_PARTS
from twin.journal.tables import RunTables
from twin.report.air import Air, OnAir
from twin.report.solves import Solve
from twin.report.steps import Step, Steps
from twin.wire.messages import Kind
from twin.wire.protocol import Fate, Reason

PAGE: Final = "report.html"


class Ending(StrEnum):
    """What became of a precoder on its way to one transmitter."""

    APPLIED = "applied"
    LOST = "lost"
    DROPPED = "dropped"
    SUPERSEDED = "superseded"
    HELD = "held"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a solve: the messages from its measurement to the coordinator.

    `waited_ns` passed between the end of its handling and the begin of the solve: it waited for the other inputs or for
    the timer.
    """

    steps: tuple[Step, ...]
    waited_ns: int
    critical: bool = False

    @property
    def source(self) -> str:
        """Who measured."""
        return self.steps[0].src

    @property
    def last(self) -> Step:
        """The message that brought it to the coordinator."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The precoder of one transmitter: the messages from the coordinator to it, and how that ended.

    `ended_ns` is when it went on air, was lost, dropped or overtaken by a newer version, or the end of the run; `where`
    is the link or the twin on which it was lost or dropped. `on_air` is its own time on air; where it never got there,
    `instead` is what was on air as its last message ended. `release` is the leader's command to go on air.
    """

    transmitter: str
    steps: tuple[Step, ...]
    ending: Ending
    ended_ns: int
    where: str = ""
    on_air: OnAir | None = None
    instead: OnAir | None = None
    release: Step | None = None
    critical: bool = False

    @property
    def held_ns(self) -> int:
        """How long it waited at its transmitter before it went on air, or in vain."""
        last = self.steps[-1]
        if last.dst != self.transmitter or not last.delivered or last.ended_ns is None:
            return 0
        return self.ended_ns - last.ended_ns


@dataclass(frozen=True, slots=True)
class Story:
    """The life of one version. `seen` is False where the run ended before the solve was done."""

    solve: Solve
    inputs: tuple[Input, ...]
    deliveries: tuple[Delivery, ...]
    seen: bool

    @property
    def message_ids(self) -> frozenset[int]:
        """The ids of all messages that belong to the story."""
        chains = [*(each.steps for each in self.inputs), *(each.steps for each in self.deliveries)]
        return frozenset(step.msg_id for chain in chains for step in chain)

    def breakdown_ns(self) -> dict[str, int]:
        """Where the time on the critical path went, from its measurement to its application, part by part.

        The parts sum to the whole; {} where nothing went on air. `handling` is the twins' own cost without the solve,
        `mailbox` waiting for a busy twin, `timer` for the solve to be due, `activation` for going on air.
        """
        up, down = self.critical_input, self.critical_delivery
        if up is None or down is None:
            return {}
        steps = (*up.steps, *down.steps)
        hops = [hop for step in steps for hop in step.hops]
        parts = {name.removesuffix("_ns"): sum(getattr(hop, name) for hop in hops) for name in LATENCY_PARTS}
        handled = sum(step.finish_ns - step.begin_ns for step in steps if step.finish_ns and step.begin_ns)
        # The handling that triggers a solve ends with it; that of an input which a timer follows has ended before.
        solved = self.solve.finish_ns - self.solve.begin_ns
        inside = up.last.finish_ns == self.solve.finish_ns
        return {
            **parts,
            "mailbox": sum(step.mailbox_ns for step in steps),
            "handling": handled - (solved if inside else 0),
            "timer": up.waited_ns,
            "solve": solved,
            "activation": down.held_ns,
        }

    @property
    def link(self) -> str:
        """Where the page of the run folder shows it."""
        return f"{PAGE}#v={self.solve.version}"

    @property
    def data_ns(self) -> int:
        """When the oldest measurement behind it was taken."""
        return min((each.last.data_ns for each in self.inputs), default=self.solve.begin_ns)

    @property
    def critical_input(self) -> Input | None:
        """The input that the solve waited for longest."""
        return next((each for each in self.inputs if each.critical), None)

    @property
    def critical_delivery(self) -> Delivery | None:
        """What went on air last; None if nothing did."""
        return next((each for each in self.deliveries if each.critical), None)


def tell(tables: RunTables, solve: Solve, end_ns: int, transmitter: str | None = None) -> Story:
    """The story of a solve and its precoders, of all transmitters or of one, in a run that ended at `end_ns`."""
    steps, air = Steps(tables.messages), Air(tables.control, end_ns)
    deliveries = _with_releases(_deliveries(steps, air, solve), steps)
    kept = [each for each in deliveries if transmitter in {None, each.transmitter}]
    on_air = [each for each in kept if each.ending is Ending.APPLIED]
    latest = max(on_air, key=lambda each: each.ended_ns, default=None)
    return Story(
        solve=solve,
        inputs=_inputs(steps, solve),
        deliveries=tuple(replace(each, critical=each is latest) for each in kept),
        seen=solve.finish_ns < end_ns,
    )


def _inputs(steps: Steps, solve: Solve) -> tuple[Input, ...]:
    chains = [chain for chain in map(steps.back_to_measurement, solve.inputs) if chain]
    latest = max((chain[-1] for chain in chains), key=lambda step: step.begin_ns or step.sent_ns, default=None)
    return tuple(Input(chain, _waited_ns(chain[-1], solve), chain[-1] is latest) for chain in chains)


def _waited_ns(step: Step, solve: Solve) -> int:
    """The solve is part of the handling of the message that triggers it, which waits for nothing."""
    return 0 if step.finish_ns is None else max(0, solve.begin_ns - step.finish_ns)


def _deliveries(steps: Steps, air: Air, solve: Solve) -> list[Delivery]:
    """One for each transmitter that was sent a precoder, in the order of sending."""
    applied: dict[str, Delivery] = {}
    for mine in air.of_version(solve.version):
        chain = steps.back_to_solve(mine.msg_id, solve.node, solve.finish_ns)
        if chain:
            applied[mine.transmitter] = Delivery(mine.transmitter, chain, Ending.APPLIED, mine.since_ns, on_air=mine)
    roots = [step for step in steps.sent(solve.node, solve.finish_ns) if step.kind == Kind.PRECODER]
    order = list(dict.fromkeys(step.entity for step in sorted(roots, key=lambda step: step.msg_id)))
    failed = {step.entity: _not_applied(steps, air, solve, step) for step in roots if step.entity not in applied}
    found = failed | applied
    return [found[name] for name in sorted(found, key=lambda name: order.index(name) if name in order else len(order))]


def _not_applied(steps: Steps, air: Air, solve: Solve, root: Step) -> Delivery:
    """The end of a precoder that never went on air, and what was on air instead."""
    chain, transmitter = steps.onward(root), root.entity
    last = chain[-1]
    ending, ended_ns, where = Ending.IN_FLIGHT, air.end_ns, ""
    instead = air.at(transmitter, air.end_ns if last.ended_ns is None else last.ended_ns)
    if last.fate in {Fate.LOST, Fate.DROPPED} and last.ended_ns is not None:
        ending, ended_ns, where = Ending(last.fate), last.ended_ns, _where(steps, last)
    elif last.delivered and last.dst == transmitter and last.ended_ns is not None:
        newer = air.next_newer(transmitter, solve.version, last.ended_ns)
        ending = Ending.HELD if newer is None else Ending.SUPERSEDED
        ended_ns, where = air.end_ns if newer is None else newer.since_ns, transmitter
    return Delivery(transmitter, chain, ending, ended_ns, where, instead=instead)


def _where(steps: Steps, last: Step) -> str:
    """The twin that dropped a message, or the link on which it was lost or that had no room for it; "" if neither."""
    if last.arrived_ns is not None or last.reason == Reason.CRASHED:
        return last.dst
    if last.reason == Reason.NO_ROUTE:
        return ""
    return last.hops[-1].link if last.fate == Fate.LOST else steps.refusing_link(last)


def _with_releases(deliveries: Iterable[Delivery], steps: Steps) -> list[Delivery]:
    """Add to each delivery the command to go on air that the arrival of another one at its transmitter caused."""
    deliveries = list(deliveries)
    arrived = [each.steps[-1].msg_id for each in deliveries if each.steps[-1].dst == each.transmitter]
    commands = [step for msg_id in arrived for step in steps.children(msg_id) if step.kind == Kind.COMMAND]
    of = {step.dst: step for step in commands}
    return [replace(each, release=of.get(each.transmitter)) for each in deliveries]
