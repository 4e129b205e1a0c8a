"""From a Spec to what the world and the twins are told: plain parameters, no behaviour."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from entities.world import BaseStationParams, ReceiverParams, SatelliteParams, UavParams, WorldParams
from scenarios import coordination as shared
from scenarios.sagin.satellite_pass import orbit_params
from scenarios.sagin.spec import SaginSpec
from twin.nodes.config import CoordinationConfig, EntityKind, NodeConfig
from twin.nodes.predictor import PredictorConfig
from twin.nodes.sagin_policy import SaginPolicyConfig
from twin.signal.sagin import EAVESDROPPER, TRANSMITTERS
from twin.signal.units import from_db, from_dbm, wavelength_m

_MEMORY_S: Final = 0.5


def world_params(spec: SaginSpec) -> WorldParams:
    """The physical half of a scenario."""
    users = spec.users
    receivers = {name: ReceiverParams(getattr(users.positions_m, name), users.speed_mps) for name in ("su", "au", "gu")}
    receivers[EAVESDROPPER] = ReceiverParams(spec.eavesdropper.position_m, spec.eavesdropper.speed_mps)
    receivers.update({user.name: ReceiverParams(user.position_m, users.speed_mps) for user in users.extra})
    return WorldParams(
        carrier_hz=spec.radio.carrier_ghz * 1e9,
        noise_dbm=spec.radio.noise_dbm,
        satellite=SatelliteParams(
            antennas=spec.satellite.antennas,
            height_m=spec.satellite.height_km * 1e3,
            off_axis_deg=spec.satellite.off_axis_deg,
            phase_model=spec.satellite.phase_model,
            phase_spread_rad=spec.satellite.phase_spread_rad,
            spread_hz=spec.satellite.spread_hz,
            drift_rad_s=spec.satellite.drift_rad_s,
            orbit=orbit_params(spec.satellite),
        ),
        uav=UavParams(
            antennas=spec.uav.antennas,
            altitude_m=spec.uav.altitude_m,
            speed_mps=spec.uav.speed_mps,
            waypoints_m=spec.uav.waypoints_m,
            angular_spread=spec.uav.angular_spread,
            rician_k_db=spec.uav.rician_k_db,
        ),
        base_station=BaseStationParams(antennas=spec.base_station.antennas, position_m=spec.base_station.position_m),
        receivers=receivers,
    )


def antennas(spec: SaginSpec) -> dict[str, int]:
    """Antennas of each transmitter."""
    return {name: getattr(spec, name).antennas for name in TRANSMITTERS}


def powers_mw(spec: SaginSpec) -> dict[str, float]:
    """Power budget of each transmitter in mW."""
    return {name: float(from_dbm(getattr(spec, name).power_dbm)) for name in TRANSMITTERS}


def node_configs(spec: SaginSpec, ranks: Mapping[str, int]) -> dict[str, NodeConfig]:
    """The configuration of every twin, by name."""
    return shared.node_configs(spec, ranks, _kind, coordination(spec))


def _kind(entity: str) -> EntityKind:
    if entity in TRANSMITTERS:
        return "transmitter"
    return "eavesdropper" if entity == EAVESDROPPER else "user"


def coordination(spec: SaginSpec) -> CoordinationConfig:
    """What the coordinator is told."""
    return shared.coordination_config(spec, TRANSMITTERS, policy_config(spec))


def policy_config(spec: SaginSpec) -> SaginPolicyConfig:
    """What the coordinator's policy is told."""
    return SaginPolicyConfig(
        powers_mw=tuple(powers_mw(spec).values()),
        solver=spec.twin.solver,
        robust=spec.twin.robustness,
        max_iterations=spec.twin.max_iterations,
        predictor=predictor_config(spec),
    )


def nominal(spec: SaginSpec) -> CoordinationConfig:
    """The scenario's coordinator, made to believe its last reports: no prediction, no allowance for errors."""
    policy = policy_config(spec)
    believing = replace(policy, robust="none", predictor=replace(policy.predictor, mode="none"))
    return replace(coordination(spec), policy=believing)


def predictor_config(spec: SaginSpec) -> PredictorConfig:
    """The constants of the channels that a predicting twin may know: the laws, not what is drawn from them."""
    world = world_params(spec)
    noise_mw = float(from_dbm(world.noise_dbm))
    return PredictorConfig(
        mode=spec.twin.predictor,
        taps=spec.twin.taps,
        memory_s=_MEMORY_S,
        wavelength_m=float(wavelength_m(world.carrier_hz)),
        uav_gain_1m=float(from_db(world.uav.gain_1m_db)) / noise_mw,
        rician_k=float(from_db(world.uav.rician_k_db)),
        angular_spread=world.uav.angular_spread,
        base_station_gain_1m=float(from_db(world.base_station.gain_1m_db)) * world.base_station.omega / noise_mw,
        path_exponent=world.base_station.exponent,
        nakagami_m=world.base_station.nakagami_m,
        phase_spread_rad=world.satellite.phase_spread_rad,
        satellite_spread_hz=world.satellite.spread_hz,
    )
