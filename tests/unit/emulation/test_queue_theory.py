"""The plain queue against theory: waits of M/D/1 and M/M/1, Little's law, heavy load, overflow, exactness."""

import math
from collections import deque

import numpy as np
import pytest

from twin.emulation.links import Link, LinkQueue
from twin.emulation.streams import Streams


def waits_of(crossings):
    return np.array([crossing.hop.queue_ns for crossing in crossings])


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_mean_wait_of_md1(tools, load):
    """Pollaczek-Khinchine with fixed service s: W = rho s / (2 (1 - rho))."""
    count = 50_000
    crossings = tools.offer_all(tools.poisson(load, count, seed=1), [tools.mean_bytes] * count)
    tools.assert_estimates(waits_of(crossings), load * tools.mean_ns / (2 * (1 - load)), precision=0.03)


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_mean_wait_of_mm1_and_its_distribution(tools, load):
    """W = rho s / (1 - rho) and P(W > t) = rho exp(-(1 - rho) t / s), t >= 0."""
    count = 60_000
    crossings = tools.offer_all(tools.poisson(load, count, seed=2), tools.exponential_sizes(count, seed=2))
    waits = waits_of(crossings)
    tools.assert_estimates(waits, load * tools.mean_ns / (1 - load), precision=0.05)
    for t_ns in (0, tools.mean_ns, 3 * tools.mean_ns):
        expected = load * math.exp(-(1 - load) * t_ns / tools.mean_ns)
        tools.assert_estimates(waits > t_ns, expected, precision=0.08)


def test_at_a_load_of_095_the_mean_wait_is_within_its_known_variance(tools):
    """M/M/1, s = 1: the mean of n waits has variance rho (2 + 5 rho - 4 rho^2 + rho^3) / (1 - rho)^4 / n (Daley 1968)."""
    load, count, skip = 0.95, 150_000, 10_000
    crossings = tools.offer_all(tools.poisson(load, count, seed=3), tools.exponential_sizes(count, seed=3))
    mean = waits_of(crossings)[skip:].mean() / tools.mean_ns
    variance = load * (2 + 5 * load - 4 * load**2 + load**3) / (1 - load) ** 4 / (count - skip)
    assert math.sqrt(variance) < 0.12 * load / (1 - load)
    assert mean == pytest.approx(load / (1 - load), abs=3 * math.sqrt(variance))


@pytest.mark.parametrize("load", [0.5, 0.95, 1.3])
def test_every_wait_is_lindleys_to_the_nanosecond(tools, load):
    """W(n + 1) = max(0, W(n) + S(n) - A(n)), on any path, stable or not."""
    count = 20_000
    arrivals, sizes = tools.poisson(load, count, seed=4), tools.exponential_sizes(count, seed=4)
    crossings = tools.offer_all(arrivals, sizes)
    wait = 0
    for place, crossing in enumerate(crossings):
        assert crossing.hop.queue_ns == wait
        gap = arrivals[place + 1] - arrivals[place] if place + 1 < count else 0
        wait = max(0, wait + sizes[place] - gap)


@pytest.mark.parametrize("load", [0.7, 0.95])
def test_littles_law_holds_exactly_on_a_sample_path(tools, load):
    """Until the queue is empty: time-average number (asked from the queue) = arrival rate x mean time (from the hops)."""
    count = 20_000
    arrivals, sizes = tools.poisson(load, count, seed=5), tools.exponential_sizes(count, seed=5)
    queue = LinkQueue(Link("radio:a>b", tools.make_params(), Streams(1)))
    departures, area, times, last, number = deque(), 0, 0, 0, 0
    for seq, (t_ns, size) in enumerate(zip(arrivals, sizes, strict=True), 1):
        while departures and departures[0] <= t_ns:
            area, last = area + number * (departures[0] - last), departures.popleft()
            number = queue.backlog(last)
        area, last = area + number * (t_ns - last), t_ns
        crossing = queue.offer(t_ns, size, 0, ("a", "b", seq))
        number = queue.backlog(t_ns)
        departures.append(crossing.arrive_ns)
        times += crossing.hop.queue_ns + crossing.hop.serialisation_ns
    while departures:
        area, last = area + number * (departures[0] - last), departures.popleft()
        number = queue.backlog(last)
    assert number == 0
    assert area == times


def test_utilisation_is_the_load(tools):
    """The share of time in which something is served is rho; seen by Poisson arrivals, P(W > 0) = rho too (PASTA)."""
    load, count = 0.6, 60_000
    crossings = tools.offer_all(tools.poisson(load, count, seed=6), [tools.mean_bytes] * count)
    busy = count * tools.mean_ns / crossings[-1].arrive_ns
    assert busy == pytest.approx(load, abs=4 * load / math.sqrt(count))  # the rate of n Poisson arrivals: 1 / sqrt(n)
    tools.assert_estimates(waits_of(crossings) > 0, load, precision=0.01)


@pytest.mark.parametrize(("load", "places"), [(0.8, 3), (0.95, 8), (1.5, 4)])
def test_overflow_of_mm1k_is_counted_and_has_its_probability(tools, load, places):
    """P(full) = (1 - rho) rho^K / (1 - rho^(K + 1)), K places with the one in service."""
    count = 50_000
    crossings = tools.offer_all(
        tools.poisson(load, count, seed=7), tools.exponential_sizes(count, seed=7), queue_max=places
    )
    full = np.array([crossing is None for crossing in crossings])
    tools.assert_estimates(full, (1 - load) * load**places / (1 - load ** (places + 1)), precision=0.05)
    accepted = [crossing for crossing in crossings if crossing is not None]
    assert len(accepted) + full.sum() == count
    assert len({crossing.arrive_ns for crossing in accepted}) > 0.99 * len(accepted)


def test_overflow_of_md11_is_erlangs_formula(tools):
    """One place and no waiting room: P(full) = rho / (1 + rho), whatever the law of the service time (Erlang B)."""
    load, count = 0.8, 60_000
    crossings = tools.offer_all(tools.poisson(load, count, seed=8), [tools.mean_bytes] * count, queue_max=1)
    tools.assert_estimates([crossing is None for crossing in crossings], load / (1 + load), precision=0.02)
    assert all(crossing.hop.queue_ns == 0 for crossing in crossings if crossing is not None)
