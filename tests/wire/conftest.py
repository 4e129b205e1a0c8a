"""One good message of each kind, for tests that then spoil it."""

import numpy as np
import pytest

from twin.wire.codec import encode_body
from twin.wire.messages import Ack, Command, Csi, Envelope, Kind, Precoder, Replica, Sensed, State


@pytest.fixture
def csi() -> Csi:
    channels = np.arange(12.0).reshape(4, 3) - 2j
    names = ("su", "au", "gu", "eavesdropper")
    return Csi(names, channels, np.array([0.1, 0.2, 0.3, 0.0]), np.array([0.0, 0.0, 0.0, 2.5]))


@pytest.fixture
def bodies(csi):
    """Every kind with a body of it; SYNC and SHARE carry the three kinds of report."""
    state = State(np.array([1.0, -2.0, 3.0]), np.array([0.0, 4.5, 0.0]), -3.5)
    sensed = Sensed("uav", np.array([1 + 2j, 3 - 4j]), 0.25)
    return [
        (Kind.STATE, state),
        (Kind.CSI, csi),
        (Kind.SYNC, Replica("su", 7, state)),
        (Kind.SYNC, Replica("satellite", 8, csi)),
        (Kind.SHARE, Replica("eavesdropper", 9, sensed)),
        (Kind.PRECODER, Precoder("uav", 3, np.array([1.0 + 0j, 0.5j]), 1_500_000)),
        (Kind.ACK, Ack("uav", 3, 1_700_000)),
        (Kind.COMMAND, Command("activate", 3)),
    ]


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
