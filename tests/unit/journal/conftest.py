"""A small run told by hand: one control cycle of the UAV, a loss, a drop, and a message that is still on its way."""

import numpy as np
import pytest

from twin.journal.facts import Applied, Closed, Ended, Hop, Sent, Solved, Wall
from twin.wire.codec import encode_envelope
from twin.wire.messages import SCHEMA, Envelope, Kind

MS = 10**6


def make_sent(msg_id, kind, src, dst, t_send_ns, *, parent=0, trace=1, data=1 * MS, body=b"abc", seq=1):
    envelope = Envelope(SCHEMA, "run", kind, src, dst, seq, msg_id, trace, parent, t_send_ns, -1, data, 0, 0, body)
    return Sent(encode_envelope(envelope))


def make_ended(msg_id, t_ns, *hops, fate="delivered", reason="", begin=None, finish=None):
    handled = fate == "delivered"
    begin = begin if begin is not None else (t_ns if handled else -1)
    return Ended(msg_id, t_ns, fate, reason, begin, finish if finish is not None else begin, tuple(hops))


def make_applied(t_ns, transmitter, version, msg_id, t_data_ns, amplitudes):
    return Applied(t_ns, transmitter, version, msg_id, t_data_ns, np.array(amplitudes, dtype="<c16").tobytes())


@pytest.fixture
def sent():
    return make_sent


@pytest.fixture
def ended():
    return make_ended


@pytest.fixture
def applied():
    return make_applied


@pytest.fixture
def closed():
    return Closed(40 * MS, 1234, 2.5, False, {"core:satellite": "ab", "edge:uav": "cd"})


@pytest.fixture
def story():
    """Times in ms: CSI at 1, at the coordinator at 7 and 10, solve 10 to 12, sent 12, applied by the UAV at 16."""
    radio, backhaul = Hop("uav->edge", 100, 200, 300, 400), Hop("edge->core", 1, 2, 3, 4)
    return [
        make_applied(0, "uav", 0, 0, 0, [1.0, 1.0j]),
        make_applied(0, "satellite", 0, 0, 0, [3.0, 4.0]),
        make_applied(0, "base_station", 0, 0, 0, [1.0]),
        make_sent(1, Kind.CSI, "uav", "edge:uav", 1 * MS),
        make_ended(1, 3 * MS, radio, finish=3 * MS + 500),
        make_sent(2, Kind.SHARE, "edge:uav", "core:satellite", 3 * MS, parent=1),
        make_ended(2, 7 * MS, backhaul),
        make_sent(3, Kind.CSI, "satellite", "edge:satellite", 1 * MS, trace=2),
        make_ended(3, 9 * MS, radio),
        make_sent(4, Kind.SYNC, "edge:satellite", "core:satellite", 9 * MS, parent=3, trace=2),
        make_ended(4, 10 * MS, backhaul),
        Solved(
            "core:satellite",
            10 * MS,
            12 * MS,
            "sagin",
            "reference",
            "csi",
            1,
            (2, 4),
            "solved",
            7,
            2.5,
            -1e-9,
            2 * MS,
        ),
        Wall("core:satellite", 1, 10 * MS, 1500.0),
        make_sent(5, Kind.PRECODER, "core:satellite", "edge:uav", 12 * MS, parent=4, trace=2),
        make_ended(5, 14 * MS, backhaul),
        make_sent(6, Kind.PRECODER, "edge:uav", "uav", 14 * MS, parent=5, trace=2),
        make_ended(6, 16 * MS, radio, backhaul),
        make_applied(16 * MS, "uav", 1, 6, 1 * MS, [2.0, 0.0]),
        make_sent(7, Kind.STATE, "su", "edge:su", 14 * MS, trace=3, body=b"abcdef"),
        make_ended(7, 20 * MS, radio, fate="lost", reason="loss"),
        make_sent(8, Kind.STATE, "au", "edge:au", 13 * MS, trace=3),
        make_ended(8, 13 * MS, fate="dropped", reason="queue_full"),
        make_sent(9, Kind.CSI, "uav", "edge:uav", 39 * MS, trace=4, seq=2),
    ]


@pytest.fixture
def metrics_rows():
    """Three instants (ms 10, 20, 30) of three users."""
    rows = []
    for index, age_ms in enumerate((10, 19, 29)):
        for user, fresh, stale in (("su", 3.0, 2.5), ("au", 2.0, 0.5 + index), ("gu", 4.0, 1.5)):
            rows.append(
                {
                    "t_ns": (index + 1) * 10 * MS,
                    "user": user,
                    "secrecy": stale,
                    "fresh": fresh,
                    "nominal": 0.75,
                    "never_updated": 0.25,
                    "local_mrt": 0.5,
                    "sinr_db": 10.0,
                    "eve_sinr_db": float("-inf"),
                    "age_ns": age_ms * MS,
                }
            )
    return rows
