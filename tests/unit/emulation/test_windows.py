"""When deliveries are posted to the hosts and collected from them, in virtual time."""

import pytest

from twin.emulation.barrier import MAX_BATCH, coupling
from twin.emulation.kernel import Kernel
from twin.errors import KernelError
from twin.wire.protocol import Delivery, Fate, Outcome, Reason, Result, TimerRequest

LENGTH_NS = 1600


class Hosts:
    """Answers everything at once; `log` says when it was asked for what."""

    def __init__(self, kernel, log, answer):
        self.kernel, self.log, self.answer = kernel, log, answer
        self.batches = {}

    def post(self, batches):
        names = [delivery.timer for host in sorted(batches) for delivery in batches[host].deliveries]
        self.log.append(("post", self.kernel.now_ns, names))
        self.batches = batches

    def collect(self):
        self.log.append(("collect", self.kernel.now_ns))
        return {
            host: Result(batch.number, tuple(map(self.answer, batch.deliveries)))
            for host, batch in self.batches.items()
        }


class Settle:
    def __init__(self):
        self.settled = []

    def before(self):
        pass

    def after(self, settled):
        self.settled += [delivery.timer for delivery, _ in settled]


def nothing(delivery):
    return Outcome(Fate.DELIVERED, Reason.NONE, delivery.t_ns, delivery.t_ns + 1000)


def run(arrivals, answer=nothing, end_ns=100_000):
    """Deliveries at these instants by name; of those whose name begins with "quiet" nothing comes."""
    kernel, settle, log = Kernel(["edge:a", "edge:b"]), Settle(), []
    hosts = Hosts(kernel, log, answer)
    horizon = lambda delivery: None if delivery.timer.startswith("quiet") else LENGTH_NS  # noqa: E731
    barrier = coupling(kernel, hosts, {"edge:a": "one", "edge:b": "two"}, horizon)(settle)
    for name, t_ns in arrivals:
        node = f"edge:{name[-1]}"
        kernel.wake(node, t_ns, lambda name=name, node=node: barrier.submit(Delivery(node, kernel.now_ns, None, name)))
    kernel.run(end_ns)
    barrier.flush()
    assert settle.settled == [name for name, _ in arrivals]
    return log


def test_idle_hosts_get_their_mail_soon_and_have_until_it_must_be_known():
    log = run([("first a", 1000), ("again b", 1000), ("later b", 1050)])
    assert log == [("post", 1100, ["first a", "again b", "later b"]), ("collect", 1000 + LENGTH_NS)]


def test_busy_hosts_get_the_next_batch_halfway_when_the_last_is_collected():
    log = run([("first a", 0), ("next a", 500), ("last a", 900)])
    assert log[:3] == [("post", 100, ["first a"]), ("collect", 1300), ("post", 1300, ["next a", "last a"])]
    assert log[3:] == [("collect", 500 + LENGTH_NS)]


def test_what_waits_when_results_are_collected_is_posted_before_they_are_acted_upon():
    log = run([("first a", 0), ("quiet b", 1000), ("next a", 1500), ("last a", 9000)])
    assert log[:3] == [("post", 100, ["first a"]), ("collect", 1600), ("post", 1600, ["next a", "quiet b"])]
    assert log[3:] == [("collect", 3100), ("post", 9100, ["last a"]), ("collect", 10_600)]


def test_what_nothing_comes_of_waits_for_company_and_for_the_end():
    log = run([("quiet a", 10), ("quiet b", 20_000), ("loud a", 50_000), ("quiet a", 70_000)])
    assert log[:2] == [("post", 50_100, ["quiet a", "loud a", "quiet b"]), ("collect", 51_600)]
    assert log[2:] == [("post", 70_000, ["quiet a"]), ("collect", 70_000)]


def test_a_batch_is_never_larger_than_a_host_takes():
    many = [(f"quiet {k} a", k) for k in range(MAX_BATCH + 1)]
    log = run(many)
    assert [entry[1] for entry in log if entry[0] == "post"] == [MAX_BATCH - 1, MAX_BATCH]
    assert len(log[0][2]) == MAX_BATCH


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"begin_ns": 9}, "edge:a: handled at 9..1010 ns what arrived at 10 ns"),
        ({"timers": (TimerRequest("edge:a", "x", 5000),)}, "answered what it declared that it would not answer"),
    ],
)
def test_an_outcome_that_can_not_be_ends_the_run(changes, what):
    def answer(delivery):
        fields = {"begin_ns": 10, "finish_ns": 1010, **changes}
        return Outcome(Fate.DELIVERED, Reason.NONE, **fields)

    with pytest.raises(KernelError, match=what):
        run([("quiet a", 10)], answer)
