"""Makes envelopes for one sender: numbers them and fills in what only the sender knows."""

from dataclasses import dataclass, field
from typing import Final

from twin.wire.codec import encode_body
from twin.wire.messages import SCHEMA, Envelope, Letter

# Ids of different senders never meet: the sender's rank stands above a 40-bit count of its messages.
_COUNT_BITS: Final = 40


@dataclass(slots=True)
class Mailer:
    """Numbers the messages of `name`: `seq` from 1 per destination, `msg_id` unique in the run."""

    run_id: str
    name: str
    rank: int
    epoch: int = 0
    _count: int = 0
    _seq: dict[str, int] = field(default_factory=dict)

    def envelope(self, letter: Letter, t_send_ns: int) -> Envelope:
        """The envelope of a letter that leaves at `t_send_ns`."""
        self._count += 1
        seq = self._seq[letter.dst] = self._seq.get(letter.dst, 0) + 1
        return Envelope(
            schema=SCHEMA,
            run_id=self.run_id,
            kind=letter.kind,
            src=self.name,
            dst=letter.dst,
            seq=seq,
            msg_id=(self.rank << _COUNT_BITS) | self._count,
            trace_id=letter.trace_id,
            parent_id=letter.parent_id,
            t_send_ns=t_send_ns,
            t_deliver_ns=-1,
            t_data_ns=letter.t_data_ns,
            epoch=self.epoch,
            flags=0,
            body=encode_body(letter.body),
        )
