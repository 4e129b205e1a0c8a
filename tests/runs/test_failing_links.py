"""Runs whose links fail, lose in bursts, prefer kinds and send again."""

from itertools import pairwise

import pytest

from twin.wire.messages import Kind

EVERYTHING = (
    "network.radio.loss_burst={mean_good_ms=20, mean_bad_ms=4, loss_bad=0.9}",
    'network.radio.priority=["precoder", "csi"]',
    "network.radio.arq={precoder=3, csi=1}",
    "network.radio.rate_mbps=3",
    "network.backhaul.rate_mbps=1",
    "network.backhaul.queue_max=4",
    'network.backhaul.priority=["precoder"]',
    "network.core.loss=0.1",
    "network.core.arq={share=2, timeout_ms=3}",
    'network.outage=[{link="uav - ground-station", from_s=0.11, to_s=0.23}, {link="core", from_s=0.3, to_s=0.36}]',
    "twin.trigger=every",
)
TIES = tuple(f"network.{link}.jitter_ms=0" for link in ("radio", "fronthaul", "backhaul", "core"))
CUT = "core-cloud:uav - core-cloud:base_station"


@pytest.mark.parametrize("sets", [EVERYTHING, (*EVERYTHING, *TIES)], ids=["with jitter", "ties"])
def test_memory_and_inproc_give_one_digest_with_every_feature_on(emulate, sets):
    memory, inproc = (emulate(*sets, transport=transport, duration_s=0.4) for transport in ("memory", "inproc"))
    assert memory.digest == inproc.digest
    assert memory.hashes == inproc.hashes


@pytest.fixture(scope="module")
def run(emulate):
    return emulate(*EVERYTHING, duration_s=0.5)


def test_parts_add_up_and_every_reason_is_seen(run):
    for fact in run.ended.values():
        parts = sum(h.queue_ns + h.serialisation_ns + h.propagation_ns + h.jitter_ns for h in fact.hops)
        assert fact.t_ns == run.sent[fact.msg_id].t_send_ns + parts
    assert {"loss", "outage", "no_route", "queue_full"} <= {fact.reason for fact in run.ended.values()}
    assert {fact.fate for fact in run.ended.values() if fact.reason in {"loss", "outage"}} == {"lost"}


def test_only_kinds_with_a_limit_cross_a_link_more_than_once(run):
    attempts = dict.fromkeys(Kind, 0)
    for fact in run.ended.values():
        kind, links = run.sent[fact.msg_id].kind, [hop.link for hop in fact.hops]
        attempts[kind] = max([attempts[kind], *(links.count(link) for link in links)])
    assert attempts[Kind.PRECODER] == 4
    assert attempts[Kind.CSI] == 2
    assert attempts[Kind.SHARE] == 3
    assert attempts[Kind.STATE] == attempts[Kind.SYNC] == attempts[Kind.ACK] == 1


def test_a_link_that_is_down_is_avoided_and_precoders_grow_old_where_there_is_no_other(emulate):
    """Core clouds have a way round; the UAV's ground station has none."""
    cut = emulate(f'network.outage=[{{link="{CUT}", from_s=0.1, to_s=0.2}}]', duration_s=0.4)
    shares = [
        (e.t_send_ns, cut.ended[i])
        for i, e in cut.sent.items()
        if (e.src, e.dst) == ("core:uav", "core:base_station") and i in cut.ended
    ]
    for t_ns, fact in shares:
        detour = ["core:core-cloud:uav>core-cloud:satellite", "core:core-cloud:satellite>core-cloud:base_station"]
        direct = ["core:core-cloud:uav>core-cloud:base_station"]
        assert [hop.link for hop in fact.hops] == (detour if 100_000_000 <= t_ns < 200_000_000 else direct)
        assert fact.fate == "delivered"
    assert len(shares) > 20

    lone = emulate('network.outage=[{link="uav - ground-station", from_s=0.1, to_s=0.2}]', duration_s=0.4)
    inside = [
        lone.ended[i]
        for i, e in lone.sent.items()
        if e.src == "uav" and e.dst == "edge:uav" and 10**8 <= e.t_send_ns < 2 * 10**8
    ]
    assert {fact.reason for fact in inside} == {"no_route"}
    assert inside
    applied = sorted(fact.t_ns for fact in lone.applied if fact.transmitter == "uav" and fact.version)
    assert max(later - sooner for sooner, later in pairwise(applied)) > 100_000_000
