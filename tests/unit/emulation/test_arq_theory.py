"""Retransmission: attempts, delivery and delay against closed forms, and on single messages against the clock."""

import math
from itertools import pairwise

import numpy as np
import pytest

from twin.emulation.links import Arq
from twin.emulation.loss import Burst
from twin.wire.protocol import Reason

SIZE, FLIGHT_NS, TIMEOUT_NS = 1000, 300, 5_000  # a service takes 1000 ns


def arq(limit, timeout_ns=TIMEOUT_NS):
    return Arq({"precoder": limit}, timeout_ns)


def parts(hop):
    return hop.queue_ns + hop.serialisation_ns + hop.propagation_ns + hop.jitter_ns


def sparse(tools, count, seed=1, gap_ns=10**6, kind="precoder", **changes):
    """Messages so far apart that none waits for another."""
    driver = tools.Driver(tools.make_params(latency_ns=FLIGHT_NS, **changes), seed)
    passages = [driver.offer(number * gap_ns, SIZE, kind) for number in range(count)]
    driver.run()
    return passages


@pytest.mark.parametrize(("loss", "limit"), [(0.3, 3), (0.6, 1), (0.5, 16)])
def test_attempts_delivery_and_delay_are_geometric(tools, loss, limit):
    """E[attempts] = (1 - p^(n + 1)) / (1 - p), P(delivered) = 1 - p^(n + 1), and delivery at the k-th attempt takes
    k s + (k - 1) timeout + flight, with probability p^(k - 1) (1 - p)."""
    count = 8_000
    passages = sparse(tools, count, loss=loss, arq=arq(limit))
    attempts = np.array([len(passage.hops) for passage in passages])
    pmf = [loss ** (k - 1) * (1 - loss) for k in range(1, limit + 2)]
    pmf[-1] = loss**limit  # the last attempt, whatever comes of it
    mean = (1 - loss ** (limit + 1)) / (1 - loss)
    spread = math.sqrt(sum(p * (k - mean) ** 2 for k, p in enumerate(pmf, 1)) / count)
    assert attempts.mean() == pytest.approx(mean, abs=4 * spread)
    lost = np.array([passage.last.lost for passage in passages])
    expected = loss ** (limit + 1)
    assert lost.mean() == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / count) + 1 / count)
    for number, passage in enumerate(passages):
        tries = len(passage.hops)
        delay = passage.last.arrive_ns - number * 10**6
        assert delay == tries * 1000 + (tries - 1) * TIMEOUT_NS + FLIGHT_NS == sum(map(parts, passage.hops))
        assert passage.last.reason == (Reason.LOSS if lost[number] else Reason.NONE)
        assert not lost[number] or tries == limit + 1


def test_each_attempt_is_a_hop_and_only_the_last_one_has_a_way(tools):
    passages = sparse(tools, 200, loss=0.5, jitter_ns=100, arq=arq(4))
    long = [passage for passage in passages if len(passage.hops) >= 3]
    assert len(long) > 20
    for passage in long:
        first, *middle, last = passage.hops
        assert (first.queue_ns, first.propagation_ns, first.jitter_ns) == (0, 0, 0)
        assert {(hop.queue_ns, hop.propagation_ns, hop.jitter_ns) for hop in middle} == {(TIMEOUT_NS, 0, 0)}
        assert (last.queue_ns, last.propagation_ns) == (TIMEOUT_NS, FLIGHT_NS)
    assert len({passage.hops[-1].jitter_ns for passage in long}) > len(long) / 2


def test_without_a_timeout_the_next_attempt_comes_a_round_trip_later(tools):
    driver = tools.Driver(tools.make_params(latency_ns=FLIGHT_NS, loss=1.0, arq=arq(2, timeout_ns=0)))
    passage = driver.offer(50, SIZE, "precoder", propagation=lambda t_ns: 40 if t_ns < 1000 else 90)
    driver.run()
    assert [hop.queue_ns for hop in passage.hops] == [0, 2 * 340, 2 * 390]
    assert (passage.last.reason, passage.last.hop.propagation_ns) == (Reason.LOSS, 390)


def test_only_kinds_with_a_limit_are_sent_again(tools):
    assert all(len(passage.hops) == 1 for passage in sparse(tools, 50, kind="csi", loss=0.9, arq=arq(5)))
    assert max(len(passage.hops) for passage in sparse(tools, 50, loss=0.9, arq=arq(5))) == 6


def test_attempts_have_draws_of_their_own_and_the_first_has_that_of_a_plain_link(tools):
    alone = sparse(tools, 400, loss=0.5, arq=arq(0))
    again = sparse(tools, 400, loss=0.5, arq=arq(1))
    assert [passage.last.lost for passage in alone] == [len(passage.hops) == 2 for passage in again]
    second = [passage.last.lost for passage in again if len(passage.hops) == 2]
    assert np.mean(second) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(len(second)))


def test_in_bursts_of_loss_patience_is_what_helps(tools):
    """Bad loses all, good nothing: attempts u apart are all lost with P(bad) P(still bad after u)^n."""
    mean_good_ns, mean_bad_ns, limit, count = 200_000, 50_000, 2, 5_000
    burst = Burst(mean_good_ns, mean_bad_ns, 0.0, 1.0)
    share, decay = 0.2, 1 / mean_good_ns + 1 / mean_bad_ns
    for timeout_ns in (2_000, 30_000):
        passages = sparse(tools, count, gap_ns=2_000_000, burst=burst, arq=arq(limit, timeout_ns))
        stays = share + (1 - share) * math.exp(-decay * (1000 + timeout_ns))
        expected = share * stays**limit
        lost = np.mean([passage.last.lost for passage in passages])
        assert lost == pytest.approx(expected, abs=4 * math.sqrt(expected / count))


def test_under_load_every_attempt_takes_its_share_of_the_link(tools):
    """Served time = offered load x E[attempts]; the parts of the hops add up; nobody is lost from the count."""
    count, load, loss, limit = 12_000, 0.5, 0.3, 2
    driver = tools.Driver(tools.make_params(loss=loss, arq=arq(limit, 40_000)))
    arrivals = tools.poisson(load, count, seed=5)
    passages = [driver.offer(t_ns, tools.mean_bytes, "precoder") for t_ns in arrivals]
    driver.run()
    tools.assert_estimates([len(p.hops) for p in passages], (1 - loss ** (limit + 1)) / (1 - loss), precision=0.01)
    assert all(p.last.arrive_ns - t == sum(map(parts, p.hops)) for p, t in zip(passages, arrivals, strict=True))
    services = sorted((p.last.arrive_ns - p.last.hop.serialisation_ns, p.last.arrive_ns) for p in passages)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(services))
    assert driver.queue.backlog(passages[-1].t_ns) == 0


def test_who_waits_for_the_next_attempt_keeps_a_place(tools):
    """Two places, one message in service and one between attempts: the third finds the queue full."""
    driver = tools.Driver(tools.make_params(loss=1.0, queue_max=2, arq=arq(1)))
    first = driver.offer(0, SIZE, "precoder")
    driver.run(until_ns=1500)
    assert driver.queue.backlog(1500) == 1
    second, third = driver.offer(1500, SIZE, "csi"), driver.offer(1600, SIZE, "csi")
    driver.run()
    assert third.last is None
    assert (second.last.hop.queue_ns, len(first.hops)) == (0, 2)
    assert driver.queue.backlog(10**6) == 0


def test_an_attempt_that_meets_an_outage_is_repeated_and_takes_no_time_of_the_link(tools):
    """Down from 500 to 9000: lost at its departure at 1000, refused at 6000, through at the third attempt."""
    up = lambda t_ns: not 500 <= t_ns < 9_000  # noqa: E731
    driver = tools.Driver(tools.make_params(latency_ns=FLIGHT_NS, arq=arq(3)), is_up=up)
    passage = driver.offer(0, SIZE, "precoder")
    driver.run()
    assert [(hop.queue_ns, hop.serialisation_ns, hop.propagation_ns) for hop in passage.hops] == [
        (0, 1000, 0),
        (5000, 0, 0),
        (5000, 1000, FLIGHT_NS),
    ]
    assert (passage.last.arrive_ns, passage.last.lost) == (12_000 + FLIGHT_NS, False)


def test_an_outage_that_outlasts_the_limit_is_the_reason(tools):
    driver = tools.Driver(tools.make_params(arq=arq(2)), is_up=lambda t_ns: t_ns < 500)
    passage = driver.offer(0, SIZE, "precoder")
    driver.run()
    assert (passage.last.reason, passage.last.refused, passage.t_ns) == (Reason.OUTAGE, True, 11_000)
    assert sum(map(parts, passage.hops)) == 11_000
    assert len(passage.hops) == 3
