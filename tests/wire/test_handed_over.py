"""Batches that stay objects in memory: the same answers and the same refusals as by their bytes."""

import numpy as np
import pytest

from twin.errors import HostLostError, KernelError, WireError
from twin.wire.codec import decode_body
from twin.wire.control import decode_control, encode_control
from twin.wire.protocol import Batch, Delivery, Fate, HostError, Outcome, Reason, Result, Stop, Welcome
from twin.wire.transport import MemoryLink, make_link


def direct(echo, name, answer=None):
    """An echo that takes batches as objects; `answer` replaces what it gives."""

    class Direct(echo):
        def answer(self, control):
            self.seen.append(control)
            return answer(control) if answer else decode_control(super().handle(encode_control(control)))

    return Direct(name)


def opened(*hosts):
    link = MemoryLink(hosts)
    link.open({host.name: Welcome("run", ({"name": f"{host.name}:node"},), 0) for host in hosts})
    return link


def batch(sealed, number=1):
    return Batch(number, (Delivery("node", 5, sealed), Delivery("node", 6, None, "tick")))


def test_only_batches_are_handed_over_and_their_results_are_those_of_the_bytes(echo, sealed):
    host = direct(echo, "edge")
    handed = opened(host)
    encoded = opened(echo("edge"))
    sent = batch(sealed)
    assert handed.exchange({"edge": sent}) == encoded.exchange({"edge": sent})
    assert handed.stop() == encoded.stop()
    welcome, got, _parts, stop = host.seen
    assert got is sent
    assert type(decode_control(welcome)) is Welcome
    assert type(decode_control(stop)) is Stop


def test_bodies_are_the_receivers_own_copies_whatever_the_way(echo, sealed):
    """Contiguous, aligned, read-only, and no part of what the sender still holds (invariant 13)."""
    found = []

    def look(control):
        found.extend(decode_body(d.envelope.kind, d.envelope.body) for d in control.deliveries)
        return Result(control.number, (Outcome(Fate.DELIVERED, Reason.NONE, 5, 6),))

    one = Batch(1, (Delivery("node", 5, sealed),))
    opened(direct(echo, "edge", look)).exchange({"edge": one})
    with make_link("inproc", [echo("edge")]) as link:
        link.open({"edge": Welcome("run", (), 0)})
        back = link.exchange({"edge": one})["edge"].outcomes[0].sends[0].envelope
    found.append(decode_body(back.kind, back.body))
    handed, carried = ([body.channels, body.error_var, body.radius] for body in found)
    for here, there in zip(handed, carried, strict=True):
        assert here.flags.c_contiguous
        assert here.ctypes.data % 16 == 0
        assert not here.flags.writeable
        assert here.strides == there.strides
        assert here.dtype == there.dtype
        assert not np.shares_memory(here, there)
        np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (lambda _: None, HostLostError, "host edge: no valid answer to BATCH"),
        (lambda _: HostError("batch 3: expected 2"), KernelError, "host edge: batch 3: expected 2"),
        (lambda _: Stop(), WireError, "host edge: Stop: must answer BATCH with RESULT"),
        (lambda b: Result(b.number + 1, ()), WireError, "host edge: result 2 with 0 outcomes: must be 1 with 2"),
        (lambda b: Result(b.number, ()), WireError, "host edge: result 1 with 0 outcomes: must be 1 with 2"),
    ],
)
def test_a_wrong_answer_is_refused_as_over_a_socket(echo, sealed, answer, error, reason):
    link = opened(direct(echo, "edge", answer))
    with pytest.raises(error, match=reason):
        link.exchange({"edge": batch(sealed)})


def test_a_stranger_and_a_closed_link_are_told_apart(echo, sealed):
    link = opened(direct(echo, "edge"), echo("core"))  # `core` takes bytes only: then all do
    results = link.exchange({"core": batch(sealed), "edge": batch(sealed)})
    assert results["core"] == results["edge"]
    with pytest.raises(KernelError, match="BATCH: host nobody: must be one of edge, core"):
        link.exchange({"nobody": batch(sealed)})
    link.close()
    with pytest.raises(KernelError, match="BATCH: the link is not open"):
        link.exchange({"edge": batch(sealed, 2)})
