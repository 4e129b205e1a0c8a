"""Both links against the same hosts: same answers, same refusals, and never a hang."""

import time

import msgpack
import pytest
from msgspec.structs import replace

from twin.errors import HostLostError, KernelError, UsageError, WireError
from twin.wire.codec import seal
from twin.wire.control import encode_control
from twin.wire.protocol import (
    Batch,
    Delivery,
    Fate,
    Hello,
    HostError,
    Outcome,
    Reason,
    Result,
    StateHash,
    Stop,
    Welcome,
)
from twin.wire.transport import InprocLink, MemoryLink, make_link

HASH = "ab" * 32
TIMEOUT_S = 0.05


def welcome(*hosts):
    return {host.name: Welcome("run", ({"name": f"{host.name}:node"},), 0) for host in hosts}


def timer(t_ns=1):
    return Delivery("node", t_ns, None, "tick")


@pytest.fixture(params=["memory", "inproc"])
def opened(request):
    """Opens a link with the given hosts and closes it after the test."""
    links = []

    def opened(*hosts):
        link = make_link(request.param, hosts, TIMEOUT_S)
        links.append(link)
        link.open(welcome(*hosts))
        return link

    yield opened
    for link in links:
        link.close()


def conversation(transport, hosts, envelope):
    """All that two hosts answered, and all that they were sent."""
    with make_link(transport, hosts) as link:
        link.open(welcome(*hosts))
        answers = []
        for number in range(1, 6):
            mail = tuple(
                Delivery(f"node{i}", number, seal(replace(envelope, seq=10 * number + i))) for i in range(number)
            )
            batches = {"core": Batch(number, (*mail, timer())), "edge": Batch(number, mail[:1])}
            answers.append(link.exchange(batches))
        answers.append(link.exchange({"edge": Batch(6, ())}))
        answers.append(link.stop())
        assert link.rejected == 0
    return answers, [host.seen for host in hosts]


def test_memory_and_inproc_carry_the_same_bytes_to_the_same_end(echo, envelope):
    memory = conversation("memory", [echo("edge", epoch=3), echo("core")], envelope)
    inproc = conversation("inproc", [echo("edge", epoch=3), echo("core")], envelope)
    assert memory == inproc
    answers, (_, core_saw) = memory
    assert list(answers[0]) == ["core", "edge"]
    sends = [outcome.sends for outcome in answers[1]["core"].outcomes]
    assert sends == [(seal(replace(envelope, seq=20)),), (seal(replace(envelope, seq=21)),), ()]
    assert answers[-1] == {"edge": StateHash({"edge:node": HASH}), "core": StateHash({"core:node": HASH})}
    assert [len(parts) for parts in core_saw] == [1, 2, 3, 4, 5, 6, 1]


def test_make_link_knows_two_transports():
    assert type(make_link("memory", [])) is MemoryLink
    with make_link("inproc", []) as link:
        assert type(link) is InprocLink
    with pytest.raises(UsageError, match="transport=ipc: must be one of memory, inproc"):
        make_link("ipc", [])


def test_host_names_must_differ_and_be_names(echo):
    with pytest.raises(KernelError, match="names must differ"):
        MemoryLink([echo("edge"), echo("edge", epoch=1)])
    nameless = echo("edge")
    nameless.name = ""
    with pytest.raises(WireError, match=r"host\.name=''"):
        MemoryLink([nameless])


def test_a_host_name_must_fit_into_a_routing_id(echo):
    host = echo("\U0001f6f0" * 64)
    with InprocLink([host]) as link, pytest.raises(WireError, match="at most 255 bytes"):
        link.open(welcome(host))


@pytest.mark.parametrize("transport", ["memory", "inproc"])
def test_welcome_must_name_the_hosts_exactly(transport, echo):
    edge, core = echo("edge"), echo("core")
    with make_link(transport, [edge, core]) as link:
        for wrong in (welcome(edge), welcome(edge, core, echo("more")), {}):
            with pytest.raises(KernelError, match="must name the hosts edge, core"):
                link.open(wrong)


def test_a_host_of_another_schema_is_turned_away(opened, echo):
    with pytest.raises(WireError, match="host edge: schema=2: supported is 1"):
        opened(echo("edge", schema=2))


@pytest.mark.parametrize("greeting", [Hello("core", 0, 1, "1.0"), Stop(), Result(1, ())])
def test_a_host_must_introduce_itself_under_its_own_name(opened, echo, greeting):
    liar = echo("edge")
    liar.greeting = encode_control(greeting)
    with pytest.raises(WireError, match=r"host edge: .*must introduce itself"):
        opened(liar)


@pytest.mark.parametrize("greeting", [[], [b"garbage"], [msgpack.packb([1, "hello", "edge"])]])
def test_a_host_without_a_valid_hello_is_lost(opened, echo, greeting):
    mute = echo("core")
    mute.greeting = greeting
    started = time.monotonic()
    with pytest.raises(HostLostError, match=r"host core: no valid answer to HELLO within 0\.05 s"):
        opened(echo("edge"), mute)
    assert time.monotonic() - started < 2.0


def test_welcome_must_not_be_answered(opened, echo):
    with pytest.raises(WireError, match="host edge: Stop: WELCOME must not be answered"):
        opened(echo("edge", answers={Welcome: encode_control(Stop())}))


def test_a_host_that_cannot_use_its_configuration_says_so(opened, echo):
    complaint = encode_control(HostError("node configuration: rank: missing"))
    with pytest.raises(KernelError, match="host edge: node configuration: rank: missing"):
        opened(echo("edge", answers={Welcome: complaint}))


def test_a_gap_in_the_batch_numbers_is_the_hosts_error(opened, echo):
    link = opened(echo("edge"))
    link.exchange({"edge": Batch(1, (timer(),))})
    with pytest.raises(KernelError, match="host edge: batch 3: expected 2"):
        link.exchange({"edge": Batch(3, (timer(),))})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Result(2, (Outcome(Fate.DELIVERED, Reason.NONE, 1, 1),)), "result 2 with 1 outcomes: must be 1 with 1"),
        (Result(1, ()), "result 1 with 0 outcomes: must be 1 with 1"),
        (Hello("edge", 0, 1, "1.0"), "Hello: must answer BATCH with RESULT"),
        (StateHash({}), "StateHash: must answer BATCH with RESULT"),
    ],
)
def test_a_result_must_belong_to_its_batch(opened, echo, answer, reason):
    link = opened(echo("edge", answers={Batch: encode_control(answer)}))
    with pytest.raises(WireError, match=f"host edge: {reason}"):
        link.exchange({"edge": Batch(1, (timer(),))})


def test_stop_must_be_answered_with_a_state_hash(opened, echo):
    link = opened(echo("edge", answers={Stop: encode_control(Result(1, ()))}))
    with pytest.raises(WireError, match="host edge: Result: must answer STOP"):
        link.stop()


@pytest.mark.parametrize(
    ("answer", "rejected"),
    [([], 0), ([b""], 1), ([b"\xc1", b"more"], 1), ([msgpack.packb([1, "result", 1, [[]]])], 1)],
)
def test_a_silent_or_garbled_host_is_lost_quickly(opened, echo, answer, rejected):
    link = opened(echo("edge"), echo("core", answers={Batch: answer}))
    started = time.monotonic()
    with pytest.raises(HostLostError, match=r"host core: no valid answer to BATCH within 0\.05 s"):
        link.exchange({"edge": Batch(1, (timer(),)), "core": Batch(1, (timer(),))})
    assert time.monotonic() - started < 2.0
    assert link.rejected == rejected


def test_batches_go_to_known_hosts_of_an_open_link_only(opened, echo):
    link = opened(echo("edge"))
    with pytest.raises(KernelError, match="host core: must be one of edge"):
        link.exchange({"core": Batch(1, ())})
    with pytest.raises(KernelError, match="open already"):
        link.open(welcome(echo("edge")))
    link.close()
    link.close()
    with pytest.raises(KernelError, match="BATCH: the link is not open"):
        link.exchange({"edge": Batch(1, ())})
    with pytest.raises(KernelError, match="STOP: the link is not open"):
        link.stop()


def test_a_batch_that_cannot_be_encoded_reaches_no_host(opened, echo):
    edge, core = echo("edge"), echo("core")
    link = opened(edge, core)
    with pytest.raises(WireError, match=r"delivery\.t_ns=-1"):
        link.exchange({"edge": Batch(1, (timer(),)), "core": Batch(1, (timer(-1),))})
    assert len(edge.seen) == len(core.seen) == 1
