"""What a mailer makes of letters, and what a receiver makes of a message that has come."""

import numpy as np
import pytest
from msgspec.structs import replace

from twin.errors import WireError
from twin.wire import mailer as mailing
from twin.wire.codec import decode_body, encode_body, encode_envelope, seal, unseal
from twin.wire.mailer import Mailer, delivered
from twin.wire.messages import Ack, Kind, Letter, Price


@pytest.fixture
def mailer():
    return Mailer("run", "edge:pair1", 3)


def price(quote):
    return Price("pair1", 7, quote, "", 5.25, 10.0, np.array([[1.0 + 1j], [0.5 - 1.5j]]))


def letters(*bodies_and_names):
    return [Letter(Kind.PRICE, dst, body, 900, 5) for body, *names in bodies_and_names for dst in names]


def test_a_body_that_goes_to_many_is_encoded_once(mailer, monkeypatch):
    encoded = []
    monkeypatch.setattr(mailing, "encode_body", lambda body: encoded.append(body) or encode_body(body))
    old, new = price(1), price(2)
    sent = mailer.send(letters((old, "a", "b", "c"), (new, "a", "b"), (old, "d")), 1_000)
    assert [body.quote for body in encoded] == [1, 2, 1]
    assert [decode_body(Kind.PRICE, each.envelope.body).quote for each in sent] == [1, 1, 1, 2, 2, 1]
    assert [each.envelope.seq for each in sent] == [1, 1, 1, 2, 2, 1]
    assert [each.envelope.msg_id & 0xFF for each in sent] == [1, 2, 3, 4, 5, 6]
    assert mailer.send((), 1_000) == ()


def test_what_is_changed_between_two_sendings_is_encoded_anew(mailer):
    factor = np.array([[1.0 + 0j]])
    body = Price("pair1", 7, 1, "", 1.0, 0.0, factor)
    mailer.send(letters((body, "a")), 0)
    factor[0, 0] = 2.0
    (sent,) = mailer.send(letters((body, "a")), 1)
    assert decode_body(Kind.PRICE, sent.envelope.body).factor[0, 0] == 2.0


def test_a_frame_and_its_envelope_stand_for_each_other(mailer):
    for sealed in mailer.send(letters((price(1), "a", "b"), (price(2), "a")), 1_000):
        assert sealed.frame == encode_envelope(sealed.envelope)
        assert unseal(sealed.frame) == sealed == seal(sealed.envelope)


def test_nothing_is_sealed_that_no_receiver_accepts(mailer):
    with pytest.raises(WireError, match=r"envelope\.dst=''"):
        mailer.send([Letter(Kind.ACK, "", Ack("uav", 1, 2), 0, 0)], 0)
    with pytest.raises(WireError, match="valid MessagePack"):
        unseal(b"frame")


def test_a_message_arrives_with_its_instant_and_no_data_from_the_future(envelope):
    late, early = delivered(envelope, 2_000_000), delivered(envelope, 800_000)
    assert (late.t_deliver_ns, late.t_data_ns) == (2_000_000, envelope.t_data_ns) == (2_000_000, 900_000)
    assert (early.t_deliver_ns, early.t_data_ns) == (800_000, 800_000)
    assert replace(late, t_deliver_ns=-1) == envelope
