"""How far the kernel may run ahead: by hand, for the cases that the rule tells apart."""

import networkx as nx
import pytest

from twin.emulation.links import LinkParams
from twin.emulation.lookahead import Declared, Traffic, lookahead
from twin.errors import UsageError
from twin.wire.codec import seal
from twin.wire.messages import Envelope, Kind
from twin.wire.protocol import Delivery
from twin.wire.reactions import TIMER, Reaction

CSI = seal(Envelope(1, "run", Kind.CSI, "user", "edge:a", 1, 1, 1, 0, 0, -1, 0, 0, 0, b""))


def link(latency_ns, rate_bps=8e9):
    return LinkParams("link", latency_ns, 0, rate_bps, 0.0, 10)


@pytest.fixture(name="star")
def _star():
    """left - hub - right, with links of 5000 and 7000 ns that take 1 ns for a byte."""
    graph = nx.Graph()
    graph.add_edge("left", "hub", params=link(5000))
    graph.add_edge("right", "hub", params=link(7000))
    return graph


SITES = {"edge:a": "left", "edge:b": "right", "user": "hub"}


def test_a_twin_alone_at_the_end_of_its_own_link_adds_that_link(star):
    longest = lookahead(star, SITES, {"edge:a": Declared(2000), "edge:b": Declared(2000)})
    assert (longest.window_ns, longest.least.node) == (2000 + 5000 + 1, "edge:a")


def test_a_neighbour_on_the_site_makes_the_way_out_shared(star):
    longest = lookahead(star, {**SITES, "entity": "left"}, {"edge:a": Declared(2000), "edge:b": Declared(2000)})
    assert (longest.window_ns, longest.least.node) == (2000, "edge:a")
    assert longest.least.why == "handles a message in 2000 ns and shares its way out"


def test_a_second_link_may_carry_messages_in_transit(star):
    star.add_edge("left", "beyond", params=link(1))
    longest = lookahead(star, SITES, {"edge:a": Declared(2000), "edge:b": Declared(9000)})
    assert longest.window_ns == 2000


def test_a_timer_shorter_than_the_way_out_counts(star):
    declared = {"edge:a": Declared(2000, timer_ns=300), "edge:b": Declared(2000, timer_ns=10**9)}
    longest = lookahead(star, SITES, declared)
    assert (longest.window_ns, longest.least.node) == (2300, "edge:a")
    assert longest.least.why == "sets a timer 300 ns after 2000 ns"


def test_no_window_is_shorter_than_the_least_cost_that_every_host_asserts(star):
    assert lookahead(star, {**SITES, "entity": "left"}, {"edge:a": Declared(0)}).window_ns == 1000


def test_the_longest_window_is_valid_and_the_next_is_refused_with_node_and_number(star):
    longest = lookahead(star, SITES, {"edge:a": Declared(2000), "edge:b": Declared(2000)})
    assert longest.check(7001) == 7001
    for window_ns in (7002, 0, -1):
        with pytest.raises(UsageError, match=r"must be 1e-09 to 7\.001e-06 s: edge:a handles"):
            longest.check(window_ns)


def test_the_longest_window_that_a_refusal_names_is_valid_to_the_last_digit(star):
    longest = lookahead(star, SITES, dict.fromkeys(("edge:a", "edge:b"), Declared(1_234_567_891)))
    with pytest.raises(UsageError) as refusal:
        longest.check(2 * longest.window_ns)
    named_s = float(str(refusal.value).partition(" to ")[2].partition(" s")[0])
    assert longest.check(round(named_s * 1e9)) == longest.window_ns == 1_234_572_892


def test_what_an_answer_costs_puts_off_its_effect_but_not_that_of_a_timer(star):
    turn = Reaction(frozenset({"user"}), wakes=True, cost_ns=4000)
    declared = {"edge:a": Declared(2000, 10**9, {TIMER: turn}), "edge:b": Declared(2000, 3000, {TIMER: turn})}
    found = lookahead(star, SITES, declared)
    assert found.horizon(Delivery("edge:a", 0, None, "tick")) == 2000 + 4000 + 5001
    assert found.horizon(Delivery("edge:b", 0, None, "tick")) == 2000 + 3000
    assert (found.least.node, found.least.why) == ("edge:b", "sets a timer 3000 ns after 2000 ns")


def test_a_link_that_another_feeds_on_its_way_is_shared(star):
    star.add_edge("left", "far", params=link(100))
    sites = {**SITES, "far": "far"}
    declared = {
        "edge:a": Declared(2000, None, {"csi": Reaction(frozenset({"user"}))}),
        "edge:b": Declared(2000, None, {}),
    }
    ways = {("left", "hub"): ("left", "hub"), ("far", "hub"): ("far", "left", "hub"), ("far", "left"): ("far", "left")}
    for talks, waits_ns in (((), 2000 + 5001), (("edge:a",), 2000 + 5001), (("user",), 2000)):
        found = lookahead(star, sites, declared, Traffic({"far": talks}, lambda here, there: ways[here, there]))
        assert found.horizon(Delivery("edge:a", 0, CSI)) == waits_ns
        assert found.horizon(Delivery("edge:b", 0, CSI)) is None
