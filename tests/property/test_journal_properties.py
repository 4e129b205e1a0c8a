"""The journal under every cut, every flipped byte and any bytes at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from twin.errors import RunFolderError
from twin.journal.digest import digests_of
from twin.journal.facts import (
    MAX_INT,
    Applied,
    Closed,
    Ended,
    Handled,
    Handling,
    Hop,
    HostState,
    Opened,
    Sent,
    Solved,
    Struck,
    Wall,
    Woken,
)
from twin.journal.journal import HEADER, Journal
from twin.journal.reader import parse_journal
from twin.journal.records import decode_fact, encode_fact
from twin.journal.tables import build_tables, metrics_table
from twin.wire.codec import encode_envelope
from twin.wire.messages import SCHEMA, Envelope, Kind
from twin.wire.protocol import Effect, Fate, Reason

INTS = st.integers(-MAX_INT - 1, MAX_INT)
IDS = st.integers(1, MAX_INT)
TIMES = st.integers(0, MAX_INT)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
NAMES = st.sampled_from(["uav", "edge:uav", "core:satellite", "su"])
FLOATS = st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)

manifests = st.dictionaries(TEXTS, JSON, max_size=3)
hops = st.builds(Hop, TEXTS, INTS, INTS, INTS, INTS)
envelopes = st.builds(
    Envelope,
    schema=st.just(SCHEMA),
    run_id=st.just("run"),
    kind=st.sampled_from(list(Kind)),
    src=NAMES,
    dst=NAMES,
    seq=IDS,
    msg_id=IDS,
    trace_id=TIMES,
    parent_id=TIMES,
    t_send_ns=TIMES,
    t_deliver_ns=st.just(-1),
    t_data_ns=TIMES,
    epoch=st.integers(0, 9),
    flags=st.integers(0, 9),
    body=st.binary(max_size=20),
)
sents = st.builds(Sent, st.builds(encode_envelope, envelopes))
ends = st.builds(
    Ended,
    INTS,
    INTS,
    st.sampled_from([fate.value for fate in Fate]),
    st.sampled_from([reason.value for reason in Reason]),
    INTS,
    INTS,
    st.lists(hops, max_size=3).map(tuple),
)
solves = st.builds(
    Solved,
    TEXTS,
    INTS,
    INTS,
    TEXTS,
    TEXTS,
    TEXTS,
    INTS,
    st.lists(INTS, max_size=4).map(tuple),
    TEXTS,
    INTS,
    FLOATS,
    FLOATS,
    INTS,
)
vectors = st.integers(0, 4).flatmap(lambda count: st.binary(min_size=16 * count, max_size=16 * count))
applications = st.builds(Applied, INTS, TEXTS, INTS, INTS, INTS, vectors)
walls = st.builds(Wall, TEXTS, INTS, INTS, FLOATS)
FATES = st.sampled_from([fate.value for fate in Fate])
REASONS = st.sampled_from([reason.value for reason in Reason])
COUNTS = st.integers(0, 3)
wakes = st.lists(st.builds(Woken, TEXTS, INTS), max_size=2).map(tuple)
handlings = st.builds(Handling, FATES, REASONS, INTS, INTS, COUNTS, COUNTS, wakes)
answers = st.builds(Handled, st.lists(handlings, max_size=3).map(tuple))
host_states = st.tuples(st.integers(0, 3), st.integers(1, 4)).flatmap(
    lambda pair: st.builds(HostState, NAMES, TIMES, st.just(min(pair[0], pair[1] - 1)), st.just(pair[1]), st.binary())
)
closings = st.builds(Closed, INTS, INTS, FLOATS, st.booleans(), st.dictionaries(TEXTS, TEXTS, max_size=3))
strikes = st.builds(Struck, INTS, INTS, INTS, st.sampled_from(tuple(map(str, Effect))))
middles = st.one_of(sents, ends, solves, applications, strikes, walls, answers, host_states)
facts = st.one_of(middles, closings, st.builds(Opened, manifests))


@st.composite
def journals(draw, **sizes):
    """The bytes of a journal, written in as many commits as it pleases, and the facts in it."""
    manifest, inner = draw(manifests), draw(st.lists(middles, **sizes))
    last = draw(st.none() | closings)
    written = bytearray()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.journal.journal._create", lambda _path: 10**6)
        patch.setattr("os.write", lambda _fd, data: written.extend(data) or len(data))
        patch.setattr("os.fsync", lambda _fd: None)
        patch.setattr("os.close", lambda _fd: None)
        with Journal("journal.wal", manifest) as journal:
            for fact in inner:
                journal.record(fact)
                if draw(st.booleans()):
                    journal.commit()
            if last is not None:
                journal.close(last)
    return bytes(written), [Opened(manifest), *inner, *([] if last is None else [last])]


def check_fact_or_error(data):
    """What is accepted has canonical bytes that say the same; all else is an error of one line."""
    message = ""
    try:
        fact = decode_fact(data)
    except RunFolderError as error:
        message = str(error)
    else:
        canonical = encode_fact(fact)
        assert encode_fact(decode_fact(canonical)) == canonical
    assert "\n" not in message


@given(facts)
def test_any_fact_survives_its_bytes(fact):
    assert decode_fact(encode_fact(fact)) == fact


@given(st.binary(max_size=200))
def test_any_bytes_are_a_fact_or_an_error(data):
    check_fact_or_error(data)


@given(facts, st.data())
def test_damaged_bytes_of_a_fact_are_a_fact_or_an_error(fact, data):
    record = bytearray(encode_fact(fact))
    place = data.draw(st.integers(0, len(record) - 1))
    record[place] ^= data.draw(st.integers(1, 255))
    check_fact_or_error(bytes(record))


@settings(max_examples=25)
@given(journals(max_size=5))
def test_every_prefix_reads_as_a_prefix(written):
    data, expected = written
    counts = []
    for end in range(len(data) + 1):
        read = parse_journal(data[:end], "wal")
        found = list(read.facts)
        counts.append(len(found))
        assert found == expected[: len(found)]
        assert read.bytes_good <= end
        assert read.truncated == (end not in {read.bytes_good} - {0})
    assert counts == sorted(counts)
    assert counts[-1] == len(expected)


@settings(max_examples=25)
@given(journals(max_size=5), st.integers(1, 255))
def test_one_flipped_byte_is_found_wherever_it_is(written, flip):
    data, expected = written
    ends = [parse_journal(data[:end], "wal").bytes_good for end in range(len(data))]
    for place in range(len(HEADER), len(data)):
        damaged = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
        read = parse_journal(damaged, "wal")
        assert read.truncated
        assert read.bytes_good == ends[place], "all before the damaged record is still good, and nothing else"
        found = list(read.facts)
        assert found == expected[: len(found)]


@given(st.binary(max_size=300))
def test_any_bytes_after_the_header_are_read_without_harm(data):
    read = parse_journal(HEADER + data, "wal")
    assert read.bytes_good <= len(HEADER) + len(data)


@given(st.lists(middles, max_size=6).flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_digests_do_not_depend_on_the_order(pair):
    ordered, shuffled = map(digests_of, pair)
    assert shuffled.digest() == ordered.digest()
    assert shuffled.digest_events() == ordered.digest_events()


@st.composite
def lives(draw):
    """Facts with the instants at which they were journalled: never later than the instants they speak of."""
    told = []
    for msg_id in range(1, draw(st.integers(0, 6)) + 1):
        decided, send, arrival, begin = sorted(draw(st.tuples(*[st.integers(0, 20)] * 4)))
        envelope = replace(draw(envelopes), msg_id=msg_id, t_send_ns=send)
        told.append((decided, Sent(encode_envelope(envelope))))
        match draw(st.sampled_from(["handled", "refused", "lost", "on its way"])):
            case "handled":
                told.append((arrival, Ended(msg_id, arrival, "delivered", "", begin, begin + 1, ())))
                solve = Solved("core:uav", begin, begin + 1, "p", "m", "csi", msg_id, (), "solved", 1, 0.0, 0.0, 1)
                told.append((arrival, solve))
            case "refused":
                told.append((arrival, Ended(msg_id, arrival, "dropped", "stale", begin, begin + 1, ())))
            case "lost":
                told.append((arrival, Ended(msg_id, arrival, "lost", "loss", -1, -1, ())))
        told.append((send, Applied(send, "uav", msg_id, 0, 0, bytes(16))))
    return told


@settings(deadline=None)
@given(lives(), st.integers(0, 22))
def test_tables_of_a_run_are_those_of_the_prefix_of_a_longer_one(told, end_ns):
    shorter = build_tables([fact for decided_ns, fact in told if decided_ns < end_ns], metrics_table([]), end_ns)
    longer = build_tables([fact for _, fact in told], metrics_table([]), end_ns)
    for name in ("messages", "control", "solves"):
        assert getattr(shorter, name).equals(getattr(longer, name)), name
    assert all(t_ns < end_ns for t_ns in longer.messages["t_send_ns"].to_pylist())
    assert all(t_ns < end_ns for t_ns in longer.messages["begin_ns"].to_pylist() if t_ns is not None)
    assert all(t_ns < end_ns for t_ns in longer.solves["begin_ns"].to_pylist())


@given(journals(max_size=5))
def test_digests_are_recomputed_from_what_was_read(written):
    data, expected = written
    read, told = parse_journal(data, "wal").digests, digests_of(expected)
    assert (read.digest(), read.digest_events()) == (told.digest(), told.digest_events())
