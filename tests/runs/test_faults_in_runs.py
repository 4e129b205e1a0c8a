"""Topology: the default one. Faults of every kind in whole runs: who suffers, what receivers make of it, what stays."""

from collections import Counter
from itertools import pairwise

import pytest

from scenarios.load import load
from scenarios.studies.one_run import one_run
from twin.emulation.routes import ROUTE_EPOCH_NS

FROM_NS, TO_NS = 100_000_000, 200_000_000
ALL = """fault=[
  {kind="loss_burst", link="radio", share=0.5, from_s=0.05, to_s=0.07},
  {kind="duplication", link="backhaul", share=0.5, from_s=0.04, to_s=0.1},
  {kind="reordering", link="fronthaul", share=0.3, delay_ms=30, from_s=0.06, to_s=0.12},
  {kind="delay_spike", link="core", delay_ms=5, from_s=0.1, to_s=0.12},
  {kind="replay", entity="uav", share=0.5, delay_ms=11, from_s=0.02, to_s=0.2},
  {kind="link_outage", link="core-cloud:uav - core-cloud:base_station", from_s=0.11, to_s=0.13},
  {kind="partition", sites=["satellite", "su"], from_s=0.14, to_s=0.16},
  {kind="twin_crash", twin="core:base_station", from_s=0.165, to_s=0.17},
  {kind="clock_skew", entity="uav", offset_ms=3, drift_ppm=50000, from_s=0.05, to_s=0.15},
]"""


def fault(kind, **keys):
    values = ", ".join(f"{key}={value!r}" for key, value in keys.items()).replace("'", '"')
    return f'fault=[{{kind="{kind}", from_s=0.1, to_s=0.2, {values}}}]'


def what_happened(run, before_ns):
    """Every message that was sent and ended before an instant, without what depends on the name of the run."""
    found = {}
    for msg_id, envelope in run.sent.items():
        end = run.ended.get(msg_id)
        if end is not None and end.t_ns < before_ns:
            found[envelope.src, envelope.dst, envelope.seq, envelope.flags] = (
                envelope.t_send_ns, envelope.t_data_ns, end.t_ns, end.fate, end.reason, end.hops
            )  # fmt: skip
    return found


def test_1_every_transport_and_window_decides_the_same_facts_whatever_goes_wrong(emulate):
    first = emulate(ALL, window=0, duration_s=0.2)
    assert {fact.fault for fact in first.struck} == set(range(9))
    for transport, window in (("inproc", 0), ("memory", "auto"), ("inproc", "auto")):
        other = emulate(ALL, transport=transport, window=window, duration_s=0.2)
        assert (other.digest, other.digest_events, other.hashes) == (first.digest, first.digest_events, first.hashes)


@pytest.mark.parametrize(
    "setting",
    [
        fault("loss_burst", link="radio", share=0.5),
        fault("duplication", link="core", share=0.5),
        fault("replay", link="radio", share=0.5, delay_ms=9),
        fault("reordering", link="radio", share=0.5, delay_ms=40),
        fault("partition", sites=["core-cloud:uav"]),
        fault("clock_skew", entity="uav", offset_ms=-7, drift_ppm=900),
    ],
)
def test_7_a_fault_leaves_everything_before_it_as_it_was(emulate, setting):
    plain = what_happened(emulate(duration_s=0.15), FROM_NS)
    assert what_happened(emulate(setting, duration_s=0.15), FROM_NS) == plain
    assert len(plain) > 100


def test_7_a_fault_elsewhere_leaves_another_fault_as_it_was(emulate):
    burst = '{kind="loss_burst", link="uav - au", share=0.5, from_s=0.1, to_s=0.3}'
    beside = '{kind="loss_burst", link="base_station - gu", share=0.5, from_s=0.1, to_s=0.3}'
    alone, both = emulate(f"fault=[{burst}]"), emulate(f"fault=[{beside}, {burst}]")

    def lost(run, number):
        return {
            run.sent[fact.msg_id].seq
            for fact in run.struck
            if fact.fault == number and run.sent[fact.msg_id].src == "au"
        }

    assert lost(alone, 0) == lost(both, 1) != set()


def test_copies_end_where_their_receivers_know_the_original(emulate):
    run = emulate(fault("duplication", link="backhaul", share=1.0))
    copies = [envelope for envelope in run.sent.values() if envelope.flags == 1]
    assert len(copies) == len(run.struck) > 50
    alike: dict[int, list[str]] = {}
    for msg_id, end in run.ended.items():
        alike.setdefault(msg_id & ((1 << 36) - 1) | msg_id >> 40 << 40, []).append(end.reason)
    repeated = [Counter(reasons) for reasons in alike.values() if len(reasons) > 1]
    assert len(repeated) > 50
    # One of them is handled, mostly the original, unless something newer came before all of them.
    assert all(reasons[""] <= 1 and set(reasons) <= {"", "deduplicated", "stale"} for reasons in repeated)
    assert sum(reasons[""] for reasons in repeated) > 0.9 * len(repeated)
    versions = [fact.version for fact in run.applied if fact.transmitter == "uav"]
    assert versions == sorted(versions)


def test_an_old_message_that_comes_again_is_stale(emulate):
    run = emulate(fault("replay", entity="uav", share=1.0, delay_ms=70))
    replayed = [envelope for envelope in run.sent.values() if envelope.flags == 2]
    assert {envelope.src for envelope in replayed} == {"uav"}
    ended = [run.ended[envelope.msg_id] for envelope in replayed if envelope.msg_id in run.ended]
    assert len(ended) > 10
    assert {end.reason for end in ended} <= {"stale", "deduplicated"}
    assert all(any(hop.queue_ns == 70_000_000 and hop.serialisation_ns == 0 for hop in end.hops) for end in ended)


def test_a_partition_drops_what_would_pass_and_heals(emulate):
    run = emulate(fault("partition", sites=["core-cloud:uav"]), duration_s=0.4)
    cut = [(end.t_ns, run.sent[msg_id]) for msg_id, end in run.ended.items() if end.reason == "partitioned"]
    assert len(cut) > 10
    ends = [{name.rpartition(":")[2] for name in (envelope.src, envelope.dst)} for _, envelope in cut]
    assert all(names & {"uav", "au"} for names in ends)  # who is at home in that network
    assert all(FROM_NS <= t_ns < TO_NS + ROUTE_EPOCH_NS for t_ns, _ in cut)
    solves = [solve.begin_ns for solve in run.solved]
    assert not [t_ns for t_ns in solves if FROM_NS + 30_000_000 < t_ns < TO_NS]  # the trigger waits for the UAV
    assert [t_ns for t_ns in solves if t_ns > TO_NS]


def reports(run, name):
    sent = [e for e in run.sent.values() if e.src == name and e.kind == "csi"]
    return [(envelope.t_send_ns, envelope.t_data_ns) for envelope in sorted(sent, key=lambda e: e.seq)]


def test_a_wrong_clock_moves_the_reports_and_their_stamps(emulate):
    run = emulate(fault("clock_skew", entity="uav", offset_ms=7.0, drift_ppm=100_000.0), duration_s=0.3)
    ms = [(t_ns / 1e6, data_ns / 1e6) for t_ns, data_ns in reports(run, "uav")]
    assert ms[:5] == [(20.0 * k, 20.0 * k) for k in range(5)]
    # At 100 ms the clock jumps to 107, and runs a tenth faster: it shows 127 at 100 + 20 / 1.1 ms.
    assert ms[5] == (100.0, 107.0)
    assert ms[6] == pytest.approx((100 + 20 / 1.1, 127.0), abs=1e-5)
    steps = [late - early for (early, _), (late, _) in pairwise(ms[5:11])]
    assert steps == pytest.approx([20 / 1.1] * 5, abs=1e-5)
    assert all(data == pytest.approx(t) for t, data in ms if t >= 200)
    assert [t for t, _ in reports(run, "satellite")] == [20_000_000 * k for k in range(15)]


def test_nobody_believes_that_data_are_from_the_future(emulate):
    run = emulate(fault("clock_skew", entity="uav", offset_ms=500.0), duration_s=0.3)
    assert all(fact.t_data_ns <= fact.t_ns for fact in run.applied)
    twins = [envelope for envelope in run.sent.values() if envelope.src != "uav"]
    assert all(envelope.t_data_ns <= envelope.t_send_ns for envelope in twins)


def test_what_faults_cost_is_in_the_summary():
    crash = "fault=[{kind='twin_crash', twin='core:base_station', from_s=0.3, to_s=0.45}]"
    spec = load("sagin", ["scenario.duration_s=0.8", "metrics.warmup_ms=100", "metrics.attribution=none", crash])
    (entry,) = one_run(spec, 1).summary["faults"]
    assert entry["messages"]["dropped"] > 50
    assert entry["secrecy_cost"] > 0.1  # a coordinator that says nothing for 150 ms
    assert entry["samples"] == pytest.approx(250 / 7, abs=2)
