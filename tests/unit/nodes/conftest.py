"""Twins on a bench: configurations, messages and deliveries made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from twin.nodes.base import Incoming
from twin.nodes.config import CoordinationConfig, NodeConfig
from twin.nodes.predictor import PredictorConfig
from twin.nodes.sagin_policy import SaginPolicyConfig
from twin.wire.messages import SCHEMA, Csi, Envelope, Kind, Replica, State

TRANSMITTERS = ("satellite", "uav", "base_station")
RECEIVERS = ("su", "au", "gu", "eavesdropper")


PREDICTOR = PredictorConfig(
    mode="none",
    taps=3,
    memory_s=0.5,
    wavelength_m=0.125,
    uav_gain_1m=3e6,
    rician_k=10.0,
    angular_spread=0.05,
    base_station_gain_1m=4e6,
    path_exponent=4.0,
    nakagami_m=2.0,
    phase_spread_rad=0.3,
    satellite_spread_hz=1.0,
)


def coordination(**changes):
    """A coordinator's configuration; what names a field of the policy's changes that."""
    policy = SaginPolicyConfig(
        powers_mw=(10.0, 3.0, 30.0), solver="mrt", robust="none", max_iterations=5, predictor=PREDICTOR
    )
    config = CoordinationConfig(
        transmitters=TRANSMITTERS,
        first_hop={"satellite": "core:satellite", "uav": "core:uav", "base_station": "edge:base_station"},
        trigger="complete",
        period_ns=10_000_000,
        activation="on_arrival",
        activation_margin_ns=0,
        solve_ns=1_000_000,
        hold_ns=10_000_000,
        policy=policy,
    )
    own = {name: value for name, value in changes.items() if hasattr(policy, name)}
    rest = {name: value for name, value in changes.items() if name not in own}
    return replace(config, policy=replace(policy, **own), **rest)


def config(name, coordinator="core:base_station", coordination=None):
    side, _, entity = name.partition(":")
    kind = "transmitter" if entity in TRANSMITTERS else "eavesdropper" if entity == "eavesdropper" else "user"
    return NodeConfig(
        name=name,
        role=side,
        entity=entity,
        entity_kind=kind,
        rank=1,
        peer=f"{'core' if side == 'edge' else 'edge'}:{entity}",
        coordinator=coordinator,
        eavesdropper="eavesdropper",
        sensed_to="edge:eavesdropper",
        handle_ns=20_000,
        mailbox_max=100,
        coordination=coordination,
    )


def csi(seed=0, antennas=4):
    rng = np.random.default_rng(seed)
    channels = rng.normal(size=(4, antennas)) + 1j * rng.normal(size=(4, antennas))
    return Csi(RECEIVERS, channels, np.zeros(4), np.array([0.0, 0.0, 0.0, 0.5]))


def state():
    return State(np.zeros(3), np.ones(3), 3.0)


def incoming(kind, src, dst, body, *, seq=1, msg_id=None, t_data_ns=0, t_ns=5_000_000, trace_id=1):
    msg_id = (hash((src, dst, str(kind), seq)) & 0xFFFF) + 1 if msg_id is None else msg_id
    envelope = Envelope(SCHEMA, "run", kind, src, dst, seq, msg_id, trace_id, 0, t_data_ns, t_ns, t_data_ns, 0, 0, b"")
    return Incoming(t_ns, t_ns, envelope, body)


def shared(transmitter, *, seed=0, seq=1, trace_id=None, dst="core:base_station", **kwargs):
    """A transmitter's report as its core twin shares it."""
    replica = Replica(transmitter, seq, csi(seed))
    kwargs.setdefault("msg_id", 1)
    kwargs["trace_id"] = seq if trace_id is None else trace_id
    return incoming(Kind.SHARE, f"core:{transmitter}", dst, replica, seq=seq, **kwargs)


@pytest.fixture
def bench():
    """The helpers of this module."""
    import types

    return types.SimpleNamespace(
        config=config, coordination=coordination, csi=csi, state=state, incoming=incoming, shared=shared
    )
