"""What may come of an input of a twin: declared before a run begins, and asserted by the twin's host."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

TIMER: Final = ""
"""Stands for the timers of a twin where messages are told apart by their kind."""


class Reaction(Struct, frozen=True):
    """Whom a twin may write to on an input, and whether it may ask for a timer then.

    An input that it writes on takes it `cost_ns` longer than the least that any input takes it.
    """

    to: frozenset[str] = frozenset()
    wakes: bool = False
    cost_ns: int = 0


Reactions = Mapping[str, Reaction]
"""By kind of message, and `TIMER`. Of an input that is not named nothing comes but a new state."""

SILENT: Final = Reaction()
