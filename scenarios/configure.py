"""From a Spec to what the world and the twins are told: plain parameters, no behaviour."""

from typing import Final

from entities.world import BaseStationParams, ReceiverParams, SatelliteParams, UavParams, WorldParams
from scenarios.satellite_pass import orbit_params
from scenarios.spec import Spec
from scenarios.topology import twin_names
from twin.emulation.lives import Clock, Crash, Lives
from twin.emulation.lookahead import Declared
from twin.nodes.config import CoordinationConfig, EntityKind, NodeConfig
from twin.nodes.coordinator import SOLVE_TIMER
from twin.nodes.predictor import PredictorConfig
from twin.signal.sagin import EAVESDROPPER, RECEIVERS, TRANSMITTERS
from twin.signal.units import from_db, from_dbm, wavelength_m

_MAILBOX_MAX: Final = 10_000
_MEMORY_S: Final = 0.5


def world_params(spec: Spec) -> WorldParams:
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


def antennas(spec: Spec) -> dict[str, int]:
    """Antennas of each transmitter."""
    return {name: getattr(spec, name).antennas for name in TRANSMITTERS}


def powers_mw(spec: Spec) -> dict[str, float]:
    """Power budget of each transmitter in mW."""
    return {name: float(from_dbm(getattr(spec, name).power_dbm)) for name in TRANSMITTERS}


def node_configs(spec: Spec, ranks: dict[str, int]) -> dict[str, NodeConfig]:
    """The configuration of every twin, by name."""
    return {name: _node_config(spec, name, ranks[name]) for name in twin_names(spec)}


def _node_config(spec: Spec, name: str, rank: int) -> NodeConfig:
    side, _, entity = name.partition(":")
    return NodeConfig(
        name=name,
        role="edge" if side == "edge" else "core",
        entity=entity,
        entity_kind=_kind(entity),
        rank=rank,
        peer=f"{'core' if side == 'edge' else 'edge'}:{entity}",
        coordinator=spec.twin.coordinator,
        eavesdropper=EAVESDROPPER,
        sensed_to=f"edge:{EAVESDROPPER}",
        handle_ns=spec.twin.cost_us.handle_ns,
        mailbox_max=_MAILBOX_MAX,
        coordination=coordination(spec) if name == spec.twin.coordinator else None,
    )


def _kind(entity: str) -> EntityKind:
    if entity in TRANSMITTERS:
        return "transmitter"
    return "eavesdropper" if entity == EAVESDROPPER else "user"


def coordination(spec: Spec) -> CoordinationConfig:
    """What the coordinator is told."""
    powers = powers_mw(spec)
    return CoordinationConfig(
        transmitters=TRANSMITTERS,
        receivers=RECEIVERS,
        eavesdropper=EAVESDROPPER,
        powers_mw=tuple(powers[name] for name in TRANSMITTERS),
        first_hop={name: first_hop(spec.twin.coordinator, name) for name in TRANSMITTERS},
        trigger=spec.twin.trigger,
        period_ns=spec.twin.period_ns,
        activation=spec.twin.activation,
        activation_margin_ns=spec.twin.activation_margin_ns,
        solver=spec.twin.solver,
        robust=spec.twin.robustness,
        max_iterations=spec.twin.max_iterations,
        solve_ns=spec.twin.cost_us.solve_ns,
        hold_ns=spec.twin.period_ns if spec.twin.trigger == "periodic" else spec.report.period_ns,
        predictor=predictor_config(spec),
    )


def predictor_config(spec: Spec) -> PredictorConfig:
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


def first_hop(coordinator: str, transmitter: str) -> str:
    """To whom the coordinator hands a precoder: down through core and edge, from where it stands itself."""
    if coordinator == f"edge:{transmitter}":
        return transmitter
    if coordinator == f"core:{transmitter}":
        return f"edge:{transmitter}"
    return f"core:{transmitter}"


def declared(spec: Spec) -> dict[str, Declared]:
    """What the twins declare. A coordinator's clock strikes on a grid: the next time may be any moment away."""
    handle_ns = spec.twin.cost_us.handle_ns
    clocks = lives(spec).clocks
    return {name: Declared(handle_ns, 1 if name in clocks else None) for name in twin_names(spec)}


def lives(spec: Spec) -> Lives:
    """The crashes of the twins, and the clocks with which they begin each life."""
    clock = Clock(SOLVE_TIMER, spec.twin.period_ns)
    crashes: dict[str, list[Crash]] = {}
    for fault in sorted(spec.fault, key=lambda fault: fault.from_ns):
        crashes.setdefault(fault.twin, []).append(Crash(fault.from_ns, fault.to_ns))
    return Lives(
        crashes={name: tuple(each) for name, each in crashes.items()},
        clocks={spec.twin.coordinator: clock} if spec.twin.trigger == "periodic" else {},
    )
