"""How the state of a host travels, and how the results of two lives of a host are compared."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from twin.errors import WireError
from twin.wire.batches import pack_batch, pack_result, unpack_batch
from twin.wire.limits import MAX_FRAME
from twin.wire.packing import Fields, check_arity, check_int, pack, show
from twin.wire.protocol import Outcome, Replay, Restore, Result, SnapshotState

MAX_STATE: Final = 2**30


def pack_state(control: SnapshotState | Restore, frames: list[bytes]) -> list[Any]:
    """[last, length of the state], and the state in as few frames as hold it."""
    state = control.state
    if type(state) is not bytes or len(state) > MAX_STATE:
        raise WireError(f"state={show(state)}: must be at most {MAX_STATE} bytes")
    frames += [state[start : start + MAX_FRAME] for start in range(0, len(state), MAX_FRAME)]
    return [check_int(control.last, "state.last"), len(state)]


def unpack_snapshot(values: Fields, frames: Iterator[bytes]) -> SnapshotState:
    """The snapshot with these fields and frames."""
    return SnapshotState(*_unpack_state(values, frames))


def unpack_restore(values: Fields, frames: Iterator[bytes]) -> Restore:
    """What is to be restored, from these fields and frames."""
    return Restore(*_unpack_state(values, frames))


def _unpack_state(values: Fields, frames: Iterator[bytes]) -> tuple[int, bytes]:
    last, length = check_arity(values, 2, "state")
    check_int(last, "state.last")
    left = check_int(length, "state.length", 0, MAX_STATE)
    found: list[bytes] = []
    while left:
        frame = next(frames, b"")
        if len(frame) != min(left, MAX_FRAME):
            raise WireError(f"state: a frame of {len(frame)} bytes: must be {min(left, MAX_FRAME)}")
        found.append(frame)
        left -= len(frame)
    return last, b"".join(found)


def pack_replay(control: Replay, frames: list[bytes]) -> list[Any]:
    """As the batch itself."""
    return pack_batch(control.batch, frames)


def unpack_replay(values: Fields, frames: Iterator[bytes]) -> Replay:
    """The batch to replay, from these fields and frames."""
    return Replay(unpack_batch(values, frames))


def digest_of_result(result: Result) -> str:
    """BLAKE2b-256 (hex) of everything in a result but what solves took in wall time."""
    frames: list[bytes] = []
    head = pack(pack_result(Result(result.number, tuple(map(_timeless, result.outcomes))), frames), "result")
    total = hashlib.blake2b(head, digest_size=32)
    for frame in frames:
        total.update(len(frame).to_bytes(4, "big") + frame)
    return total.hexdigest()


def _timeless(outcome: Outcome) -> Outcome:
    if not outcome.solves:
        return outcome
    return replace(outcome, solves=tuple(replace(solve, wall_us=0.0) for solve in outcome.solves))
