"""One good message of each kind, for tests that then spoil it, and a host that sends messages back."""

import numpy as np
import pytest

from twin.wire.codec import encode_body, seal
from twin.wire.control import decode_control, encode_control
from twin.wire.messages import (
    Ack,
    Command,
    Covariance,
    Csi,
    Envelope,
    Kind,
    Precoder,
    Price,
    Replica,
    Sealed,
    Sensed,
    State,
)
from twin.wire.messages import Echo as RadarEcho
from twin.wire.protocol import (
    Batch,
    Fate,
    Hello,
    HostError,
    Outcome,
    Reason,
    Result,
    StateHash,
    Stop,
    TimerRequest,
    Welcome,
)

STATE_HASH = "ab" * 32


@pytest.fixture
def csi() -> Csi:
    channels = np.arange(12.0).reshape(4, 3) - 2j
    names = ("su", "au", "gu", "eavesdropper")
    return Csi(names, channels, np.array([0.1, 0.2, 0.3, 0.0]), np.array([0.0, 0.0, 0.0, 2.5]))


@pytest.fixture
def bodies(csi):
    """Every kind with a body of it; SYNC and SHARE carry the five kinds of report."""
    heard = Covariance("pair2", np.array([[2.0, 0.5j], [-0.5j, 1.5]]), 10.0)
    echo = RadarEcho(
        "target",
        np.array([[1.0 + 0j, 0.5j], [2.0, 1j]]),
        np.array([31.5, 0.25, -0.5]),
        np.array([0.6, 0.02, 0.03]),
        -2.5,
    )
    state = State(np.array([1.0, -2.0, 3.0]), np.array([0.0, 4.5, 0.0]), -3.5)
    sensed = Sensed("uav", np.array([1 + 2j, 3 - 4j]), 0.25)
    return [
        (Kind.STATE, state),
        (Kind.CSI, csi),
        (Kind.SYNC, Replica("su", 7, state)),
        (Kind.SYNC, Replica("satellite", 8, csi)),
        (Kind.SHARE, Replica("eavesdropper", 9, sensed)),
        (Kind.SYNC, Replica("pair2", 10, heard)),
        (Kind.SHARE, Replica("target", 11, echo)),
        (Kind.ECHO, echo),
        (Kind.PRECODER, Precoder("uav", 3, np.array([1.0 + 0j, 0.5j]), 1_500_000)),
        (Kind.PRECODER, Precoder("pair2", 4, np.array([[1.0 + 0j, 0.5j], [0.0, 2.0], [1j, 3.0]]), 0)),
        (Kind.ACK, Ack("uav", 3, 1_700_000)),
        (Kind.COMMAND, Command(3, "activate", 25)),
        (Kind.PRICE, Price("pair2", 7, 9, "", 5.25, 10.0, np.array([[1.0 + 1j], [0.5 - 1.5j]]))),
        (Kind.PRICE, Price("pair2", 7, 10, "pair1", 5.25, 0.0, np.array([[1.0 + 0j], [0.0], [2j]]))),
        (Kind.COVARIANCE, heard),
    ]


@pytest.fixture
def sealed(envelope) -> Sealed:
    return seal(envelope)


@pytest.fixture
def envelope(csi) -> Envelope:
    return Envelope(
        schema=1,
        run_id="sagin-7",
        kind=Kind.CSI,
        src="satellite",
        dst="edge:satellite",
        seq=12,
        msg_id=345,
        trace_id=67,
        parent_id=0,
        t_send_ns=1_000_000,
        t_deliver_ns=-1,
        t_data_ns=900_000,
        epoch=0,
        flags=0,
        body=encode_body(csi),
    )


class Echo:
    """A host that sends every message back and asks for every timer again, and notes what it was given.

    `answers` replaces its answer to a type of control message.
    """

    def __init__(self, name, epoch=0, schema=1, answers=None):
        self.name = name
        self.greeting = encode_control(Hello(name, epoch, schema, "1.0"))
        self.answers = answers or {}
        self.last = 0
        self.seen = []

    def hello(self):
        return self.greeting

    def handle(self, parts):
        self.seen.append(parts)
        control = decode_control(parts)
        if type(control) in self.answers:
            return self.answers[type(control)]
        match control:
            case Welcome(last=last):
                self.last = last
                return []
            case Batch(number=number, deliveries=deliveries):
                if number != self.last + 1:
                    return encode_control(HostError(f"batch {number}: expected {self.last + 1}"))
                self.last = number
                return encode_control(Result(number, tuple(map(self.outcome, deliveries))))
            case Stop():
                return encode_control(StateHash({f"{self.name}:node": STATE_HASH}))

    def outcome(self, delivery):
        begin_ns, finish_ns = delivery.t_ns, delivery.t_ns + 2
        if delivery.sealed is not None:
            return Outcome(Fate.DELIVERED, Reason.NONE, begin_ns, finish_ns, (delivery.sealed,))
        again = TimerRequest(delivery.node, delivery.timer, finish_ns)
        return Outcome(Fate.DELIVERED, Reason.NONE, begin_ns, finish_ns, (), (again,))


@pytest.fixture
def echo() -> type[Echo]:
    return Echo
