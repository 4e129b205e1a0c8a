"""Bands of the page from a scenario in a manifest, whatever stands there."""

import pytest

from twin.report.bands import MAX_BANDS, bands

END_NS = 10**9


def test_faults_and_outages_are_bands_in_order_of_time_cut_at_the_end_of_the_run():
    scenario = {
        "fault": [
            {"kind": "partition", "sites": ["uav", "core-cloud:uav"], "from_s": 0.5, "to_s": 3},
            {"kind": "replay", "link": "", "entity": "gu", "from_s": 0.1, "to_s": 0.2},
            {"kind": "twin_crash", "twin": "core:uav", "from_s": 2.0, "to_s": 3.0},
        ],
        "network": {"outage": [{"link": "uav - au", "from_s": 0.25, "to_s": 0.3}]},
    }
    assert bands(scenario, END_NS) == [
        {"kind": "replay", "target": "gu", "names": ["gu", "gu"], "begin_ns": 100_000_000, "end_ns": 200_000_000},
        {"kind": "outage", "target": "uav - au", "names": ["uav - au", "uav", "au"], "begin_ns": 250_000_000, "end_ns": 300_000_000},
        {"kind": "partition", "target": "uav, core-cloud:uav", "names": ["uav", "uav", "core-cloud:uav", "core-cloud:uav"],
         "begin_ns": 500_000_000, "end_ns": END_NS},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "scenario",
    [
        {},
        {"fault": None, "network": 3},
        {"fault": ["x", {}, {"from_s": "a", "to_s": 2}, {"from_s": 2, "to_s": 1}, {"from_s": -1, "to_s": 1}]},
        {"network": {"outage": {"link": "x"}}},
    ],
)
def test_what_is_no_fault_has_no_band(scenario):
    assert bands(scenario, END_NS) == []


def test_there_are_so_many_bands_at_most():
    fault = {"kind": "loss_burst", "link": "radio", "from_s": 0.1, "to_s": 0.2}
    assert len(bands({"fault": [fault] * (MAX_BANDS + 5)}, END_NS)) == MAX_BANDS
