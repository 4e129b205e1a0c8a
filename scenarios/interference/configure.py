"""From a scenario of pairs to what the world and the twins are told: plain parameters, no behaviour."""

from collections.abc import Mapping
from typing import Final

from entities.pairs_params import Distances, PairsParams
from scenarios.interference.layout import places
from scenarios.interference.spec import EAVESDROPPER, InterferenceSpec
from twin.nodes.config import NodeConfig
from twin.nodes.pricing_config import PricingConfig
from twin.signal.units import from_dbm, wavelength_m

_MAILBOX_MAX: Final = 10_000
_GOLDEN: Final = 0.6180339887498949


def pairs_params(spec: InterferenceSpec) -> PairsParams:
    """The physical half of a scenario."""
    pairs, radio, eve = spec.pairs, spec.radio, spec.eavesdropper
    fixed = Distances(radio.main_m, radio.cross_m, radio.eve_m) if radio.distances == "fixed" else None
    return PairsParams(
        places=places(spec),
        transmit=pairs.transmit_antennas,
        receive=pairs.receive_antennas,
        eve=eve.antennas,
        streams=pairs.streams,
        noise_streams=pairs.noise_streams,
        carrier_hz=radio.carrier_ghz * 1e9,
        noise_dbm=radio.noise_dbm,
        gain_1m_db=radio.gain_db,
        exponent=radio.exponent,
        distances=fixed,
        receiver_mps=pairs.speed_mps,
        roam_m=pairs.roam_m,
        eavesdropper_m=eve.position_m,
        eavesdropper_mps=eve.speed_mps,
        zeta=radio.zeta,
        zeta_eve=eve.zeta,
        error_law=radio.error,
        dwell_ns=eve.dwell_ns,
    )


def power_mw(spec: InterferenceSpec) -> float:
    """Power budget of every pair in mW."""
    return float(from_dbm(spec.pairs.power_dbm))


def phase_ns(spec: InterferenceSpec, index: int) -> int:
    """Instant of the first turn of a pair, by its number from 0.

    In the sequential schedule the pairs' slots divide the period; all turns lie half a slot after where a report may
    be. Clocks of their own strike at phases that fill the period evenly.
    """
    period_ns, pairs = spec.twin.period_ns, spec.pairs.count
    if spec.twin.schedule == "sequential":
        return (2 * index + 1) * period_ns // (2 * pairs)
    if spec.twin.schedule == "simultaneous":
        return period_ns // 2
    return max(int(((index + 1) * _GOLDEN % 1.0) * period_ns), 1)


def node_configs(spec: InterferenceSpec, ranks: Mapping[str, int]) -> dict[str, NodeConfig]:
    """The configuration of every twin, by name."""
    return {
        f"{side}:{pair}": _node_config(spec, side, index, ranks[f"{side}:{pair}"])
        for index, pair in enumerate(spec.pair_names)
        for side in ("edge", "core")
    }


def _node_config(spec: InterferenceSpec, side: str, index: int, rank: int) -> NodeConfig:
    pair = spec.pair_names[index]
    return NodeConfig(
        name=f"{side}:{pair}",
        role="edge" if side == "edge" else "core",
        entity=pair,
        entity_kind="transmitter",
        rank=rank,
        peer=f"{'core' if side == 'edge' else 'edge'}:{pair}",
        coordinator="",
        eavesdropper=EAVESDROPPER,
        sensed_to="",
        handle_ns=spec.twin.cost_us.handle_ns,
        mailbox_max=_MAILBOX_MAX,
        coordination=None,
        pricing=pricing(spec, index),
    )


def pricing(spec: InterferenceSpec, index: int) -> PricingConfig:
    """How the twins of a pair play, by its number from 0."""
    twin = spec.twin
    return PricingConfig(
        pairs=spec.pair_names,
        eavesdropper=EAVESDROPPER,
        streams=spec.pairs.streams,
        noise_streams=spec.pairs.noise_streams,
        budget_mw=power_mw(spec),
        schedule=twin.schedule,
        period_ns=twin.period_ns,
        phase_ns=phase_ns(spec, index),
        priced=twin.prices == "on",
        price_form=twin.price_form,
        price_route=twin.price_route,
        requote=twin.requote,
        variant=twin.variant,
        inner=twin.inner,
        age_aware=twin.age_aware,
        doppler_hz=spec.pairs.speed_mps / float(wavelength_m(spec.radio.carrier_ghz * 1e9)),
        wake_snr=twin.wake_snr,
        damping=twin.damping,
        damping_share=twin.damping_share,
        synced=twin.synced,
        update_ns=twin.cost_us.solve_ns,
    )
