"""Columns of the tables in a run folder. Times are integer nanoseconds of virtual time."""

from typing import Final

import pyarrow as pa

_INT = pa.int64()
_FLOAT = pa.float64()
_TEXT = pa.string()
_IDS = pa.list_(_INT)

LATENCY_PARTS: Final = ("queue_ns", "serialisation_ns", "propagation_ns", "jitter_ns")
"""The four parts of a message's latency on a link, in the order of the tables."""

HOP: Final = pa.struct([("link", _TEXT), *((part, _INT) for part in LATENCY_PARTS)])

LEGS: Final = ("sensing", "uplink", "queue", "solve", "downlink", "hold", "mixing")
"""What a loss of secrecy is divided among, from measurement to use (docs/attribution.md)."""


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


MESSAGES: Final = pa.schema(
    [
        _required("msg_id", _INT),
        _required("trace_id", _INT),
        _required("parent_id", _INT),
        _required("kind", _TEXT),
        _required("src", _TEXT),
        _required("dst", _TEXT),
        _required("seq", _INT),
        _required("epoch", _INT),
        _required("flags", _INT),
        _required("t_data_ns", _INT),
        _required("t_send_ns", _INT),
        pa.field("t_end_ns", _INT),
        pa.field("begin_ns", _INT),
        pa.field("finish_ns", _INT),
        _required("fate", _TEXT),
        _required("reason", _TEXT),
        _required("bytes", _INT),
        _required("intra", pa.bool_()),
        *(pa.field(part, _INT) for part in LATENCY_PARTS),
        pa.field("latency_ns", _INT),
        pa.field("hops", pa.list_(HOP)),
    ]
)
"""One row per message, by (t_send_ns, msg_id). What its end would tell is null while it is in flight.

`flags` (`protocol.Flag`) say what modelled faults did: 1 a copy, 2 a replayed copy, 4 delayed, 8 sent by a wrong clock.
A copy bears the times of its original.
"""

CONTROL: Final = pa.schema(
    [
        _required("t_applied_ns", _INT),
        _required("transmitter", _TEXT),
        _required("version", _INT),
        pa.field("msg_id", _INT),
        pa.field("trace_id", _INT),
        _required("t_data_ns", _INT),
        _required("age_at_application_ns", _INT),
        _required("measured_ns", _INT),
        pa.field("received_ns", _INT),
        pa.field("solve_begin_ns", _INT),
        pa.field("solve_done_ns", _INT),
        pa.field("sent_ns", _INT),
        _required("power_mw", _FLOAT),
        pa.field("inputs", _IDS),
        pa.field("loss_samples", _INT),
        *(pa.field(f"loss_{leg}", _FLOAT) for leg in LEGS),
    ]
)
"""One row per application of a precoder, by (t_applied_ns, transmitter, version). Version 0 is local MRT.

`loss_<leg>` is the mean of a leg of `ATTRIBUTION` over its samples while the precoder was on air, in bit/s/Hz;
`loss_samples` counts them, and without any the means are null.
"""

SOLVES: Final = pa.schema(
    [
        _required("node", _TEXT),
        _required("version", _INT),
        _required("begin_ns", _INT),
        _required("finish_ns", _INT),
        _required("problem", _TEXT),
        _required("method", _TEXT),
        _required("trigger", _TEXT),
        _required("status", _TEXT),
        _required("iterations", _INT),
        _required("objective", _FLOAT),
        _required("violation", _FLOAT),
        _required("cost_ns", _INT),
        pa.field("wall_us", _FLOAT),
        _required("inputs", _IDS),
    ]
)
"""One row per solve, by (begin_ns, node, version). `wall_us` is wall time, the only column that is."""

METRICS: Final = pa.schema(
    [
        _required("t_ns", _INT),
        _required("user", _TEXT),
        _required("secrecy", _FLOAT),
        _required("fresh", _FLOAT),
        _required("nominal", _FLOAT),
        _required("never_updated", _FLOAT),
        _required("local_mrt", _FLOAT),
        _required("sinr_db", _FLOAT),
        _required("eve_sinr_db", _FLOAT),
        _required("age_ns", _INT),
    ]
)
"""One row per instant of the metric grid and user: secrecy rates in bit/s/Hz, SINRs in dB, age of the CSI."""

ATTRIBUTION: Final = pa.schema(
    [
        _required("t_ns", _INT),
        _required("basis", _TEXT),
        _required("loss", _FLOAT),
        *(_required(leg, _FLOAT) for leg in LEGS),
    ]
)
"""One row per instant of the metric grid whose loss was divided, in bit/s/Hz of the worst user; the legs sum to `loss`.

`basis` is "counterfactual", or what took its place: "waiting" where a transmitter is still on local MRT (the loss goes
to the leg that the first precoder is in), "unknown" where a counterfactual has no answer (it goes to `mixing`).
"""
