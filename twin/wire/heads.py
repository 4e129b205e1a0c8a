"""The headers of BATCH and RESULT as msgspec reads and writes them: the quick way of `batches`.

What comes out is what the exact way would give, or None, and then that has the word.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple

from twin.wire.codec import unseal
from twin.wire.limits import MAX_FRAME, MAX_ITEMS, MAX_NAME, UNREADABLE, UNWRITABLE, Instant, Name, Natural, Positive
from twin.wire.messages import SCHEMA, Sealed
from twin.wire.protocol import Batch, Delivery, Fate, Outcome, Reason, Result, SolveReport, TimerRequest

MAX_PARTS: Final = 8 * MAX_ITEMS
"""Most parts of one control message."""

_Schema = Annotated[int, Meta(ge=SCHEMA, le=SCHEMA)]


class _Mail(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One delivery: an empty timer stands for the next frame."""

    node: Name
    t_ns: Natural
    timer: Annotated[str, Meta(max_length=MAX_NAME)]


class _BatchHead(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    schema: _Schema
    tag: Literal["batch"]
    number: Positive
    deliveries: Annotated[tuple[_Mail, ...], Meta(max_length=MAX_ITEMS)]


class _End(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One outcome: `sends` counts the frames that belong to it."""

    fate: Fate
    reason: Reason
    begin_ns: Instant
    finish_ns: Instant
    sends: Annotated[int, Meta(ge=0, le=MAX_ITEMS)]
    timers: Annotated[tuple[TimerRequest, ...], Meta(max_length=MAX_ITEMS)]
    solves: Annotated[tuple[SolveReport, ...], Meta(max_length=MAX_ITEMS)]


class _ResultHead(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    schema: _Schema
    tag: Literal["result"]
    number: Positive
    outcomes: Annotated[tuple[_End, ...], Meta(max_length=MAX_ITEMS)]


_pack: Final = msgspec.msgpack.Encoder().encode
_read_batch: Final = msgspec.msgpack.Decoder(_BatchHead).decode
_read_result: Final = msgspec.msgpack.Decoder(_ResultHead).decode

_BATCH: Final = _pack((SCHEMA, "batch", 1, ()))[:-2]  # how the header of every batch begins
_RESULT: Final = _pack((SCHEMA, "result", 1, ()))[:-2]
_PLAIN: Final = {str, int}
_SEALED: Final = {Sealed}
_TIMER: Final = (str, str, int)
_SOLVE: Final = (str, str, str, int, tuple, str, int, float, float, int, float)


def pack_batch_quickly(batch: Batch) -> list[bytes] | None:
    """The parts of a batch that `unpack_quickly` would accept, else None."""
    rows, frames = [], []
    for delivery in batch.deliveries:
        node, t_ns, sealed, timer = delivery.node, delivery.t_ns, delivery.sealed, delivery.timer
        if (sealed is None) == (timer == ""):
            return None
        rows.append((node, t_ns, timer))
        if sealed is not None:
            if type(sealed) is not Sealed:
                return None
            frames.append(sealed.frame)
    if not _PLAIN.issuperset(map(type, chain.from_iterable(rows))) or type(batch.deliveries) is not tuple:
        return None
    head = _pack_checked((SCHEMA, "batch", batch.number, rows), _read_batch)
    if head is None or type(batch.number) is not int or not _are_printable(row[0] + row[2] for row in rows):
        return None
    return [head, *frames]


def pack_result_quickly(result: Result) -> list[bytes] | None:
    """The parts of a result that `unpack_quickly` would accept, else None."""
    rows: list[tuple[Any, ...]] = []
    frames: list[bytes] = []
    for outcome in result.outcomes:
        fate, reason, begin_ns, finish_ns = outcome.fate, outcome.reason, outcome.begin_ns, outcome.finish_ns
        sends, timers, solves = outcome.sends, outcome.timers, outcome.solves
        if type(fate) is not Fate or type(reason) is not Reason:
            return None
        if type(begin_ns) is not int or type(finish_ns) is not int or finish_ns < begin_ns:
            return None
        if {type(sends), type(timers), type(solves)} != {tuple}:
            return None
        if (timers and not all(map(_is_timer, timers))) or (solves and not all(map(_is_solve, solves))):
            return None
        rows.append((fate, reason, begin_ns, finish_ns, len(sends), timers, solves))
        if sends:
            if not _SEALED.issuperset(map(type, sends)):
                return None
            frames += [sealed.frame for sealed in sends]
    if type(result.outcomes) is not tuple or type(result.number) is not int:
        return None
    head = _pack_checked((SCHEMA, "result", result.number, rows), _read_result)
    return None if head is None or len(frames) >= MAX_PARTS else [head, *frames]


def unpack_quickly(parts: Sequence[bytes]) -> Batch | Result | None:
    """The batch or result in these parts if they are one and the only encoding of it, else None."""
    head = parts[0]
    if len(head) > MAX_FRAME:
        return None
    try:
        if head.startswith(_BATCH):
            return _unpack_batch(_read_batch(head), parts)
        if head.startswith(_RESULT):
            return _unpack_result(_read_result(head), parts)
    except UNREADABLE:
        return None
    return None


def _unpack_batch(head: _BatchHead, parts: Sequence[bytes]) -> Batch | None:
    rows = head.deliveries
    frames = sum([not row.timer for row in rows])
    if _pack(head) != parts[0] or frames != len(parts) - 1 or not _are_printable(row.node + row.timer for row in rows):
        return None
    mail = map(unseal, parts[1:])
    return Batch(
        head.number,
        tuple([Delivery(row.node, row.t_ns, None if row.timer else next(mail), row.timer) for row in rows]),
    )


def _unpack_result(head: _ResultHead, parts: Sequence[bytes]) -> Result | None:
    rows = head.outcomes
    if _pack(head) != parts[0] or sum([row.sends for row in rows]) != len(parts) - 1:
        return None
    mail = map(unseal, parts[1:])
    outcomes = []
    for row in rows:
        begin_ns, finish_ns, timers, solves = row.begin_ns, row.finish_ns, row.timers, row.solves
        if finish_ns < begin_ns:
            return None
        if (timers and not all(map(_is_timer, timers))) or (solves and not all(map(_is_solve, solves))):
            return None
        sends = tuple(islice(mail, row.sends)) if row.sends else ()
        outcomes.append(Outcome(row.fate, row.reason, begin_ns, finish_ns, sends, timers, solves))
    return Result(head.number, tuple(outcomes))


def _pack_checked(fields: tuple[Any, ...], read: Callable[[bytes], object]) -> bytes | None:
    """The header with these fields, if its reader accepts it."""
    try:
        head = _pack(fields)
        read(head)
    except UNWRITABLE:
        return None
    return head if len(head) <= MAX_FRAME else None


def _are_printable(names: Iterable[str]) -> bool:
    return "".join(names).isprintable()


def _is_timer(timer: TimerRequest) -> bool:
    """What no annotation says: exact types (an enumeration passes for its value) and printable names."""
    return tuple(map(type, astuple(timer))) == _TIMER and (timer.node + timer.name).isprintable()


def _is_solve(solve: SolveReport) -> bool:
    if tuple(map(type, astuple(solve))) != _SOLVE or not {int}.issuperset(map(type, solve.inputs)):
        return False
    finite = math.isfinite(solve.objective) and math.isfinite(solve.violation) and 0.0 <= solve.wall_us < math.inf
    return finite and (solve.problem + solve.method + solve.trigger + solve.status).isprintable()
