"""Control messages in the sockets between processes: the header as it is, and all that follows in bundles.

A socket takes longer over a frame than the codec over a message, so the frames of many messages share one. A bundle is
the MessagePack array of its parts, and holds as many as have room. There is one way to bundle a message, and what comes
bundled in any other is taken for nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from twin.wire.limits import MAX_FRAME, UNREADABLE

_EXTRA: Final = 5
"""Most bytes that MessagePack puts before a part, or before an array."""

_ROOM: Final = MAX_FRAME + _EXTRA
MAX_BUNDLE: Final = _ROOM + _EXTRA

_pack: Final = msgspec.msgpack.Encoder().encode
_read: Final = msgspec.msgpack.Decoder(list[bytes]).decode


def bundle(parts: Sequence[bytes]) -> list[bytes]:
    """The parts of a control message as frames for a socket."""
    return [*parts[:1], *map(_pack, _shares(parts[1:]))]


def unbundle(frames: list[bytes]) -> list[bytes]:
    """The parts in these frames; none, which is no control message, if nobody bundles so."""
    parts = frames[:1]
    try:
        for frame in frames[1:]:
            parts += _read(frame)
    except UNREADABLE:
        return []
    return parts if bundle(parts) == frames else []


def _shares(parts: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """What goes into each bundle."""
    if parts and sum(map(len, parts)) + _EXTRA * len(parts) <= _ROOM:
        yield parts
        return
    start, size = 0, 0
    for place, part in enumerate(parts):
        size += len(part) + _EXTRA
        if size > _ROOM and place > start:
            yield parts[start:place]
            start, size = place, len(part) + _EXTRA
    if parts:
        yield parts[start:]
