"""Gilbert-Elliott bursts against closed forms; the state is a function of time, seed and link, whoever asks."""

import math

import numpy as np
import pytest

from twin.emulation.links import Link, LinkQueue
from twin.emulation.loss import Burst, BurstTimeline
from twin.emulation.streams import Streams
from twin.errors import KernelError
from twin.wire.protocol import Reason

GOOD_NS, BAD_NS = 300_000, 100_000
SHARE = BAD_NS / (GOOD_NS + BAD_NS)
DECAY = 1 / GOOD_NS + 1 / BAD_NS
STEP_NS = 50_000
KEEP = math.exp(-DECAY * STEP_NS)  # correlation of the state from one look to the next


def timeline(seed=1, name="radio:a>b", good_ns=GOOD_NS, bad_ns=BAD_NS):
    return BurstTimeline(name, Burst(good_ns, bad_ns, 0.0, 1.0), Streams(seed))


@pytest.fixture(scope="module")
def states():
    line = timeline()
    return np.array([line.bad(number * STEP_NS) for number in range(120_000)])


def test_the_share_of_bad_time_is_stationary(states):
    """P(bad) = b / (g + b); n looks at a chain of correlation r have the variance P (1 - P) (1 + r) / (1 - r) / n."""
    error = math.sqrt(SHARE * (1 - SHARE) * (1 + KEEP) / (1 - KEEP) / len(states))
    assert error < 0.01
    assert states.mean() == pytest.approx(SHARE, abs=4 * error)


def test_the_first_state_has_the_stationary_law():
    first = [timeline(seed).bad(0) for seed in range(2_000)]
    assert np.mean(first) == pytest.approx(SHARE, abs=4 * math.sqrt(SHARE * (1 - SHARE) / len(first)))


@pytest.mark.parametrize("lag", [1, 2, 4])
def test_autocovariance_of_the_state_is_exponential(tools, states, lag):
    """Cov = P(bad) P(good) exp(-lag (1/g + 1/b))."""
    centred = states - SHARE
    tools.assert_estimates(centred[:-lag] * centred[lag:], SHARE * (1 - SHARE) * KEEP**lag, precision=0.1)


def test_bursts_seen_by_regular_messages_have_geometric_lengths(states):
    """P(more than k in a row | a burst) = q^k with q = P(bad) + P(good) exp(-step (1/g + 1/b))."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], states, [False]]).astype(int)))
    lengths = edges[1::2] - edges[::2]
    stays = SHARE + (1 - SHARE) * KEEP
    for k in range(1, 8):
        expected = stays**k
        error = math.sqrt(expected * (1 - expected) / len(lengths))
        assert np.mean(lengths > k) == pytest.approx(expected, abs=4 * error)


def test_times_in_a_state_are_exponential():
    """Seen closely: P(T > t) = exp(-t / mean) of each state, by the law's quantiles."""
    line, step = timeline(), 1_000
    seen = np.array([line.bad(number * step) for number in range(300_000)])
    edges = np.concatenate([[0], np.flatnonzero(np.diff(seen)) + 1])
    spans, bad = np.diff(edges) * step, seen[edges[:-1]]
    for state, mean_ns in ((True, BAD_NS), (False, GOOD_NS)):
        found = spans[bad == state]
        assert len(found) > 500
        for quantile in (0.2, 0.5, 0.8, 0.95):
            t_ns = -mean_ns * math.log(1 - quantile)
            error = math.sqrt(quantile * (1 - quantile) / len(found))
            assert np.mean(found <= t_ns) == pytest.approx(quantile, abs=4 * error + step / mean_ns)


def test_losses_of_a_link_have_the_rate_and_the_memory_of_the_chain(tools):
    """Rate = P_good l_g + P_bad l_b, lag-1 covariance = P_good P_bad (l_b - l_g)^2 r; times 1 - independent loss."""
    count, good, bad, alone = 60_000, 0.02, 0.7, 0.1
    burst = Burst(GOOD_NS, BAD_NS, good, bad)
    arrivals = [number * STEP_NS for number in range(count)]
    lost = [c.lost for c in tools.offer_all(arrivals, [1000] * count, burst=burst, loss=alone)]
    rate = 1 - (1 - alone) * (1 - (1 - SHARE) * good - SHARE * bad)
    tools.assert_estimates(lost, rate, precision=0.02)
    centred = np.array(lost) - rate
    covariance = (1 - alone) ** 2 * SHARE * (1 - SHARE) * (bad - good) ** 2 * KEEP
    tools.assert_estimates(centred[:-1] * centred[1:], covariance, precision=0.1)


def test_who_else_sends_changes_nothing(tools):
    params = tools.make_params(burst=Burst(GOOD_NS, BAD_NS, 0.1, 0.9), loss=0.05)
    alone, shared = (LinkQueue(Link("radio:a>b", params, Streams(3))) for _ in range(2))
    fates = []
    for number in range(2_000):
        t_ns = number * STEP_NS
        one = alone.offer(t_ns, 1000, 0, ("a", "b", number))
        other = shared.offer(t_ns, 1000, 0, ("a", "b", number))
        shared.offer(t_ns + 5_000, 2000, 0, ("x", "b", number))
        assert one == other
        fates.append(one.reason)
    assert 0.2 < fates.count(Reason.LOSS) / len(fates) < 0.5


def test_links_and_seeds_have_states_of_their_own():
    looks = [number * STEP_NS for number in range(400)]
    lines = [timeline(), timeline(2), timeline(name="radio:b>a")]
    found = [[line.bad(t_ns) for t_ns in looks] for line in lines]
    assert found[0] != found[1]
    assert found[0] != found[2]
    again = timeline()
    assert found[0] == [again.bad(t_ns) for t_ns in looks]


def test_a_timeline_may_be_asked_in_any_order():
    looks = np.random.default_rng(1).integers(0, 600 * (GOOD_NS + BAD_NS), 300).tolist()
    line, forwards = timeline(), timeline()
    known = {t_ns: forwards.bad(t_ns) for t_ns in sorted(looks)}
    assert [line.bad(t_ns) for t_ns in looks] == [known[t_ns] for t_ns in looks]


def test_an_old_timeline_holds_no_more_than_a_young_one():
    line = timeline()
    line.bad(10 * GOOD_NS)
    young = len(line._changes)
    line.bad(10_000 * GOOD_NS)
    assert len(line._changes) <= 2 * young


@pytest.mark.parametrize("wrong", [(0, 1, 0.0, 1.0), (1, -1, 0.0, 1.0), (1, 1, -0.1, 1.0), (1, 1, 0.0, 1.1)])
def test_a_chain_that_cannot_be_is_refused(wrong):
    with pytest.raises(KernelError, match=r"^burst \w+=.*: must "):
        Burst(*wrong)
