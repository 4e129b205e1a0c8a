"""A pass crosses its mask in the middle of a run: who can talk to whom, what is lost, what is re-routed, what ages.

before   su - satellite - gateway - edge cloud, and the UAV's commands straight to the satellite
after    none of these links; everybody else as before
"""

import json

import numpy as np
import pytest

from scenarios import engine
from scenarios.judge import evaluate
from scenarios.load import load
from scenarios.systems import system_of
from twin.journal.facts import Ended
from twin.signal.sagin import TRANSMITTERS
from twin.wire.codec import decode_body
from twin.wire.messages import Kind
from twin.wire.protocol import Fate, Reason

CROSSING_NS = 430_000_000
EPOCH_NS = 500_000_000  # routes are computed anew at the next multiple of 100 ms
FLYING = ("satellite.orbit=sgp4", "report.period_ms=40", "twin.trigger=periodic", "twin.period_ms=40")
SETTING = (*FLYING, "satellite.start=set", "satellite.start_s=-0.43")
RISING = (*FLYING, "satellite.start=rise", "satellite.start_s=-0.43")
TWO_GATEWAYS = (*SETTING, "satellite.gateways_deg=[[34.2, 108.9], [18.3, 109.3]]")
PREDICTING = ("twin.solver=fast", "twin.predictor=wiener", "uav.speed_mps=10", "users.speed_mps=1")
DURATION_S = 1.2

VIA_SATELLITE = {
    ("satellite", "edge:satellite"),
    ("edge:satellite", "satellite"),
    ("su", "edge:su"),
    ("uav", "satellite"),
}
CUT = {Reason.OUTAGE, Reason.NO_ROUTE}


@pytest.fixture(scope="module")
def setting(emulate):
    return emulate(*SETTING, duration_s=DURATION_S)


@pytest.fixture(scope="module")
def two_gateways(emulate):
    return emulate(*TWO_GATEWAYS, duration_s=DURATION_S)


@pytest.fixture(scope="module")
def rising(emulate):
    return emulate(*RISING, duration_s=DURATION_S)


def fates(run, pair, begin_ns, end_ns):
    """What became of the messages of a pair that were sent in an interval, as far as it is known."""
    sent = [e for e in run.sent.values() if (e.src, e.dst) == pair and begin_ns <= e.t_send_ns < end_ns]
    return [run.ended[e.msg_id] for e in sent if e.msg_id in run.ended]


def delivered(run, pair, begin_ns, end_ns):
    return [ended for ended in fates(run, pair, begin_ns, end_ns) if ended.fate == Fate.DELIVERED]


def links(ended):
    return [hop.link for hop in ended.hops]


def applied_after(run, name, t_ns):
    return [fact for fact in run.applied if fact.transmitter == name and fact.t_ns > t_ns]


def data_age_s(run, name):
    """Age at the end of the run of what is behind the precoder that a transmitter has on air."""
    last = [fact for fact in run.applied if fact.transmitter == name][-1]
    return DURATION_S - last.t_data_ns / 1e9


@pytest.mark.parametrize("pair", sorted(VIA_SATELLITE))
def test_before_the_mask_everything_gets_through_and_after_it_nothing(setting, pair):
    before = fates(setting, pair, 0, CROSSING_NS - 80_000_000)
    assert before
    assert {ended.fate for ended in before} == {Fate.DELIVERED}
    after = fates(setting, pair, CROSSING_NS, 2 * 10**9)
    assert len(after) >= 10
    assert {ended.reason for ended in after} <= CUT
    assert not any(ended.fate == Fate.DELIVERED for ended in after)


def test_what_is_offered_to_a_link_that_is_down_is_lost_until_routes_are_computed_anew(setting):
    for pair in VIA_SATELLITE:
        offered = fates(setting, pair, CROSSING_NS, EPOCH_NS - 10_000_000)
        assert {(ended.fate, ended.reason) for ended in offered} == {(Fate.LOST, Reason.OUTAGE)}


def test_nothing_else_is_lost(setting):
    lost = [ended for ended in setting.of(Ended) if ended.reason in CUT]
    assert {(setting.sent[ended.msg_id].src, setting.sent[ended.msg_id].dst) for ended in lost} == VIA_SATELLITE
    for pair in (
        ("uav", "edge:uav"),
        ("edge:base_station", "base_station"),
        ("au", "edge:au"),
        ("uav", "base_station"),
    ):
        after = fates(setting, pair, CROSSING_NS, 11 * 10**8)
        assert len(after) >= 10
        assert {ended.fate for ended in after} == {Fate.DELIVERED}


def test_the_satellite_s_precoder_ages_and_the_others_do_not(setting):
    assert [fact for fact in setting.applied if fact.transmitter == "satellite" and fact.version > 0]
    assert not applied_after(setting, "satellite", CROSSING_NS + 30_000_000)
    assert data_age_s(setting, "satellite") > DURATION_S - CROSSING_NS / 1e9
    for name in ("uav", "base_station"):
        assert len(applied_after(setting, name, CROSSING_NS)) >= 10
    # Solving goes on with the reports of the others, and with the last that came from the satellite.
    late = [solve for solve in setting.solved if solve.begin_ns > CROSSING_NS + 100_000_000]
    assert len(late) >= 10
    assert {solve.status for solve in late} == {"solved"}


def test_propagation_follows_the_slant_range(setting):
    hops = [hop for e in setting.of(Ended) for hop in e.hops if hop.link == "radio:satellite>gateway"]
    hops = [hop for hop in hops if hop.propagation_ns]  # the others never left: the link was down
    fixed_ns = setting.spec.network.radio.latency_ns
    assert hops
    for hop in hops:
        assert hop.propagation_ns - fixed_ns == pytest.approx(7.72e6, rel=0.002)  # 2315 km, 10 deg high


def test_the_next_gateway_takes_over_when_the_first_sets(two_gateways):
    pair = ("satellite", "edge:satellite")
    for ended in delivered(two_gateways, pair, 0, CROSSING_NS):
        assert links(ended) == ["radio:satellite>gateway-1", "fronthaul:gateway-1>edge-cloud:satellite"]
    gap = fates(two_gateways, pair, CROSSING_NS, EPOCH_NS)
    assert gap
    assert {ended.reason for ended in gap} == {Reason.OUTAGE}
    after = delivered(two_gateways, pair, EPOCH_NS, 11 * 10**8)
    assert len(after) >= 10
    for ended in after:
        assert links(ended) == ["radio:satellite>gateway-2", "fronthaul:gateway-2>edge-cloud:satellite"]
        fibre_ns = ended.hops[1].propagation_ns - two_gateways.spec.network.fronthaul.latency_ns
        assert fibre_ns == pytest.approx(8.85e6, rel=0.01)  # 1769 km of fibre at 2/3 c
    down = delivered(two_gateways, ("edge:satellite", "satellite"), EPOCH_NS + 10**8, 11 * 10**8)
    assert len(down) >= 10
    assert all(links(ended)[-1] == "radio:gateway-2>satellite" for ended in down)


def test_with_another_gateway_precoders_stay_young_and_su_is_cut_off_all_the_same(two_gateways):
    assert data_age_s(two_gateways, "satellite") < 0.2
    assert not delivered(two_gateways, ("su", "edge:su"), CROSSING_NS, 2 * 10**9)
    assert len(fates(two_gateways, ("su", "edge:su"), CROSSING_NS, 2 * 10**9)) >= 10


def test_a_blocked_satellite_reports_channels_of_zero(two_gateways):
    csi = [e for e in two_gateways.sent.values() if e.kind == Kind.CSI and e.src == "satellite"]
    for envelope in csi:
        channels = decode_body(envelope.kind, envelope.body).channels
        assert np.all(channels != 0.0) == (envelope.t_send_ns < CROSSING_NS)
        assert np.any(channels != 0.0) == (envelope.t_send_ns < CROSSING_NS)


def test_nothing_is_solved_before_a_satellite_that_rises_has_reported(rising):
    first = min(solve.begin_ns for solve in rising.solved)
    assert CROSSING_NS < first < CROSSING_NS + 200_000_000
    assert {fact.version for fact in rising.applied if fact.t_ns < CROSSING_NS} == {0}
    for name in TRANSMITTERS:
        assert [fact for fact in applied_after(rising, name, CROSSING_NS) if fact.version > 0]
    assert not delivered(rising, ("su", "edge:su"), 0, CROSSING_NS - 10_000_000)
    assert len(delivered(rising, ("su", "edge:su"), EPOCH_NS, 11 * 10**8)) >= 10


@pytest.mark.parametrize(("name", "sets"), {"setting": SETTING, "two_gateways": TWO_GATEWAYS, "rising": RISING}.items())
def test_memory_and_inproc_give_one_digest(emulate, request, name, sets):
    memory, inproc = request.getfixturevalue(name), emulate(*sets, transport="inproc", duration_s=DURATION_S)
    assert memory.digest == inproc.digest
    assert memory.hashes == inproc.hashes
    assert {ended.reason for ended in memory.of(Ended)} & CUT


@pytest.mark.parametrize("sets", [SETTING, TWO_GATEWAYS, RISING], ids=["sets", "two gateways", "rises"])
def test_a_predicting_twin_gets_over_it_and_the_genie_sees_the_same_channels(emulate, sets):
    run = emulate(*sets, *PREDICTING, "metrics.period_ms=40", duration_s=DURATION_S)
    assert {solve.status for solve in run.solved} == {"solved"}
    assert all(np.isfinite(np.frombuffer(fact.vector, dtype="<c16")).all() for fact in run.applied)
    rows = list(evaluate(system_of(run.spec), 1, run.facts, run.spec.scenario.duration_ns))
    up = {True: [], False: []}
    for row in rows:
        assert all(np.isfinite(value) for value in row.values() if isinstance(value, float))
        if row["user"] == "su":
            up[(row["t_ns"] < CROSSING_NS) == (sets is not RISING)].append(row)
    assert all(row["fresh"] > 0.5 for row in up[True])
    assert all(row["fresh"] == row["secrecy"] == row["nominal"] == 0.0 for row in up[False])
    assert len(up[False]) > 5
    assert len(up[True]) > 5
    ages_s = [row["age_ns"] / 1e9 for row in up[False]]
    if sets is SETTING:
        assert ages_s == sorted(ages_s)
        assert ages_s[-1] > 0.7
    elif sets is TWO_GATEWAYS:
        assert max(ages_s) < 0.3


def test_a_run_folder_needs_no_file_of_elements(tmp_path):
    spec = load("sagin", ["satellite.orbit=sgp4", *FLYING, "scenario.duration_s=0.3", "metrics.warmup_ms=100"])
    elements = tmp_path / "cbers.tle"
    elements.write_text(f"CBERS 2\n{spec.satellite.elements}\n", encoding="ascii")
    scenario = tmp_path / "mine.toml"
    scenario.write_text(
        '[satellite]\norbit = "sgp4"\ntle = "cbers.tle"\n[metrics]\nwarmup_ms = 100\n', encoding="ascii"
    )
    mine = load(str(scenario), duration=0.3)
    assert mine.satellite.elements == spec.satellite.elements
    folder = tmp_path / "run"
    done = engine.run_scenario(mine, 1, folder, "memory")
    elements.unlink()
    assert (
        json.loads((folder / "manifest.json").read_text())["scenario"]["satellite"]["elements"]
        == spec.satellite.elements
    )
    (folder / "metrics.parquet").unlink()
    assert engine.recover(folder).summary == done.summary
