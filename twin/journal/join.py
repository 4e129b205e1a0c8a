"""The facts of a run joined into rows of messages, in bounded memory and whatever the order of the facts.

A message is sent in one record and ends in another, and records stand in the order in which they were decided, not in
that of time. Two passes over the facts give the rows in the order of time: the first (`outline`) finds how far back in
time the rest of the file reaches from any place in it, and which messages never end; the second holds a message until
it has ended and nothing that was sent earlier can follow. What is held is what was in flight at one time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from sys import intern
from typing import Final

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from twin.errors import RunFolderError
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved, Struck, Wall
from twin.journal.message_rows import Message, message_table
from twin.journal.rows import Rows, parts_of
from twin.journal.schemas import SOLVES
from twin.wire.codec import decode_envelope
from twin.wire.messages import Envelope
from twin.wire.protocol import Effect, Flag

_BLOCK: Final = 256
_PART: Final = 1 << 14
_ID_BITS: Final = 10
_SOLVED: Final = tuple(name for name in SOLVES.names if name != "wall_us")

# What a fault did to a message that its envelope does not say.
_FLAGS: Final = {Effect.DELAYED.value: int(Flag.DELAYED), Effect.SKEWED.value: int(Flag.SKEWED)}

Key = tuple[int, int]

APPLIED: Final = pa.schema(
    [
        ("t_ns", pa.int64()),
        ("transmitter", pa.string()),
        ("version", pa.int64()),
        ("msg_id", pa.int64()),
        ("t_data_ns", pa.int64()),
        ("power_mw", pa.float64()),
    ]
)
"""One row per application of a precoder, before it is joined with anything."""

_APPLIED: Final = tuple(name for name in APPLIED.names if name != "power_mw")

WALLS: Final = pa.schema(
    [("node", pa.string()), ("version", pa.int64()), ("begin_ns", pa.int64()), ("wall_us", pa.float64())]
)
"""One row per solve whose wall time is known."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What has to be known of all facts before the first row of a message can be written.

    `floors[b]` is the least (t_send_ns, msg_id) among the messages of block b and later, in the order of the facts;
    `endless` are the messages that were in flight at the end. Solves, applications and wall times in the order of the
    facts. `flags` are what faults did to messages in flight, or to any where this is not told between their sending and
    their end; `struck` counts what each fault did, by its place in the scenario and its effect.
    """

    floors: list[Key]
    endless: set[int]
    solves: pa.Table
    applied: pa.Table
    walls: pa.Table
    flags: Mapping[int, int] = field(default_factory=dict)
    struck: Mapping[tuple[int, str], int] = field(default_factory=dict)


class _Ids:
    """A set of ids, of which those of one sender follow one another: a bit each."""

    def __init__(self) -> None:
        self._words: dict[int, int] = {}

    def __contains__(self, msg_id: int) -> bool:
        return bool(self._words.get(msg_id >> _ID_BITS, 0) & _bit(msg_id))

    def add(self, msg_id: int) -> None:
        """Take an id in.

        Raises:
            RunFolderError: it is there already.
        """
        if msg_id in self:
            raise RunFolderError(f"journal: msg_id={msg_id} occurs twice: must be unique")
        place = msg_id >> _ID_BITS
        self._words[place] = self._words.get(place, 0) | _bit(msg_id)


def _bit(msg_id: int) -> int:
    return 1 << (msg_id & (1 << _ID_BITS) - 1)


class _Sketch:
    """An outline in the making: the messages of a run that ends at `end_ns`."""

    def __init__(self, end_ns: int) -> None:
        self._end_ns = end_ns
        self._sent, self._ended = _Ids(), _Ids()
        self._count = 0
        # Ends that came before their messages, and whether they count.
        self._early: dict[int, bool] = {}
        self.floors: list[Key] = []
        self.endless: set[int] = set()
        self.flags: dict[int, int] = {}
        self._passing: dict[int, int] = {}
        self.counts: Counter[tuple[int, str]] = Counter()

    def strike(self, fact: Struck) -> None:
        """Note what a fault did to a message."""
        if fact.t_ns >= self._end_ns:
            return
        self.counts[fact.fault, fact.effect] += 1
        if fact.effect in _FLAGS:
            seen = fact.msg_id in self._sent and fact.msg_id not in self._ended
            flags = self._passing if seen else self.flags
            flags[fact.msg_id] = flags.get(fact.msg_id, 0) | _FLAGS[fact.effect]

    def end(self, fact: Ended) -> None:
        """Note that a message ended."""
        self._ended.add(fact.msg_id)
        counts = _counts(fact, self._end_ns)
        if counts:
            self._passing.pop(fact.msg_id, None)
        if fact.msg_id not in self._sent:
            self._early[fact.msg_id] = counts
        elif counts:
            self.endless.discard(fact.msg_id)

    def send(self, envelope: Envelope) -> None:
        """Note that a message was sent."""
        key = envelope.t_send_ns, envelope.msg_id
        self._sent.add(envelope.msg_id)
        ended = self._early.pop(envelope.msg_id, False)
        if envelope.t_send_ns >= self._end_ns:
            return
        if self._count % _BLOCK == 0:
            self.floors.append(key)
        self.floors[-1] = min(self.floors[-1], key)
        self._count += 1
        if not ended:
            self.endless.add(envelope.msg_id)

    def close(self) -> None:
        """Note that there are no more facts."""
        if self._early:
            raise RunFolderError(f"journal: msg_id={min(self._early)} ended: must have been sent")
        self.floors = list(accumulate(reversed(self.floors), min))[::-1]
        for msg_id, flag in self._passing.items():
            self.flags[msg_id] = self.flags.get(msg_id, 0) | flag


def outline(facts: Iterable[Fact], end_ns: int) -> Outline:
    """The outline of a run that ended at `end_ns`.

    What a handler will have done is journalled as soon as it is known, so a journal also tells of what the run did not
    live to see. Here a run that ended is the prefix of one that went on: what is sent, solved or applied at `end_ns` or
    later is left out, and a message that was to arrive or to be handled then is in flight.

    Raises:
        RunFolderError: an end without a message, or a message that was sent or ended twice.
    """
    sketch = _Sketch(end_ns)
    solves, applied, walls = Rows(SOLVES), Rows(APPLIED), Rows(WALLS)
    for fact in facts:
        match fact:
            case Sent():
                sketch.send(decode_envelope(fact.frame))
            case Ended():
                sketch.end(fact)
            case Solved(begin_ns=begin_ns) if begin_ns < end_ns:
                solves.add({name: getattr(fact, name) for name in _SOLVED})
            case Applied(t_ns) if t_ns < end_ns:
                vector = np.frombuffer(fact.vector, dtype="<c16")
                row = {name: getattr(fact, name) for name in _APPLIED}
                applied.add(row | {"power_mw": float(np.vdot(vector, vector).real)})
            case Struck():
                sketch.strike(fact)
            case Wall():
                walls.add({name: getattr(fact, name) for name in WALLS.names})
    sketch.close()
    made = (solves.table(), applied.table(), walls.table())
    return Outline(sketch.floors, sketch.endless, *made, sketch.flags, dict(sorted(sketch.counts.items())))


def message_parts(facts: Iterable[Fact], known: Outline, end_ns: int) -> Iterator[pa.Table]:
    """The rows of messages.parquet by (t_send_ns, msg_id), in tables of bounded size, of facts with this outline."""
    for part in parts_of(_in_order(facts, known, end_ns), _PART):
        yield message_table(part)


def _in_order(facts: Iterable[Fact], known: Outline, end_ns: int) -> Iterator[Message]:
    """The messages with their ends; each leaves when it has ended and none that precedes it can follow."""
    held: dict[int, Message] = {}
    early: dict[int, Ended] = {}
    count = 0
    for fact in facts:
        if type(fact) is Sent:
            message = _message(fact.frame)
            envelope = message.envelope
            if envelope.t_send_ns < end_ns:
                end = early.pop(envelope.msg_id, None)
                held[envelope.msg_id] = message if end is None else replace(message, end=end)
                if envelope.msg_id in known.flags:
                    _flag(held, envelope.msg_id, known.flags[envelope.msg_id])
                count += 1
                if count % _BLOCK == 0 and count // _BLOCK < len(known.floors):
                    yield from _ready(held, known.floors[count // _BLOCK], known.endless)
        elif type(fact) is Struck and fact.t_ns < end_ns and fact.effect in _FLAGS:
            _flag(held, fact.msg_id, _FLAGS[fact.effect])
        elif type(fact) is Ended and _counts(fact, end_ns):
            found = held.get(fact.msg_id)
            if found is None:
                early[fact.msg_id] = fact
            else:
                held[fact.msg_id] = replace(found, end=fact)
    yield from sorted(held.values(), key=_key)


def _ready(held: dict[int, Message], floor: Key, endless: set[int]) -> Iterator[Message]:
    """Take out what precedes the floor, up to the first message whose end is still to come."""
    for message in sorted((message for message in held.values() if _key(message) < floor), key=_key):
        msg_id = message.envelope.msg_id
        if message.end is None and msg_id not in endless:
            return
        del held[msg_id]
        yield message


def _flag(held: dict[int, Message], msg_id: int, flag: int) -> None:
    """Flag a message that is still held; one that is not came with its flags (`Outline.flags`)."""
    found = held.get(msg_id)
    if found is not None:
        held[msg_id] = replace(found, envelope=replace(found.envelope, flags=found.envelope.flags | flag))


def _key(message: Message) -> Key:
    return message.envelope.t_send_ns, message.envelope.msg_id


def _counts(end: Ended, end_ns: int) -> bool:
    """Whether the run lived to see this end."""
    return max(end.t_ns, end.begin_ns) < end_ns


def _message(frame: bytes) -> Message:
    """The message in a frame. There are few names and many messages: each name is kept once."""
    envelope = decode_envelope(frame)
    names = {"run_id": intern(envelope.run_id), "src": intern(envelope.src), "dst": intern(envelope.dst)}
    return Message(replace(envelope, **names, body=b""), len(frame), None)
