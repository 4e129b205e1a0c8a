"""The page as text: its columns can be read back, its modules stand in order, its slots are filled, bad folders are refused."""

import base64
import re
import shutil
import zlib
from importlib.resources import files

import numpy as np
import pytest

from scenarios.cli import main
from scenarios.engine import run_scenario
from scenarios.load import load
from twin.errors import RunFolderError
from twin.journal.folder import RunFolder
from twin.journal.schemas import CONTROL, MESSAGES, METRICS, SOLVES
from twin.report.columns import Columns, steps, steps_within
from twin.report.headline import headline
from twin.report.page import json_in_html, script, write_report

SUMMARY = {
    "scenario": "hand",
    "seed": 1,
    "virtual_s": 0.04,
    "digest": "ab" * 32,
    "reproducible": True,
    "min_secrecy": {},
}


def read(columns):
    """The columns of base64 text, read as the page does."""
    data, found, start = zlib.decompress(base64.b64decode(columns.base64())), {}, 0
    for entry in columns.directory:
        count, width = entry["count"], entry["width"]
        planes = np.frombuffer(data, np.uint8, count * width, start).reshape(width, count).astype(object)
        values = [sum(int(planes[plane, i]) << (8 * plane) for plane in range(width)) for i in range(count)]
        found[entry["name"]] = [-(v + 1) // 2 if v % 2 else v // 2 for v in values] if entry["signed"] else values
        start += count * width
    assert start == len(data)
    return found


@pytest.mark.parametrize(
    "values", [[], [0, 0], [1, 255, 256], [-1, 0, 1, -(2**40)], [2**52, 5], [-(2**31), 2**31], [2**24, -(2**24)]]
)
def test_columns_read_back(values):
    columns = Columns()
    columns.add("before", np.array([7]))
    columns.add("x", np.array(values, dtype=np.int64))
    columns.add("after", np.array([-9]))
    assert read(columns) == {"before": [7], "x": values, "after": [-9]}


def test_columns_of_zeros_take_no_bytes():
    columns = Columns()
    columns.add("x", np.zeros(1000, dtype=np.int64))
    assert columns.directory[0]["width"] == 0


def test_steps_within_groups_add_up_to_the_values():
    generator = np.random.default_rng(3)
    values, groups = generator.integers(-(10**12), 10**12, 200), generator.integers(0, 7, 200)
    residuals, last = steps_within(values, groups), {}
    for value, group, residual in zip(values.tolist(), groups.tolist(), residuals.tolist(), strict=True):
        last[group] = last.get(group, 0) + residual
        assert last[group] == value
    assert np.array_equal(np.cumsum(steps(values)), values)


def test_every_module_of_the_page_is_in_the_script_once_after_what_it_imports():
    text = script()
    names = [
        path.name.removesuffix(".js") for path in (files("twin.report") / "page").iterdir() if path.name.endswith(".js")
    ]
    places = {name: text.index(f"const {name}_js = (() => {{") for name in names}
    assert text.count("_js = (() => {") == len(names) >= 20
    for name in names:
        source = (files("twin.report") / "page" / f"{name}.js").read_text(encoding="utf-8")
        assert source.count("\n") < 300, name
        assert max(map(len, source.splitlines())) <= 120, name
        for needed in re.findall(r'from "\./(\w+)\.js"', source):
            assert places[needed] < places[name]
    assert not re.search(r"^(import|export) ", text, re.MULTILINE)


def luminance(colour):
    """Relative luminance of #RRGGBB, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_colour_that_carries_meaning_stands_out_from_its_ground():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    # Lines and marks of 3 to 1, ground on which text stands of 4.5 to 1.
    for name, least, count in (("theme.js", 3.0, 17), ("cards.js", 4.5, 7)):
        source = (files("twin.report") / "page" / name).read_text(encoding="utf-8")
        pairs = re.findall(r'\["(#[0-9A-F]{6})", "(#[0-9A-F]{6})"\]', source)
        assert len(pairs) == count, name
        for light, dark in pairs:
            assert contrast(light, "#FFFFFF") >= least, light
            assert contrast(dark, "#12161B") >= least, dark


def test_json_cannot_leave_its_element():
    text = json_in_html({"name": "</script><!--\u2028"})
    assert "<" not in text
    assert "\u2028" not in text
    assert "\\u003c/script" in text


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    settings = ["scenario.duration_s=0.1", "metrics.warmup_ms=50", "metrics.period_ms=20", "twin.solver=mrt"]
    return run_scenario(load("sagin", settings), 1, tmp_path_factory.mktemp("page") / "run", "memory").folder


@pytest.fixture
def folder(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def test_a_page_is_whole(folder):
    text = write_report(folder.path).read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<!--{" not in text
    assert "<title>sagin, seed 1</title>" in text


def test_report_writes_the_page_again(folder, capsys):
    assert main(["report", str(folder.path)]) == 0
    assert capsys.readouterr().out.strip() == str(folder.path / "report.html")
    assert (folder.path / "report.html").stat().st_size > 50_000


def refused(folder, capsys):
    """The one line with which `report` refuses a folder."""
    assert main(["report", str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_what_is_no_run_folder_is_refused(tmp_path, capsys):
    assert "not a run folder" in refused(tmp_path, capsys)
    assert "not a directory" in refused(tmp_path / "nothing", capsys)


@pytest.mark.parametrize("name", ["messages", "control", "solves", "metrics"])
def test_a_truncated_table_names_recover(folder, name, capsys):
    path = folder.path / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    assert f"{path} is truncated; run: run-twin recover {folder.path}" in refused(folder.path, capsys)


@pytest.mark.parametrize(
    ("name", "column"), [("messages", "hops"), ("control", "version"), ("solves", "inputs"), ("metrics", "t_ns")]
)
def test_a_table_of_another_version_is_refused(folder, name, column, capsys):
    path = folder.path / f"{name}.parquet"
    folder.write_table(path, folder.read_table(path).drop_columns([column]))
    assert f"{path} has no column {column}; run: run-twin recover {folder.path}" in refused(folder.path, capsys)


def test_a_summary_of_another_version_is_refused(folder):
    folder.write_summary({key: value for key, value in SUMMARY.items() if key != "virtual_s"})
    with pytest.raises(RunFolderError, match="has no key virtual_s; run: run-twin recover"):
        write_report(folder.path)


@pytest.mark.parametrize("key", ["scenario", "virtual_s", "min_secrecy", "loss_attribution", "messages", "age_ms"])
def test_a_summary_with_something_else_under_a_key_is_refused(folder, key, capsys):
    folder.write_summary(SUMMARY | {key: [1]})
    assert f"{key} is not of this version; run: run-twin recover {folder.path}" in refused(folder.path, capsys)


def test_empty_tables_give_a_page(tmp_path):
    made = RunFolder.create(tmp_path / "empty")
    for name, schema in (("messages", MESSAGES), ("control", CONTROL), ("solves", SOLVES), ("metrics", METRICS)):
        made.write_table(made.path / f"{name}.parquet", schema.empty_table())
    made.write_summary(SUMMARY)
    made.write_manifest({})
    assert write_report(made.path).exists()


def worst(**values):
    return {"min_secrecy": {"staleness_loss": 0.41, "fresh_mean": 2.87, "ci95": 0.1, "local_mrt_share": 0.0} | values}


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (worst(), "Staleness costs 0.41 of 2.87 bit/s/Hz (14 %)."),
        (worst() | {"loss_attribution": {"solve": 0.156, "hold": 0.1}}, "Staleness costs 0.41 of 2.87 bit/s/Hz (14 %). Largest part: solve, 38 %."),
        (worst(ci95=0.5), "No measurable staleness cost in this run."),
        (worst(staleness_loss=-0.2, ci95=None), "No measurable staleness cost in this run."),
        (worst(staleness_loss=None), "No secrecy rates to compare in this run."),
        ({}, "No secrecy rates to compare in this run."),
        (worst(local_mrt_share=1.0), "No precoder of a twin went on air in this run: local MRT all the way."),
        (worst(local_mrt_share=1.0) | {"names": {"local_mrt": "local start"}}, "No precoder of a twin went on air in this run: local start all the way."),
        (worst() | {"interrupted": True, "virtual_s": 3.21}, "Interrupted after 3.21 s. Staleness costs 0.41 of 2.87 bit/s/Hz (14 %)."),
    ],
)  # fmt: skip
def test_headline(summary, expected):
    assert headline(summary) == expected
