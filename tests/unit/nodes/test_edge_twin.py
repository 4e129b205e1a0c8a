from twin.nodes.edge import EdgeTwin
from twin.wire.messages import Ack, Kind, Precoder, Replica, Sensed
from twin.wire.plain import pack_plain
from twin.wire.protocol import Reason


def kinds(outputs):
    return [(letter.kind, letter.dst) for letter in outputs.letters]


def test_report_of_a_transmitter_is_synced_and_what_it_senses_is_shared(bench):
    twin = EdgeTwin(bench.config("edge:uav"))
    cause = bench.incoming(Kind.CSI, "uav", "edge:uav", bench.csi(), seq=3, msg_id=77, t_data_ns=11)
    outputs = twin.handle(cause)
    assert kinds(outputs) == [(Kind.SYNC, "core:uav"), (Kind.SHARE, "edge:eavesdropper")]
    sync, share = outputs.letters
    assert (sync.t_data_ns, sync.parent_id, sync.body.entity, sync.body.report_seq) == (11, 77, "uav", 3)
    assert share.body.entity == "eavesdropper"
    assert share.body.report.transmitter == "uav"
    assert share.body.report.radius == 0.5
    assert (share.body.report.channel == cause.body.channels[3]).all()
    assert outputs.cost_ns == 20_000


def test_state_of_a_user_is_synced_and_nothing_else(bench):
    twin = EdgeTwin(bench.config("edge:su"))
    outputs = twin.handle(bench.incoming(Kind.STATE, "su", "edge:su", bench.state()))
    assert kinds(outputs) == [(Kind.SYNC, "core:su")]


def test_older_and_repeated_reports_are_dropped_with_their_reason(bench):
    twin = EdgeTwin(bench.config("edge:uav"))
    for seq, reason in ((5, Reason.NONE), (5, Reason.DEDUPLICATED), (4, Reason.STALE), (6, Reason.NONE)):
        outputs = twin.handle(bench.incoming(Kind.CSI, "uav", "edge:uav", bench.csi(seq), seq=seq))
        assert outputs.reason == reason
        assert bool(outputs.letters) == (not reason)
    assert twin.replica["csi"].report_seq == 6


def test_dropped_input_changes_nothing(bench):
    twin = EdgeTwin(bench.config("edge:uav"))
    twin.handle(bench.incoming(Kind.CSI, "uav", "edge:uav", bench.csi(1), seq=5))
    before = pack_plain(twin.state(), "state")
    twin.handle(bench.incoming(Kind.CSI, "uav", "edge:uav", bench.csi(2), seq=4))
    twin.handle(bench.incoming(Kind.CSI, "satellite", "edge:uav", bench.csi(2), seq=9))
    assert pack_plain(twin.state(), "state") == before


def test_the_eavesdroppers_twin_is_fed_by_what_transmitters_sense(bench):
    twin = EdgeTwin(bench.config("edge:eavesdropper"))
    for name in ("satellite", "uav"):
        replica = Replica("eavesdropper", 1, Sensed(name, bench.csi().channels[3], 0.1))
        outputs = twin.handle(bench.incoming(Kind.SHARE, f"edge:{name}", "edge:eavesdropper", replica))
        assert kinds(outputs) == [(Kind.SYNC, "core:eavesdropper")]
    assert set(twin.replica) == {"satellite", "uav"}


def test_precoder_goes_to_the_entity_newest_version_only(bench):
    twin = EdgeTwin(bench.config("edge:uav"))

    def deliver(version, transmitter="uav"):
        body = Precoder(transmitter, version, bench.csi().channels[0], 0)
        return twin.handle(bench.incoming(Kind.PRECODER, "core:uav", "edge:uav", body, seq=version))

    assert kinds(deliver(2)) == [(Kind.PRECODER, "uav")]
    assert deliver(1).reason is Reason.STALE
    assert deliver(2).reason is Reason.DEDUPLICATED
    assert deliver(3, "satellite").reason is Reason.MALFORMED
    assert kinds(deliver(3)) == [(Kind.PRECODER, "uav")]


def test_ack_travels_up(bench):
    twin = EdgeTwin(bench.config("edge:uav"))
    outputs = twin.handle(bench.incoming(Kind.ACK, "uav", "edge:uav", Ack("uav", 1, 9)))
    assert kinds(outputs) == [(Kind.ACK, "core:uav")]


def test_an_edge_coordinator_takes_its_own_reports_in_and_still_syncs(bench):
    twin = EdgeTwin(bench.config("edge:uav", "edge:uav", bench.coordination(first_hop={"uav": "uav"})))
    outputs = twin.handle(bench.incoming(Kind.CSI, "uav", "edge:uav", bench.csi()))
    assert kinds(outputs) == [(Kind.SYNC, "core:uav"), (Kind.SHARE, "edge:eavesdropper")]
    assert set(twin.coordinator.csi) == {"uav"}
    before = pack_plain(twin.state(), "state")
    ack = twin.handle(bench.incoming(Kind.ACK, "uav", "edge:uav", Ack("uav", 1, 9)))
    assert ack.letters == ()
    assert pack_plain(twin.state(), "state") != before


def test_a_timer_or_body_that_means_nothing_here_is_dropped(bench):
    twin = EdgeTwin(bench.config("edge:su"))
    share = bench.shared("uav", dst="edge:su")
    assert twin.handle(share).reason is Reason.MALFORMED
    from twin.nodes.base import Incoming

    assert twin.handle(Incoming(1, 1, timer="solve")).reason is Reason.MALFORMED
