import numpy as np
import pytest
from msgspec.structs import replace

from twin.nodes.base import Incoming
from twin.nodes.core import CoreTwin
from twin.signal.secrecy import secrecy_rates
from twin.wire.messages import Ack, Kind, Precoder, Replica, Sensed
from twin.wire.plain import pack_plain
from twin.wire.protocol import Reason

TRANSMITTERS = ("satellite", "uav", "base_station")


def make(bench, **changes):
    return CoreTwin(bench.config("core:base_station", coordination=bench.coordination(**changes)))


def share_all(bench, twin, *, seq=1, t_ns=5_000_000, seed=0):
    outputs = None
    for place, name in enumerate(TRANSMITTERS):
        msg_id = 10 * seq + place
        outputs = twin.handle(
            bench.shared(name, seed=seed + place, seq=seq, msg_id=msg_id, t_data_ns=100 * seq + place, t_ns=t_ns)
        )
    return outputs


def test_complete_set_is_solved_once_and_says_what_it_used(bench):
    twin = make(bench)
    assert twin.handle(bench.shared("satellite")).solves == ()
    assert twin.handle(bench.shared("uav", seed=1, msg_id=2)).solves == ()
    outputs = twin.handle(bench.shared("base_station", seed=2, msg_id=3, t_data_ns=50))
    (solve,) = outputs.solves
    assert solve.inputs == (1, 2, 3)
    assert (solve.version, solve.status, solve.trigger) == (1, "solved", "complete")
    assert outputs.cost_ns == 20_000 + 1_000_000
    assert [(x.kind, x.dst, x.body.transmitter) for x in outputs.letters] == [
        (Kind.PRECODER, "core:satellite", "satellite"),
        (Kind.PRECODER, "core:uav", "uav"),
        (Kind.PRECODER, "edge:base_station", "base_station"),
    ]
    assert {letter.t_data_ns for letter in outputs.letters} == {0}  # the oldest of what was used


def test_objective_is_the_rate_of_the_precoders_on_what_the_twin_knew(bench):
    twin = make(bench)
    outputs = share_all(bench, twin)
    channels = [bench.csi(seed).channels for seed in range(3)]
    vectors = [letter.body.vector for letter in outputs.letters]
    rates = secrecy_rates(channels, vectors)
    assert outputs.solves[0].objective == pytest.approx(rates.min(), abs=1e-12)
    assert all(np.vdot(x, x).real <= p * (1 + 1e-12) for x, p in zip(vectors, (10.0, 3.0, 30.0), strict=True))


@pytest.mark.parametrize(("trigger", "solved"), [("complete", [0, 0, 1]), ("every", [1, 1, 1])])
def test_triggers_on_a_second_round(bench, trigger, solved):
    twin = make(bench, trigger=trigger)
    share_all(bench, twin)
    counts = [
        len(twin.handle(bench.shared(name, seed=5, seq=2, msg_id=20 + k)).solves) for k, name in enumerate(TRANSMITTERS)
    ]
    assert counts == solved


def test_periodic_trigger_keeps_its_grid_and_solves_only_on_news(bench):
    twin = make(bench, trigger="periodic")
    assert share_all(bench, twin).solves == ()
    outputs = twin.handle(Incoming(10_000_000, 12_345_678, timer="solve"))
    assert len(outputs.solves) == 1
    (wake,) = outputs.wakes
    assert 12_345_678 + outputs.cost_ns + wake.delay_ns == 20_000_000
    idle = twin.handle(Incoming(20_000_000, 20_000_000, timer="solve"))
    assert idle.solves == ()
    assert 20_000_000 + idle.cost_ns + idle.wakes[0].delay_ns == 30_000_000


def test_stale_and_repeated_shares_change_nothing(bench):
    twin = make(bench)
    share_all(bench, twin, seq=3)
    before = pack_plain(twin.state(), "state")
    assert twin.handle(bench.shared("uav", seed=9, seq=2, msg_id=99)).reason is Reason.STALE
    assert twin.handle(bench.shared("uav", seed=9, seq=3, msg_id=99)).reason is Reason.DEDUPLICATED
    assert pack_plain(twin.state(), "state") == before


def test_what_is_sensed_of_the_eavesdropper_counts_only_when_it_is_newer(bench):
    sensed_rows = bench.csi(42).channels[3]

    def objective(t_data_ns):
        twin = make(bench)
        replica = Replica("eavesdropper", 1, Sensed("uav", sensed_rows, 0.1))
        twin.handle(
            bench.incoming(Kind.SHARE, "core:eavesdropper", twin.name, replica, msg_id=500, t_data_ns=t_data_ns)
        )
        return share_all(bench, twin, seq=1).solves[0]

    older, newer = objective(10), objective(10**9)
    assert older.inputs == (10, 11, 12)
    assert newer.inputs == (10, 11, 12, 500)
    channels = [bench.csi(seed).channels.copy() for seed in range(3)]
    channels[1][3] = sensed_rows
    assert older.objective != newer.objective


def test_failed_solve_is_recorded_and_the_old_precoder_stays(bench):
    twin = make(bench)
    share_all(bench, twin)
    broken = bench.shared("uav", seq=2, msg_id=21, t_data_ns=250)
    report = replace(bench.csi(1), channels=bench.csi(1).channels * 1e9)  # more than a double can tell from noise
    replica = Replica("uav", 2, report)
    twin.handle(bench.shared("satellite", seed=1, seq=2, msg_id=20, t_data_ns=250))
    twin.handle(bench.shared("base_station", seed=1, seq=2, msg_id=22, t_data_ns=250))
    outputs = twin.handle(Incoming(broken.t_ns, broken.begin_ns, broken.envelope, replica))
    (solve,) = outputs.solves
    assert (solve.status, solve.version) == ("failed", 2)
    assert outputs.letters == ()
    assert share_all(bench, twin, seq=3).solves[0].status == "solved"


def test_scheduled_activation_names_a_common_instant(bench):
    twin = make(bench, activation="scheduled", activation_margin_ns=7_000_000)
    outputs = share_all(bench, twin, t_ns=5_000_000)
    instants = {letter.body.activate_at_ns for letter in outputs.letters}
    assert instants == {5_000_000 + outputs.cost_ns + 7_000_000}


def test_acks_tell_how_long_the_way_down_takes(bench):
    twin = make(bench)
    finished = 5_000_000 + share_all(bench, twin).cost_ns
    before = twin.coordinator.aim.latency_ns("uav", 77)
    twin.handle(bench.incoming(Kind.ACK, "core:uav", twin.name, Ack("uav", 1, finished + 4_000_000), seq=4))
    assert (before, twin.coordinator.aim.latency_ns("uav", 77)) == (77, 4_000_000)
    assert twin.handle(bench.incoming(Kind.ACK, "core:uav", twin.name, Ack("uav", 0, 99))).reason is Reason.STALE


def test_core_twin_shares_with_the_coordinator_and_passes_precoders_down(bench):
    twin = CoreTwin(bench.config("core:uav"))
    replica = Replica("uav", 1, bench.csi())
    shared = twin.handle(bench.incoming(Kind.SYNC, "edge:uav", "core:uav", replica))
    assert [(x.kind, x.dst) for x in shared.letters] == [(Kind.SHARE, "core:base_station")]
    down = twin.handle(
        bench.incoming(Kind.PRECODER, "core:base_station", "core:uav", Precoder("uav", 1, bench.csi().channels[0], 0))
    )
    assert [(x.kind, x.dst) for x in down.letters] == [(Kind.PRECODER, "edge:uav")]


def test_core_twin_of_an_edge_coordinators_entity_does_not_send_back(bench):
    twin = CoreTwin(bench.config("core:uav", coordinator="edge:uav"))
    outputs = twin.handle(bench.incoming(Kind.SYNC, "edge:uav", "core:uav", Replica("uav", 1, bench.csi())))
    assert outputs.letters == ()


def test_two_worlds_that_deliver_the_same_messages_get_the_same_outputs(bench):
    """Invariant 12: nothing but the deliveries decides (two instances, in the same process, fed the same)."""

    def outputs_of(twin):
        seen = []
        for seq in range(1, 5):
            for place, name in enumerate(TRANSMITTERS):
                out = twin.handle(bench.shared(name, seed=10 * seq + place, seq=seq, msg_id=10 * seq + place))
                seen.append([(x.dst, x.body.version, x.body.vector.tobytes()) for x in out.letters])
        return seen, pack_plain(twin.state(), "state")

    assert outputs_of(make(bench)) == outputs_of(make(bench))


def test_a_lost_report_does_not_leave_the_cycles_mixed(bench):
    """Cycle 2 of the UAV is lost: cycle 2 is solved with its next report, and cycle 3 is whole again."""
    twin = make(bench)
    solved = []
    for cycle in (1, 2, 3):
        for place, name in enumerate(TRANSMITTERS):
            if (cycle, name) != (2, "uav"):
                share = bench.shared(name, seed=place, seq=cycle, msg_id=10 * cycle + place, trace_id=cycle)
                solved.extend(twin.handle(share).solves)
    assert [solve.inputs for solve in solved] == [(10, 11, 12), (30, 31, 22), (30, 31, 32)]


def test_the_fingerprint_tells_contents_apart(bench):
    prints = []
    for seed in (0, 1):
        twin = make(bench)
        twin.handle(bench.shared("uav", seed=seed))
        prints.append(pack_plain(twin.state(), "state"))
    assert prints[0] != prints[1]
