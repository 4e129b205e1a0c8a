"""From a Spec to what the world and the twins are told: plain parameters, no behaviour."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from entities.isac_params import FadingParams, IsacParams, SensingParams, StationParams, TargetParams
from entities.params import ReceiverParams
from scenarios import coordination as shared
from scenarios.hisac.spec import HisacSpec
from twin.nodes.config import CoordinationConfig, EntityKind, NodeConfig
from twin.nodes.hisac_policy import HisacPolicyConfig
from twin.nodes.hisac_predictor import HisacPredictorConfig
from twin.nodes.target_track import Manoeuvre
from twin.signal.isac import BOB, EAVESDROPPER, MULTICAST, SENSING, STATIONS, TARGET
from twin.signal.units import from_db, from_dbm, wavelength_m

_MEMORY_S: Final = 0.5
_MW_PER_W: Final = 1e3
_TARGET_MPS: Final = 20.0
"""How fast a twin takes a target to be before it has seen it move."""


def world_params(spec: HisacSpec) -> IsacParams:
    """The physical half of a scenario."""
    fading, target, sensing, users = spec.channels, spec.target, spec.sensing, spec.users
    receivers = {
        BOB: ReceiverParams(spec.bob.position_m, spec.bob.speed_mps),
        EAVESDROPPER: ReceiverParams(spec.eavesdropper.position_m, spec.eavesdropper.speed_mps),
    }
    for name, position_m in zip(spec.user_names, users.positions_m, strict=True):
        receivers[name] = ReceiverParams(position_m, users.speed_mps)
    return IsacParams(
        carrier_hz=spec.radio.carrier_ghz * 1e9,
        noise_dbm=spec.radio.noise_dbm,
        sensing_station=StationParams(spec.bs1.position_m, spec.bs1.columns, spec.bs1.rows),
        multicast_station=StationParams(spec.bs2.position_m, spec.bs2.columns, spec.bs2.rows),
        fading=FadingParams(
            model=fading.model,
            rician_k_db=fading.rician_k_db,
            shadowing_m=fading.shadowing_shape,
            shadowing_distance_m=fading.shadowing_distance_m,
            paths=fading.paths,
            nakagami_m=fading.nakagami_shape,
        ),
        target=TargetParams(
            waypoints_m=target.waypoints_m,
            altitude_m=target.altitude_m,
            speed_mps=target.speed_mps,
            rcs_m2=target.rcs_m2,
            rician_k_db=target.rician_k_db,
        ),
        sensing=SensingParams(sensing.pulses, sensing.bandwidth_mhz * 1e6, sensing.detection_db, sensing.range_max_m),
        receivers=receivers,
    )


def powers_mw(spec: HisacSpec) -> dict[str, float]:
    """Power budget of each station in mW."""
    return {name: float(from_dbm(getattr(spec, name).power_dbm)) for name in STATIONS}


def streams(spec: HisacSpec) -> dict[str, int]:
    """Streams of each station: Bob's and the sensing one; the common one, one per user, and noise where it is made."""
    noise = 1 if spec.twin.solver == "artificial_noise" else 0
    return {SENSING: 2, MULTICAST: len(spec.user_names) + 1 + noise}


def shapes(spec: HisacSpec) -> dict[str, tuple[int, int]]:
    """Shape of each station's beams: antennas, streams."""
    columns = streams(spec)
    return {name: (getattr(spec, name).columns * getattr(spec, name).rows, columns[name]) for name in STATIONS}


def circuit_w(spec: HisacSpec) -> float:
    """P_0 in W."""
    antennas = sum(count for count, _ in shapes(spec).values())
    return spec.circuit.base_w + spec.circuit.per_antenna_w * antennas


def node_configs(spec: HisacSpec, ranks: Mapping[str, int]) -> dict[str, NodeConfig]:
    """The configuration of every twin, by name."""
    return shared.node_configs(spec, ranks, _kind, coordination(spec))


def _kind(entity: str) -> EntityKind:
    if entity in STATIONS:
        return "transmitter"
    if entity == TARGET:
        return "target"
    return "eavesdropper" if entity == EAVESDROPPER else "user"


def coordination(spec: HisacSpec) -> CoordinationConfig:
    """What the coordinator is told."""
    return shared.coordination_config(spec, STATIONS, policy_config(spec))


def policy_config(spec: HisacSpec) -> HisacPolicyConfig:
    """What the coordinator's policy is told."""
    powers, demands = powers_mw(spec), spec.demands
    return HisacPolicyConfig(
        powers_w=(powers[SENSING] / _MW_PER_W, powers[MULTICAST] / _MW_PER_W),
        circuit_w=circuit_w(spec),
        echo_gain=world_params(spec).echo_gain / _MW_PER_W / float(from_db(spec.twin.echo_margin_db)),
        threshold=demands.threshold,
        least_secrecy=demands.secrecy,
        least_common=demands.common + spec.twin.rate_margin,
        least_private=demands.private + spec.twin.rate_margin,
        solver=spec.twin.solver,
        robust=spec.twin.robust,
        predictor=predictor_config(spec),
    )


def unmargined(spec: HisacSpec) -> HisacSpec:
    """The same scenario with a twin that demands what is demanded, and no more: what the genie goes by."""
    return spec.model_copy(update={"twin": spec.twin.model_copy(update={"rate_margin": 0.0, "echo_margin_db": 0.0})})


def nominal(spec: HisacSpec) -> CoordinationConfig:
    """The scenario's coordinator, made to believe its last reports: no prediction, of channels or of the target."""
    policy = policy_config(spec)
    return replace(coordination(spec), policy=replace(policy, predictor=replace(policy.predictor, mode="none")))


def predictor_config(spec: HisacSpec) -> HisacPredictorConfig:
    """The constants of the channels that a predicting twin may know: the laws, not what is drawn from them."""
    wave_m = float(wavelength_m(spec.radio.carrier_ghz * 1e9))
    return HisacPredictorConfig(
        mode=spec.twin.predictor,
        taps=spec.twin.taps,
        memory_s=_MEMORY_S,
        users=spec.user_names,
        arrays={name: (getattr(spec, name).columns, getattr(spec, name).rows) for name in STATIONS},
        wavelength_m=wave_m,
        gain_1m=(wave_m / (4.0 * np.pi)) ** 2 / float(from_dbm(spec.radio.noise_dbm)),
        fading=spec.channels.model,
        rician_k=float(from_db(spec.channels.rician_k_db)),
        nakagami_m=spec.channels.nakagami_shape,
        target_k=float(from_db(spec.target.rician_k_db)),
        echo_gain=world_params(spec).echo_gain,
        manoeuvre=Manoeuvre(spec.twin.target_acceleration_mps2, _TARGET_MPS),
    )
