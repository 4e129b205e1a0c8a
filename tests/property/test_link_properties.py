"""What holds on every link, whatever is offered: service, order, room, fates; and no dependence on insertion order."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from twin.emulation.kernel import Kernel
from twin.emulation.links import Arq, Link, LinkParams, LinkQueue
from twin.emulation.loss import Burst
from twin.emulation.served import Job, ServedQueue
from twin.emulation.streams import Streams
from twin.wire.protocol import Reason

KINDS = ("state", "csi", "precoder")
SOURCES = ("a", "b", "c")

# Few instants and sizes that are sums of each other: ties between offers, departures and retries are the rule.
offers = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from((1, 2, 3)), st.sampled_from(KINDS), st.sampled_from(SOURCES)),
    min_size=1,
    max_size=30,
)
outages = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=3)
links = st.builds(
    LinkParams,
    kind=st.just("x"),
    latency_ns=st.integers(0, 2),
    jitter_ns=st.sampled_from((0, 2)),
    rate_bps=st.just(8e9),
    loss=st.sampled_from((0.0, 0.4, 1.0)),
    queue_max=st.integers(1, 6),
    burst=st.none() | st.builds(Burst, st.just(5), st.just(3), st.just(0.1), st.just(0.9)),
    priority=st.permutations(KINDS).flatmap(lambda kinds: st.integers(0, 3).map(lambda n: tuple(kinds[:n]))),
    arq=st.builds(Arq, st.dictionaries(st.sampled_from(KINDS), st.integers(0, 3)), st.integers(0, 4)),
)


class Served:
    """A queue that chooses, on a kernel, and the fate of every offer: (instant, last attempt) and all its hops."""

    def __init__(self, params, drawn, down, backwards=False):
        self.kernel = Kernel(("z", *SOURCES))
        up = lambda t_ns: not any(begin <= t_ns < begin + length for begin, length in down)  # noqa: E731
        link = Link("x:a>z", params, Streams(1), up)
        self.queue = ServedQueue(link, lambda t, key, action: self.kernel.at(t, self._order(key), action))
        self.fates, self.hops, self.worst, counts = {}, {}, 0, Counter()
        made = []
        for t_ns, size, kind, src in sorted(drawn, key=lambda offer: offer[0]):
            counts[src] += 1
            made.append((t_ns, size, kind, (src, "z", counts[src])))
        self.made = made
        for t_ns, size, kind, key in reversed(made) if backwards else made:
            self.kernel.at(t_ns, self._order(key), lambda o=(t_ns, size, kind, key): self._offer(*o))
        self.kernel.run(10**9)

    def _order(self, key):
        return self.kernel.order(key[1], key[0], key[2])

    def _offer(self, t_ns, size, kind, key):
        self.hops[key] = []

        def done(when_ns, crossing):
            assert key not in self.fates
            self.fates[key] = (when_ns, crossing)
            if crossing is not None:
                self.hops[key].append(crossing.hop)

        self.queue.offer(t_ns, Job(key, kind, size, lambda _t: 1, self.hops[key], done))
        self.worst = max(self.worst, self.queue.backlog(t_ns))


def services(run):
    """(begin, end) of every serialisation, and the class and offer of its message."""
    found = []
    for t_ns, _size, kind, key in run.made:
        at_ns = t_ns
        for hop in run.hops[key]:
            at_ns += hop.queue_ns
            if hop.serialisation_ns:
                found.append((at_ns, at_ns + hop.serialisation_ns, kind, key))
            at_ns += hop.serialisation_ns
    return sorted(found)


@given(links, offers, outages)
def test_one_fate_each_within_the_room_and_one_at_a_time(params, drawn, down):
    run = Served(params, drawn, down)
    assert set(run.fates) == {key for *_, key in run.made}
    assert run.worst <= params.queue_max
    assert run.queue.backlog(10**9) == 0
    assert all(end <= begin for (_, end, *_), (begin, *_) in pairwise(services(run)))
    for t_ns, size, kind, key in run.made:
        when_ns, last = run.fates[key]
        if last is None:
            assert (when_ns, run.hops[key]) == (t_ns, [])
            continue
        parts = [hop.queue_ns + hop.serialisation_ns + hop.propagation_ns + hop.jitter_ns for hop in run.hops[key]]
        assert last.arrive_ns == t_ns + sum(parts)
        limit = params.arq.retries.get(kind, 0)
        assert len(parts) <= limit + 1
        assert last.reason is Reason.NONE or len(parts) == limit + 1
        assert {hop.serialisation_ns for hop in run.hops[key]} <= {0, size}


@given(links, offers, outages)
def test_the_order_of_insertion_changes_nothing(params, drawn, down):
    forwards, backwards = Served(params, drawn, down), Served(params, drawn, down, backwards=True)
    assert forwards.fates == backwards.fates
    assert forwards.hops == backwards.hops


@given(links, offers)
def test_the_link_is_never_idle_while_somebody_waits(params, drawn):
    """Without retries: whoever waits does so behind a serialisation that ends when the wait does, without a gap."""
    params = LinkParams("x", 0, 0, params.rate_bps, 0.0, params.queue_max, priority=params.priority)
    run = Served(params, drawn, [])
    spans = [(begin, end) for begin, end, *_ in services(run)]
    ends = {end for _, end in spans}
    for t_ns, _size, _kind, key in run.made:
        for hop in run.hops[key]:
            begin = t_ns + hop.queue_ns
            while begin > t_ns:
                assert begin in ends
                begin = next(start for start, end in spans if end == begin)


@given(links, offers, outages)
def test_within_a_class_first_attempts_are_first_in_first_out(params, drawn, down):
    run = Served(params, drawn, down)
    rank = {kind: place for place, kind in enumerate(params.priority)}
    firsts = {}
    for begin, _, kind, key in services(run):
        firsts.setdefault(key, (begin, rank.get(kind, len(rank))))
    placed = {key: place for place, (*_, key) in enumerate(sorted(run.made, key=lambda o: (o[0], run._order(o[3]))))}
    for level in range(len(rank) + 1):
        order = [key for key, (begin, of) in sorted(firsts.items(), key=lambda item: item[1]) if of == level]
        first_try = [key for key in order if run.hops[key][0].serialisation_ns]
        assert first_try == sorted(first_try, key=placed.__getitem__)


@given(links, offers, outages)
def test_without_classes_and_retries_it_is_the_plain_queue(params, drawn, down):
    params = LinkParams("x", 1, params.jitter_ns, 8e9, params.loss, params.queue_max, burst=params.burst)
    run = Served(params, drawn, down)
    up = lambda t_ns: not any(begin <= t_ns < begin + length for begin, length in down)  # noqa: E731
    plain = LinkQueue(Link("x:a>z", params, Streams(1), up))
    for t_ns, size, _kind, key in sorted(run.made, key=lambda offer: (offer[0], run._order(offer[3]))):
        assert plain.offer(t_ns, size, 1, key) == run.fates[key][1]
