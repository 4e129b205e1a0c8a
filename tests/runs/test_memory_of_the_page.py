"""The page of a run takes a few bytes of memory for each message, and does not depend on the parts that are read."""

import base64
import gc
import tracemalloc
import zlib

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from scenarios.engine import run_scenario
from scenarios.load import load
from twin.journal.folder import RunFolder
from twin.journal.schemas import MESSAGES
from twin.journal.tables import open_tables, read_tables
from twin.report.page import write_report
from twin.report.payload import payload

SETTINGS = ("scenario.duration_s=0.2", "metrics.warmup_ms=50", "metrics.period_ms=20", "twin.solver=mrt",
            "twin.predictor=none", "metrics.attribution=none", "network.radio.loss=0.02")  # fmt: skip
COPIES = 8
"""How often the run is repeated in a part, so that a part has about as many messages as in a real folder."""
MOST_BYTES = 64
"""Of memory for a message more. If all columns were held at once it would be 200."""


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory):
    return RunFolder(
        run_scenario(load("sagin", list(SETTINGS)), 1, tmp_path_factory.mktemp("page") / "run", "memory").folder
    )


def again(messages, number):
    """The same messages, later and with other ids."""
    shifts = {"msg_id": number << 20, "parent_id": number << 20, "t_send_ns": 10**9 * number, "t_end_ns": 10**9 * number,
              "begin_ns": 10**9 * number, "finish_ns": 10**9 * number, "t_data_ns": 10**9 * number}  # fmt: skip
    for name, shift in shifts.items():
        place = MESSAGES.get_field_index(name)
        messages = messages.set_column(place, MESSAGES.field(name), pc.add(messages[name], shift))
    return messages


def write_messages(folder, messages, parts):
    """The run over and over."""
    made = (pa.concat_tables(again(messages, COPIES * part + i) for i in range(COPIES)) for part in range(parts))
    folder.write_parts(folder.messages_path, MESSAGES, made)
    return parts * COPIES * messages.num_rows


def peak_bytes(folder):
    """The most of Python's and NumPy's memory that is held while the page is made."""
    gc.collect()
    tracemalloc.start()
    try:
        write_report(folder.path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_page_takes_a_few_bytes_of_memory_for_a_message(folder):
    messages, counts, peaks = read_tables(folder).messages, [], []
    try:
        for parts in (1, 2, 12):  # what is made once and kept is made by the first
            counts.append(write_messages(folder, messages, parts))
            peaks.append(peak_bytes(folder))
    finally:
        folder.write_parts(folder.messages_path, MESSAGES, [messages])
    assert counts[2] > 80_000
    assert (peaks[2] - peaks[1]) / (counts[2] - counts[1]) < MOST_BYTES


def test_columns_of_many_parts_are_those_of_one(folder):
    whole = read_tables(folder)
    folder.write_parts(
        folder.messages_path, MESSAGES, (whole.messages.slice(at, 37) for at in range(0, whole.messages.num_rows, 37))
    )
    stored = open_tables(folder)
    assert len(list(stored.message_parts("msg_id"))) > 20
    (header, data), (expected, text) = (payload(tables, {}, {}, 10**9) for tables in (stored, whole))
    assert header == expected
    assert zlib.decompress(base64.b64decode(data)) == zlib.decompress(base64.b64decode(text))


def test_messages_beyond_the_most_are_left_out_and_counted(folder, monkeypatch):
    tables = open_tables(folder)
    count = sum(part.num_rows for part in tables.message_parts("msg_id"))
    monkeypatch.setattr("twin.report.message_routes.MAX_MESSAGES", 100)
    header, _ = payload(tables, {}, {}, 10**9)
    assert (header["messages"]["count"], header["messages"]["left_out"]) == (100, count - 100)
    assert header["messages"]["latency"] is not None
    assert {column["count"] for column in header["columns"] if column["name"] in {"route", "send", "fate"}} == {100}
