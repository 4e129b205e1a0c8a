"""How far the kernel runs ahead of the twins of the scenarios that there are."""

import pytest

from scenarios.fates import lookahead_of
from scenarios.load import load
from scenarios.systems import system_of
from twin.wire.codec import seal
from twin.wire.messages import Envelope, Kind
from twin.wire.protocol import CRASH, Delivery

HANDLE_NS = 20_000
TURN_NS = 100_000
BYTE_NS = 8  # on the slowest of the links that are somebody's own


def waits(scenario, *sets):
    """How long a delivery of a kind (or, for "", a timer) may wait for a twin."""
    ahead = lookahead_of(system_of(load(scenario, sets)))

    def wait_ns(node, kind):
        if not kind:
            return ahead.horizon(Delivery(node, 0, None, "update"))
        return ahead.horizon(
            Delivery(node, 0, seal(Envelope(1, "run", kind, "x", node, 1, 1, 1, 0, 0, -1, 0, 0, 0, b"")))
        )

    return wait_ns


def test_a_pairs_links_are_its_own_and_nothing_comes_of_a_price():
    wait_ns = waits("interference")
    for pair in ("pair1", "pair5"):
        edge = f"edge:{pair}"
        assert wait_ns(edge, "") == pytest.approx(HANDLE_NS + TURN_NS + 200_000, abs=BYTE_NS)  # to the transmitter
        assert wait_ns(edge, Kind.COVARIANCE) == pytest.approx(HANDLE_NS + 500_000, abs=BYTE_NS)  # to other edge twins
        assert wait_ns(edge, Kind.ACK) == pytest.approx(HANDLE_NS + 2_000_000, abs=BYTE_NS)  # to the core twin
        assert wait_ns(edge, Kind.PRICE) is wait_ns(edge, Kind.CSI) is wait_ns(f"core:{pair}", Kind.SYNC) is None


def test_prices_through_the_core_are_handed_on():
    wait_ns = waits("interference", "twin.price_route=core", "twin.synced=all")
    assert wait_ns("core:pair1", Kind.PRICE) == pytest.approx(HANDLE_NS + 1_000_000, abs=BYTE_NS)
    assert wait_ns("edge:pair1", Kind.COVARIANCE) == pytest.approx(HANDLE_NS + 2_000_000, abs=BYTE_NS)
    assert wait_ns("edge:pair1", Kind.CSI) == wait_ns("edge:pair1", Kind.COVARIANCE)
    assert wait_ns("edge:pair1", Kind.PRICE) is None


@pytest.mark.parametrize(
    "trouble",
    [
        'network.outage=[{link="edge",from_s=0.1,to_s=0.2}]',
        'fault=[{kind="partition",sites=["edge-cloud:pair1"],from_s=0.1,to_s=0.2}]',
        'fault=[{kind="duplication",link="edge",from_s=0.1,to_s=0.2}]',
    ],
)
def test_where_routes_or_messages_may_change_no_link_is_sure_to_be_somebodys_own(trouble):
    wait_ns = waits("interference", trouble)
    assert wait_ns("edge:pair1", Kind.COVARIANCE) == HANDLE_NS
    assert wait_ns("edge:pair1", "") == HANDLE_NS + TURN_NS
    assert wait_ns("edge:pair1", Kind.PRICE) is None


def test_a_link_that_chooses_whom_to_serve_holds_nobody_up_longer():
    wait_ns = waits("interference", 'network.edge.priority=["price"]')
    assert wait_ns("edge:pair1", Kind.COVARIANCE) == HANDLE_NS
    assert wait_ns("edge:pair1", Kind.ACK) > HANDLE_NS


def test_a_twin_that_begins_anew_may_ask_for_a_timer_that_strikes_at_once():
    crash = 'fault=[{kind="twin_crash",twin="edge:pair1",from_s=0.1,to_s=0.2}]'
    wait_ns = waits("interference", crash)
    assert wait_ns("edge:pair1", "") == HANDLE_NS + 1
    assert wait_ns("edge:pair1", Kind.ACK) > HANDLE_NS + 1
    ahead = lookahead_of(system_of(load("interference", [crash])))
    assert ahead.horizon(Delivery("edge:pair1", 0, None, CRASH)) is None


@pytest.mark.parametrize("scenario", ["sagin", "hisac"])
def test_twins_that_share_a_cloud_share_its_ways_out(scenario):
    ahead = lookahead_of(system_of(load(scenario)))
    assert ahead.window_ns == HANDLE_NS
    assert ahead.least.why == "handles a message in 20000 ns and shares its way out"
