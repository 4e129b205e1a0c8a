"""What a field of a message may hold, as constants and as annotations that msgspec checks while it decodes."""

from typing import Annotated, Final

from msgspec import Meta

MAX_FRAME: Final = 2**20
MAX_BODY: Final = MAX_FRAME - 1024  # three names of 64 four-byte characters and ten numbers take < 1024 bytes
MAX_NAME: Final = 64
MAX_TEXT: Final = 4096
MAX_ITEMS: Final = 8192
MAX_EPOCH: Final = 2**32 - 1
MAX_FLAGS: Final = 2**16 - 1
INT64_MAX: Final = 2**63 - 1

UNREADABLE: Final = (ValueError, RecursionError)
"""What msgspec raises for bytes that it cannot or may not read: the second where they are nested too deep."""

UNWRITABLE: Final = (ValueError, TypeError, OverflowError, RecursionError)
"""What msgspec raises for objects that it cannot write, or whose bytes it could not read."""

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
"""Its characters must be printable too, which no annotation can say."""

Natural = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Positive = Annotated[int, Meta(ge=1, le=INT64_MAX)]
Instant = Annotated[int, Meta(ge=-1, le=INT64_MAX)]
"""An instant in ns, or -1 for "not yet"."""
Epoch = Annotated[int, Meta(ge=0, le=MAX_EPOCH)]
Flags = Annotated[int, Meta(ge=0, le=MAX_FLAGS)]
Payload = Annotated[bytes, Meta(max_length=MAX_BODY)]
