"""The messages of a run by id, and the way back from a precoder on air to its solve and its reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from sys import intern
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from twin.errors import RunFolderError
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved, Wall
from twin.wire.codec import decode_envelope
from twin.wire.messages import Envelope, Kind

MAX_HOPS: Final = 64
"""Most messages that may carry one precoder from the coordinator to its transmitter."""


class Message(Struct, frozen=True, gc=False):
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
    for fact in facts:
        if type(fact) is Sent:
            message = _message(fact.frame)
            if log.messages.setdefault(message.envelope.msg_id, message) is not message:
                raise _twice(message.envelope.msg_id)
        elif type(fact) is Ended:
            if ends.setdefault(fact.msg_id, fact) is not fact:
                raise _twice(fact.msg_id)
        else:
            _take_in(log, fact, end_ns)
    if not ends.keys() <= log.messages.keys():
        raise RunFolderError(f"journal: msg_id={min(ends.keys() - log.messages.keys())} ended: must have been sent")
    for msg_id, end in ends.items():
        if max(end.t_ns, end.begin_ns) < end_ns:
            log.messages[msg_id] = replace(log.messages[msg_id], end=end)
    for msg_id in [msg_id for msg_id, message in log.messages.items() if message.envelope.t_send_ns >= end_ns]:
        del log.messages[msg_id]
    return log


def _message(frame: bytes) -> Message:
    """The message in a frame. There are few names and many messages: each name is kept once."""
    envelope = decode_envelope(frame)
    names = {"run_id": intern(envelope.run_id), "src": intern(envelope.src), "dst": intern(envelope.dst)}
    return Message(replace(envelope, **names), len(frame), None)


def _take_in(log: Log, fact: Fact, end_ns: int) -> None:
    match fact:
        case Solved(begin_ns=begin_ns) if begin_ns < end_ns:
            log.solve_list.append(fact)
            log.solves[fact.node, fact.version] = fact
        case Applied(t_ns) if t_ns < end_ns:
            log.applied.append(fact)
        case Wall(node, version, begin_ns, wall_us):
            log.wall_us[node, version, begin_ns] = wall_us


def _twice(msg_id: int) -> RunFolderError:
    return RunFolderError(f"journal: msg_id={msg_id} occurs twice: must be unique")


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
