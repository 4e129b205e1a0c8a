"""Messages of a run, one by one, from its table: by id, by cause, by sender and instant.

Nothing but the columns that are searched is taken out of the table: a step (`Step`) is read when it is asked for, so a
story of thirty messages costs the same in a run of a million.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.journal.facts import Hop
from twin.wire.messages import Kind
from twin.wire.protocol import Fate

MAX_HOPS: Final = 64
"""Most messages in a row that lead back to a measurement, or on to a transmitter."""

_DOWNWARD: Final = frozenset({Kind.PRECODER, Kind.ACK, Kind.COMMAND})
"""Kinds that follow from a solve: the way back from an input to its measurement has none of them."""

_SIDES: Final = ("", "rx", "edge", "core")


@dataclass(frozen=True, slots=True)
class Step:
    """One message on its way. Times in ns of virtual time; None is what the run did not live to see."""

    msg_id: int
    parent_id: int
    trace_id: int
    kind: str
    src: str
    dst: str
    data_ns: int
    sent_ns: int
    ended_ns: int | None
    begin_ns: int | None
    finish_ns: int | None
    size_bytes: int
    fate: str
    reason: str
    hops: tuple[Hop, ...]

    @property
    def arrived_ns(self) -> int | None:
        """When it reached its destination, which may have dropped it; None if it never did."""
        return None if self.begin_ns is None else self.ended_ns

    @property
    def delivered(self) -> bool:
        """Whether its destination took it in."""
        return self.fate == Fate.DELIVERED

    @property
    def entity(self) -> str:
        """The entity that it goes to, or whose twin it goes to."""
        return entity_of(self.dst)

    @property
    def way(self) -> list[str]:
        """The links that it was put on, each once: one that sends again what was lost makes a hop of each attempt."""
        return [link for link, _ in groupby(hop.link for hop in self.hops)]

    @property
    def mailbox_ns(self) -> int:
        """How long it waited at its destination, busy with what came before."""
        if self.ended_ns is None or self.begin_ns is None:
            return 0
        return self.begin_ns - self.ended_ns


def entity_of(name: str) -> str:
    """The entity that a name stands for: `uav` for itself, `edge:uav` and `core:uav`."""
    return name.rpartition(":")[2]


def side_rank(name: str) -> int:
    """The place of a name beside others of its entity: itself, another end of it (`rx:`), edge and core twin, rest."""
    side = name.rpartition(":")[0]
    return _SIDES.index(side) if side in _SIDES else len(_SIDES)


class Steps:
    """The messages of a run."""

    def __init__(self, messages: pa.Table) -> None:
        self._table = messages
        self._ids = integers(messages["msg_id"])
        self._parents = integers(messages["parent_id"])
        self._sent_ns = integers(messages["t_send_ns"])

    def get(self, msg_id: int) -> Step | None:
        """The message of this id, if the run has it."""
        return next(self._at(np.flatnonzero(self._ids == msg_id)), None)

    def children(self, msg_id: int) -> list[Step]:
        """The messages that this one caused, as they were sent."""
        return list(self._at(np.flatnonzero(self._parents == msg_id)))

    def sent(self, src: str, t_ns: int) -> list[Step]:
        """What `src` sent at this instant."""
        low, high = np.searchsorted(self._sent_ns, [t_ns, t_ns + 1])
        return [step for step in self._at(range(int(low), int(high))) if step.src == src]

    def newest(self, kind: str, fates: Iterable[str]) -> Iterator[Step]:
        """Messages of a kind that met one of these fates, the last that was sent first."""
        wanted = pc.and_(
            pc.equal(self._table["kind"], str(kind)),
            pc.is_in(self._table["fate"], value_set=pa.array([str(fate) for fate in fates])),
        )
        return self._at(np.flatnonzero(wanted.to_numpy())[::-1])

    def refusing_link(self, step: Step) -> str:
        """The link whose queue had no room for `step`: the next one on the way of others that went further; "" if none.

        A hop is recorded as it begins, so a message that was refused has none there.
        """
        same = pc.and_(pc.equal(self._table["src"], step.src), pc.equal(self._table["dst"], step.dst))
        further = pc.greater(pc.list_value_length(self._table["hops"]), len(step.way))
        rows = np.flatnonzero(pc.and_(same, pc.fill_null(further, fill_value=False)).to_numpy())
        crossed = step.way
        nearest_first = rows[np.argsort(abs(self._sent_ns[rows] - step.sent_ns), kind="stable")]
        ways = (other.way for other in self._at(nearest_first))
        return next(
            (way[len(crossed)] for way in ways if len(way) > len(crossed) and way[: len(crossed)] == crossed), ""
        )

    def back_to_measurement(self, msg_id: int) -> tuple[Step, ...]:
        """From the measurement to this message: its cause, that one's cause and so on, not past a CSI report."""
        chain: list[Step] = []
        step = self.get(msg_id)
        while step is not None and step.kind not in _DOWNWARD and len(chain) < MAX_HOPS:
            chain.append(step)
            step = None if step.kind == Kind.CSI else self.get(step.parent_id)
        return tuple(reversed(chain))

    def back_to_solve(self, msg_id: int, node: str, finish_ns: int) -> tuple[Step, ...]:
        """The precoder messages from the solve that `node` finished at `finish_ns` to this one; () for another's."""
        chain: list[Step] = []
        step = self.get(msg_id)
        while step is not None and step.kind == Kind.PRECODER and len(chain) < MAX_HOPS:
            chain.append(step)
            if step.src == node and step.sent_ns == finish_ns:
                return tuple(reversed(chain))
            step = self.get(step.parent_id)
        return ()

    def onward(self, root: Step) -> tuple[Step, ...]:
        """The precoder messages from `root` on; of several copies the one that got furthest."""
        ways = [
            self.onward(child)
            for child in (self.children(root.msg_id) if root.delivered else ())
            if child.kind == Kind.PRECODER
        ]
        return (root, *max(ways, key=_reach, default=()))

    def _at(self, rows: Iterable[int]) -> Iterator[Step]:
        for row in rows:
            (record,) = self._table.slice(row, 1).to_pylist()
            yield Step(
                msg_id=record["msg_id"],
                parent_id=record["parent_id"],
                trace_id=record["trace_id"],
                kind=record["kind"],
                src=record["src"],
                dst=record["dst"],
                data_ns=record["t_data_ns"],
                sent_ns=record["t_send_ns"],
                ended_ns=record["t_end_ns"],
                begin_ns=record["begin_ns"],
                finish_ns=record["finish_ns"],
                size_bytes=record["bytes"],
                fate=record["fate"],
                reason=record["reason"],
                hops=tuple(Hop(**hop) for hop in record["hops"] or ()),
            )


def _reach(way: tuple[Step, ...]) -> tuple[int, bool, int]:
    """How far precoder messages in a row got: how many, whether the last one arrived, and how early it was sent."""
    return len(way), way[-1].delivered, -way[-1].sent_ns


def integers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A column of integers without nulls."""
    return np.asarray(column.to_numpy(), dtype=np.int64)
