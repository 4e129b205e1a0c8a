"""All messages as CSV, a row each, by time of sending: the table of the run folder with its hops side by side.

The columns are those of `schemas.MESSAGES` in that order, and instead of the last `hops` (their number) and for each
hop on the longest way in the selection `hop1_link, hop1_queue_ns, hop1_serialisation_ns, hop1_propagation_ns,
hop1_jitter_ns, hop2_link ...`. Times are whole ns of virtual time. What is not known of a message that is still on its
way is empty.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.journal.schemas import HOP, MESSAGES
from twin.report.selection import Selection

_ROWS_AT_ONCE: Final = 50_000


def csv_trace(selection: Selection) -> Iterator[str]:
    """The file in pieces, the header first."""
    messages = selection.messages
    lengths = pc.list_value_length(messages["hops"])
    longest = pc.max(lengths).as_py() or 0
    yield f"{','.join(_names(longest))}\n"
    for start in range(0, messages.num_rows, _ROWS_AT_ONCE):
        yield _rows(messages.slice(start, _ROWS_AT_ONCE), longest)


def _names(longest: int) -> list[str]:
    plain = [name for name in MESSAGES.names if name != "hops"]
    return [*plain, "hops", *(f"hop{place + 1}_{part.name}" for place in range(longest) for part in HOP)]


def _rows(messages: pa.Table, longest: int) -> str:
    from pyarrow import csv

    hops = messages["hops"].combine_chunks()
    lengths = pc.list_value_length(hops)
    columns: list[Any] = [messages[name] for name in MESSAGES.names if name != "hops"]
    columns.append(lengths)
    counts = pc.fill_null(lengths, 0).to_numpy()
    starts = np.cumsum(counts) - counts
    parts = pc.list_flatten(hops).flatten()
    for place in range(longest):
        rows = pa.array(starts + place, pa.int64(), mask=counts <= place)
        columns.extend(part.take(rows) for part in parts)
    buffer = BytesIO()
    table = pa.Table.from_arrays(columns, names=_names(longest))
    csv.write_csv(table, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return buffer.getvalue().decode()
