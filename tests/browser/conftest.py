"""Pages in a real Chromium: runs to show, and tabs that fail their test on any console error or network request."""

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scenarios.engine import run_scenario
from scenarios.load import load
from twin.journal.folder import RunFolder
from twin.journal.schemas import CONTROL, MESSAGES, METRICS, SOLVES
from twin.journal.tables import read_tables
from twin.report.page import write_report

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTINGS = (
    "scenario.duration_s=1.3",
    "metrics.warmup_ms=60",
    "metrics.period_ms=13",
    "metrics.attribution_samples=400",
    "twin.solver=mrt",
    "network.radio.loss=0.01",
)
TABLES = ("messages", "control", "solves", "metrics")
SCHEMAS = {"messages": MESSAGES, "control": CONTROL, "solves": SOLVES, "metrics": METRICS}


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium. Where there is none: a failure under CI, else a skip that says what to install."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        reason = f"no browser: the page is not tested; install one of {', '.join(NAMES)} (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield started
        started.close()


@dataclass
class Shown:
    """A tab with a report in it, and all that went wrong there."""

    tab: object
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def ask(self, expression, argument=None):
        """The value of an expression in `twinReport`, such as `counts()`."""
        return self.tab.evaluate(f"(x) => window.twinReport.{expression}", argument)

    def key(self, name):
        """Press a key and let the page draw."""
        self.tab.keyboard.press(name)
        self.settle()

    def settle(self):
        """Wait for two frames: what was asked for is then on the screen."""
        self.tab.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")

    def text(self, selector):
        return self.tab.locator(selector).inner_text()

    def click_lanes(self, x, y):
        box = self.tab.locator("#lanes").bounding_box()
        self.tab.mouse.click(box["x"] + x, box["y"] + y)
        self.settle()


def opener(browser):
    """Yields a function that opens the report of a folder in a fresh profile; then checks that nothing went wrong."""
    opened = []

    def open_page(folder, *, width=1280, height=800, scheme="light", link="", before=""):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(20_000)
        context.add_init_script(before)
        shown = Shown(context.new_page())
        opened.append((shown, context))
        shown.tab.on("console", lambda line: shown.errors.append(f"{line.type}: {line.text}"))
        shown.tab.on("pageerror", lambda error: shown.errors.append(f"page: {error}"))
        shown.tab.on("request", lambda request: shown.requests.append(request.url))
        address = (Path(folder) / "report.html").as_uri()
        shown.tab.goto(address + link)
        shown.tab.wait_for_function("() => window.twinReport && window.twinReport.ready")
        shown.settle()
        assert shown.requests.pop(0).startswith(address)
        return shown

    yield open_page
    for shown, context in opened:
        context.close()
        assert shown.errors == []
        assert shown.requests == []


@pytest.fixture
def show(browser):
    """Opens pages that live for one test."""
    yield from opener(browser)


@pytest.fixture(scope="module")
def show_for_all(browser):
    """Opens pages that live for all tests of a file, for tests that undo what they do."""
    yield from opener(browser)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A short real run with losses."""
    return run_scenario(load("sagin", list(SETTINGS)), 1, tmp_path_factory.mktemp("browser") / "run", "memory").folder


@pytest.fixture(scope="session")
def tables(run_folder):
    """The tables of the real run."""
    return read_tables(RunFolder(run_folder))


@pytest.fixture
def altered(run_folder, tmp_path):
    """Writes a copy of the real run with other tables, summary or manifest, and its page."""

    def alter(*, summary=None, manifest=None, **replaced):
        folder = RunFolder.create(tmp_path / "altered")
        for name in TABLES:
            table = replaced.get(name)
            table = pq.read_table(run_folder / f"{name}.parquet") if table is None else table
            folder.write_table(folder.path / f"{name}.parquet", table)
        folder.write_summary(json.loads((run_folder / "summary.json").read_text()) | (summary or {}))
        folder.write_manifest(json.loads((run_folder / "manifest.json").read_text()) | (manifest or {}))
        write_report(folder.path)
        return folder.path

    return alter


@pytest.fixture
def empty():
    """An empty table by name."""
    return lambda name: SCHEMAS[name].empty_table()
