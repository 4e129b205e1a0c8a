"""The network half of a scenario: bursts, priorities, retransmission, outages; and what is refused in one line."""

from typing import get_args

import networkx as nx
import pytest

from scenarios import outages
from scenarios.build import run_id
from scenarios.load import from_dict, load
from scenarios.sagin import topology
from scenarios.sagin.spec import SaginSpec
from scenarios.spec_links import LINK_CLASSES, ArqSection, KindName
from scenarios.systems import system_of
from twin.emulation.links import LinkParams
from twin.emulation.loss import Burst
from twin.emulation.routes import always_up
from twin.errors import ScenarioError
from twin.wire.messages import Kind

MS = 1_000_000


def outage(link, from_s, to_s):
    return {"link": link, "from_s": from_s, "to_s": to_s}


def spec_with(*schedule, duration_s=10.0):
    return from_dict({"scenario": {"duration_s": duration_s}, "network": {"outage": list(schedule)}})


def test_there_is_a_limit_and_a_priority_for_every_kind_of_message():
    kinds = [kind.value for kind in Kind]
    assert list(ArqSection.model_fields) == ["timeout_ms", *kinds]
    assert list(get_args(KindName)) == kinds


def test_settings_reach_the_links_of_their_class_and_no_other():
    sets = [
        "network.radio.loss_burst={mean_good_ms=50, mean_bad_ms=5, loss_bad=0.8}",
        'network.radio.priority=["precoder", "csi"]',
        "network.radio.arq.precoder=3",
        "network.radio.arq.timeout_ms=2.5",
    ]
    graph = topology.make_graph(load("sagin", sets))
    by_class = {params.kind: params for _, _, params in graph.edges(data="params")}
    assert by_class["radio"].burst == Burst(50 * MS, 5 * MS, 0.0, 0.8)
    assert by_class["radio"].priority == ("precoder", "csi")
    assert (by_class["radio"].arq.retries, by_class["radio"].arq.timeout_ns) == ({"precoder": 3}, 2_500_000)
    assert all(by_class[name].plain and by_class[name].burst is None for name in LINK_CLASSES[1:])
    assert not by_class["radio"].plain


def test_features_that_are_off_do_not_name_a_run():
    plain = SaginSpec()
    assert "loss_burst" not in plain.identity()["network"]["radio"]
    assert "outage" not in plain.identity()["network"]
    assert "arq" in plain.as_dict()["network"]["radio"]
    names = {
        run_id(spec, 1)
        for spec in (
            plain,
            load("sagin", ["network.radio.arq.csi=1"]),
            load("sagin", ["network.core.loss_burst.loss_bad=1"]),
        )
    }
    assert len(names) == 3
    assert run_id(load("sagin", ["network.radio.arq.csi=0"]), 1) == run_id(plain, 1)


def test_a_scheduled_outage_takes_its_links_down_both_ways():
    spec = spec_with(
        outage("backhaul", 1, 2), outage("uav - ground-station", 1.5, 3), outage("ground-station - uav", 3, 4)
    )
    up = outages.is_up(spec, topology.make_graph(spec))
    times = [999 * MS, 1000 * MS, 1999 * MS, 2000 * MS]
    for a, b in (("edge-cloud:uav", "core-cloud:uav"), ("core-cloud:satellite", "edge-cloud:satellite")):
        assert [up(a, b, t_ns) for t_ns in times] == [True, False, False, True]
    assert [up("ground-station", "uav", t_ms * MS) for t_ms in (1499, 1500, 3000, 3999, 4000)] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert all(up("uav", "au", t_ns) for t_ns in times)


def test_outages_may_overlap_and_lie_within_each_other():
    spec = spec_with(outage("core", 1, 5), outage("core", 2, 3), outage("core", 4, 6), outage("core", 8, 9))
    up = outages.is_up(spec, topology.make_graph(spec))
    seen = [up("core-cloud:uav", "core-cloud:satellite", t_s * 1000 * MS) for t_s in range(10)]
    assert [t_s for t_s, is_up in enumerate(seen) if not is_up] == [1, 2, 3, 4, 5, 8]


def test_geometry_and_schedule_must_both_say_that_a_link_is_up():
    spec = spec_with(outage("radio", 1, 2))
    up = outages.is_up(spec, topology.make_graph(spec), lambda a, _b, t_ns: a != "satellite" or t_ns < 1500 * MS)
    looks = (500 * MS, 1000 * MS, 1700 * MS, 2500 * MS)
    assert [up("satellite", "gateway", t_ns) for t_ns in looks] == [True, False, False, False]
    assert [up("uav", "au", t_ns) for t_ns in looks] == [True, False, False, True]
    assert outages.is_up(SaginSpec(), topology.make_graph(SaginSpec())) is always_up


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (
            [outage("backhual", 1, 2)],
            (
                'network.outage[0].link = "backhual": must be "radio", "fronthaul", "backhaul", "core", '
                'or two sites that a link joins as in "satellite - gateway"'
            ),
        ),
        (
            [outage("core", 1, 2), outage("uav - gateway", 1, 2)],
            (
                'network.outage[1].link = "uav - gateway": must be "radio", '
                '"fronthaul", "backhaul", "core", or two sites that a link joins (of uav: "uav - au", "uav - base_station", '
                '"uav - ground-station", "uav - satellite")'
            ),
        ),
        ([outage("core", 2, 2)], "network.outage[0].to_s = 2: must be more than from_s, 2 s"),
        ([outage("core", 2, 1)], "network.outage[0].to_s = 1: must be more than from_s, 2 s"),
        ([outage("core", -1, 1)], "network.outage[0].from_s = -1: must be 0 to 3600 s"),
        (
            [outage("fronthaul", 0, 11)],
            (
                'network.outage = ["fronthaul"]: must leave au a route to core-cloud:base_station, '
                "at the start of some 100 ms of the run"
            ),
        ),
        (
            [outage("su - satellite", 0, 5), outage("satellite - su", 4, 9.95)],
            (
                'network.outage = ["su - satellite", '
                '"satellite - su"]: must leave su a route to core-cloud:base_station, at the start of some 100 ms of the run'
            ),
        ),
        ([{"link": "core", "from_s": 1}], "network.outage[0].to_s: missing, must be 0 to 3600 s"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(schedule, message):
    with pytest.raises(ScenarioError) as caught:
        spec_with(*schedule)
    assert str(caught.value) == message


def test_a_way_in_a_single_epoch_is_enough():
    assert spec_with(outage("fronthaul", 0, 9.9)).network.outage
    assert spec_with(outage("fronthaul", 0.01, 10)).network.outage
    with pytest.raises(ScenarioError, match="must leave au a route"):
        spec_with(outage("fronthaul", 0, 9.901))


def test_without_outages_everybody_has_a_way():
    extra = [{"name": "lorry", "position_m": [0, 0, 0], "serving": "satellite"}]
    for coordinator in ("core:base_station", "edge:uav", "edge:lorry", "core:eavesdropper"):
        spec = from_dict({"twin": {"coordinator": coordinator}, "users": {"extra": extra}})
        assert outages.problem(system_of(spec)) is None


def test_a_graph_with_no_route_names_who_is_cut_off():
    graph = nx.Graph()
    params = LinkParams("x", 0, 0, 1e6, 0.0, 1)
    direct = LinkParams("x", 0, 0, 1e6, 0.0, 1, direct=True)
    for a, b, kind in (("a", "b", params), ("c", "d", params), ("d", "b", direct)):
        graph.add_edge(a, b, params=kind)

    def cut_off(senders):
        return outages.without_route(graph, senders, "b", always_up, [0])

    assert cut_off(("a", "b", "d")) is None
    assert cut_off(("a", "d", "c")) == "c"  # a direct link carries nothing in transit
    assert cut_off(("a", "elsewhere")) == "elsewhere"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("network.radio.rate_mbps=0", "network.radio.rate_mbps = 0: must be 0.001 to 1000000 Mbit/s"),
        ("network.core.loss=1.2", "network.core.loss = 1.2: must be 0 to 1"),
        ("network.core.latency_ms=-1", "network.core.latency_ms = -1: must be 0 to 10000 ms"),
        ("network.core.queue_max=0", "network.core.queue_max = 0: must be 1 to 1000000"),
        ("network.radio.loss_burst.loss_bad=2", "network.radio.loss_burst.loss_bad = 2: must be 0 to 1"),
        (
            "network.radio.loss_burst.mean_bad_ms=0",
            "network.radio.loss_burst.mean_bad_ms = 0: must be 0.01 to 3600000 ms",
        ),
        ("network.radio.arq.precoder=17", "network.radio.arq.precoder = 17: must be 0 to 16"),
        ("network.radio.arq.precoder=-1", "network.radio.arq.precoder = -1: must be 0 to 16"),
        ("network.radio.arq.timeout_ms=-1", "network.radio.arq.timeout_ms = -1: must be 0 to 60000 ms"),
        (
            "network.radio.arq.precodr=1",
            "network.radio.arq.precodr: unknown key; did you mean network.radio.arq.precoder?",
        ),
        ("network.radio.arq={sic = 1}", "network.radio.arq.sic: unknown key; did you mean network.radio.arq.csi?"),
        (
            'network.radio.priority=["csi", "csi"]',
            'network.radio.priority = ["csi", "csi"]: must name a kind once only',
        ),
        (
            'network.radio.priority=["cis"]',
            (
                'network.radio.priority = ["cis"]: must be a list of "state", "csi", "sync", '
                '"share", "precoder", "ack", "command", "price", "covariance" or "echo"'
            ),
        ),
    ],
)
def test_a_link_that_cannot_be_is_refused(setting, message):
    with pytest.raises(ScenarioError) as caught:
        load("sagin", [setting])
    assert str(caught.value) == f"{message} (--set)"


def test_a_file_names_its_line(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(
        '[[network.outage]]\nlink = "core"\nfrom_s = 1\nto_s = 2\n\n[[network.outage]]\nlink = "moon"\nfrom_s = 1\nto_s = 2\n'
    )
    with pytest.raises(ScenarioError, match=r"network\.outage\[1\]\.link = .moon.: must be .*\(.*:7\)$"):
        load(str(path))
