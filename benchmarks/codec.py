"""What the bytes of a message cost, in microseconds of CPU per message, beside what others would pay for the same.

Run with `python -m benchmarks.codec` or `python benchmarks/codec.py`. Three tables: encodings of one CSI report (ours,
and MessagePack with nested lists or with a plain extension type for arrays: no checks of names, ranges, shapes or
canonical form), every stage of a message's way for the two common reports, and both links with batches of 1, 10, 100.

Compare numbers within one table only: the machine may be busy. Every number is the best of several repetitions, and
within a table the rows take turns.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgpack
import numpy as np
from msgspec.structs import replace

from twin.journal.facts import Ended, Hop, Sent
from twin.journal.journal import Journal
from twin.wire.codec import decode_body, decode_envelope, encode_body, encode_envelope
from twin.wire.control import decode_control, encode_control
from twin.wire.mailer import Mailer, delivered
from twin.wire.messages import SCHEMA, Csi, Kind, Letter, Sealed, State
from twin.wire.protocol import Batch, Control, Delivery, Fate, Hello, Outcome, Reason, Result, Welcome
from twin.wire.transport import make_link

REPEATS = 7
MESSAGES = 1_000
EXT = 1
HOPS = (Hop("radio:user>gateway", 0, 1_000, 2_000, 35), Hop("fronthaul:gateway>edge", 0, 1_000, 2_000, 35))
MANIFEST = {"benchmark": "codec"}


class Reader:
    """A host that reads every message and says nothing."""

    name = "host"

    def hello(self) -> list[bytes]:
        return encode_control(Hello(self.name, 0, SCHEMA, "1.0"))

    def handle(self, parts: list[bytes]) -> list[bytes]:
        answer = self.answer(decode_control(parts))
        return [] if answer is None else encode_control(answer)

    def answer(self, control: Control) -> Control | None:
        if not isinstance(control, Batch):
            return None
        return Result(control.number, tuple([self.outcome(delivery) for delivery in control.deliveries]))

    def outcome(self, delivery: Delivery) -> Outcome:
        assert delivery.sealed is not None
        envelope = delivered(delivery.sealed.envelope, delivery.t_ns)
        decode_body(envelope.kind, envelope.body)
        return Outcome(Fate.DELIVERED, Reason.NONE, delivery.t_ns, delivery.t_ns + 1_000)


def letters() -> dict[str, Letter]:
    rng = np.random.default_rng(1)
    channels = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    csi = Csi(("su", "au", "gu", "eavesdropper"), channels, np.full(4, 0.1), np.zeros(4))
    state = State(rng.normal(size=3), rng.normal(size=3), -3.5)
    return {
        "state": Letter(Kind.STATE, "edge:su", state, 9_000_000, 77),
        "csi 4x4": Letter(Kind.CSI, "edge:satellite", csi, 9_000_000, 78),
    }


def sent(letter: Letter) -> list[Sealed]:
    mailer = Mailer("0123456789abcdef", "satellite", 3)
    return [message for k in range(MESSAGES) for message in mailer.send((letter,), 10_000_000 + k)]


def best_us(rows: dict[str, Callable[[], object]], count: int = MESSAGES) -> dict[str, float]:
    """CPU time of each row over `count`; the rows take turns."""
    best = dict.fromkeys(rows, float("inf"))
    for _ in range(REPEATS):
        for name, call in rows.items():
            started = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - started)
    return {name: 1e6 * seconds / count for name, seconds in best.items()}


def each(call: Callable[[object], object], items: list) -> Callable[[], object]:
    def run() -> None:
        for item in items:
            call(item)

    return run


# What others would write, each with the header of an envelope as a list in front.


def as_lists(head: list, csi: Csi) -> bytes:
    arrays = [csi.channels.view(float).tolist(), csi.error_var.tolist(), csi.radius.tolist()]
    return msgpack.packb([*head, [list(csi.receivers), *arrays]])


def from_lists(data: bytes) -> list:
    *head, (names, channels, error_var, radius) = msgpack.unpackb(data)
    return [*head, tuple(names), np.array(channels).view(complex), np.array(error_var), np.array(radius)]


def as_extension(head: list, csi: Csi) -> bytes:
    def pack(array: np.ndarray) -> msgpack.ExtType:
        return msgpack.ExtType(EXT, msgpack.packb([array.dtype.str, array.shape]) + array.tobytes())

    return msgpack.packb([*head, list(csi.receivers), pack(csi.channels), pack(csi.error_var), pack(csi.radius)])


def from_extension(data: bytes) -> list:
    def unpack(_code: int, content: bytes) -> np.ndarray:
        unpacker = msgpack.Unpacker(max_buffer_size=len(content))
        unpacker.feed(content)
        dtype, shape = unpacker.unpack()
        return np.frombuffer(content, dtype, offset=unpacker.tell()).reshape(shape)

    return msgpack.unpackb(data, ext_hook=unpack)


def encodings() -> None:
    letter = letters()["csi 4x4"]
    csi, envelope = letter.body, sent(letter)[0].envelope
    head = [getattr(envelope, name) for name in envelope.__struct_fields__[:-1]]
    again = [None] * MESSAGES

    def ours() -> bytes:
        return encode_envelope(replace(envelope, body=encode_body(csi)))

    def read(frame: bytes) -> object:
        back = decode_envelope(frame)
        return decode_body(back.kind, back.body)

    peers = {
        "ours, every check": (ours, read),
        "msgpack, nested lists": (lambda: as_lists(head, csi), from_lists),
        "msgpack, extension type": (lambda: as_extension(head, csi), from_extension),
    }
    packed = {name: pack() for name, (pack, _) in peers.items()}
    encode = best_us({name: each(lambda _, pack=pack: pack(), again) for name, (pack, _) in peers.items()})
    decode = best_us({name: each(unpack, [packed[name]] * MESSAGES) for name, (_, unpack) in peers.items()})
    print(f"{'header + CSI 4x4, us':34}{'bytes':>9}{'encode':>9}{'decode':>9}")
    for name, data in packed.items():
        print(f"{name:34}{len(data):9}{encode[name]:9.2f}{decode[name]:9.2f}")


def journalled(facts: list, path: Path) -> None:
    path.unlink(missing_ok=True)
    with Journal(path, MANIFEST) as journal:
        for fact in facts:
            journal.record(fact)
        journal.commit()


def exchanged(transport: str, messages: list[Sealed], size: int) -> None:
    mail = [Delivery(sealed.envelope.dst, sealed.envelope.t_send_ns + 500, sealed) for sealed in messages]
    with make_link(transport, [Reader()]) as link:
        link.open({Reader.name: Welcome("run", (), 0)})
        for number, start in enumerate(range(0, len(mail), size), start=1):
            link.exchange({Reader.name: Batch(number, tuple(mail[start : start + size]))})


def whole(transport: str, letter: Letter, path: Path, size: int = 100) -> None:
    """All that the plane does for a message, without kernel and network."""
    path.unlink(missing_ok=True)
    mailer = Mailer("0123456789abcdef", "satellite", 3)
    with Journal(path, MANIFEST) as journal, make_link(transport, [Reader()]) as link:
        link.open({Reader.name: Welcome("run", (), 0)})
        for number in range(1, MESSAGES // size + 1):
            mail = []
            for k in range(size):
                (sealed,) = mailer.send((letter,), 10_000_000 + k)
                journal.record(Sent(sealed.frame))
                mail.append(Delivery(sealed.envelope.dst, 10_000_500 + k, sealed))
            journal.commit()
            result = link.exchange({Reader.name: Batch(number, tuple(mail))})[Reader.name]
            for delivery, outcome in zip(mail, result.outcomes, strict=True):
                handled = (outcome.begin_ns, outcome.finish_ns)
                msg_id = delivery.sealed.envelope.msg_id
                journal.record(Ended(msg_id, delivery.t_ns, outcome.fate, outcome.reason, *handled, HOPS))
            journal.commit()


def stages(path: Path) -> None:
    columns = {}
    for name, letter in letters().items():
        messages = sent(letter)
        envelopes, frames = [sealed.envelope for sealed in messages], [sealed.frame for sealed in messages]
        sents = [Sent(frame) for frame in frames]
        ends = [Ended(e.msg_id, 10_000_500, "delivered", "", 10_000_500, 10_001_500, HOPS) for e in envelopes]
        columns[name] = best_us({
            "letter to frame, body encoded": lambda letter=letter: sent(letter),
            "encode envelope": each(encode_envelope, envelopes),
            "decode envelope": each(decode_envelope, frames),
            "decode body": each(lambda e: decode_body(e.kind, e.body), envelopes),
            "journal Sent, both digests": lambda facts=sents: journalled(facts, path),
            "journal Ended, both digests": lambda facts=ends: journalled(facts, path),
            "all of a message, memory": lambda letter=letter: whole("memory", letter, path),
            "all of a message, inproc": lambda letter=letter: whole("inproc", letter, path),
        })  # fmt: skip
    print(f"\n{'stage, us per message':34}" + "".join(f"{name:>9}" for name in columns))
    for stage in next(iter(columns.values())):
        print(f"{stage:34}" + "".join(f"{column[stage]:9.2f}" for column in columns.values()))


def links() -> None:
    messages = sent(letters()["csi 4x4"])
    print(f"\n{'exchange and read, us per message':34}{'memory':>9}{'inproc':>9}")
    for size in (1, 10, 100):
        rows = {name: lambda name=name, size=size: exchanged(name, messages, size) for name in ("memory", "inproc")}
        costs = best_us(rows)
        print(f"{f'batches of {size}':34}{costs['memory']:9.2f}{costs['inproc']:9.2f}")


def main() -> None:
    encodings()
    with tempfile.TemporaryDirectory() as folder:
        stages(Path(folder) / "journal.wal")
    links()


if __name__ == "__main__":
    main()
