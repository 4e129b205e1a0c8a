"""Makes envelopes for one sender: numbers them and fills in what only the sender knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from twin.errors import WireError
from twin.wire.codec import encode_body, seal
from twin.wire.messages import SCHEMA, Envelope, Letter, Sealed
from twin.wire.packing import check_arity, check_epoch, check_int
from twin.wire.plain import Plain, take_map

# Ids of different senders never meet: the sender's rank stands above a 40-bit count of its messages.
_COUNT_BITS: Final = 40
# Of these the highest number the copies that a fault makes of a message.
_COPY_BITS: Final = 4


@dataclass(slots=True)
class Mailer:
    """Numbers the messages of `name`: `seq` from 1 per destination, `msg_id` unique in the run."""

    run_id: str
    name: str
    rank: int
    epoch: int = 0
    _count: int = 0
    _seq: dict[str, int] = field(default_factory=dict)

    def send(self, letters: Iterable[Letter], t_send_ns: int) -> tuple[Sealed, ...]:
        """The messages of letters that leave at `t_send_ns`; a body that goes to one after another is encoded once."""
        said, data = None, b""
        sent: list[Sealed] = []
        for letter in letters:
            if letter.body is not said:
                said, data = letter.body, encode_body(letter.body)
            sent.append(seal(self._envelope(letter, t_send_ns, data)))
        return tuple(sent)

    def _envelope(self, letter: Letter, t_send_ns: int, body: bytes) -> Envelope:
        self._count += 1
        seq = self._seq[letter.dst] = self._seq.get(letter.dst, 0) + 1
        # By position: keywords would take as long as all the rest but the body.
        return Envelope(
            SCHEMA,
            self.run_id,
            letter.kind,
            self.name,
            letter.dst,
            seq,
            (self.rank << _COUNT_BITS) | self._count,  # msg_id
            letter.trace_id,
            letter.parent_id,
            t_send_ns,
            -1,  # t_deliver_ns
            letter.t_data_ns,
            self.epoch,
            0,  # flags
            body,
        )

    def state(self) -> Plain:
        """How far the numbers have come."""
        return self.epoch, self._count, self._seq

    def restore(self, state: object) -> None:
        """Number on from where another mailer of this name was when it said `state`."""
        epoch, count, seq = check_arity(state, 3, "Mailer")
        self._seq = {dst: check_int(number, "Mailer.seq") for dst, number in take_map(seq, "Mailer.seq").items()}
        self._count = check_int(count, "Mailer.count", 0, (1 << _COUNT_BITS - _COPY_BITS) - 1)
        self.epoch = check_epoch(epoch, "Mailer.epoch")


def delivered(envelope: Envelope, t_ns: int) -> Envelope:
    """The envelope of a message that has arrived at `t_ns`.

    Nobody believes that a measurement was taken later than it came: a clock that is ahead cannot do more.
    """
    return replace(envelope, t_deliver_ns=t_ns, t_data_ns=min(envelope.t_data_ns, t_ns))


def copy_of(envelope: Envelope, number: int, flag: int) -> Envelope:
    """Copy `number` (1 to 15) of a message: the same but for its id and a flag that says what made it."""
    if not 0 < number < 1 << _COPY_BITS:
        raise WireError(f"copy number={number}: must lie in 1..{(1 << _COPY_BITS) - 1}")
    msg_id = envelope.msg_id | number << (_COUNT_BITS - _COPY_BITS)
    return replace(envelope, msg_id=msg_id, flags=int(envelope.flags | flag))
