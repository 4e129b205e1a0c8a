"""The scenario as data: strict, frozen, in ranges, and the same after a round trip through the manifest."""

import json

import pytest
from pydantic import ValidationError

from scenarios.keys import all_keys
from scenarios.load import from_dict
from scenarios.sagin.spec import SaginSpec
from scenarios.spec_network import BackhaulLink
from twin.errors import ScenarioError
from twin.signal.units import NS_PER_S


def test_default_geometry_has_the_distances_of_the_model() -> None:
    spec = SaginSpec()
    bx, by, bz = spec.base_station.position_m
    places = spec.users.positions_m
    uav_x, uav_y = spec.uav.waypoints_m[0]
    expected = {"su": (100, 100), "au": (50, 100), "gu": (100, 50), "eavesdropper": (80, 80)}
    for name, (to_uav_m, to_base_m) in expected.items():
        x, y, z = spec.eavesdropper.position_m if name == "eavesdropper" else getattr(places, name)
        assert (x - uav_x) ** 2 + (y - uav_y) ** 2 == pytest.approx(to_uav_m**2, abs=0.01)
        assert (x - bx) ** 2 + (y - by) ** 2 + (z - bz) ** 2 == pytest.approx(to_base_m**2, abs=0.01)


def test_round_trip_through_json_gives_an_equal_spec() -> None:
    spec = SaginSpec.model_validate(
        {
            "uav": {"waypoints_m": [[0, 1], [2, 3.5]], "altitude_m": 123},
            "users": {"extra": [{"name": "lorry", "position_m": [1, 2, 3], "serving": "uav"}]},
        }
    )
    again = from_dict(json.loads(json.dumps(spec.as_dict())))
    assert again == spec
    assert hash(again) == hash(spec)
    assert again.users.extra[0].position_m == (1.0, 2.0, 3.0)


def test_a_spec_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SaginSpec().uav.altitude_m = 5.0  # type: ignore[misc]


@pytest.mark.parametrize("value", [True, "100", None, [100], float("nan"), float("inf"), 10**400])
def test_a_number_is_a_finite_number_and_nothing_else(value: object) -> None:
    with pytest.raises(ValidationError):
        SaginSpec.model_validate({"uav": {"altitude_m": value}})


def test_whole_numbers_are_taken_for_floats_and_not_the_other_way_round() -> None:
    assert type(SaginSpec.model_validate({"uav": {"altitude_m": 120}}).uav.altitude_m) is float
    with pytest.raises(ValidationError):
        SaginSpec.model_validate({"satellite": {"antennas": 4.0}})


def test_a_partial_link_keeps_the_defaults_of_its_own_class() -> None:
    spec = SaginSpec.model_validate({"network": {"backhaul": {"loss": 0.1}, "core": {"queue_max": 7}}})
    assert spec.network.backhaul == BackhaulLink(latency_ms=2.0, jitter_ms=0.2, rate_mbps=1000.0, loss=0.1)
    assert (spec.network.core.latency_ms, spec.network.core.rate_mbps) == (1.0, 10_000.0)
    assert (spec.network.radio.rate_mbps, spec.network.fronthaul.latency_ms) == (50.0, 0.5)


def test_times_are_whole_nanoseconds() -> None:
    spec = SaginSpec.model_validate(
        {
            "scenario": {"duration_s": 0.3},
            "report": {"period_ms": 0.1},
            "metrics": {"period_ms": 12.5, "warmup_ms": 0.7},
            "network": {"radio": {"latency_ms": 1.1, "jitter_ms": 0.05, "rate_mbps": 2.5}},
            "twin": {"cost_us": {"handle": 1.5, "solve": 2}, "period_ms": 20, "activation_margin_ms": 0.001},
        }
    )
    assert spec.scenario.duration_ns == 3 * NS_PER_S // 10
    assert spec.report.period_ns == 100_000
    assert (spec.metrics.period_ns, spec.metrics.warmup_ns) == (12_500_000, 700_000)
    assert (spec.network.radio.latency_ns, spec.network.radio.jitter_ns) == (1_100_000, 50_000)
    assert spec.network.radio.rate_bps == pytest.approx(2.5e6)
    assert (spec.twin.cost_us.handle_ns, spec.twin.cost_us.solve_ns) == (1500, 2000)
    assert (spec.twin.period_ns, spec.twin.activation_margin_ns) == (20_000_000, 1000)


def test_every_key_says_what_it_means_and_every_number_has_a_range() -> None:
    for key in all_keys(SaginSpec).values():
        assert key.meaning, key.path
        if "number" in key.kind:
            assert " to " in key.allowed or "below" in key.allowed, key.path
            assert key.unit == "" or key.allowed.endswith(f" {key.unit}"), key.path


def test_a_unit_is_read_off_the_end_of_the_name() -> None:
    units = {path: key.unit for path, key in all_keys(SaginSpec).items()}
    assert units["satellite.drift_rad_s"] == "rad/s"
    assert units["uav.speed_mps"] == "m/s"
    assert units["network.core.rate_mbps"] == "Mbit/s"
    assert units["radio.noise_dbm"] == "dBm"
    assert units["twin.cost_us.solve"] == "us"
    assert units["users.positions_m.gu"] == "m"
    assert units["users.extra[].position_m"] == "m"
    assert units["satellite.antennas"] == ""


def test_entities_are_the_seven_and_the_bystanders() -> None:
    extra = [{"name": "lorry", "position_m": [0, 0, 0]}]
    names = SaginSpec.model_validate({"users": {"extra": extra}}).entities
    assert names == ("satellite", "uav", "base_station", "su", "au", "gu", "eavesdropper", "lorry")


@pytest.mark.parametrize("coordinator", ["core:uav", "edge:base_station", "core:su", "edge:eavesdropper", "core:lorry"])
def test_any_twin_of_an_entity_may_coordinate(coordinator: str) -> None:
    extra = [{"name": "lorry", "position_m": [0, 0, 0]}]
    data = {"twin": {"coordinator": coordinator}, "users": {"extra": extra}}
    assert SaginSpec.model_validate(data).twin.coordinator == coordinator


@pytest.mark.parametrize("name", ["su", "satellite", "eavesdropper", "gateway", "Lorry", "9th", "a-b", "", "x" * 33])
def test_a_bystander_has_a_new_and_plain_name(name: str) -> None:
    data = {"users": {"extra": [{"name": name, "position_m": [0, 0, 0]}]}}
    with pytest.raises(ScenarioError, match=r"users\.extra\[0\]\.name = "):
        from_dict(data)


def test_two_bystanders_of_one_name_are_refused() -> None:
    extra = [{"name": "lorry", "position_m": [n, 0, 0]} for n in range(2)]
    with pytest.raises(ScenarioError, match=r"users\.extra\[1\]\.name = .lorry.: must be a name"):
        from_dict({"users": {"extra": extra}}, "manifest.json")


def test_nobody_is_as_high_as_the_uav() -> None:
    with pytest.raises(ScenarioError, match=r"users\.positions_m\.au = .*: must have z below uav\.altitude_m, 100 m"):
        from_dict({"users": {"positions_m": {"au": [0, 0, 100]}}})
