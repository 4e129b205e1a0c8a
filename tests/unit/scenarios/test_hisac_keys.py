"""Bad input to the two stations: one clear line each, and what the defaults come to."""

from typing import get_args

import pytest

from scenarios.hisac.configure import circuit_w, coordination, nominal, policy_config, shapes, unmargined, world_params
from scenarios.hisac.spec import HisacSpec
from scenarios.hisac.spec_twin import SolverName
from scenarios.load import from_dict, load
from twin.errors import ScenarioError
from twin.signal.units import to_db
from twin.solvers.rsma.solve import METHODS


def test_the_built_in_scenario_is_the_papers_setting():
    spec = load("hisac")
    assert isinstance(spec, HisacSpec)
    assert shapes(spec) == {"bs1": (12, 2), "bs2": (12, 5)}
    policy = policy_config(spec)
    assert policy.powers_w == pytest.approx((316.2277660,) * 2)
    assert circuit_w(spec) == policy.circuit_w == pytest.approx(11.0)
    assert policy.echo_gain == pytest.approx(1.45e6 * 1e-8, rel=1e-3)
    assert (policy.threshold, policy.least_secrecy, policy.least_common, policy.least_private) == (0.5, 1.0, 1.0, 1.0)
    assert to_db(world_params(spec).fading.shadowing_m) == pytest.approx(to_db(5.0))
    assert from_dict(spec.as_dict()) == spec


def test_entities_are_stations_receivers_target_and_as_many_users_as_positions():
    spec = load("hisac", ["users.positions_m=[[75, 35, 1.5], [120, 10, 1.5]]"])
    assert spec.entities == ("bs1", "bs2", "bob", "eavesdropper", "target", "user1", "user2")
    assert len(spec.twins) == 14
    assert shapes(spec)["bs2"] == (12, 3)


BAD = [
    ("users.positions_m=[]", "users.positions_m = []: must be a list of 1 to 16 points"),
    ("bs1.columns=0", "bs1.columns = 0: must be 1 to 16"),
    ("bs2.rows=0", "bs2.rows = 0: must be 1 to 16"),
    ("bs1.power_dbm=-1000", "bs1.power_dbm = -1000: must be -60 to 80 dBm"),
    ("bs1.power_dbm=-inf", "bs1.power_dbm = -inf: must be -60 to 80 dBm"),
    ("circuit.base_w=0", "circuit.base_w = 0: must be 0.001 to 1000000 W"),
    ("bob.csi_error=1", "bob.csi_error = 1: must be at least 0 and below 1"),
    ("eavesdropper.csi_error=1.5", "eavesdropper.csi_error = 1.5: must be at least 0 and below 1"),
    ("demands.threshold=0", "demands.threshold = 0: must be 1e-06 to 1000000"),
    ("demands.secrecy=-1", "demands.secrecy = -1: must be 0 to 40"),
    ("channels.paths=0", "channels.paths = 0: must be 1 to 64"),
    ("channels.model=rice", 'channels.model = "rice": must be "rician_shadowed", "nakagami" or "rayleigh"'),
    ("target.speed_mps=-1", "target.speed_mps = -1: must be 0 to 100 m/s"),
    ("target.rcs_m2=0", "target.rcs_m2 = 0: must be 1e-06 to 1000000 m2"),
    ("sensing.bandwidth_mhz=0", "sensing.bandwidth_mhz = 0: must be 0.001 to 100000 MHz"),
    ("twin.coordinator=core:user9", 'twin.coordinator = "core:user9": must be edge:X or core:X'),
    ("uav.speed_mps=3", "uav.speed_mps: unknown key"),
    ("bob.position_m=[0, 0, 10]", "bob.position_m = [0, 0, 10]: must not be where bs1 stands"),
    ("users.positions_m=[[100, 0, 10]]", "users.positions_m[0] = [100, 0, 10]: must not be where bs2 stands"),
]


@pytest.mark.parametrize(("setting", "message"), BAD, ids=[setting for setting, _ in BAD])
def test_what_cannot_be_is_one_clear_line(setting, message):
    with pytest.raises(ScenarioError) as caught:
        load("hisac", [setting])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        ["bs2.columns=2", "bs2.rows=1", "demands.private=1"],
        ["bs2.columns=1", "bs2.rows=1", "demands.private=0.6"],
        ["bs2.columns=3", "bs2.rows=1", "demands.private=1.5", "twin.rate_margin=0.6"],
    ],
)
def test_rates_that_no_power_gives_contradict_the_array(settings):
    with pytest.raises(ScenarioError, match=r"demands\.private = [0-9.]+: contradicts 4 users at \d antennas of bs2"):
        load("hisac", settings)
    load("hisac", [*settings[:2], "demands.private=0.2"])


def test_every_method_of_a_scenario_is_one_of_the_solvers():
    assert set(get_args(SolverName)) < set(METHODS)


def test_margins_are_the_twins_and_not_the_genies():
    spec = load("hisac", ["twin.rate_margin=0.2", "twin.echo_margin_db=3"])
    policy, genie = policy_config(spec), policy_config(unmargined(spec))
    assert (policy.least_common, policy.least_private) == pytest.approx((1.2, 1.2))
    assert (genie.least_common, genie.least_private) == (1.0, 1.0)
    assert genie.echo_gain / policy.echo_gain == pytest.approx(10**0.3)


def test_the_nominal_twin_does_not_predict_and_is_the_same_otherwise():
    spec = load("hisac")
    believing = nominal(spec)
    assert believing.policy.predictor.mode == "none"
    assert believing != coordination(spec)
    assert nominal(load("hisac", ["twin.predictor=none"])) == coordination(load("hisac", ["twin.predictor=none"]))
