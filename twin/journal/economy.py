"""What trading prices costs on the wire, against sending all channels to one place that decides for everybody."""

import pyarrow as pa
import pyarrow.compute as pc

from twin.journal.tables import Tables
from twin.wire.messages import Kind


def price_economy(tables: Tables) -> dict[str, float | None] | None:
    """Bytes per price and per round of turns; None in a run without prices.

    A round is one turn of every twin that takes any. Messages count on every hop between twins that they are sent on,
    whatever becomes of them. `central_bytes_per_round` is what a central node would need instead, to be as well
    informed: every report of channels of every transmitter passed on to it, and a precoder sent back to each.
    """
    rounds, transmitters = _rounds(tables.solves), tables.control["transmitter"].unique()
    count = size = reports = precoders = 0
    for part in tables.message_parts("kind", "src", "bytes"):
        prices = part.filter(pc.equal(part["kind"], Kind.PRICE.value))
        count, size = count + prices.num_rows, size + _bytes(prices)
        csi = part.filter(pc.equal(part["kind"], Kind.CSI.value))
        reports += _bytes(csi.filter(pc.is_in(csi["src"], value_set=transmitters)))
        precoders += _bytes(part.filter(pc.equal(part["kind"], Kind.PRECODER.value)))
    if not count or not rounds:
        return None
    central = reports + precoders
    return {
        "messages": count,
        "bytes_mean": size / count,
        "rounds": rounds,
        "messages_per_round": count / rounds,
        "bytes_per_round": size / rounds,
        "central_bytes_per_round": central / rounds,
        "share_of_central": size / central if central else None,
    }


def _rounds(solves: pa.Table) -> float:
    """Turns per twin, on average."""
    nodes = pc.count_distinct(solves["node"]).as_py()
    return solves.num_rows / nodes if nodes else 0.0


def _bytes(part: pa.Table) -> int:
    return int(pc.sum(part["bytes"]).as_py() or 0)
