"""Batches and their results as headers and frames: the part of `control` that every message goes through.

Each `pack_*` gives the fields of a header and appends the frames of the envelopes to `frames`; each
`unpack_*` takes them from there again, in the same order.
"""

from collections.abc import Iterator
from typing import Any, Final

from twin.errors import WireError
from twin.wire.codec import unseal
from twin.wire.limits import MAX_ITEMS
from twin.wire.messages import Sealed
from twin.wire.packing import (
    Fields,
    Row,
    check_arity,
    check_float,
    check_int,
    check_list,
    check_name,
    show,
)
from twin.wire.protocol import Batch, Delivery, Fate, Outcome, Reason, Result, SolveReport, TimerRequest

_FATES: Final = {fate.value: fate for fate in Fate}
_REASONS: Final = {reason.value: reason for reason in Reason}


def _check_ids(value: object, what: str) -> Fields:
    return tuple(check_int(item, what) for item in check_list(value, what))


def _check_wall(value: object, what: str) -> float:
    return check_float(value, what, 0.0)


_TIMER: Final = Row(TimerRequest, {"node": check_name, "name": check_name, "at_ns": check_int})
_SOLVE: Final = Row(
    SolveReport,
    {
        "problem": check_name,
        "method": check_name,
        "trigger": check_name,
        "version": check_int,
        "inputs": _check_ids,
        "status": check_name,
        "iterations": check_int,
        "objective": check_float,
        "violation": check_float,
        "cost_ns": check_int,
        "wall_us": _check_wall,
    },
)


def _pack_delivery(delivery: Delivery, frames: list[bytes]) -> list[Any]:
    """[node, t_ns, timer]; an empty timer stands for the next frame."""
    if (delivery.sealed is None) == (delivery.timer == ""):
        raise WireError(f"delivery.timer={show(delivery.timer)}: must be a name if and only if there is no envelope")
    if delivery.sealed is None:
        check_name(delivery.timer, "delivery.timer")
    else:
        frames.append(_frame(delivery.sealed, "delivery.sealed"))
    node, t_ns = check_name(delivery.node, "delivery.node"), check_int(delivery.t_ns, "delivery.t_ns")
    return [node, t_ns, delivery.timer]


def _unpack_delivery(fields: object, frames: Iterator[bytes]) -> Delivery:
    node, t_ns, timer = check_arity(fields, 3, "delivery")
    check_name(node, "delivery.node")
    check_int(t_ns, "delivery.t_ns")
    if timer == "":
        return Delivery(node, t_ns, _take(frames))
    return Delivery(node, t_ns, None, check_name(timer, "delivery.timer"))


def _frame(sealed: object, what: str) -> bytes:
    if type(sealed) is not Sealed:
        raise WireError(f"{what}={show(sealed)}: must be a sealed envelope")
    return sealed.frame


def _take(frames: Iterator[bytes]) -> Sealed:
    frame = next(frames, None)
    if frame is None:
        raise WireError("control.parts: fewer than its header speaks of")
    return unseal(frame)


def pack_batch(batch: Batch, frames: list[bytes]) -> list[Any]:
    """[number, deliveries]."""
    deliveries = check_list(batch.deliveries, "batch.deliveries")
    return [check_int(batch.number, "batch.number", 1), [_pack_delivery(item, frames) for item in deliveries]]


def unpack_batch(values: Fields, frames: Iterator[bytes]) -> Batch:
    """The batch with these fields and frames."""
    number, deliveries = check_arity(values, 2, "batch")
    check_int(number, "batch.number", 1)
    check_list(deliveries, "batch.deliveries")
    return Batch(number, tuple([_unpack_delivery(item, frames) for item in deliveries]))


def _check_times(begin_ns: object, finish_ns: object) -> None:
    begin = check_int(begin_ns, "outcome.begin_ns", -1)
    check_int(finish_ns, "outcome.finish_ns", begin)


def _pack_outcome(outcome: Outcome, frames: list[bytes]) -> list[Any]:
    """[fate, reason, begin_ns, finish_ns, number of sends (a frame each), timers, solves]."""
    if type(outcome.fate) is not Fate or type(outcome.reason) is not Reason:
        raise WireError(f"outcome.fate={show(outcome.fate)}, {show(outcome.reason)}: must be a Fate and a Reason")
    _check_times(outcome.begin_ns, outcome.finish_ns)
    sends = check_list(outcome.sends, "outcome.sends")
    frames.extend([_frame(sealed, "outcome.sends") for sealed in sends])
    timers = [_TIMER.pack(timer) for timer in check_list(outcome.timers, "outcome.timers")]
    solves = [_SOLVE.pack(solve) for solve in check_list(outcome.solves, "outcome.solves")]
    return [outcome.fate, outcome.reason, outcome.begin_ns, outcome.finish_ns, len(sends), timers, solves]


def _unpack_outcome(fields: object, frames: Iterator[bytes]) -> Outcome:
    fate, reason, begin_ns, finish_ns, sends, timers, solves = check_arity(fields, 7, "outcome")
    _check_times(begin_ns, finish_ns)
    check_int(sends, "outcome.sends", 0, MAX_ITEMS)
    if type(fate) is not str or fate not in _FATES:
        raise WireError(f"outcome.fate={show(fate)}: must be one of {', '.join(_FATES)}")
    if type(reason) is not str or reason not in _REASONS:
        raise WireError(f"outcome.reason={show(reason)}: must be one of {', '.join(_REASONS)}")
    return Outcome(
        fate=_FATES[fate],
        reason=_REASONS[reason],
        begin_ns=begin_ns,
        finish_ns=finish_ns,
        sends=tuple([_take(frames) for _ in range(sends)]),
        timers=tuple([_TIMER.unpack(item) for item in check_list(timers, "outcome.timers")]),
        solves=tuple([_SOLVE.unpack(item) for item in check_list(solves, "outcome.solves")]),
    )


def pack_result(result: Result, frames: list[bytes]) -> list[Any]:
    """[number, outcomes]."""
    outcomes = check_list(result.outcomes, "result.outcomes")
    return [check_int(result.number, "result.number", 1), [_pack_outcome(item, frames) for item in outcomes]]


def unpack_result(values: Fields, frames: Iterator[bytes]) -> Result:
    """The result with these fields and frames."""
    number, outcomes = check_arity(values, 2, "result")
    check_int(number, "result.number", 1)
    check_list(outcomes, "result.outcomes")
    return Result(number, tuple([_unpack_outcome(item, frames) for item in outcomes]))
