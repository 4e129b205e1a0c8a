"""The messages of a run by id, and the way back from a precoder on air to its solve and its reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from twin.errors import RunFolderError
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved, Wall
from twin.wire.codec import decode_envelope
from twin.wire.messages import Envelope, Kind

_Value = TypeVar("_Value")

MAX_HOPS: Final = 64
"""Most messages that may carry one precoder from the coordinator to its transmitter."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was sent, and its end if the run saw it."""

    envelope: Envelope
    size: int
    end: Ended | None


@dataclass(frozen=True, slots=True)
class Log:
    """The facts of a run up to its end, joined by what they speak of."""

    messages: dict[int, Message]
    solves: dict[tuple[str, int], Solved]
    solve_list: list[Solved]
    applied: list[Applied]
    wall_us: dict[tuple[str, int, int], float]


def build_log(facts: Iterable[Fact], end_ns: int) -> Log:
    """Join the facts of virtual time before `end_ns`, where the run ended.

    What a handler will have done is journalled as soon as it is known, so a journal also tells of what the run did not
    live to see. Here a run that ended is the prefix of one that went on: what is sent, solved or applied at `end_ns` or
    later is left out, and a message that was to arrive or to be handled then is in flight.

    Raises:
        RunFolderError: an end without a message, or a message that was sent or ended twice.
    """
    log = Log({}, {}, [], [], {})
    ends: dict[int, Ended] = {}
    frames: dict[int, tuple[Envelope, int]] = {}
    for fact in facts:
        match fact:
            case Sent(frame):
                envelope = decode_envelope(frame)
                _add_once(frames, envelope.msg_id, (envelope, len(frame)))
            case Ended(msg_id):
                _add_once(ends, msg_id, fact)
            case Solved(begin_ns=begin_ns) if begin_ns < end_ns:
                log.solve_list.append(fact)
                log.solves[fact.node, fact.version] = fact
            case Applied(t_ns) if t_ns < end_ns:
                log.applied.append(fact)
            case Wall(node, version, begin_ns, wall_us):
                log.wall_us[node, version, begin_ns] = wall_us
    if not ends.keys() <= frames.keys():
        raise RunFolderError(f"journal: msg_id={min(ends.keys() - frames.keys())} ended: must have been sent")
    for msg_id, (envelope, size) in frames.items():
        if envelope.t_send_ns < end_ns:
            end = ends.get(msg_id)
            ended = end is not None and max(end.t_ns, end.begin_ns) < end_ns
            log.messages[msg_id] = Message(envelope, size, end if ended else None)
    return log


def _add_once(known: dict[int, _Value], msg_id: int, value: _Value) -> None:
    if msg_id in known:
        raise RunFolderError(f"journal: msg_id={msg_id} occurs twice: must be unique")
    known[msg_id] = value


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an applied precoder came from: its solve, and the message with which it left the coordinator."""

    solve: Solved
    message: Message

    def received_ns(self, log: Log) -> int | None:
        """When the coordinator had received the last of the messages that its solve used."""
        ends = [
            message.end.t_ns
            for message in map(log.messages.get, self.solve.inputs)
            if message and message.end and message.envelope.dst == self.solve.node
        ]
        return max(ends, default=None)


def origin_of(applied: Applied, log: Log) -> Origin | None:
    """Walk back from the last hop of a precoder to its coordinator: the twin that solved for this version.

    None for local MRT, and where a journal that was cut short no longer holds the way.
    """
    message = log.messages.get(applied.msg_id)
    for _ in range(MAX_HOPS):
        if message is None or message.envelope.kind is not Kind.PRECODER:
            return None
        solve = log.solves.get((message.envelope.src, applied.version))
        if solve is not None:
            return Origin(solve, message)
        message = log.messages.get(message.envelope.parent_id)
    return None
