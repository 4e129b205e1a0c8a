"""The predictor when the satellite falls silent, or reports that it hears nothing: finite, cautious, solvable."""

import numpy as np
import pytest

from entities.measurement import estimate
from entities.world import World
from scenarios.load import load
from scenarios.sagin.configure import powers_mw, predictor_config, world_params
from twin.emulation.streams import Streams
from twin.nodes.predictor import Predictor
from twin.nodes.sagin_policy import uncertainty
from twin.signal.sagin import TRANSMITTERS, USERS
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve
from twin.wire.messages import State

PERIOD_NS = 40_000_000
SET_NS = 430_000_000
SPEC = load("sagin", ["satellite.orbit=sgp4", "satellite.start=set", "satellite.start_s=-0.43"])
WORLD = World(world_params(SPEC), Streams(1))
POWERS = tuple(powers_mw(SPEC)[name] for name in TRANSMITTERS)


def report(predictor, name, t_ns):
    predictor.note_report(name, t_ns, estimate(WORLD, Streams(1), name, t_ns, pilot_snr=1e3, csi_error=0.1))


def fed(silent_from_ns, until_ns):
    """A predictor that got everybody's reports, and the satellite's only until it fell silent."""
    predictor = Predictor(predictor_config(SPEC))
    for t_ns in range(0, until_ns, PERIOD_NS):
        for name in ("uav", "base_station", *(("satellite",) if t_ns < silent_from_ns else ())):
            report(predictor, name, t_ns)
        for name in ("uav", "base_station", *USERS):
            state = State(WORLD.position_m(name, t_ns), WORLD.velocity_mps(name, t_ns), 0.0)
            predictor.note_report(name, t_ns, state)
    return predictor


def solved(prediction):
    return solve(
        SynergyProblem(prediction.channels, POWERS),
        warm_start=None,
        method="fast",
        max_iterations=10,
        uncertainty=uncertainty("all_links", prediction),
    )


@pytest.mark.parametrize("later_s", [1, 60, 600])
def test_a_silent_satellite_is_known_ever_less_down_to_its_law(later_s):
    predictor = fed(SET_NS, 2 * SET_NS)
    gains = WORLD.mean_gains("satellite", 0)
    soon, late = (predictor.predict(t_ns) for t_ns in (SET_NS, SET_NS + later_s * 10**9))
    assert np.all(late.error_var[0] >= soon.error_var[0])
    # The phase is a constant of the antenna, which was seen, and a process of 0.3 rad, which is forgotten.
    spread2 = SPEC.satellite.phase_spread_rad**2
    assert np.all(late.fading_var[0] <= 1.1 * gains * (1.0 - np.exp(-2.0 * spread2)))
    assert np.all(late.fading_var[0] >= 0.3 * gains * (1.0 - np.exp(-spread2)))
    assert all(np.isfinite(channels).all() for channels in late.channels)
    answer = solved(late)
    assert answer.status == "solved"
    assert all(np.isfinite(x).all() for x in answer.precoders)


def test_a_satellite_that_hears_nothing_is_taken_at_its_word():
    predictor = fed(2 * SET_NS, 2 * SET_NS)
    prediction = predictor.predict(2 * SET_NS + 50_000_000)
    assert not prediction.channels[0].any()
    # The running mean of its power, and the caution that goes with it, lasts for half a second.
    before = fed(SET_NS, SET_NS).predict(SET_NS + 50_000_000)
    assert np.all(prediction.fading_var[0] < 0.6 * before.fading_var[0])
    answer = solved(prediction)
    assert answer.status == "solved"
    assert np.isfinite(answer.rates).all()
