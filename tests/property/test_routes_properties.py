"""Routes against Dijkstra's algorithm over the whole graph: trees, leaves of leaves, ties, direct and failing links."""

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.emulation.links import LinkParams
from twin.emulation.routes import ROUTE_EPOCH_NS, Routes, always_up

SITES = tuple("abcdefgh")
PAIRS = [(a, b) for place, a in enumerate(SITES) for b in SITES[place + 1 :]]
NOMINAL_BYTES = 512


@st.composite
def networks(draw):
    """A graph, what geometry adds to each link in each epoch, and the epochs in which each link is down."""
    graph = nx.Graph()
    graph.add_nodes_from(draw(st.permutations(SITES)))
    chosen = draw(st.lists(st.sampled_from(PAIRS), unique=True, max_size=12))
    flights, outages = {}, {}
    for a, b in chosen:
        latency = draw(st.sampled_from([0, 1_000, 1_000_000]))
        direct = draw(st.integers(0, 4)) == 0
        graph.add_edge(a, b, params=LinkParams("link", latency, 0, 1e9, 0.0, 10, direct=direct))
        flights[frozenset((a, b))] = draw(st.sampled_from([(0, 0, 0), (0, 5_000_000, 7), (2_000, 0, 2_000)]))
        outages[frozenset((a, b))] = draw(st.sampled_from([(), (), (), (0,), (1,), (0, 1, 2)]))
    return graph, flights, outages


def functions(flights, outages, fails):
    def propagation_ns(a, b, t_ns):
        return flights[frozenset((a, b))][t_ns // ROUTE_EPOCH_NS]

    def up(a, b, t_ns):
        return t_ns // ROUTE_EPOCH_NS not in outages[frozenset((a, b))]

    return propagation_ns, up if fails else always_up


def usable(graph, src, dst, propagation_ns, up, t_ns):
    """The links that a message from `src` to `dst` may take, with their latencies at the start of the epoch."""
    begin_ns = t_ns // ROUTE_EPOCH_NS * ROUTE_EPOCH_NS
    links = nx.Graph()
    links.add_nodes_from(graph)
    for a, b, params in graph.edges(data="params"):
        if up(a, b, begin_ns) and (not params.direct or {a, b} == {src, dst}):
            wire_ns = params.latency_ns + params.serialisation_ns(NOMINAL_BYTES)
            links.add_edge(a, b, weight=wire_ns + propagation_ns(a, b, begin_ns))
    return links


@settings(max_examples=200, deadline=None)
@given(network=networks(), fails=st.booleans(), epochs=st.lists(st.integers(0, 2), min_size=1, max_size=4))
def test_every_route_is_a_way_of_least_latency(network, fails, epochs):
    graph, flights, outages = network
    propagation_ns, up = functions(flights, outages, fails)
    routes = Routes(graph, propagation_ns, up)
    for epoch in epochs:
        t_ns = epoch * ROUTE_EPOCH_NS + 12_345
        for src in SITES:
            for dst in SITES:
                links = usable(graph, src, dst, propagation_ns, up, t_ns)
                route = routes.route(src, dst, t_ns)
                if not nx.has_path(links, src, dst):
                    assert route == ()
                    continue
                assert (route[0], route[-1]) == (src, dst)
                assert len(set(route)) == len(route)
                length = nx.dijkstra_path_length(links, src, dst)
                assert nx.path_weight(links, route, "weight") == length, (src, dst, route)


@settings(max_examples=50, deadline=None)
@given(network=networks(), epochs=st.lists(st.integers(0, 2), min_size=1, max_size=4), data=st.data())
def test_a_route_depends_on_nothing_that_was_asked_before(network, epochs, data):
    graph, flights, outages = network
    propagation_ns, up = functions(flights, outages, fails=True)
    asked = Routes(graph, propagation_ns, up)
    for epoch in epochs:
        src, dst = data.draw(st.sampled_from(PAIRS))
        t_ns = epoch * ROUTE_EPOCH_NS
        assert asked.route(src, dst, t_ns) == Routes(graph, propagation_ns, up).route(src, dst, t_ns)


@settings(max_examples=50, deadline=None)
@given(network=networks(), epochs=st.lists(st.integers(0, 2), min_size=2, max_size=4), fails=st.booleans())
def test_routes_stay_as_long_as_their_edition(network, epochs, fails):
    graph, flights, outages = network
    propagation_ns, up = functions(flights, outages, fails=fails)
    asked, known = Routes(graph, propagation_ns, up), {}
    for epoch in epochs:
        t_ns = epoch * ROUTE_EPOCH_NS
        found = {(src, dst): asked.route(src, dst, t_ns) for src, dst in PAIRS}
        assert known.setdefault(asked.edition(t_ns), found) == found


def test_a_site_that_is_not_in_the_network_has_no_route():
    graph = nx.Graph()
    graph.add_edge("a", "b", params=LinkParams("link", 0, 0, 1e9, 0.0, 10))
    routes = Routes(graph, lambda _a, _b, _t: 0, always_up)
    assert routes.route("a", "z", 0) == routes.route("z", "b", 0) == ()
    assert routes.route("a", "b", 0) == ("a", "b")
