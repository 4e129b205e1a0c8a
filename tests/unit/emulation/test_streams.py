"""Streams: pure functions of (seed, key), with an encoding of the key that no two keys share."""

import hashlib
from enum import StrEnum
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from twin.emulation.streams import Draws, Streams

KEYS = st.lists(st.one_of(st.integers(), st.text(max_size=6)), max_size=4).map(tuple)


def test_a_draw_depends_on_nothing_asked_before():
    one, other = Streams(7), Streams(7)
    first = one.generator("fading", "uav", 3).random(4)
    for key in range(50):
        other.generator("fading", "uav", key)
        other.uniform("loss", key)
    np.testing.assert_array_equal(first, other.generator("fading", "uav", 3).random(4))
    assert one.uniform("loss", "edge:uav", 9) == other.uniform("loss", "edge:uav", 9)


def test_a_generator_is_fresh_each_time():
    streams = Streams(7)
    np.testing.assert_array_equal(streams.generator("a").random(3), streams.generator("a").random(3))


def test_the_seed_and_every_part_of_the_key_matter():
    values = {
        Streams(seed).uniform(*key)
        for seed in (0, 1, -1, 2**70)
        for key in (("a", 1), ("a", 2), ("b", 1), (1, "a"), ("a",), (1,), ())
    }
    assert len(values) == 4 * 7


def test_keys_that_look_alike_differ():
    keys = [
        ("a", "b"),
        ("ab",),
        ("a", "", "b"),
        ("1",),
        (1,),
        ("i1;",),
        ("a", 1),
        ("a1",),
        (-1,),
        ("s1:a",),
        (),
        ("",),
    ]
    digests = [Streams(3).uniform(*key) for key in keys]
    for one, other in combinations(digests, 2):
        assert one != other


@given(KEYS, KEYS)
def test_distinct_keys_give_distinct_draws(one, other):
    streams = Streams(11)
    assert (streams.uniform(*one) == streams.uniform(*other)) == (one == other)


def test_uniform_is_the_top_53_bits_of_the_hash():
    digest = hashlib.blake2b(b"i7;s4:lossi-12;", digest_size=8, person=b"uniform").digest()
    assert Streams(7).uniform("loss", -12) == (int.from_bytes(digest, "little") >> 11) / 2**53


def test_generator_is_philox_keyed_by_128_bits_of_the_hash():
    digest = hashlib.blake2b("i7;s1:é".encode(), digest_size=16, person=b"generator").digest()
    expected = np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
    np.testing.assert_array_equal(Streams(7).generator("é").random(5), expected.random(5))


def test_a_string_enum_is_its_value():
    class Purpose(StrEnum):
        LOSS = "loss"

    assert Streams(1).uniform(Purpose.LOSS) == Streams(1).uniform("loss")


@pytest.mark.parametrize("part", [True, 1.0, None, b"a", np.int64(1), ("a",)])
def test_other_types_of_key_are_refused(part):
    with pytest.raises(TypeError, match="stream key part="):
        Streams(1).uniform("a", part)
    with pytest.raises(TypeError, match="stream key part="):
        Streams(1).generator(part)


@pytest.mark.parametrize("seed", [True, 1.5, None])
def test_other_types_of_seed_are_refused(seed):
    with pytest.raises(TypeError, match=f"part={seed}"):
        Streams(seed)


def test_uniform_draws_are_uniform_and_uncorrelated():
    draws = np.array([Streams(5).uniform("loss", "a->b", seq) for seq in range(20_000)])
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert stats.kstest(draws, "uniform").statistic < 1.63 / np.sqrt(draws.size)
    # Neighbouring sequence numbers: the standard deviation of the sample correlation is 0.007.
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.025


def test_generators_of_neighbouring_keys_are_uncorrelated():
    draws = np.array([Streams(5).generator("fading", antenna).standard_normal(10_000) for antenna in range(4)])
    correlation = np.corrcoef(draws) - np.eye(4)
    assert np.abs(correlation).max() < 0.035


@given(st.lists(st.text(max_size=6), max_size=3).map(tuple), st.integers())
def test_a_series_is_the_draws_that_differ_in_a_number(name, number):
    streams = Streams(5)
    assert streams.series(*name).uniform(number) == streams.uniform(*name, number)


def test_draws_of_messages_are_keyed_by_message_and_by_attempt_from_the_second_on():
    streams = Streams(5)
    draws = Draws(streams, "loss", "radio:a>b")
    messages = [("a", "b", 1), ("a", "b", 2), ("a", "c", 1), ("b", "a", 1)]
    found = {(message, attempt): draws.uniform(message, attempt) for message in messages for attempt in (0, 1, 2)}
    assert len(set(found.values())) == len(found)
    for (message, attempt), value in found.items():
        key = (*message, attempt) if attempt else message
        assert value == streams.uniform("loss", "radio:a>b", *key) == draws.uniform(message, attempt)
