"""What a message costs on its way: microseconds per encoding and decoding, and round trips of both links.

Compare numbers within one run only: the machine may be busy. Both links carry the same bytes to the same host.
"""

import timeit

import numpy as np

from twin.wire.codec import decode_body, decode_envelope, encode_body, encode_envelope
from twin.wire.control import decode_control, encode_control
from twin.wire.messages import SCHEMA, Csi, Envelope, Kind
from twin.wire.protocol import Batch, Control, Delivery, Fate, Hello, Outcome, Reason, Result, Welcome
from twin.wire.transport import make_link

REPEATS = 15
CALLS = 2_000
ROUNDS = 300


class Trivial:
    """A host that handles everything at once and says nothing."""

    name = "host"

    def hello(self) -> list[bytes]:
        return encode_control(Hello(self.name, 0, SCHEMA))

    def handle(self, parts: list[bytes]) -> list[bytes]:
        control: Control = decode_control(parts)
        if not isinstance(control, Batch):
            return []
        outcomes = [Outcome(Fate.DELIVERED, Reason.NONE, d.t_ns, d.t_ns) for d in control.deliveries]
        return encode_control(Result(control.number, tuple(outcomes)))


def sample() -> tuple[Csi, Envelope]:
    rng = np.random.default_rng(1)
    channels = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    csi = Csi(("su", "au", "gu", "eavesdropper"), channels, np.full(4, 0.1), np.zeros(4))
    times = {"t_send_ns": 10_000_000, "t_deliver_ns": -1, "t_data_ns": 9_000_000}
    ids = {"seq": 12, "msg_id": 3 << 40, "trace_id": 77, "parent_id": 0}
    ends = {"run_id": "sagin-7", "src": "satellite", "dst": "edge:satellite"}
    return csi, Envelope(SCHEMA, kind=Kind.CSI, epoch=0, flags=0, body=encode_body(csi), **times, **ids, **ends)


def best_us(call) -> float:
    return min(timeit.repeat(call, number=CALLS, repeat=REPEATS)) / CALLS * 1e6


def round_trips_per_s(transport: str, batch_size: int, envelope: Envelope) -> float:
    """Batches out and results back, the best of several runs."""
    deliveries = (Delivery("node", 1, envelope),) * batch_size
    with make_link(transport, [Trivial()]) as link:
        link.open({Trivial.name: Welcome("run", (), 0)})
        numbers = iter(range(1, 10**9))
        seconds = timeit.repeat(
            lambda: link.exchange({Trivial.name: Batch(next(numbers), deliveries)}), number=ROUNDS, repeat=REPEATS
        )
    return ROUNDS / min(seconds)


def main() -> None:
    csi, envelope = sample()
    frame = encode_envelope(envelope)
    rows = {
        "envelope": (lambda: encode_envelope(envelope), lambda: decode_envelope(frame), len(frame)),
        "Csi 4x4": (lambda: encode_body(csi), lambda: decode_body(Kind.CSI, envelope.body), len(envelope.body)),
    }
    print(f"{'':10}{'bytes':>7}{'encode us':>11}{'decode us':>11}")
    for name, (encode, decode, size) in rows.items():
        print(f"{name:10}{size:7}{best_us(encode):11.2f}{best_us(decode):11.2f}")
    print(f"\n{'batch of':10}{'memory /s':>11}{'inproc /s':>11}{'inproc / memory':>17}")
    for batch_size in (1, 10, 100):
        memory, inproc = (round_trips_per_s(transport, batch_size, envelope) for transport in ("memory", "inproc"))
        print(f"{batch_size:<10}{memory:11.0f}{inproc:11.0f}{inproc / memory:17.2f}")


if __name__ == "__main__":
    main()
