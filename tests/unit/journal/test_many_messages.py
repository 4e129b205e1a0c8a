"""What keeps millions of messages small and quick to tabulate, and where that has an end."""

import numpy as np
import pytest

from twin.errors import RunFolderError
from twin.journal.facts import Hop
from twin.journal.join import message_parts, outline
from twin.wire.messages import Kind

FAR_NS = 10**15


def tables_of(facts):
    return list(message_parts(facts, outline(facts, FAR_NS), FAR_NS))


def test_columns_say_of_every_message_what_its_facts_say(sent, ended):
    """Rows in any order of facts, with 0 to 3 hops, compared with sums by hand."""
    rng = np.random.default_rng(3)
    facts, hops_of = [], {}
    for msg_id in rng.permutation(np.arange(1, 201)).tolist():
        facts.append(sent(msg_id, Kind.STATE, "user", "edge:user", 1_000 * msg_id, seq=msg_id))
        if msg_id % 5:
            parts = rng.integers(0, 10**9, size=(msg_id % 4, 4)).tolist()
            hops_of[msg_id] = [Hop(f"link{k}", *part) for k, part in enumerate(parts)]
            facts.append(ended(msg_id, 1_000 * msg_id + 7, *hops_of[msg_id]))
    (table,) = tables_of(facts)
    rows = table.to_pylist()
    assert [row["msg_id"] for row in rows] == list(range(1, 201))
    for row in rows:
        hops = hops_of.get(row["msg_id"])
        assert (row["t_end_ns"], row["latency_ns"]) == ((None, None) if hops is None else (row["t_send_ns"] + 7, 7))
        assert row["fate"] == ("in_flight" if hops is None else "delivered")
        for part in ("queue_ns", "serialisation_ns", "propagation_ns", "jitter_ns"):
            assert row[part] == (None if hops is None else sum(getattr(hop, part) for hop in hops))
        links = None if hops is None else [hop.link for hop in hops]
        assert (None if row["hops"] is None else [hop["link"] for hop in row["hops"]]) == links


def test_latency_that_no_sum_could_hold_is_refused(sent, ended):
    facts = [sent(1, Kind.STATE, "user", "edge:user", 1), ended(1, 2, Hop("link", 1, 2, 2**62, 4))]
    with pytest.raises(RunFolderError, match="latency of a hop: must be at most"):
        tables_of(facts)
